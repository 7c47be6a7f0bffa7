/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One thing happens after the other: an action of the engine is carried out, a command is delivered, the
 * device answers, time passes; and in between what a row of the table of faults says. */

#include "sim/world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX    400000
#define LONG_OUTAGE  (20 * 60 * USEC_PER_SEC)
#define DID_TIME_OUT 0x03

static const char *const failure_names[_FAILURE_MAX] = {
        [FAIL_OTHER] = "other",
        [FAIL_LOST] = "lost",
        [FAIL_DUPLICATED] = "duplicated",
        [FAIL_MISPLACED] = "misplaced",
        [FAIL_NOT_ON_TAPE] = "told GOOD and not on tape",
        [FAIL_UNPROVEN] = "continued unproven",
        [FAIL_ERROR] = "wrong errors",
};

const char *failure_name(Failure failure)
{
        return failure_names[failure];
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

void world_fail(World *w, Failure failure, const char *format, ...)
{
        va_list ap;

        if (w->failed)
                return;
        w->failed = true;
        w->failure = failure;
        va_start(ap, format);
        vsnprintf(w->why, sizeof(w->why), format, ap);
        va_end(ap);
        world_trace(w, "FAILED: %s", w->why);
}

/* ---- faults ---- */

static Cut draw_fault(World *w, Boundary boundary)
{
        Cut cut = {.k = FAULT_ANY};

        if (w->one_in == 0 || w->n_faults >= w->n_faults_max || world_below(w, w->one_in) != 0)
                return cut;
        cut.fault = (Fault) world_below(w, _FAULT_MAX);
        if (!w->kinds[cut.fault] || (fault_rows[cut.fault].boundary == AT_STORE) != (boundary == AT_STORE))
                cut.fault = FAULT_NONE;
        return cut;
}

Cut world_choose(World *w, Boundary boundary, unsigned n)
{
        for (size_t i = 0; i < CUTS_MAX; i++)
                if (w->cuts[i].at == n &&
                    (fault_rows[w->cuts[i].fault].boundary == AT_STORE) == (boundary == AT_STORE))
                        return w->cuts[i];
        return draw_fault(w, boundary);
}

void world_count(World *w, Fault fault)
{
        if (fault == FAULT_NONE)
                return;
        if (w->n_faults++ == 0) {
                w->first_command = w->n_commands;
                w->first_store = w->n_stores;
        }
}

void world_notice(World *w, Fault fault)
{
        if (fault != FAULT_NONE && w->device->noticed)
                w->device->noticed(w, fault);
}

static bool suffer(World *w, const Cut *cut, When when)
{
        const FaultRow *row = &fault_rows[cut->fault];

        if (row->suffers != when)
                return true;
        if (row->reset == 0)
                return w->device->suffer(w, cut->fault, cut->k);
        w->device->reset(w, row->reset);
        return true;
}

static void report(World *w, Report what, ScsiResult *r)
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
        case REPORT_HANG:
                w->now += (usec_t) w->command.timeout_ms * USEC_PER_MSEC;
                *r = (ScsiResult){.delivery = SCSI_IN_DOUBT, .host_status = DID_TIME_OUT};
                break;
        case REPORT_BUSY:
                *r = (ScsiResult){.delivery = SCSI_ANSWERED, .status = SCSI_BUSY};
                break;
        case REPORT_ANSWER:
        case REPORT_DEATH:
                break;
        }
}

/* The command that is with the device, as far as this fault lets it. False: it has no such part. */
static bool execute(World *w, const Cut *cut, ScsiResult *ret)
{
        const FaultRow *row = &fault_rows[cut->fault];

        *ret = (ScsiResult){};
        if (row->executed == EXECUTED_IN_PART && !(w->device->shorten && w->device->shorten(w, cut->k)))
                return false;
        if (row->executed == NOT_EXECUTED)
                return true;
        if (w->impostor)
                w->device->answer_other(w, ret);
        else
                w->device->execute(w, ret);
        return true;
}

/* Returns the fault that really happened. */
static Fault play(World *w, const Cut *cut, ScsiResult *ret)
{
        static const Cut none = {};

        if (cut->fault != FAULT_NONE && (w->impostor || !suffer(w, cut, BEFORE) || !execute(w, cut, ret))) {
                (void) execute(w, &none, ret);
                return FAULT_NONE;
        }
        if (cut->fault == FAULT_NONE) {
                (void) execute(w, cut, ret);
                return FAULT_NONE;
        }
        if (suffer(w, cut, AFTER))
                return cut->fault;
        if (fault_rows[cut->fault].executed == NOT_EXECUTED)
                (void) execute(w, &none, ret);
        return FAULT_NONE;
}

/* What a fault leaves behind for later. True if that is all of it. */
static bool remember(World *w, Fault fault)
{
        if (fault_rows[fault].boundary == AT_ANSWER)
                w->at_answer = fault;
        w->impostor_next |= fault == FAULT_IMPOSTOR;
        w->back = fault_rows[fault].back;
        if (fault != FAULT_STOP && fault != FAULT_STOP_JOURNAL_LOST)
                return fault_rows[fault].boundary == AT_ANSWER;
        w->stopping = fault;
        unit_stop(w->unit, w->now);
        return true;
}

static void trace_device(World *w, Fault fault, const ScsiResult *r)
{
        world_trace(w, "  %u: device %02x, %s -> delivery %d status %02x sense %02x %02x%02x n %u",
                    w->n_commands, w->command.cdb[0], fault_rows[fault].name, r->delivery, r->status,
                    r->n_sense > 2 ? r->sense[2] : 0, r->n_sense > 13 ? r->sense[12] : 0,
                    r->n_sense > 13 ? r->sense[13] : 0, r->n_transferred);
}

