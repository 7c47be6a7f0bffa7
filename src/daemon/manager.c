/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scans when the kernel says that something changed, and every few seconds only while a held device has no
 * path: sessions of iSCSI and FC come back without a uevent. What is found is named, and offered to the held
 * devices. */

#include "daemon/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/arrivals.h"
#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/manager-internal.h"
#include "util/log.h"
#include "util/root.h"

#define SCAN_INTERVAL (5 * USEC_PER_SEC)
#define SCAN_SOON     (250 * USEC_PER_MSEC)

/* ---- small ---- */

sd_event *manager_event(Manager *m)
{
        return m->event;
}

usec_t manager_now(const Manager *m)
{
        usec_t t;

        return sd_event_now(m->event, CLOCK_MONOTONIC, &t) < 0 ? usec_now(CLOCK_MONOTONIC) : t;
}

Attached *manager_attached(Manager *m)
{
        return m->attached;
}

const Config *manager_config(const Manager *m)
{
        return m->config;
}

int manager_root(const Manager *m)
{
        return m->root;
}

InfMatch manager_match(const Manager *m, const Identity *identity)
{
        HwidInquiry inquiry;

        hwid_inquiry_from_texts(identity->type, identity->vendor, identity->product, identity->revision,
                                &inquiry);
        return inf_table_match(&m->table, &inquiry);
}

uint32_t manager_pipeline(const Manager *m, const RegistryDevice *device)
{
        return config_pipeline(m->config, device->name);
}

unsigned manager_group_after(const Manager *m, const RegistryDevice *device)
{
        return config_group(m->config, device->name) ? UNIT_GROUP_AFTER : 0;
}

usec_t manager_timeout(const Manager *m, const RegistryDevice *device)
{
        InfMatch match = manager_match(m, &device->identity);

        return config_timeout(m->config, device->name, match.entry ? match.entry->facts.timeout : 0);
}

uint64_t manager_journal_size(const Manager *m)
{
        return m->config->journal;
}

size_t manager_paths(const Manager *m, const DevicePath **ret)
{
        *ret = m->paths;
        return m->n_paths;
}

Registry *manager_registry(Manager *m)
{
        return m->registry;
}

BayFollow manager_follow(const Manager *m)
{
        return m->config->follow;
}

Inventories *manager_inventories(const Manager *m)
{
        return m->inventories;
}

bool manager_holds(const Manager *m, uint32_t device)
{
        for (size_t i = 0; i < m->n_helds; i++)
                if (m->helds[i]->device.id == device)
                        return true;
        return false;
}

bool manager_is_named(const Manager *m)
{
        return !naming_is_pending(m->naming);
}

void manager_set_bus(Manager *m, Bus *bus)
{
        m->bus = bus;
}

static uint64_t seconds_now(void)
{
        return usec_now(CLOCK_REALTIME) / USEC_PER_SEC;
}

static void note_in_history(Manager *m, uint32_t device, const char *event, const char *text)
{
        int r;

        if (registry_is_spare(m->registry)) /* has been said */
                return;
        r = registry_add_event(m->registry, device, seconds_now(), event, text);
        if (r < 0 && !manager_replace_registry(m, r))
                event_log_daemon("registry-failed", "the history could not be written: %s",
                                 registry_explain(r));
}

void manager_add_event(Manager *m, uint32_t device, const char *event, const char *text)
{
        const EventRow *row = event_find(event);

        if (!row || row->in_history)
                note_in_history(m, device, event, text);
        manager_tell(m, device, event, text);
        if (m->bus)
                bus_look_again(m->bus);
}

void manager_add_forgotten(Manager *m, uint32_t device, const char *name)
{
        static const char text[] = "the name may be given again";

        note_in_history(m, device, "forgotten", text);
        (void) event_log(&(HookEvent){.event = "forgotten", .name = name, .text = text},
                         usec_now(CLOCK_MONOTONIC));
}

Held *manager_find_held(Manager *m, uint32_t device)
{
        for (size_t i = 0; i < m->n_helds; i++)
                if (m->helds[i]->device.id == device)
                        return m->helds[i];
        return NULL;
}

