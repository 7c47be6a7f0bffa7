/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Carries out what the engine says: commands from the ring go in, answers go back into the ring, commands go
 * to the path. Everything here is one turn of the loop: an event is handed to the engine, its actions are
 * carried out until there is none, the kernel is kicked once, and the sources are set for what is awaited
 * next. */

#include "daemon/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemon/held-lun.h"
#include "daemon/held-path.h"
#include "daemon/inventories.h"
#include "daemon/length-note.h"
#include "daemon/manager.h"
#include "util/log.h"
#include "util/text.h"

#define TIMER_NEAR (10 * USEC_PER_SEC) /* a timer that would run out for nothing is worth switching off */

/* When this turn of the loop began. A clock that is asked a dozen times for each command shows. */
static usec_t now(const Held *h)
{
        return manager_now(h->manager);
}

/* ---- commands whose data are in pieces ---- */

static Bounce *find_bounce(Held *h, uint16_t id)
{
        for (size_t i = 0; i < h->n_bounces; i++)
                if (h->bounces[i].id == id)
                        return &h->bounces[i];
        return NULL;
}

static void drop_bounce(Held *h, Bounce *b)
{
        free(b->iov);
        free(b->data);
        *b = h->bounces[--h->n_bounces];
}

/* Only on kernels that cannot give a command one piece (no data_pages_per_blk). */
static uint8_t *gather(Held *h, const TcmuRequest *r)
{
        Bounce b = {.id = r->id, .n_iov = r->n_iov, .n_data = r->n_data};
        size_t n = 0;

        b.iov = calloc(r->n_iov, sizeof(b.iov[0]));
        b.data = malloc(r->n_data);
        if (!b.iov || !b.data || h->n_bounces >= HOLD_COMMANDS_MAX) {
                free(b.iov);
                free(b.data);
                return NULL;
        }
        memcpy(b.iov, r->iov, r->n_iov * sizeof(b.iov[0]));
        for (uint32_t i = 0; i < r->n_iov; i++) {
                memcpy(b.data + n, r->iov[i].iov_base, r->iov[i].iov_len);
                n += r->iov[i].iov_len;
        }
        h->bounces[h->n_bounces++] = b;
        return b.data;
}

static void scatter(const Bounce *b)
{
        size_t n = 0;

        for (uint32_t i = 0; i < b->n_iov; i++) {
                memcpy(b->iov[i].iov_base, b->data + n, b->iov[i].iov_len);
                n += b->iov[i].iov_len;
        }
}

/* ---- the ring ---- */

static void log_resume(Held *h)
{
        char whole[40], device[40];

        text_format_span(whole, sizeof(whole), h->clock.last);
        text_format_span(device, sizeof(device), h->clock.last_device);
        log_info("%s: programs go on %s after the device was back, %s of that were the device's",
                 h->device.name, whole, device);
}

/* A program has its answer, or none waits for one. */
static void note_resumed(Held *h)
{
        if (h->clock.running && h->transport &&
            (h->unit->phase == UNIT_HELD || h->unit->phase == UNIT_FAILED) &&
            resume_clock_end(&h->clock, now(h)))
                log_resume(h);
}

static void answer(Held *h, const HoldAction *a)
{
        uint16_t id = (uint16_t) a->tag;
        Bounce *b = h->n_bounces > 0 ? find_bounce(h, id) : NULL;

        if (h->inventory)
                inventories_answer(h->inventory, a);
        if (log_watch_waits(&h->log))
                log_watch_answer(&h->log, a, usec_now(CLOCK_REALTIME));
        if (b) {
                if (a->n_read > 0)
                        scatter(b);
                drop_bounce(h, b);
        }
        if (a->ordered)
                unit_note_answer(h->unit, tcmu_ring_tail(&h->ring));
        tcmu_ring_complete(&h->ring, id, a->status, a->sense, a->n_sense, a->n_read);
        h->kick = true;
        if (a->ordered)
                unit_answered(h->unit, now(h));
        note_resumed(h);
}

static void take_command(Held *h, const TcmuRequest *r)
{
        HoldCommand c = {.tag = r->id, .cdb = r->cdb, .n_cdb = r->n_cdb, .n_data = r->n_data};

        if (r->n_iov == 1) {
                c.data = r->iov[0].iov_base;
        } else if (r->n_iov > 1) {
                c.data = gather(h, r);
                if (!c.data) {
                        tcmu_ring_complete(&h->ring, r->id, SCSI_BUSY, NULL, 0, 0);
                        h->kick = true;
                        return;
                }
        }
        if (h->inventory)
                inventories_command(h->inventory, &c);
        else
                log_watch_command(&h->log, &c);
        unit_command(h->unit, &c, now(h));
}

