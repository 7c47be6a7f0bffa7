/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looking: what the registry knows put together with what the kernel has, and who is meant by a word of a
 * person. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/held-facts.h"
#include "daemon/manager-internal.h"
#include "names/duplicate.h"
#include "util/text.h"

#define USERS_AGE (250 * USEC_PER_MSEC)

void manager_fill_view(Manager *m, const RegistryDevice *device, DeviceView *v)
{
        const DevicePath *active;
        RegistryDevice library;

        *v = (DeviceView){.manager = m, .device = *device, .held = manager_find_held(m, device->id)};
        if (device->library != 0 && registry_find_id(m->registry, device->library, &library) >= 0)
                memcpy(v->library, library.name, sizeof(v->library));
        active = v->held ? held_path(v->held) : NULL;
        for (size_t i = 0; i < m->n_paths; i++) {
                const DevicePath *p = &m->paths[i];

                if (!identity_equal(&p->identity, &device->identity))
                        continue;
                v->n_real += !p->held_lun;
                if (p->held_lun)
                        v->held_lun = p;
                else if (!v->real || (active && device_path_same(p, active)) ||
                         (!active && strcmp(p->state, "running") == 0))
                        v->real = p;
        }
}

static void add_note(DeviceView *v, const RegistryDevice *duplicate_of)
{
        if (v->device.identity.rank == IDENTITY_NONE)
                snprintf(v->note, sizeof(v->note), "waits for a drive in bay %u of %s", v->device.element,
                         v->library);
        else if (v->device.identity.rank == IDENTITY_ADDRESS)
                snprintf(v->note, sizeof(v->note), "no identifier: known by its address alone");
        else
                duplicate_describe(&v->device, duplicate_of, v->note, sizeof(v->note));
        if (v->note[0] == '\0' && registry_is_spare(v->manager->registry))
                snprintf(v->note, sizeof(v->note), "the registry cannot be used: see evertape doctor");
}

int manager_list(Manager *m, DeviceView **ret, size_t *ret_n)
{
        _cleanup_free_ const RegistryDevice **duplicates = NULL;
        _cleanup_free_ RegistryDevice *devices = NULL;
        DeviceView *views;
        size_t n;
        int r;

        r = registry_list(m->registry, &devices, &n);
        if (r < 0 && manager_replace_registry(m, r))
                r = registry_list(m->registry, &devices, &n);
        if (r < 0)
                return r;
        duplicates = calloc(n + 1, sizeof(*duplicates));
        if (!duplicates || duplicate_find_all(devices, n, duplicates) < 0)
                return -ENOMEM;
        views = calloc(n + 1, sizeof(*views));
        if (!views)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                manager_fill_view(m, &devices[i], &views[i]);
                add_note(&views[i], duplicates[i]);
        }
        *ret = views;
        *ret_n = n;
        return 0;
}

static bool is_node(const DevicePath *p, const char *node)
{
        return p && node[0] &&
               (strcmp(p->sg, node) == 0 || strcmp(p->tape, node) == 0 || strcmp(p->changer, node) == 0 ||
                (p->tape[0] == 'n' && strcmp(p->tape + 1, node) == 0));
}

static bool is_called(const DeviceView *v, const char *name)
{
        const char *node = strncmp(name, "/dev/", 5) == 0 ? name + 5 : name;

        return strcmp(v->device.name, name) == 0 || strcmp(v->device.identity.serial, name) == 0 ||
               strcmp(v->device.identity.key, name) == 0 || is_node(v->real, node) ||
               is_node(v->held_lun, node);
}

int manager_find(Manager *m, const char *name, DeviceView *ret)
{
        _cleanup_free_ DeviceView *views = NULL;
        const DeviceView *found = NULL;
        size_t n;
        int r;

        r = manager_list(m, &views, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (strcmp(views[i].device.name, name) == 0) {
                        *ret = views[i];
                        return 0;
                }
                if (!is_called(&views[i], name))
                        continue;
                if (found)
                        return -ENOTUNIQ;
                found = &views[i];
        }
        if (!found)
                return -ENOENT;
        *ret = *found;
        return 0;
}

int manager_find_or_refuse(Manager *m, const char *name, DeviceView *ret, sd_bus_error *error)
{
        int r = manager_find(m, name, ret);

        if (r == -ENOENT)
                return manager_refuse(error, BUS_ERROR_NO_SUCH_DEVICE, r,
                                      "%s: no such device; `evertape list` shows what there is", name);
        if (r == -ENOTUNIQ)
                return manager_refuse(error, BUS_ERROR_NOT_UNIQUE, r,
                                      "%s: several devices are called so; use the name", name);
        return r;
}

/* ---- who uses it ---- */

static void look_for_users(Manager *m)
{
        usec_t now = usec_now(CLOCK_MONOTONIC);

        if (m->users && now < m->users_at + USERS_AGE)
                return;
        free(m->users);
        m->users = calloc(m->n_paths + 1, sizeof(*m->users));
        m->users_at = now;
        if (m->users && monitor_find_users(m->root, m->paths, m->n_paths, getpid(), m->users) < 0)
                memset(m->users, 0, m->n_paths * sizeof(*m->users));
}

bool manager_find_user(const DeviceView *v, DeviceUser *ret)
{
        const DevicePath *nodes = v->held ? v->held_lun : v->real;
        Manager *m = v->manager;

        if (!nodes)
                return false;
        look_for_users(m);
        if (!m->users || m->users[nodes - m->paths].pid == 0)
                return false;
        *ret = m->users[nodes - m->paths];
        return true;
}

/* When it failed, what was lost is behind it already; else it would be lost if the drive is gone for good. */
static bool has_loss(const HeldFacts *f, const char *event)
{
        return text_equal(event, "failed") ? f->failed_unproven : f->unproven;
}

void manager_tell(Manager *m, uint32_t device, const char *event, const char *text)
{
        char tape[24] = "", sg[24] = "", sch[24] = "", bay[16] = "";
        const DevicePath *nodes;
        HeldFacts facts = {};
        RegistryDevice d;
        DeviceView v;
        HookEvent e;

        if (registry_find_id(m->registry, device, &d) < 0)
                return;
        manager_fill_view(m, &d, &v);
        if (v.held)
                held_facts(v.held, usec_now(CLOCK_MONOTONIC), &facts);
        nodes = v.held ? v.held_lun : v.real;
        if (nodes && nodes->tape[0])
                snprintf(tape, sizeof(tape), "/dev/%s", nodes->tape);
        if (nodes && nodes->sg[0])
                snprintf(sg, sizeof(sg), "/dev/%s", nodes->sg);
        if (nodes && nodes->changer[0])
                snprintf(sch, sizeof(sch), "/dev/%s", nodes->changer);
        if (d.library != 0)
                snprintf(bay, sizeof(bay), "%u", d.element);
        e = (HookEvent){
                .event = event,
                .name = d.name,
                .kind = d.identity.type == DEVICE_CHANGER ? "changer" : "tape",
                .node = d.identity.type == DEVICE_CHANGER ? sg : tape,
                .generic_node = sg,
                .changer_node = sch,
                .library = v.library,
                .bay = bay,
                .barcode = facts.barcode,
                .loss = has_loss(&facts, event) ? "yes" : "",
                .serial = d.identity.serial,
                .text = text,
        };
        (void) event_log(&e, usec_now(CLOCK_MONOTONIC));
        if (m->hooks)
                hooks_event(m->hooks, &e);
}