/* udev's rules look at what is held: nodes of a real device become root's, links point to the held LUN. */
void manager_trigger_paths(Manager *m, const Identity *identity, bool rights)
{
        for (size_t i = 0; i < m->n_paths; i++)
                if (identity_equal(&m->paths[i].identity, identity))
                        (void) (rights ? monitor_trigger_udev : monitor_trigger_links)(m->root, &m->paths[i]);
}

/* ---- scanning ---- */

static void set_scan_timer(Manager *m)
{
        usec_t soonest = USEC_INFINITY, t = usec_now(CLOCK_MONOTONIC);

        for (size_t i = 0; i < m->n_helds; i++)
                if (held_wants_scan(m->helds[i]) || m->helds[i]->rehold)
                        soonest = t + SCAN_INTERVAL;
        if (soonest == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(m->scan_timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(m->scan_timer, soonest);
        (void) sd_event_source_set_enabled(m->scan_timer, SD_EVENT_ONESHOT);
}

/* A device that is not held has no other moment at which the bus could learn of it. */
static void emit_unheld(Manager *m, const DevicePath *old, size_t n_old)
{
        for (size_t i = 0; i < m->n_paths + n_old; i++) {
                const DevicePath *p = i < m->n_paths ? &m->paths[i] : &old[i - m->n_paths];
                const DevicePath *others = i < m->n_paths ? old : m->paths;
                size_t n_others = i < m->n_paths ? n_old : m->n_paths;
                bool both = false;
                RegistryDevice device;
                DeviceView view;

                for (size_t k = 0; k < n_others; k++)
                        both = both || device_path_same(&others[k], p);
                if (both || p->held_lun || registry_find(m->registry, &p->identity, &device) < 0)
                        continue;
                manager_fill_view(m, &device, &view);
                if (!view.held)
                        bus_emit_changed(m->bus, &view);
        }
}

static void scan_since(Manager *m, usec_t came_at)
{
        _cleanup_free_ DevicePath *old = NULL;
        DevicePath *paths;
        size_t n_paths, n_old = m->n_paths;
        int r;

        r = monitor_scan(m->root, &paths, &n_paths);
        if (r >= 0)
                r = attached_add_paths(m->attached, &paths, &n_paths);
        if (r < 0) {
                event_log_daemon("scan-failed", "the devices could not be listed: %s", strerror(-r));
                set_scan_timer(m);
                return;
        }
        old = m->paths;
        m->paths = paths;
        m->n_paths = n_paths;
        free(TAKE_PTR(m->users));
        /* first of all: programs wait for these */
        for (size_t i = 0; i < m->n_helds; i++)
                held_update_paths(m->helds[i], m->paths, m->n_paths, came_at);
        if (m->scanned) /* what is there at the start is no news */
                arrivals_tell(m, old, n_old);
        m->scanned = true;
        naming_update(m->naming, old, n_old);
        if (m->bus) {
                emit_unheld(m, old, n_old);
                bus_look_again(m->bus);
        }
        for (size_t i = 0; i < m->n_helds; i++)
                if (m->helds[i]->rehold)
                        manager_try_rehold(m, m->helds[i]);
        set_scan_timer(m);
}

void manager_scan(Manager *m)
{
        scan_since(m, usec_now(CLOCK_MONOTONIC));
}

static int on_scan_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        manager_scan(userdata);
        return 0;
}

static void on_monitor(void *userdata, MonitorEvent event)
{
        Manager *m = userdata;

        scan_since(m, monitor_came_at(m->monitor));
}

/* From inside a turn of a held device: a little later. */
void manager_want_scan(Manager *m)
{
        (void) sd_event_source_set_time(m->scan_timer, usec_now(CLOCK_MONOTONIC) + SCAN_SOON);
        (void) sd_event_source_set_enabled(m->scan_timer, SD_EVENT_ONESHOT);
}

/* ---- looking ---- */

void manager_changed(Manager *m, Held *h)
{
        DeviceView view;

        if (h->device.identity.type == DEVICE_CHANGER && h->unit->phase == UNIT_HELD)
                manager_want_scan(m); /* it can be asked for its bays */
        if (!m->bus)
                return;
        manager_fill_view(m, &h->device, &view);
        view.held = h;
        bus_emit_changed(m->bus, &view);
}

int manager_add_held(Manager *m, const RegistryDevice *device, Held **ret)
{
        Held *h;
        int r;

        if (m->n_helds >= HELD_MAX)
                return -ENOSPC;
        r = held_new(m, device, &h);
        if (r < 0)
                return r;
        m->helds[m->n_helds++] = h;
        *ret = h;
        return 0;
}

/* ---- holding ---- */

void manager_remove_held(Manager *m, Held *h)
{
        for (size_t i = 0; i < m->n_helds; i++)
                if (m->helds[i] == h) {
                        m->helds[i] = m->helds[--m->n_helds];
                        break;
                }
        held_free(h);
}

static void reply(Held *h)
{
        if (h->waiting)
                (void) sd_bus_reply_method_return(h->waiting, "");
        h->waiting = sd_bus_message_unref(h->waiting);
}

static void reply_error(Held *h, const char *error, const char *text)
{
        if (h->waiting)
                (void) sd_bus_reply_method_errorf(h->waiting, error, "%s: %s", h->device.name, text);
        h->waiting = sd_bus_message_unref(h->waiting);
}

int manager_refuse(sd_bus_error *error, const char *name, int r, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void) sd_bus_error_setfv(error, name, format, ap);
        va_end(ap);
        return r;
}

