/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi/rig.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/lun-reader.h"
#include "iscsi/target.h"
#include "scsi/cdb.h"
#include "util/cleanup.h"

#define RETRY_MOST (200 * USEC_PER_MSEC)
#define PATIENCE   (120 * USEC_PER_SEC)

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

_printf_(2, 3) static bool fail(Rig *r, const char *format, ...)
{
        va_list ap;

        if (r->failed)
                return false;
        r->failed = true;
        va_start(ap, format);
        vsnprintf(r->why, sizeof(r->why), format, ap);
        va_end(ap);
        return false;
}

/* ---- life ---- */

static void *allocate(size_t n)
{
        void *p = aligned_alloc(4096, (n + 4095) / 4096 * 4096);

        if (!p)
                abort();
        memset(p, 0, n);
        return p;
}

void rig_init(Rig *r, const IscsiLogin *login, unsigned lun, size_t n_journal)
{
        UnitConfig config = {.type = DEVICE_TAPE,
                             .serial = TARGET_SERIAL,
                             .timeout = USEC_INFINITY,
                             .group_after = UNIT_GROUP_AFTER,
                             .journal_reserve = n_journal / UNIT_JOURNAL_RESERVE};

        *r = (Rig){.login = *login, .lun = lun, .patience = PATIENCE, .next_id = 1};
        r->memory = (UnitMemory){
                .state = allocate(sizeof(UnitState)),
                .n_state = sizeof(UnitState),
                .ring = allocate(n_journal),
                .n_ring = n_journal,
                .scratch = allocate(HOLD_SCRATCH_SIZE),
                .n_scratch = HOLD_SCRATCH_SIZE,
        };
        r->unit = allocate(sizeof(*r->unit));
        r->block = allocate(RIG_BLOCK_MAX);
        unit_state_init(r->memory.state);
        if (unit_init(r->unit, &config, &r->memory, now(), NULL) < 0)
                abort();
}

void rig_add_portal(Rig *r, const char *address, unsigned port)
{
        snprintf(r->portals[r->n_portals++], sizeof(r->portals[0]), "%s:%u", address, port);
}

void rig_deinit(Rig *r)
{
        transport_free(r->transport);
        free(r->memory.state);
        free(r->memory.ring);
        free(r->memory.scratch);
        free(r->unit);
        free(r->block);
        free(r->told);
}

/* ---- the path ---- */

static void on_result(void *userdata, const ScsiResult *result)
{
        Rig *r = userdata;

        r->n_in_doubt += result->delivery == SCSI_IN_DOUBT;
        r->n_not_sent += result->delivery == SCSI_NOT_SENT;
        if (result->delivery == SCSI_ANSWERED)
                r->n_tries = 0;
        else
                snprintf(r->last_reason, sizeof(r->last_reason), "%s", transport_reason(r->transport));
        unit_result(r->unit, result, now());
}

static void on_units(void *userdata, int error, const char *why, const LunFound *found, size_t n)
{
        Rig *r = userdata;

        r->searching = false;
        for (size_t i = 0; i < n; i++)
                if (found[i].usable && strcmp(found[i].identity.serial, TARGET_SERIAL) == 0)
                        r->lun = found[i].lun;
}

/* A target that does not say leaves things as they are. */
static void search(Rig *r)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        LunReader *reader = NULL;
        IscsiLogin login = r->login;

        login.qualifier |= 0x8000; /* as attached-target.c: it must not take the path's place */
        r->searching = true;
        if (sd_event_new(&event) < 0 ||
            lun_reader_new(event, &login, ISCSI_ALL_LUNS, on_units, r, &reader) < 0)
                abort();
        while (r->searching)
                if (sd_event_run(event, UINT64_MAX) < 0)
                        abort();
        lun_reader_free(reader);
}

static void open_path(Rig *r)
{
        if (r->transport || now() < r->retry_at)
                return;
        r->login.portal = r->portals[r->portal];
        if (r->searches)
                search(r);
        if (transport_iscsi_new(&r->login, r->lun, on_result, r, &r->transport) < 0)
                abort();
        r->n_sessions++;
        unit_path_up(r->unit, now());
}