static void device_turn(World *w)
{
        ScsiResult r;
        Fault fault;
        Cut cut;

        cut = world_choose(w, AT_COMMAND, ++w->n_commands);
        fault = play(w, &cut, &r);
        w->submitted = false;
        world_count(w, fault);
        report(w, fault_rows[fault].report, &r);
        trace_device(w, fault, &r);
        if (fault_rows[fault].report == REPORT_DEATH) {
                daemon_kill(w, fault);
                return;
        }
        if (!remember(w, fault))
                world_notice(w, fault);
        if (fault_rows[fault].report == REPORT_ANSWER && w->device->answered && !w->impostor)
                w->device->answered(w, &r);
        unit_result(w->unit, &r, w->now);
}

/* ---- the engine's actions ---- */

static bool dies_here(World *w, Fault here)
{
        if (w->at_answer != here)
                return false;
        daemon_kill(w, here);
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
                world_fail(w, FAIL_OTHER, "an answer to nothing");
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
                        world_fail(w, FAIL_OTHER, "a command %s", w->path_up ? "too many" : "without a path");
                w->command = a->command;
                w->submitted = true;
                break;
        case HOLD_CLOSE_PATH:
                world_lose_path(w);
                world_trace(w, "path closed: %s", a->text);
                break;
        case HOLD_EVENT:
                world_trace(w, "event %s: %s", a->event, a->text);
                break;
        case HOLD_NOTE_LENGTH:
                world_trace(w, "block length %u noted", a->length);
                w->noted_length = a->length;
                if (a->length > 0)
                        unit_length_noted(w->unit, a->length);
                break;
        case HOLD_CHANGED:
                world_trace(w, "phase %s", unit_phase_name(w->unit->phase));
                w->served |= w->unit->phase == UNIT_HELD || w->unit->phase == UNIT_FAILED;
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
                world_fail(w, FAIL_OTHER, "stuck in phase %s", unit_phase_name(w->unit->phase));
                return;
        }
        w->now = deadline > w->now ? deadline : w->now;
        unit_tick(w->unit, w->now);
}

/* ---- the path ---- */

void world_lose_path(World *w)
{
        w->path_up = w->impostor = false;
        switch (w->back) {
        case RETURN_AT_ONCE:
                w->back_at = w->now;
                break;
        case RETURN_SOON:
                w->back_at = w->now + 1000 + world_below(w, 5 * USEC_PER_SEC);
                break;
        case RETURN_LATE:
                w->back_at = w->now + LONG_OUTAGE;
                break;
        }
        w->back = RETURN_SOON;
}

static void path_comes(World *w)
{
        w->path_up = true;
        w->impostor = w->impostor_next;
        w->impostor_next = false;
        unit_path_up(w->unit, w->now);
}

static void wait_for_path(World *w)
{
        usec_t deadline = unit_deadline(w->unit);

        if (deadline < w->back_at) {
                pass_time(w);
                return;
        }
        w->now = w->back_at > w->now ? w->back_at : w->now;
}

/* A program's command arrives while the device is there, or during the outage. */
static bool may_deliver(World *w)
{
        return w->outstanding && !w->delivered && w->stopping == FAULT_NONE &&
               (w->path_up || w->back_at > w->now + 10 * USEC_PER_SEC || world_below(w, 2));
}

/* The next WRITE may come while one that was answered is still with the device, or after it. */
static bool device_is_first(World *w)
{
        return w->submitted && w->config.pipeline > 0 && world_below(w, w->slowness) == 0;
}

static void step(World *w)
{
        HoldAction a;

        w->now += 10;
        if (unit_next_action(w->unit, &a))
                take_action(w, &a);
        else if (daemon_end_stop(w))
                return;
        else if (!w->path_up && w->now >= w->back_at)
                path_comes(w);
        else if (device_is_first(w))
                device_turn(w);
        else if (may_deliver(w))
                deliver(w);
        else if (w->submitted)
                device_turn(w);
        else if (!w->path_up)
                wait_for_path(w);
        else
                pass_time(w);
}

/* Returns here when it dies where it writes its state, be it the next one while it starts. */
static void step_or_die(World *w)
{
        if (setjmp(w->death) == 0) {
                w->mortal = true;
                step(w);
        } else {
                daemon_kill(w, w->at_answer);
        }
        w->mortal = false;
}

/* ---- the program ---- */

void world_rest(World *w, usec_t span)
{
        usec_t until = w->now + span;

        while (w->now < until && !w->failed)
                if (w->submitted || w->unit->n_actions > 0 || !w->path_up || unit_deadline(w->unit) <= until)
                        step_or_die(w);
                else
                        w->now = until;
}

void world_settle(World *w)
{
        unsigned one_in = w->one_in;
        Cut cuts[CUTS_MAX];

        memcpy(cuts, w->cuts, sizeof(cuts));
        memset(w->cuts, 0, sizeof(w->cuts));
        w->one_in = 0;
        while (!w->failed && (w->submitted || w->unit->n_actions > 0 || !w->path_up ||
                              (unit_deadline(w->unit) != USEC_INFINITY && w->unit->phase == UNIT_RESUMING)))
                step_or_die(w);
        w->one_in = one_in;
        memcpy(w->cuts, cuts, sizeof(cuts));
}

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
                        world_fail(w, FAIL_OTHER, "no answer after %u steps", i);
                step_or_die(w);
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