static int check_user(Manager *m, const DevicePath *p, const char *name, const char *after,
                      sd_bus_error *error)
{
        DeviceUser user;

        /* who is only passing is waited for when the node is taken (held-path.c) */
        if (monitor_find_user(m->root, p, getpid(), &user) <= 0 || user.passing)
                return 0;
        return manager_refuse(error, BUS_ERROR_IN_USE, -EBUSY,
                              "%s: %s is in use by %s (pid %d); %s when it has finished", name, user.node,
                              user.command, user.pid, after);
}

int manager_hold(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error)
{
        char path_name[DEVICE_PATH_NAME_MAX];
        DeviceView v;
        Held *h;
        int r;

        r = manager_find_or_refuse(m, name, &v, error);
        if (r < 0)
                return r;
        name = v.device.name;
        if (v.held)
                return manager_refuse(error, BUS_ERROR_ALREADY_HELD, -EALREADY, "%s: is held already", name);
        if (!v.real)
                return manager_refuse(error, BUS_ERROR_NOT_PRESENT, -ENODEV,
                                      "%s (serial number %s): is not there now; hold it when it is back",
                                      name, v.device.identity.serial);
        if (v.device.identity.rank == IDENTITY_ADDRESS || v.device.identity.address[0] != '\0')
                return manager_refuse(
                        error, BUS_ERROR_NOT_UNIQUE, -ENOTUNIQ,
                        "%s: %s: after an outage it could not be told from another one, so it cannot be "
                        "held",
                        name,
                        v.device.identity.rank == IDENTITY_ADDRESS
                                ? "has no serial number and no other identifier"
                                : "another device claims the same identity");
        naming_drop_library(m->naming, v.device.id);
        for (size_t i = 0; i < m->n_paths; i++) {
                if (m->paths[i].held_lun || !identity_equal(&m->paths[i].identity, &v.device.identity))
                        continue;
                r = check_user(m, &m->paths[i], name, "hold it", error);
                if (r < 0)
                        return r;
        }
        r = registry_set_hold(m->registry, v.device.id, true);
        if (r < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: cannot be held: the registry: %s",
                                      name, registry_explain(r));
        v.device.hold = true;
        manager_names_changed(m);
        r = manager_add_held(m, &v.device, &h);
        if (r < 0) {
                (void) registry_set_hold(m->registry, v.device.id, false);
                return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: cannot be held: %s", name,
                                      strerror(-r));
        }
        h->waiting = sd_bus_message_ref(call);
        manager_add_event(m, v.device.id, "hold", device_path_name(v.real, path_name));
        manager_trigger_paths(m, &v.device.identity, true);
        manager_scan(m);
        return 0;
}

void manager_hold_done(Manager *m, Held *h)
{
        /* not under a program that uses it: udev's rules run stinit(8), which opens it, and st lets in one at
         * a time */
        if (!h->found_lun)
                manager_trigger_paths(m, &h->device.identity, true);
        manager_scan(m);
        reply(h);
        manager_changed(m, h);
}

