/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The way to the real device. All paths to it are kept from st and ch, one is open and carries the commands.
 * When it fails the next one is opened in the same turn of the loop: the engine has closed the first only
 * when its last command had ended, so nothing of it can come after what goes over the second. */

#include "daemon/held-path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/attached.h"
#include "daemon/manager.h"
#include "daemon/path-address.h"
#include "transport/sg.h"
#include "util/log.h"
#include "util/root.h"

#define OPEN_FIRST (2 * USEC_PER_MSEC) /* udev's scsi_id has it for a moment after every arrival */
#define OPEN_MOST  (250 * USEC_PER_MSEC)

/* When this turn of the loop began. A clock that is asked a dozen times for each command shows. */
static usec_t now(const Held *h)
{
        return manager_now(h->manager);
}

static int read_state(const Held *h, const HeldPath *p, const char *attribute, char *ret, size_t n_ret)
{
        char path[96];

        if (device_path_is_iscsi(&p->device))
                return -EOPNOTSUPP;
        snprintf(path, sizeof(path), "sys/class/scsi_generic/%s/device/%s", p->device.sg, attribute);
        return root_read_text(manager_root(h->manager), path, ret, n_ret);
}

/* ---- results ---- */

/* What a program was promised is only known when the command has ended on its path. Then a path on which it
 * was lost is left for another one, if there is one; else it may come to life again. */
static void judge_path(Held *h, ScsiResult *result)
{
        if (result->delivery == SCSI_ANSWERED) {
                paths_answered(&h->paths, result->n_transferred);
                return;
        }
        if (transport_reason(h->transport)[0])
                snprintf(h->path_error, sizeof(h->path_error), "%s", transport_reason(h->transport));
        else if (result->error != 0)
                snprintf(h->path_error, sizeof(h->path_error), "%s", strerror(result->error));
        else
                snprintf(h->path_error, sizeof(h->path_error), "%s",
                         transport_host_status_name(result->host_status));
        if (result->path_suspect && paths_choose(&h->paths, now(h)))
                result->path_gone = true;
        h->path_lost |= result->path_gone;
}

static void on_result(void *userdata, const ScsiResult *result)
{
        Held *h = userdata;
        ScsiResult r = *result;

        resume_clock_device(&h->clock, false, now(h));
        judge_path(h, &r);
        unit_result(h->unit, &r, now(h));
}

/* A path that looks after itself may find between two commands that it is gone. */
void held_dispatch_path(Held *h, uint32_t revents)
{
        transport_dispatch(h->transport, revents, now(h));
        if (transport_busy(h->transport) || !transport_is_lost(h->transport))
                return;
        snprintf(h->path_error, sizeof(h->path_error), "%s", transport_reason(h->transport));
        h->path_lost = true;
        unit_path_down(h->unit, now(h));
}

static int on_transport(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Held *h = userdata;

        if (!transport_busy(h->transport) &&
            !transport_is_watched_idle(h->transport)) { /* an idle path was lost: there will be a uevent */
                h->watched_events = 0;
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        }
        held_dispatch_path(h, revents);
        held_run(h);
        return 0;
}

/* Between two commands it stays watched, which saves two system calls for each. */
void held_watch_path(Held *h)
{
        uint32_t events = h->transport ? transport_events(h->transport) : 0;
        int fd = h->transport ? transport_fd(h->transport) : -1, r = 0;

        if (h->transport && !transport_busy(h->transport) && !transport_is_watched_idle(h->transport))
                return;
        if (events == h->watched_events && (events == 0 || fd == h->watched_fd))
                return;
        h->watched_events = events;
        h->watched_fd = fd;
        if (events == 0) {
                (void) sd_event_source_set_enabled(h->transport_source, SD_EVENT_OFF);
                return;
        }
        if (!h->transport_source) {
                r = sd_event_add_io(manager_event(h->manager), &h->transport_source, fd, events, on_transport,
                                    h);
        } else {
                r = sd_event_source_set_io_fd(h->transport_source, fd);
                if (r >= 0)
                        r = sd_event_source_set_io_events(h->transport_source, events);
                if (r >= 0)
                        r = sd_event_source_set_enabled(h->transport_source, SD_EVENT_ON);
        }
        if (r < 0)
                log_error("%s: the path cannot be watched: %s", h->device.name, strerror(-r));
}

/* ---- sending ---- */

/* A command for a path that is blocked would wait there until its transport gives it up, and nothing could go
 * another way meanwhile. Whether it is, is asked only where there is another way. */
static bool is_better_sent_elsewhere(Held *h)
{
        HeldPath *active = paths_active(&h->paths);
        char state[24];

        if (paths_n_present(&h->paths) < 2 || !active || !paths_choose(&h->paths, now(h)) ||
            read_state(h, active, "state", state, sizeof(state)) < 0)
                return false;
        path_looked(active, state, now(h));
        if (path_is_running(active))
                return false;
        snprintf(h->path_error, sizeof(h->path_error), "the path is %s", state);
        return true;
}