static void close_path(Rig *r)
{
        usec_t wait = (usec_t) 1000 << (r->n_tries < 8 ? r->n_tries : 8);

        r->transport = transport_free(r->transport);
        r->portal = (r->portal + 1) % r->n_portals;
        r->n_tries++;
        r->retry_at = now() + usec_min(wait, RETRY_MOST);
        r->n_lost++;
}

static void submit(Rig *r, const ScsiCommand *c)
{
        ScsiResult refused = {.delivery = SCSI_NOT_SENT, .path_gone = true, .error = ENODEV};

        if (r->transport && transport_submit(r->transport, c, now()) == 0)
                return;
        unit_result(r->unit, &refused, now());
}

static void complete(Rig *r, const HoldAction *a)
{
        r->answered = true;
        r->status = a->status;
        r->n_sense = a->n_sense;
        r->n_read = a->n_read;
        memcpy(r->sense, a->sense, sizeof(r->sense));
        if (a->ordered) {
                unit_note_answer(r->unit, a->tag);
                unit_answered(r->unit, now());
        }
}

static void carry_out(Rig *r)
{
        HoldAction a;

        while (unit_next_action(r->unit, &a))
                switch (a.type) {
                case HOLD_SUBMIT:
                        submit(r, &a.command);
                        break;
                case HOLD_COMPLETE:
                        complete(r, &a);
                        break;
                case HOLD_CLOSE_PATH:
                        close_path(r);
                        break;
                case HOLD_CHANGED:
                case HOLD_EVENT:
                        if (getenv("RIG_VERBOSE"))
                                fprintf(stderr, "  %s [%s] %s: %s\n", a.event ? a.event : "changed",
                                        r->last_reason, unit_phase_name(r->unit->phase), a.text);
                        break;
                case HOLD_NOTE_LENGTH:
                        unit_length_noted(r->unit, a.length);
                        break;
                }
}

static void turn(Rig *r, usec_t until)
{
        struct pollfd fd = {.fd = -1};
        usec_t at, t;

        open_path(r);
        carry_out(r);
        at = usec_min(until, unit_deadline(r->unit));
        if (r->transport) {
                at = usec_min(at, transport_deadline(r->transport));
                fd = (struct pollfd){.fd = transport_fd(r->transport),
                                     .events = (short) transport_events(r->transport)};
                if (fd.events == 0)
                        fd.fd = -1;
        } else {
                at = usec_min(at, r->retry_at);
        }
        t = now();
        if (!r->answered || until > t) {
                struct timespec ts = {.tv_sec = at > t ? (time_t) ((at - t) / USEC_PER_SEC) : 0,
                                      .tv_nsec = at > t ? (long) ((at - t) % USEC_PER_SEC * 1000) : 0};

                (void) ppoll(&fd, 1, &ts, NULL);
        }
        if (r->transport && (fd.revents || transport_deadline(r->transport) <= now()))
                transport_dispatch(r->transport, (uint32_t) fd.revents, now());
        if (r->transport && !transport_busy(r->transport) && transport_is_lost(r->transport))
                unit_path_down(r->unit, now());
        if (unit_deadline(r->unit) <= now())
                unit_tick(r->unit, now());
        carry_out(r);
}

void rig_rest(Rig *r, usec_t span)
{
        usec_t until = now() + span;

        do
                turn(r, until);
        while (now() < until);
}

bool rig_run(Rig *r, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data)
{
        HoldCommand c = {.tag = 1, .cdb = cdb, .n_cdb = n_cdb, .data = data, .n_data = n_data};
        usec_t until = now() + r->patience;

        if (r->failed)
                return false;
        r->answered = false;
        unit_command(r->unit, &c, now());
        carry_out(r);
        while (!r->answered) {
                if (now() >= until)
                        return fail(r, "no answer to %02x within %u s; %s, last reason: %s", cdb[0],
                                    (unsigned) (r->patience / USEC_PER_SEC), unit_phase_name(r->unit->phase),
                                    r->last_reason);
                turn(r, until);
        }
        return r->status == SCSI_GOOD;
}