static void ring_is_broken(Held *h, int r)
{
        char text[256];

        snprintf(text, sizeof(text),
                 "the command ring of the held LUN is not what it should be (%s): not served any more; "
                 "`evertape release %.40s` and hold it again",
                 strerror(-r), h->device.name);
        manager_add_event(h->manager, h->device.id, "ring-broken", text);
        snprintf(h->reason, sizeof(h->reason), "the command ring is broken");
        /* whoever removes the LUN has to find nobody at its ring: he then ends what waits in it */
        h->uio_source = sd_event_source_disable_unref(h->uio_source);
        munmap(h->map, h->n_map);
        h->map = NULL;
        h->uio_fd = safe_close(h->uio_fd);
        h->stage = HELD_BROKEN;
        manager_changed(h->manager, h);
}

/* All that is in the ring and has room in the engine. */
static void drain_ring(Held *h)
{
        TcmuRequest r;
        int k = 0;

        while (unit_has_room(h->unit) && (k = tcmu_ring_next(&h->ring, &r)) > 0) {
                if (r.type == TCMU_REQUEST_COMMAND) {
                        take_command(h, &r);
                } else {
                        for (uint32_t i = 0; i < r.n_tmr_ids; i++)
                                unit_abort(h->unit, r.tmr_ids[i], now(h));
                        h->kick = true;
                }
        }
        if (k < 0)
                ring_is_broken(h, k);
}

static int on_uio(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Held *h = userdata;
        int32_t n;

        /* The counter need not be read: the edge of it is watched, and the ring says what is new. */
        if (revents & ((uint32_t) EPOLLERR | (uint32_t) EPOLLHUP) && read(fd, &n, sizeof(n)) < 0 &&
            errno != EAGAIN && errno != EINTR) {
                /* EIO: the LUN was taken away, by us or by somebody else */
                if (h->stage != HELD_REMOVING)
                        ring_is_broken(h, -errno);
                h->uio_source = sd_event_source_disable_unref(h->uio_source);
                return 0;
        }
        held_run(h);
        return 0;
}

bool held_is_stuck(Held *h)
{
        bool waits = h->uio_source && !h->stopping && unit_has_room(h->unit) && tcmu_ring_has_next(&h->ring);

        if (!watchdog_is_stuck(&h->seen, waits, h->ring.next))
                return false;
        manager_add_event(h->manager, h->device.id, "stuck", "a command in its ring is not taken");
        return true;
}

/* Maps the ring and tells the engine what a predecessor had answered. */
int held_open_ring(Held *h, unsigned uio, uint64_t size, bool existed)
{
        char node[32];
        int r;

        snprintf(node, sizeof(node), "/dev/uio%u", uio);
        h->uio_fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (h->uio_fd < 0)
                return -errno;
        h->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, h->uio_fd, 0);
        if (h->map == MAP_FAILED) {
                h->map = NULL;
                return -errno;
        }
        h->n_map = size;
        (void) madvise(h->map, size, MADV_DONTDUMP);
        if (existed && h->fresh)
                unit_state_is_lost(h->unit);
        if (!existed)
                unit_announce_medium(h->unit);
        if (existed) {
                r = held_take_over_ring(h);
                if (r < 0)
                        return r;
        }
        r = tcmu_ring_init(&h->ring, h->map, h->n_map);
        if (r < 0)
                return r;
        r = sd_event_add_io(manager_event(h->manager), &h->uio_source, h->uio_fd,
                            (uint32_t) EPOLLIN | (uint32_t) EPOLLET, on_uio, h);
        if (r < 0)
                return r;
        held_run(h); /* what is in the ring before the first poll raises no event */
        return 0;
}

/* ---- one turn ---- */

/* By the time at which this turn of the loop began: no system call for it. */
static void note_rate(Held *h)
{
        const UnitRecord *r = &h->unit->record;
        usec_t t;

        if (sd_event_now(manager_event(h->manager), CLOCK_MONOTONIC, &t) >= 0)
                rate_note(&h->rate, r->n_bytes_written + r->n_bytes_read, t);
}

