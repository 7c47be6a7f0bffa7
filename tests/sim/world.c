/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One thing happens after the other: an action of the engine is carried out, a command is delivered, the
 * device answers, time passes. A fault is a row of a table: what it does to the device, whether the command
 * was executed, and what of that anybody hears. */

#include "sim/world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_SIZE (UINT64_C(4) << 20)
#define STEPS_MAX 400000

typedef enum Report {
        REPORT_ANSWER, /* what the device said */
        REPORT_LOST,
        REPORT_NOT_SENT,
        REPORT_NOT_SENT_NOW,
        REPORT_DOUBT,
        REPORT_BUSY,
        REPORT_NOTHING, /* the daemon is dead */
} Report;

typedef enum When {
        NEVER,
        BEFORE,
        AFTER,
} When;

/* clang-format off */
static const struct FaultRow {
        const char *name;
        When suffers;      /* the device, relative to the execution */
        uint16_t reset;    /* by a reset with this unit attention; 0: in a way of its own */
        bool executes;
        Report report;
        bool at_answer;    /* nothing now; the daemon dies around the next answer */
} faults[_FAULT_MAX] = {
        [FAULT_NONE]               = {"none",                NEVER,  0,      true,  REPORT_ANSWER, false},
        [FAULT_LOST_BEFORE]        = {"lost-before",         NEVER,  0,      false, REPORT_LOST, false},
        [FAULT_LOST_AFTER]         = {"lost-after",          NEVER,  0,      true,  REPORT_LOST, false},
        [FAULT_NEVER_SENT]         = {"never-sent",          NEVER,  0,      false, REPORT_NOT_SENT, false},
        [FAULT_NOT_SENT_NOW]       = {"not-sent-now",        NEVER,  0,      false, REPORT_NOT_SENT_NOW, false},
        [FAULT_BUSY]               = {"busy",                NEVER,  0,      false, REPORT_BUSY, false},
        [FAULT_DOUBT_BEFORE]       = {"doubt-before",        NEVER,  0,      false, REPORT_DOUBT, false},
        [FAULT_DOUBT_AFTER]        = {"doubt-after",         NEVER,  0,      true,  REPORT_DOUBT, false},
        [FAULT_RESET_BEFORE]       = {"reset-before",        BEFORE, 0x2900, true,  REPORT_ANSWER, false},
        [FAULT_RESET_AFTER]        = {"reset-after",         AFTER,  0x2903, true,  REPORT_ANSWER, false},
        [FAULT_LOST_AND_RESET]     = {"lost-and-reset",      AFTER,  0x2902, true,  REPORT_LOST, false},
        [FAULT_POWER_BEFORE]       = {"power-before",        BEFORE, 0,      false, REPORT_LOST, false},
        [FAULT_POWER_AFTER]        = {"power-after",         AFTER,  0,      true,  REPORT_LOST, false},
        [FAULT_BECOMING_READY]     = {"becoming-ready",      BEFORE, 0,      true,  REPORT_ANSWER, false},
        [FAULT_SWAP]               = {"swap",                AFTER,  0,      false, REPORT_LOST, false},
        [FAULT_DROP]               = {"drop",                BEFORE, 0,      true,  REPORT_ANSWER, false},
        [FAULT_DROP_AND_LOST]      = {"drop-and-lost",       BEFORE, 0,      true,  REPORT_LOST, false},
        [FAULT_KILL_BEFORE]        = {"kill-before",         NEVER,  0,      false, REPORT_NOTHING, false},
        [FAULT_KILL_AFTER]         = {"kill-after",          NEVER,  0,      true,  REPORT_NOTHING, false},
        [FAULT_KILL_BEFORE_NOTE]   = {"kill-before-note",    NEVER,  0,      true,  REPORT_ANSWER, true},
        [FAULT_KILL_BEFORE_ANSWER] = {"kill-before-answer",  NEVER,  0,      true,  REPORT_ANSWER, true},
        [FAULT_KILL_AFTER_ANSWER]  = {"kill-after-answer",   NEVER,  0,      true,  REPORT_ANSWER, true},
};
/* clang-format on */

const char *fault_name(Fault fault)
{
        return faults[fault].name;
}

Fault fault_from_name(const char *name)
{
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                if (strcmp(faults[i].name, name) == 0)
                        return (Fault) i;
        return FAULT_NONE;
}

/* ---- chance and words ---- */

/* xorshift64* */
uint32_t world_below(World *w, uint32_t n)
{
        w->random ^= w->random >> 12;
        w->random ^= w->random << 25;
        w->random ^= w->random >> 27;
        return (uint32_t) ((w->random * UINT64_C(2685821657736338717) >> 33) % n);
}