/* In the journal: nothing else comes to that place before the outcome is known, also to a successor, who
 * sends nothing while the device is at work (is_busy). That is not so of the ring's data area, which the
 * kernel gives to the next command as soon as it has taken this one back. */
static bool is_in_journal(const Held *h, const ScsiCommand *c)
{
        const uint8_t *data = c->data, *ring = h->memory.unit.ring;

        return c->direction == SCSI_DATA_OUT && c->n_data > 0 && data >= ring &&
               data < ring + h->memory.unit.n_ring;
}

static int submit(Held *h, const ScsiCommand *command)
{
        ScsiCommand c = *command;

        c.direct = is_in_journal(h, command);
        return transport_submit(h->transport, &c, now(h));
}

void held_submit(Held *h, const ScsiCommand *command)
{
        ScsiResult refused = {.delivery = SCSI_NOT_SENT, .path_gone = true};
        int r = -ENODEV;

        if (h->stopping && h->unit->phase != UNIT_HELD && h->unit->phase != UNIT_FAILED) {
                h->stopped_in_resume = true; /* the next evertaped begins it anew */
                return;
        }
        if (h->transport && is_better_sent_elsewhere(h))
                r = -ENXIO;
        else if (h->transport)
                r = submit(h, command);
        if (r == 0) {
                resume_clock_device(&h->clock, true, now(h));
                return;
        }
        refused.error = -r;
        refused.path_gone = r != -EBUSY;
        h->path_lost |= refused.path_gone;
        unit_result(h->unit, &refused, now(h));
}

/* ---- opening ---- */

static bool wants_path(const Held *h)
{
        /* HELD_BACKSTORE: what a predecessor answered is not known yet (unit_take_over), no recovery before
         */
        return !h->transport && !h->stopping && h->stage != HELD_REMOVING && h->stage != HELD_BROKEN &&
               h->stage != HELD_BACKSTORE;
}

/* A predecessor's command may still be with the device, by whichever path, and nothing may overtake it. The
 * record tells of one that a program waits for, and not of a WRITE that is behind or a READ that is ahead of
 * the program. */
static bool is_busy(const Held *h)
{
        char text[16];

        if (h->last_path[0] && h->unit->record.in_flight.phase != IN_FLIGHT_SENT)
                return false;
        for (size_t i = 0; i < h->paths.n_items; i++) {
                const HeldPath *p = &h->paths.items[i];

                if (p->present && read_state(h, p, "device_busy", text, sizeof(text)) >= 0 &&
                    strcmp(text, "0") != 0)
                        return true;
        }
        return false;
}

/* st and ch are taken off it, which closes no node that somebody has opened since it came. 0, or -EBUSY and
 * whose it is. */
static int take_path(Held *h, HeldPath *p, char *why, size_t n_why)
{
        DevicePath *d = &p->device;
        DeviceUser user;
        int r;

        p->in_use = false;
        if (d->tape[0] == '\0' && d->changer[0] == '\0')
                return 0;
        r = monitor_find_user(manager_root(h->manager), d, getpid(), &user);
        if (r > 0) {
                p->in_use = true;
                snprintf(why, n_why, "%s is in use by %s (pid %d)", user.node, user.command, user.pid);
                return -EBUSY;
        }
        r = monitor_unbind_driver(manager_root(h->manager), d);
        if (r < 0 && r != -ENODEV) {
                snprintf(why, n_why, "st or ch stays on %s: %s", d->sg, strerror(-r));
                return r;
        }
        d->tape[0] = d->changer[0] = '\0';
        return 0;
}

/* That nobody has it is no news for the reason that is shown while the device is away. */
static void not_opened(Held *h, HeldPath *p, usec_t first, const char *why)
{
        path_not_opened(p, first, OPEN_MOST, why, now(h));
        snprintf(h->reason, sizeof(h->reason), "%s", why);
        h->not_opened = true;
}

static void log_opened(Held *h, const HeldPath *p)
{
        char text[2 * DEVICE_PATH_NAME_MAX + 16], name[DEVICE_PATH_NAME_MAX];

        device_path_name(&p->device, name);
        if (h->last_path[0] && strcmp(h->last_path, name) != 0 && h->paths.n_items > 1) {
                snprintf(text, sizeof(text), "from %s to %s", h->last_path, name);
                manager_add_event(h->manager, h->device.id, "path", text);
        } else {
                log_debug("%s: path: %s", h->device.name, name);
        }
        snprintf(h->last_path, sizeof(h->last_path), "%s", name);
}

static int open_transport(Held *h, HeldPath *p, char *why, size_t n_why)
{
        char node[32];
        int r;

        if (device_path_is_iscsi(&p->device))
                return attached_open(manager_attached(h->manager), &p->device, on_result, h, &h->transport,
                                     why, n_why);
        snprintf(node, sizeof(node), "/dev/%s", p->device.sg);
        r = transport_sg_new(node, on_result, h, &h->transport);
        if (r < 0)
                snprintf(why, n_why, "%s: %s", node, strerror(-r));
        return r;
}

