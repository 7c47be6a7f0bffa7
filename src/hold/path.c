/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The path to the device, coming and going, and how long a program waits for it. */

#include <errno.h>
#include <stdio.h>

#include "hold/unit-internal.h"
#include "util/text.h"

/* ---- outages ---- */

void unit_note_trouble(Unit *u, usec_t now, const char *why)
{
        if (u->in_trouble)
                return;
        u->in_trouble = true;
        u->trouble_since = now;
        snprintf(u->trouble, sizeof(u->trouble), "%.95s", why);
}

void unit_end_trouble(Unit *u, usec_t now)
{
        usec_t began = u->in_trouble ? u->trouble_since : u->outage_since;

        u->record.n_outages++;
        u->last_outage = now > began ? now - began : 0;
        u->tally.outages += u->last_outage;
        u->tally.last_began = began;
        snprintf(u->tally.last_cause, sizeof(u->tally.last_cause), "%s", u->trouble);
}

/* ---- the path ---- */

void unit_lose_path(Unit *u, usec_t now, const char *why)
{
        HoldAction *a;

        if (!u->path_open)
                return;
        u->path_open = u->path_condemned = false;
        u->device_gone = true;
        unit_note_trouble(u, now, why);
        u->resume.step = STEP_NONE;
        u->wake = USEC_INFINITY;
        unit_end_stream(u);
        unit_drop_ahead(u);
        if (!unit_is_resuming(u)) {
                u->outage_since = now;
                unit_push_event(u, "away", "%s", why);
        }
        a = unit_push_action(u, HOLD_CLOSE_PATH);
        snprintf(a->text, sizeof(a->text), "%s", why);
        if (!unit_has_lost(u))
                snprintf(u->record.reason, sizeof(u->record.reason), "%s", why);
        unit_set_phase(u, u->timed_out ? UNIT_FAILED : UNIT_AWAY);
        unit_store(u);
}

void unit_path_up(Unit *u, usec_t now)
{
        if (u->path_open)
                return;
        u->path_open = true;
        u->path_condemned = false;
        u->timed_out = u->refuse_now = false;
        unit_start_recovery(u, STEP_INQUIRY, now);
}

void unit_path_down(Unit *u, usec_t now)
{
        u->device_gone = true;
        if (!u->path_open)
                return;
        if (u->submitted != SUBMITTED_NOTHING) {
                u->path_condemned = true;
                return;
        }
        unit_lose_path(u, now, "the path to the device is gone");
}

/* ---- time ---- */

bool unit_waits(const Unit *u)
{
        return u->n_queue > 0 && u->submitted != SUBMITTED_PROGRAM && !u->awaiting_answer && !u->timed_out &&
               u->phase != UNIT_HELD;
}

static usec_t waiting_since(const Unit *u)
{
        return u->queue[0].since > u->outage_since ? u->queue[0].since : u->outage_since;
}

static usec_t timeout_deadline(const Unit *u)
{
        return unit_waits(u) && !(u->phase == UNIT_FAILED && u->path_open)
                       ? usec_add(waiting_since(u), u->config.timeout)
                       : USEC_INFINITY;
}

usec_t unit_deadline(const Unit *u)
{
        return usec_min(u->wake, timeout_deadline(u));
}

void unit_set_timeout(Unit *u, usec_t timeout)
{
        u->config.timeout = timeout;
}

void unit_set_pipeline(Unit *u, uint32_t n)
{
        u->config.pipeline = n;
}

void unit_set_grouping(Unit *u, unsigned group_after)
{
        u->config.group_after = group_after;
}

void unit_lose_what_waits(Unit *u)
{
        if (u->config.type == DEVICE_TAPE &&
            (unit_session_open(u) || u->record.in_flight.phase != IN_FLIGHT_NONE))
                u->record.position_lost = PLACE_LOST;
        u->record.loss_unreported |= unit_has_unproven(u);
        u->record.unjournalled = 0;
        u->record.answer_lost = 1;
        u->record.in_flight = (InFlight){};
        u->redelivery = false;
        journal_commit(&u->journal);
        u->record.anchor.valid = 0;
}

/* A loss is told when the answer is with the kernel, and not before: who dies between the two leaves it to
 * his successor, to whom the command comes again. */
static void fail(Unit *u, const UnitCommand *c)
{
        uint8_t sense[SCSI_SENSE_MAX];
        size_t n = unit_build_error(u, c->cdb, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT, sense);
        bool tells = unit_reports_loss(u, c->opcode);

        u->telling_loss |= tells;
        unit_complete(u, c, SCSI_CHECK_CONDITION, sense, n, 0, tells);
}

void unit_fail_queue(Unit *u)
{
        while (u->n_queue > 0) {
                UnitCommand c = u->queue[0];

                unit_queue_pop(u);
                if (!c.answered)
                        fail(u, &c);
        }
}

/* Everything that waits fails, with record.reason. */
static void give_up_waiting(Unit *u, usec_t now)
{
        unit_lose_what_waits(u);
        unit_push_failed(u);
        unit_fail_queue(u);
        unit_store(u);
        if (!u->path_open)
                unit_set_phase(u, u->timed_out ? UNIT_FAILED : UNIT_AWAY);
        else if (u->submitted == SUBMITTED_STEP)
                u->resume.restart = true;
        else if (u->resume.step != STEP_NONE)
                unit_start_recovery(u, STEP_INQUIRY, now);
}

/* The device did not come back in time. */
static void time_out(Unit *u, usec_t now)
{
        char span[40];

        u->timed_out = true;
        text_format_span(span, sizeof(span), u->config.timeout);
        snprintf(u->record.reason, sizeof(u->record.reason), "did not come back within %s", span);
        give_up_waiting(u, now);
}

int unit_fail(Unit *u, bool once, usec_t now)
{
        if (!unit_waits(u))
                return -ENODATA;
        u->timed_out = !once;
        u->refuse_now = once;
        snprintf(u->record.reason, sizeof(u->record.reason), "the wait was ended by evertape fail");
        give_up_waiting(u, now);
        return 0;
}

void unit_tick(Unit *u, usec_t now)
{
        if (u->wake <= now) {
                u->wake = USEC_INFINITY;
                if (u->resume.step != STEP_NONE && u->submitted == SUBMITTED_NOTHING)
                        unit_goto_step(u, (Step) u->resume.step, now);
                else
                        unit_pump(u, now);
        }
        if (timeout_deadline(u) <= now)
                time_out(u, now);
}