/* What was asked for just now leaves nothing behind. What was to be held already stays as it is, for somebody
 * to look at: a predecessor's LUN may have programs behind it. */
void manager_hold_failed(Manager *m, Held *h)
{
        bool kernel = strstr(h->reason, "module") || strstr(h->reason, "configfs");

        manager_changed(m, h);
        if (!h->waiting)
                return;
        reply_error(h, kernel ? BUS_ERROR_NO_KERNEL_SUPPORT : BUS_ERROR_FAILED, h->reason);
        if (held_remove(h) < 0)
                manager_released(m, h);
}

int manager_release(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error)
{
        DeviceView v;
        Held *h;
        int r;

        r = manager_find_or_refuse(m, name, &v, error);
        if (r < 0)
                return r;
        name = v.device.name;
        if (!v.held && v.device.hold) { /* it waits for a drive in its bay: there is no LUN yet */
                r = registry_set_hold(m->registry, v.device.id, false);
                return r >= 0 ? sd_bus_reply_method_return(call, "")
                              : manager_refuse(error, BUS_ERROR_FAILED, r,
                                               "%s: cannot be released: the registry: %s", name,
                                               registry_explain(r));
        }
        if (!v.held)
                return manager_refuse(error, BUS_ERROR_NOT_HELD, -EALREADY, "%s: is not held", name);
        if (v.held_lun) {
                r = check_user(m, v.held_lun, name, "release it", error);
                if (r < 0)
                        return r;
        }
        h = manager_find_held(m, v.device.id);
        naming_drop_library(m->naming, v.device.id);
        r = held_remove(h);
        if (r < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: cannot be released now: %s", name,
                                      r == -EBUSY ? "it is still being set up" : strerror(-r));
        h->waiting = sd_bus_message_ref(call);
        return 0;
}

int manager_fail(Manager *m, const char *name, bool once, sd_bus_error *error)
{
        DeviceView v;
        int r;

        r = manager_find_or_refuse(m, name, &v, error);
        if (r < 0)
                return r;
        name = v.device.name;
        if (!v.held)
                return manager_refuse(error, BUS_ERROR_NOT_HELD, -EALREADY, "%s: is not held", name);
        r = held_fail(manager_find_held(m, v.device.id), once);
        if (r == -ENODATA)
                return manager_refuse(error, BUS_ERROR_NOTHING_WAITS, r, "%s: no program waits for it", name);
        return r;
}

static void note_released(Manager *m, const RegistryDevice *device)
{
        int r = registry_set_hold(m->registry, device->id, false);

        if (r < 0)
                event_log_daemon("registry-failed",
                                 "%s is released, and will be held again when evertaped is started: %s",
                                 device->name, registry_explain(r));
}

void manager_released(Manager *m, Held *h)
{
        RegistryDevice device = h->device;

        if (h->rehold && !h->leaving) {
                manager_hold_anew(m, h);
                return;
        }
        if (!h->leaving)
                note_released(m, &device);
        manager_names_changed(m);
        manager_add_event(m, device.id, h->leaving ? "stop" : "release", "");
        reply(h);
        manager_remove_held(m, h);
        manager_scan(m);
        for (size_t i = 0; i < m->n_paths; i++)
                if (!m->paths[i].held_lun && identity_equal(&m->paths[i].identity, &device.identity))
                        (void) monitor_bind_driver(m->root, &m->paths[i]);
        manager_scan(m);
        manager_trigger_paths(m, &device.identity, true);
        if (m->bus) {
                DeviceView view;

                manager_fill_view(m, &device, &view);
                bus_emit_changed(m->bus, &view);
        }
}

void manager_release_failed(Manager *m, Held *h)
{
        reply_error(h, BUS_ERROR_FAILED, h->reason);
        manager_changed(m, h);
}

/* ---- life ---- */

/* A file that is broken costs what it names, and not the service. */
static int load_table(Manager *m)
{
        int r = inf_table_load(&m->table, INF_SITE_DIRECTORY, INF_SHIPPED);

        for (size_t i = 0; i < m->table.n_files; i++) {
                const InfFile *f = m->table.files[i];

                if (f->problems.n_errors > 0)
                        log_warning("%s: %zu errors; see: evertape inf check %s", f->name,
                                    f->problems.n_errors, f->name);
        }
        return r;
}