/* ---- the program ---- */

static bool expect_good(Rig *r, const char *what, bool good)
{
        Sense s = {};

        if (good)
                return true;
        (void) sense_parse(r->sense, r->n_sense, &s);
        return fail(r, "%s ended with status %02x, sense %x %04x, after %zu objects; engine: %s", what,
                    r->status, s.key, s.code, r->n_told, r->unit->record.reason);
}

bool rig_begin(Rig *r)
{
        usec_t until = now() + r->patience;
        uint8_t cdb[SCSI_CDB_MAX];

        /* only then evertaped makes the LUN, and there are programs */
        while (r->unit->phase != UNIT_HELD && now() < until)
                turn(r, usec_min(until, now() + 100 * USEC_PER_MSEC));
        if (r->unit->phase != UNIT_HELD)
                return fail(r, "the drive does not show itself: %s", r->last_reason);
        for (int i = 0; i < 10 && !r->failed; i++)
                if (rig_run(r, cdb, scsi_cdb_test_unit_ready(cdb), NULL, 0))
                        return rig_rewind(r);
        return expect_good(r, "TEST UNIT READY", false);
}

void rig_fill(uint64_t id, uint8_t *dst, uint32_t n)
{
        uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15) + 1;

        for (uint32_t i = 0; i < n; i += 8) {
                x ^= x >> 12;
                x ^= x << 25;
                x ^= x >> 27;
                memcpy(dst + i, &x, n - i < 8 ? n - i : 8);
        }
}

static void note(Rig *r, uint32_t n_data)
{
        if (r->n_told == r->n_told_max) {
                r->n_told_max = r->n_told_max ? 2 * r->n_told_max : 1024;
                r->told = realloc(r->told, r->n_told_max * sizeof(r->told[0]));
                if (!r->told)
                        abort();
        }
        r->told[r->n_told++] = (RigObject){.n_data = n_data, .id = r->next_id++};
}

bool rig_write(Rig *r, uint32_t n_data)
{
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n = scsi_cdb_write_6(cdb, false, n_data);

        rig_fill(r->next_id, r->block, n_data);
        if (!expect_good(r, "WRITE", rig_run(r, cdb, n, r->block, n_data)))
                return false;
        note(r, n_data);
        return true;
}

bool rig_write_filemark(Rig *r)
{
        const uint8_t cdb[6] = {OP_WRITE_FILEMARKS_6, 0, 0, 0, 1, 0};

        if (!expect_good(r, "WRITE FILEMARKS", rig_run(r, cdb, sizeof(cdb), NULL, 0)))
                return false;
        note(r, 0);
        return true;
}

bool rig_rewind(Rig *r)
{
        uint8_t cdb[SCSI_CDB_MAX];

        return expect_good(r, "REWIND", rig_run(r, cdb, scsi_cdb_rewind(cdb, false), NULL, 0));
}

static bool content_is(const RigObject *o, const uint8_t *data)
{
        static uint8_t wanted[RIG_BLOCK_MAX];

        rig_fill(o->id, wanted, o->n_data);
        return memcmp(wanted, data, o->n_data) == 0;
}

bool rig_read_all(Rig *r)
{
        uint8_t cdb[SCSI_CDB_MAX];
        Sense s;

        if (!rig_rewind(r))
                return false;
        for (size_t i = 0; i < r->n_told && !r->failed; i++) {
                const RigObject *o = &r->told[i];
                size_t n = scsi_cdb_read_6(cdb, false, true, RIG_BLOCK_MAX);
                bool good = rig_run(r, cdb, n, r->block, RIG_BLOCK_MAX);

                if (r->failed)
                        break;
                s = (Sense){};
                if (!good)
                        (void) sense_parse(r->sense, r->n_sense, &s);
                if (o->n_data == 0 ? good || !s.filemark : !good && (s.key != 0 || s.filemark))
                        return expect_good(r, "READ", false);
                if (o->n_data > 0 && !content_is(o, r->block))
                        return fail(r, "object %zu was read with other content", i);
        }
        return !r->failed;
}