/* Without the note the blocks are sent one by one, as before. */
static void note_length(Held *h, uint32_t length)
{
        int r = 0;

        if (length > 0)
                r = length_note_write(LENGTH_NOTE_FOLDER, h->device.id, h->device.identity.serial, length);
        else
                length_note_remove(LENGTH_NOTE_FOLDER, h->device.id);
        if (r < 0)
                log_warning("%s: blocks are not sent in groups, " LENGTH_NOTE_FOLDER ": %s", h->device.name,
                            strerror(-r));
        else if (length > 0)
                unit_length_noted(h->unit, length);
}

static void carry_out(Held *h, const HoldAction *a)
{
        switch (a->type) {
        case HOLD_COMPLETE:
                answer(h, a);
                break;
        case HOLD_SUBMIT:
                held_submit(h, &a->command);
                break;
        case HOLD_CLOSE_PATH:
                held_close_path(h, a->text);
                manager_want_scan(h->manager);
                break;
        case HOLD_CHANGED:
                h->since = usec_now(CLOCK_REALTIME);
                if (h->transport && (h->unit->phase == UNIT_HELD || h->unit->phase == UNIT_FAILED))
                        paths_served(&h->paths);
                if (h->unit->probed && h->stage == HELD_LEARNING)
                        held_make_lun(h);
                manager_changed(h->manager, h);
                break;
        case HOLD_EVENT:
                manager_add_event(h->manager, h->device.id, a->event, a->text);
                break;
        case HOLD_NOTE_LENGTH:
                note_length(h, a->length);
                break;
        }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Held *h = userdata;

        h->timer_at = USEC_INFINITY;
        if (h->transport && transport_deadline(h->transport) <= now(h))
                held_dispatch_path(h, 0);
        unit_tick(h->unit, now(h));
        held_run(h);
        return 0;
}

/* With Timeout= each command has a deadline of its own, and sets none when it is answered. The timer stays
 * where the first one was, and is moved when it runs out: moving it with each command would be two system
 * calls for each. */
static bool timer_can_stay(const Held *h, usec_t at)
{
        return h->timer_at <= at && (at != USEC_INFINITY || h->timer_at > usec_add(now(h), TIMER_NEAR));
}