int manager_new(sd_event *event, const Config *config, Manager **ret)
{
        _cleanup_(manager_freep) Manager *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        m->event = event;
        m->config = config;
        m->root = root_open("/");
        if (m->root < 0)
                return m->root;
        r = manager_open_registry(m);
        if (r >= 0)
                r = load_table(m);
        if (r < 0)
                return r;
        r = monitor_new(event, on_monitor, m, &m->monitor);
        if (r >= 0)
                r = inventories_new(m, &m->inventories);
        if (r >= 0)
                r = naming_new(m, &m->naming);
        if (r >= 0)
                r = attached_new(m, &m->attached);
        if (r >= 0)
                r = hooks_new(event, EVERTAPE_SYSCONFDIR "/hooks.d", &hook_limits, &m->hooks);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &m->scan_timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_scan_timer,
                              m);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(m->scan_timer, SD_EVENT_OFF);
        r = sd_event_add_time(event, &m->save_timer, CLOCK_MONOTONIC, 0, 100 * USEC_PER_MSEC,
                              manager_on_save_timer, m);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(m->save_timer, SD_EVENT_OFF);
        *ret = TAKE_PTR(m);
        return 0;
}

Manager *manager_free(Manager *m)
{
        if (!m)
                return NULL;
        while (m->n_helds > 0)
                manager_remove_held(m, m->helds[0]);
        if (m->save_timer) {
                int enabled = SD_EVENT_OFF;

                (void) sd_event_source_get_enabled(m->save_timer, &enabled);
                if (enabled != SD_EVENT_OFF)
                        manager_save_names(m);
        }
        m->save_timer = sd_event_source_disable_unref(m->save_timer);
        m->attached = attached_free(m->attached);
        m->naming = naming_free(m->naming);
        m->inventories = inventories_free(m->inventories);
        m->hooks = hooks_free(m->hooks);
        m->monitor = monitor_free(m->monitor);
        m->scan_timer = sd_event_source_disable_unref(m->scan_timer);
        m->registry = registry_close(m->registry);
        inf_table_deinit(&m->table);
        free(m->users);
        free(m->paths);
        safe_close(m->root);
        free(m);
        return NULL;
}

void manager_configured(Manager *m)
{
        for (size_t i = 0; i < m->n_helds; i++)
                held_configured(m->helds[i]);
        if (m->bus)
                bus_look_again(m->bus);
}

bool manager_goes_on(Manager *m)
{
        bool all = true;

        for (size_t i = 0; i < m->n_helds; i++)
                all = !held_is_stuck(m->helds[i]) && all;
        return all;
}

void manager_stop(Manager *m, bool for_good)
{
        for (size_t i = 0; i < m->n_helds; i++)
                held_stop(m->helds[i], for_good);
}

bool manager_stopped(Manager *m)
{
        bool all = true;

        for (size_t i = 0; i < m->n_helds; i++)
                all = held_stopped(m->helds[i]) && all;
        return all;
}

void manager_abandon(Manager *m)
{
        for (size_t i = 0; i < m->n_helds; i++)
                held_abandon(m->helds[i]);
}

int manager_start(Manager *m)
{
        _cleanup_free_ RegistryDevice *devices = NULL;
        RegistryDevice device;
        size_t n;
        Held *h;
        int r;

        r = registry_list(m->registry, &devices, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (!devices[i].hold || devices[i].identity.rank == IDENTITY_NONE)
                        continue;
                r = manager_add_held(m, &devices[i], &h);
                if (r < 0)
                        manager_add_event(m, devices[i].id, "hold-failed", strerror(-r));
        }
        manager_scan(m);
        /* links may be those of another time; what has no name yet is looked at when it gets one */
        for (size_t i = 0; i < m->n_paths; i++)
                if (!m->paths[i].held_lun && registry_find(m->registry, &m->paths[i].identity, &device) >= 0)
                        (void) (device.hold ? monitor_trigger_udev : monitor_trigger_links)(m->root,
                                                                                            &m->paths[i]);
        return 0;
}