static bool sg_allows_direct(const Held *h)
{
        char text[16];

        return root_read_text(manager_root(h->manager), "sys/module/sg/parameters/allow_dio", text,
                              sizeof(text)) >= 0 &&
               strcmp(text, "1") == 0;
}

static bool open_path(Held *h, HeldPath *p)
{
        char why[200];

        if (is_busy(h)) {
                not_opened(h, p, OPEN_FIRST, "the device is still at work on a command");
                return false;
        }
        if (take_path(h, p, why, sizeof(why)) < 0) {
                not_opened(h, p, OPEN_MOST, why);
                return false;
        }
        if (open_transport(h, p, why, sizeof(why)) < 0) {
                not_opened(h, p, OPEN_FIRST, why);
                return false;
        }
        if (sg_allows_direct(h))
                transport_sg_set_direct(h->transport);
        h->reason[0] = h->path_error[0] = '\0';
        h->not_opened = false;
        h->path_lost = false;
        paths_opened(&h->paths, p, now(h));
        log_opened(h, p);
        resume_clock_start(&h->clock, p->came_at > h->lost_at ? p->came_at : h->lost_at);
        unit_path_up(h->unit, now(h));
        return true;
}

bool held_wants_scan(const Held *h)
{
        bool in_use = false;

        for (size_t i = 0; i < h->paths.n_items; i++)
                in_use |= h->paths.items[i].present && h->paths.items[i].in_use;
        return in_use || wants_path(h);
}

void held_look_at_paths(Held *h)
{
        char state[24];

        for (size_t i = 0; i < h->paths.n_items; i++) {
                HeldPath *p = &h->paths.items[i];

                if (path_is_due_for_look(p, now(h)) && read_state(h, p, "state", state, sizeof(state)) >= 0)
                        path_looked(p, state, now(h));
        }
}

bool held_try_paths(Held *h)
{
        HeldPath *p;

        if (!wants_path(h))
                return false;
        held_look_at_paths(h);
        while ((p = paths_choose(&h->paths, now(h))))
                if (open_path(h, p))
                        return true;
        return false;
}

usec_t held_paths_deadline(const Held *h)
{
        return wants_path(h) ? paths_deadline(&h->paths) : USEC_INFINITY;
}

void held_close_path(Held *h, const char *why)
{
        const HeldPath *active = paths_active(&h->paths);
        char text[DEVICE_PATH_NAME_MAX + 112], name[DEVICE_PATH_NAME_MAX];

        h->transport_source = sd_event_source_disable_unref(h->transport_source);
        h->watched_events = 0;
        h->transport = transport_free(h->transport);
        resume_clock_stop(&h->clock);
        if (!active)
                return;
        device_path_name(&active->device, name);
        if (h->path_error[0] && strcmp(h->path_error, active->last_error) != 0) {
                snprintf(text, sizeof(text), "%s failed: %s", name, h->path_error);
                manager_add_event(h->manager, h->device.id, "path-failed", text);
        }
        if (device_path_is_iscsi(&active->device))
                attached_path_failed(manager_attached(h->manager), &active->device);
        paths_closed(&h->paths, !h->path_lost, h->path_error[0] ? h->path_error : why, now(h));
        h->lost_at = now(h);
}

/* ---- which there are ---- */

static void note_path(Held *h, const DevicePath *found, usec_t came_at)
{
        char address[96], why[200];
        HeldPath *p;

        path_read_address(manager_root(h->manager), found, address, sizeof(address));
        p = paths_found(&h->paths, found, address, came_at);
        if (!p || h->stage == HELD_REMOVING || h->stage == HELD_BROKEN)
                return;
        if (take_path(h, p, why, sizeof(why)) < 0)
                snprintf(p->last_error, sizeof(p->last_error), "%.120s", why);
}

void held_update_paths(Held *h, const DevicePath *found, size_t n_found, usec_t came_at)
{
        paths_begin_update(&h->paths);
        for (size_t i = 0; i < n_found; i++)
                if (!found[i].held_lun && identity_equal(&found[i].identity, &h->device.identity))
                        note_path(h, &found[i], came_at);
        if (!paths_end_update(&h->paths, now(h))) {
                h->path_lost = true;
                unit_path_down(h->unit, now(h));
        } else if (!h->transport && paths_n_present(&h->paths) == 0) {
                if (h->not_opened)
                        h->reason[0] = '\0'; /* of one that is gone by now */
                h->not_opened = false;
                unit_path_down(h->unit, now(h));
        }
        held_run(h);
}

const DevicePath *held_path(const Held *h)
{
        return h->transport && h->paths.active >= 0 ? &h->paths.items[h->paths.active].device : NULL;
}