static void set_timer(Held *h)
{
        usec_t at = unit_deadline(h->unit);

        at = usec_min(at, h->transport ? transport_deadline(h->transport) : held_paths_deadline(h));
        if (timer_can_stay(h, at))
                return;
        h->timer_at = at;
        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(h->timer, at);
        (void) sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

void held_run(Held *h)
{
        HoldAction a;
        bool had_no_room;

        if (h->stage == HELD_BROKEN)
                return;
        do {
                if (h->uio_source && (!h->stopping || h->leaving))
                        drain_ring(h);
                if (h->stage == HELD_BROKEN) {
                        held_close_path(h, h->reason);
                        return;
                }
                had_no_room = !unit_has_room(h->unit);
                while (unit_next_action(h->unit, &a))
                        carry_out(h, &a);
                if (h->kick && h->uio_fd >= 0)
                        (void) tcmu_ring_kick(h->uio_fd);
                h->kick = false;
                /* INQUIRY and the like are answered at once and take no place: what was left in the ring for
                 * want of room raises no event */
        } while (h->unit->n_actions > 0 || (had_no_room && unit_has_room(h->unit) && !h->stopping) ||
                 held_try_paths(h));
        note_rate(h);
        if (h->unit->n_queue == 0)
                note_resumed(h);
        if (h->transport && !transport_busy(h->transport))
                resume_clock_device(&h->clock, h->unit->wake != USEC_INFINITY, now(h));
        held_watch_path(h);
        set_timer(h);
        held_check_end(h);
}

/* ---- what a person or the end of the process asks for ---- */

int held_fail(Held *h, bool once)
{
        int r = unit_fail(h->unit, once, now(h));

        if (r >= 0)
                held_run(h);
        return r;
}

void held_configured(Held *h)
{
        unit_set_timeout(h->unit, manager_timeout(h->manager, &h->device));
        unit_set_pipeline(h->unit, manager_pipeline(h->manager, &h->device));
        unit_set_grouping(h->unit, manager_group_after(h->manager, &h->device));
        unit_tick(h->unit, now(h));
        held_run(h);
}

void held_stop(Held *h, bool for_good)
{
        h->stopping = true;
        h->leaving = for_good;
        if (h->stage == HELD_BROKEN)
                return;
        if (for_good)
                unit_leave(h->unit, now(h));
        else
                unit_stop(h->unit, now(h));
        held_run(h);
}

void held_abandon(Held *h)
{
        if (h->stage == HELD_BROKEN || h->stage == HELD_REMOVING)
                return;
        unit_abandon(h->unit);
        held_close_path(h, "evertaped was stopped");
        held_run(h);
        h->stopped_in_resume = true;
}

/* The LUN goes when nobody waits in it any more. */
static bool leave(Held *h)
{
        int r;

        if (h->job || h->stage == HELD_REMOVING)
                return false;
        if (h->stage != HELD_BROKEN)
                held_abandon(h);
        r = held_remove(h);
        if (r < 0)
                manager_add_event(h->manager, h->device.id, "release-failed", strerror(-r));
        return r < 0;
}

bool held_stopped(Held *h)
{
        if (h->remove_failed)
                return true;
        if (h->stage != HELD_BROKEN && !h->stopped_in_resume && !unit_stopped(h->unit))
                return false;
        return h->leaving ? leave(h) : true;
}

/* ---- life ---- */

int held_new(Manager *m, const RegistryDevice *device, Held **ret)
{
        _cleanup_(held_freep) Held *h = calloc(1, sizeof(*h));
        UnitConfig config = {.type = device->identity.type,
                             .timeout = manager_timeout(m, device),
                             .pipeline = manager_pipeline(m, device),
                             .group_after = manager_group_after(m, device)};
        int r;

        if (!h)
                return -ENOMEM;
        h->manager = m;
        h->device = *device;
        h->paths.active = h->watched_fd = -1;
        h->uio_fd = h->memory.state_fd = h->memory.ring_fd = -EBADF;
        h->timer_at = USEC_INFINITY;
        h->since = usec_now(CLOCK_REALTIME);
        h->unit = malloc(sizeof(*h->unit));
        if (!h->unit)
                return -ENOMEM;
        r = memory_open(device->id, manager_journal_size(m), &h->memory);
        if (r < 0)
                return r;
        if (device->identity.type == DEVICE_CHANGER)
                h->inventory = inventories_follow(manager_inventories(m), device->id);
        snprintf(config.serial, sizeof(config.serial), "%s", device->identity.serial);
        config.journal_reserve = h->memory.unit.n_ring / UNIT_JOURNAL_RESERVE;
        r = unit_init(h->unit, &config, &h->memory.unit, now(h), &h->fresh);
        if (r < 0)
                return r;
        if (h->fresh)
                unit_suspect_length(h->unit, length_note_read(LENGTH_NOTE_FOLDER, device->id, config.serial));
        r = sd_event_add_time(manager_event(m), &h->timer, CLOCK_MONOTONIC, 0, 1, on_timer, h);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
        h->rate.total = h->unit->record.n_bytes_written + h->unit->record.n_bytes_read;
        if (h->unit->probed)
                held_make_lun(h);
        *ret = TAKE_PTR(h);
        return 0;
}

Held *held_free(Held *h)
{
        if (!h)
                return NULL;
        h->job = job_free(h->job);
        held_close_path(h, "");
        if (h->unit && h->unit->record.group_length == 0)
                length_note_remove(LENGTH_NOTE_FOLDER, h->device.id);
        if (h->stopping && !h->leaving && h->unit)
                memory_save(h->device.id, &h->memory, h->unit->record.journal.data_begin,
                            h->unit->record.journal.data_end);
        h->timer = sd_event_source_disable_unref(h->timer);
        h->end_source = sd_event_source_disable_unref(h->end_source);
        h->uio_source = sd_event_source_disable_unref(h->uio_source);
        while (h->n_bounces > 0)
                drop_bounce(h, &h->bounces[0]);
        if (h->map)
                munmap(h->map, h->n_map);
        safe_close(h->uio_fd);
        memory_close(&h->memory);
        sd_bus_message_unref(h->waiting);
        free(h->unit);
        free(h);
        return NULL;
}

const char *held_state(const Held *h)
{
        if (h->stage == HELD_BROKEN)
                return "failed";
        if (h->stage == HELD_LEARNING && h->unit->phase == UNIT_HELD)
                return "probing";
        return unit_phase_name(h->unit->phase);
}

const char *held_reason(const Held *h)
{
        return h->reason[0] ? h->reason : h->unit->record.reason;
}
