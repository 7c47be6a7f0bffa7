/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A name has changed, by a person or since a library was read: links, bus, held devices and the text beside
 * the registry follow.
 *
 * INQUIRY of a held LUN says which drive it stands for. So when the name of a held device becomes another
 * drive's, its LUN is removed and made anew for that one, once no program has it open. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/manager-internal.h"
#include "daemon/names-verbs.h"
#include "names/start.h"
#include "util/log.h"

#define REGISTRY_PATH EVERTAPE_STATEDIR "/evertape.db"
#define NAMES_PATH    EVERTAPE_STATEDIR "/names.txt"
#define SAVE_AFTER    (1 * USEC_PER_SEC)

/* ---- held devices ---- */

/* The former one may also be put back before all programs have closed its LUN. */
static void note_rehold(Held *h, const Identity *now)
{
        bool rehold = !identity_claims_equal(&h->device.identity, now);

        if (h->rehold && !rehold)
                h->reason[0] = '\0';
        h->rehold = rehold;
}

void manager_try_rehold(Manager *m, Held *h)
{
        RegistryDevice now = h->device;
        DeviceUser user = {};

        if (h->job || h->stage == HELD_REMOVING || h->stopping)
                return;
        (void) registry_find_id(m->registry, h->device.id, &now);
        for (size_t i = 0; i < m->n_paths; i++)
                if (m->paths[i].held_lun && identity_equal(&m->paths[i].identity, &h->device.identity) &&
                    monitor_find_user(m->root, &m->paths[i], getpid(), &user) > 0) {
                        snprintf(h->reason, sizeof(h->reason),
                                 "its drive was replaced (%.40s, before %.40s): held anew when %.30s (pid "
                                 "%d) has closed "
                                 "it; `evertape fail %.40s` ends a wait",
                                 now.identity.serial, h->device.identity.serial, user.command, user.pid,
                                 now.name);
                        return;
                }
        (void) held_remove(h);
}

void manager_hold_anew(Manager *m, Held *h)
{
        RegistryDevice device = h->device;
        Held *new;
        int r;

        (void) registry_find_id(m->registry, device.id, &device);
        manager_remove_held(m, h);
        r = device.identity.rank == IDENTITY_NONE ? -ENODEV : manager_add_held(m, &device, &new);
        if (r < 0 && r != -ENODEV)
                manager_add_event(m, device.id, "hold-failed", strerror(-r));
        manager_scan(m);
}

/* ---- the text beside the registry ---- */

void manager_save_names(Manager *m)
{
        int r = registry_is_spare(m->registry) ? 0 : names_save(m, NAMES_PATH);

        if (r < 0)
                log_warning("%s: %s", NAMES_PATH, strerror(-r));
}

/* The next save would write over it. */
static void set_aside_names(const char *report)
{
        log_error("there is no name in the registry, and " NAMES_PATH
                  " could not be imported, it is " NAMES_PATH ".bad now: %s",
                  report ? report : "it cannot be read");
        if (rename(NAMES_PATH, NAMES_PATH ".bad") < 0)
                log_error(NAMES_PATH ": %s", strerror(errno));
}

int manager_open_registry(Manager *m)
{
        RegistryStart s;
        int r = registry_start(REGISTRY_PATH, NAMES_PATH, &s);

        if (r < 0)
                log_error("%s: %s%s%s", REGISTRY_PATH, registry_explain(r),
                          s.report && s.report[0] ? "; nor are the names in " NAMES_PATH " of use: " : "",
                          s.report ? s.report : "");
        else if (s.source == REGISTRY_RESTORED)
                log_notice("there was no name in the registry: they were imported from " NAMES_PATH);
        else if (s.source == REGISTRY_UNUSABLE)
                set_aside_names(s.report);
        else if (s.source == REGISTRY_SPARE)
                event_log_daemon("registry-spare",
                                 REGISTRY_PATH
                                 " cannot be used: %s; until evertaped is started again names are "
                                 "those of " NAMES_PATH ", and none can be given or changed",
                                 registry_explain(s.error));
        free(s.report);
        if (r >= 0)
                m->registry = s.registry;
        return r;
}

bool manager_replace_registry(Manager *m, int error)
{
        Registry *damaged = m->registry;

        if (error != -EUCLEAN || registry_is_spare(damaged) || manager_open_registry(m) < 0)
                return false;
        registry_close(damaged);
        return true;
}

int manager_on_save_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        manager_save_names(userdata);
        return 0;
}

void manager_names_changed(Manager *m)
{
        int enabled = SD_EVENT_OFF;

        if (m->bus)
                bus_look_again(m->bus);
        (void) sd_event_source_get_enabled(m->save_timer, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        (void) sd_event_source_set_time(m->save_timer, usec_now(CLOCK_MONOTONIC) + SAVE_AFTER);
        (void) sd_event_source_set_enabled(m->save_timer, SD_EVENT_ONESHOT);
}

/* ---- what follows a name ---- */

void manager_name_changed(Manager *m, const RegistryDevice *device, const Identity *before)
{
        Held *h = manager_find_held(m, device->id), *new;
        DeviceView view;

        manager_names_changed(m);
        if (h)
                memcpy(h->device.name, device->name, sizeof(h->device.name));
        if (h)
                note_rehold(h, &device->identity);
        else if (device->hold && device->identity.rank != IDENTITY_NONE)
                (void) manager_add_held(m, device, &new);
        if ((h && h->rehold) || device->hold)
                manager_want_scan(m);
        if (before)
                manager_trigger_paths(m, before, device->hold);
        manager_trigger_paths(m, &device->identity, device->hold);
        if (!m->bus)
                return;
        manager_fill_view(m, device, &view);
        bus_emit_changed(m->bus, &view);
}

/* The node over which a library can be asked now, or "". */
void manager_find_askable(Manager *m, const RegistryDevice *device, char *node, size_t n_node)
{
        DeviceView v;
        const DevicePath *p;

        manager_fill_view(m, device, &v);
        p = v.held ? v.held_lun : v.real;
        if (v.held && (v.held->stage != HELD_SERVING || v.held->unit->phase != UNIT_HELD || v.held->rehold))
                p = NULL;
        snprintf(node, n_node, "%s", p && strcmp(p->state, "running") == 0 ? p->sg : "");
}