void world_trace(World *w, const char *format, ...)
{
        va_list ap;

        if (!w->verbose)
                return;
        printf("%8.3f ", (double) w->now / USEC_PER_SEC);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

void world_fail(World *w, const char *format, ...)
{
        va_list ap;

        if (w->failed)
                return;
        w->failed = true;
        va_start(ap, format);
        vsnprintf(w->failure, sizeof(w->failure), format, ap);
        va_end(ap);
        world_trace(w, "FAILED: %s", w->failure);
}

/* ---- the daemon ---- */

static void start_daemon(World *w)
{
        UnitMemory memory = {
                .state = w->state,
                .n_state = sizeof(*w->state),
                .ring = w->ring,
                .n_ring = RING_SIZE,
                .scratch = w->scratch,
                .n_scratch = HOLD_SCRATCH_SIZE,
        };

        if (unit_init(w->unit, &w->config, &memory, w->now, NULL) < 0)
                world_fail(w, "the unit does not start");
        unit_take_over(w->unit, w->tail);
        w->path_up = w->submitted = false;
        w->delivered = false; /* what is outstanding comes back as BUSY and is delivered again */
}

/* kill -9: the memory of the dead process is gone, only state and ring stay. */
static void kill_daemon(World *w)
{
        w->n_kills++;
        w->at_answer = FAULT_NONE;
        world_trace(w, "KILL");
        memset(w->unit, 0xa5, sizeof(*w->unit));
        memset(w->scratch, 0xa5, HOLD_SCRATCH_SIZE);
        start_daemon(w);
}

void world_init(World *w, const Device *device, void *userdata, const char *serial, uint64_t seed)
{
        w->device = device;
        w->userdata = userdata;
        w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        w->config = (UnitConfig){.type = device->type, .timeout = USEC_INFINITY};
        snprintf(w->config.serial, sizeof(w->config.serial), "%s", serial);
        w->state = calloc(1, sizeof(*w->state));
        w->ring = calloc(1, RING_SIZE);
        w->scratch = calloc(1, HOLD_SCRATCH_SIZE);
        w->unit = calloc(1, sizeof(*w->unit));
        w->now = USEC_PER_SEC;
        if (!w->state || !w->ring || !w->scratch || !w->unit)
                abort();
        start_daemon(w);
}

void world_deinit(World *w)
{
        free(w->state);
        free(w->ring);
        free(w->scratch);
        free(w->unit);
}

/* ---- faults ---- */

static Fault draw_fault(World *w)
{
        Fault fault;

        if (w->one_in == 0 || w->n_faults >= w->n_faults_max || world_below(w, w->one_in) != 0)
                return FAULT_NONE;
        do
                fault = (Fault) world_below(w, _FAULT_MAX);
        while (!w->kinds[fault]);
        return fault;
}

static Fault choose_fault(World *w)
{
        for (size_t i = 0; i < CUTS_MAX; i++)
                if (w->cuts[i].at == w->n_commands)
                        return w->cuts[i].fault;
        return draw_fault(w);
}

static bool suffer(World *w, Fault fault, When when)
{
        if (faults[fault].suffers != when)
                return true;
        if (faults[fault].reset == 0)
                return w->device->suffer(w, fault);
        w->device->reset(w, faults[fault].reset);
        return true;
}

static void report(Report what, ScsiResult *r)
{
        switch (what) {
        case REPORT_LOST:
                *r = (ScsiResult){.delivery = SCSI_IN_DOUBT, .path_gone = true};
                break;
        case REPORT_NOT_SENT:
                *r = (ScsiResult){.delivery = SCSI_NOT_SENT, .path_gone = true, .error = ENODEV};
                break;
        case REPORT_NOT_SENT_NOW:
                *r = (ScsiResult){.delivery = SCSI_NOT_SENT, .error = ENOMEM};
                break;
        case REPORT_DOUBT:
                *r = (ScsiResult){.delivery = SCSI_IN_DOUBT, .host_status = 0xb};
                break;
        case REPORT_BUSY:
                *r = (ScsiResult){.delivery = SCSI_ANSWERED, .status = SCSI_BUSY};
                break;
        case REPORT_ANSWER:
        case REPORT_NOTHING:
                break;
        }
}

static void execute(World *w, const struct FaultRow *row, ScsiResult *ret)
{
        *ret = (ScsiResult){};
        if (row->executes)
                w->device->execute(w, ret);
        w->submitted = false;
}

static void device_turn(World *w)
{
        ScsiResult r;
        Fault fault;

        w->n_commands++;
        fault = choose_fault(w);
        if (!suffer(w, fault, BEFORE))
                fault = FAULT_NONE;
        w->n_faults += fault != FAULT_NONE;
        if (faults[fault].at_answer)
                w->at_answer = fault;
        execute(w, &faults[fault], &r);
        (void) suffer(w, fault, AFTER);
        report(faults[fault].report, &r);
        world_trace(w, "  %u: device %02x, %s -> delivery %d status %02x sense %02x %02x%02x n %u",
                    w->n_commands, w->command.cdb[0], fault_name(fault), r.delivery, r.status,
                    r.n_sense > 2 ? r.sense[2] : 0, r.n_sense > 13 ? r.sense[12] : 0,
                    r.n_sense > 13 ? r.sense[13] : 0, r.n_transferred);
        if (faults[fault].report == REPORT_NOTHING)
                kill_daemon(w);
        else
                unit_result(w->unit, &r, w->now);
}

/* ---- the engine's actions ---- */

static bool dies_here(World *w, Fault here)
{
        if (w->at_answer != here)
                return false;
        kill_daemon(w);
        return true;
}

static void answer_program(World *w, const HoldAction *a)
{
        world_trace(w, "program <- %02x status %02x", w->cdb[0], a->status);
        w->tail++;
        w->outstanding = false;
        w->answered = true;
        w->status = a->status;
        w->n_sense = a->n_sense;
        memcpy(w->sense, a->sense, a->n_sense);
        w->n_read = a->n_read;
}

static void complete(World *w, const HoldAction *a)
{
        if (!w->outstanding) {
                world_fail(w, "an answer to nothing");
                return;
        }
        if (dies_here(w, FAULT_KILL_BEFORE_NOTE))
                return;
        if (a->ordered)
                unit_note_answer(w->unit, w->tail);
        if (dies_here(w, FAULT_KILL_BEFORE_ANSWER))
                return;
        answer_program(w, a);
        if (!dies_here(w, FAULT_KILL_AFTER_ANSWER) && a->ordered)
                unit_answered(w->unit, w->now);
}

static void take_action(World *w, const HoldAction *a)
{
        switch (a->type) {
        case HOLD_COMPLETE:
                complete(w, a);
                break;
        case HOLD_SUBMIT:
                if (!w->path_up || w->submitted)
                        world_fail(w, "a command %s", w->path_up ? "too many" : "without a path");
                w->command = a->command;
                w->submitted = true;
                break;
        case HOLD_CLOSE_PATH:
                w->path_up = false;
                world_trace(w, "path closed: %s", a->text);
                break;
        case HOLD_EVENT:
                world_trace(w, "event %s: %s", a->event, a->text);
                break;
        case HOLD_CHANGED:
                world_trace(w, "phase %s", unit_phase_name(w->unit->phase));
                break;
        }
}

static void deliver(World *w)
{
        HoldCommand c = {.tag = 1, .cdb = w->cdb, .n_cdb = w->n_cdb, .data = w->data, .n_data = w->n_data};

        w->delivered = true;
        unit_command(w->unit, &c, w->now);
}

static void pass_time(World *w)
{
        usec_t deadline = unit_deadline(w->unit);

        if (deadline == USEC_INFINITY) {
                world_fail(w, "stuck in phase %s", unit_phase_name(w->unit->phase));
                return;
        }
        w->now = deadline > w->now ? deadline : w->now;
        unit_tick(w->unit, w->now);
}

/* A program's command arrives while the device is there, or during the outage. */
static void step(World *w)
{
        HoldAction a;

        w->now += 10;
        if (unit_next_action(w->unit, &a)) {
                take_action(w, &a);
        } else if (w->outstanding && !w->delivered && (w->path_up || world_below(w, 2))) {
                deliver(w);
        } else if (w->submitted) {
                device_turn(w);
        } else if (!w->path_up) {
                w->now += 1000 + world_below(w, 5 * USEC_PER_SEC);
                w->path_up = true;
                unit_path_up(w->unit, w->now);
        } else {
                pass_time(w);
        }
}

/* ---- the program ---- */

bool world_run(World *w, size_t n_cdb, void *data, uint32_t n_data)
{
        if (w->failed)
                return false;
        world_trace(w, "program -> %02x", w->cdb[0]);
        w->n_cdb = n_cdb;
        w->data = data;
        w->n_data = n_data;
        w->outstanding = true;
        w->delivered = w->answered = false;
        for (unsigned i = 0; !w->answered && !w->failed; i++) {
                if (i > STEPS_MAX)
                        world_fail(w, "no answer after %u steps", i);
                step(w);
        }
        return !w->failed && w->status == SCSI_GOOD;
}

Sense world_sense(const World *w)
{
        Sense s = {};

        if (w->status == SCSI_CHECK_CONDITION)
                (void) sense_parse(w->sense, w->n_sense, &s);
        return s;
}
