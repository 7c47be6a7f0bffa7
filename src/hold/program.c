/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device's answer to a program's command: final, to be tried again, in doubt, or a sign that the device
 * is not what it was. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"

/* As if the head had never been sent. */
static void unsend_head(Unit *u)
{
        if (u->record.in_flight.phase == IN_FLIGHT_SENT && unit_is_ordered(u->queue[0].opcode)) {
                if (u->record.in_flight.journalled)
                        journal_truncate_last(&u->journal, 0);
                u->record.in_flight = (InFlight){};
        }
        u->queue[0].executing = false;
        unit_store(u);
        if (u->queue[0].answered)
                unit_queue_pop(u);
}

static void retry_head(Unit *u, usec_t now)
{
        unsend_head(u);
        u->wake = now + UNIT_RETRY_AFTER;
}

/* Nobody waits for its outcome any more, and whoever sent it takes it for failed: what follows must not build
 * on a position that he does not know. */
void unit_drop_abandoned(Unit *u)
{
        if (u->config.type == DEVICE_TAPE && unit_is_ordered(u->queue[0].opcode)) {
                u->record.position_lost = PLACE_LOST;
                snprintf(u->record.reason, sizeof(u->record.reason), "%s was aborted by its initiator",
                         u->queue[0].opcode->name);
        }
        u->record.in_flight.phase = IN_FLIGHT_NONE;
        unit_store(u);
        unit_queue_pop(u);
}

void unit_finish_head(Unit *u, const ScsiResult *result, const Sense *sense)
{
        UnitCommand c = u->queue[0];
        bool ordered = unit_is_ordered(c.opcode);

        if (c.answered)
                c.data = NULL; /* given back */
        unit_apply_effect(u, &c, result, sense);
        unit_note_stream(u, &c, result);
        unit_note_reading(u, &c, result, sense);
        if (c.data && unit_is_secret(u, c.opcode))
                explicit_bzero(c.data, c.n_data); /* nobody needs it any more */
        if (ordered) {
                unit_settle(u, result->status, result->sense, result->n_sense);
                unit_wipe_old_secrets(u);
        }
        if (c.answered) {
                unit_drop_abandoned(u);
                return;
        }
        if (u->phase == UNIT_FAILED && !unit_has_lost(u)) {
                u->record.reason[0] = '\0';
                unit_set_phase(u, UNIT_HELD);
        }
        unit_filter_answer(&c, result);
        unit_queue_pop(u);
        u->awaiting_answer = ordered;
        unit_complete(u, &c, result->status, result->sense, result->n_sense,
                      c.opcode->direction == SCSI_DATA_IN ? result->n_transferred : 0, ordered);
}

/* A unit attention that the program has to see: another cartridge while it was not using the first one, or
 * somebody at the library's door. */
static bool attention_is_for_program(const Unit *u, const Sense *sense)
{
        if (u->config.type == DEVICE_CHANGER)
                return sense_asc(sense) == 0x28;
        return sense->code == ASC_MEDIUM_MAY_HAVE_CHANGED && !unit_session_open(u);
}

void unit_take_attention(Unit *u, const Sense *sense, usec_t now)
{
        if (sense_asc(sense) == 0x29)
                unit_push_event(u, "reset", "the device was reset (unit attention 29/%02x)",
                                sense->code & 0xff);
        unit_note_trouble(u, now, sense_asc(sense) == 0x29 ? "the device was reset" : "a unit attention");
        unit_note_attention(u, sense);
}

static void handle_attention(Unit *u, const ScsiResult *result, const Sense *sense, usec_t now)
{
        if (attention_is_for_program(u, sense)) {
                if (u->config.type == DEVICE_TAPE) {
                        unit_key_demounted(u, false);
                        unit_forget_medium(u, MEDIUM_PRESENT);
                }
                if (u->config.type == DEVICE_CHANGER)
                        unit_push_event(u, "medium-changed", "cartridges may have been moved by hand");
                unit_finish_head(u, result, sense);
                return;
        }
        unsend_head(u);
        unit_take_attention(u, sense, now);
        unit_start_recovery(u, STEP_READY, now);
}

/* Named outcomes of looking at an answer. */
enum {
        ANSWER_FINAL,
        ANSWER_RETRY,
        ANSWER_IN_DOUBT,
        ANSWER_ATTENTION,
        ANSWER_NOT_READY
};

static int judge_answer(const Unit *u, const ScsiResult *result, const Sense *sense)
{
        const ScsiOpcode *opcode = u->queue[0].opcode;

        if (result->status == SCSI_BUSY || result->status == SCSI_TASK_SET_FULL)
                return ANSWER_RETRY;
        if (result->status == SCSI_TASK_ABORTED)
                return ANSWER_IN_DOUBT;
        if (result->status == SCSI_CHECK_CONDITION && !sense && unit_is_ordered(opcode))
                return ANSWER_IN_DOUBT;
        if (!sense || sense->deferred)
                return ANSWER_FINAL;
        if (sense->key == SENSE_UNIT_ATTENTION)
                return ANSWER_ATTENTION;
        if (unit_becomes_ready(sense) && ((unit_is_ordered(opcode) && unit_session_open(u)) ||
                                          unit_depends_on_position(opcode, u->queue[0].cdb)))
                return ANSWER_NOT_READY;
        return ANSWER_FINAL;
}

const Sense *unit_parse_sense(const ScsiResult *result, Sense *ret)
{
        if (result->delivery != SCSI_ANSWERED || result->status != SCSI_CHECK_CONDITION ||
            sense_parse(result->sense, result->n_sense, ret) < 0)
                return NULL;
        return ret;
}

static void program_answered(Unit *u, const ScsiResult *result, usec_t now)
{
        Sense parsed;
        const Sense *sense = unit_parse_sense(result, &parsed);

        unit_note_progress(u, sense);
        switch (judge_answer(u, result, sense)) {
        case ANSWER_FINAL:
                unit_finish_head(u, result, sense);
                break;
        case ANSWER_RETRY:
                retry_head(u, now);
                break;
        case ANSWER_IN_DOUBT:
                unit_start_recovery(u, STEP_INQUIRY, now);
                break;
        case ANSWER_ATTENTION:
                handle_attention(u, result, sense, now);
                break;
        case ANSWER_NOT_READY:
                unsend_head(u);
                unit_note_trouble(u, now, "the device was not ready");
                unit_start_recovery(u, STEP_READY, now);
                break;
        }
}

static void refuse_unsendable(Unit *u)
{
        UnitCommand c = u->queue[0];

        unsend_head(u);
        if (c.answered)
                return;
        unit_queue_pop(u);
        unit_complete_error(u, &c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void program_result(Unit *u, const ScsiResult *result, usec_t now)
{
        UnitCommand *c = &u->queue[0];

        if (result->delivery != SCSI_ANSWERED && c->aborted && !c->answered) {
                unit_complete(u, c, SCSI_TASK_ABORTED, NULL, 0, 0, false);
                c->answered = true;
        }
        switch (result->delivery) {
        case SCSI_ANSWERED:
                program_answered(u, result, now);
                return;
        case SCSI_NOT_SENT:
                if (!result->path_gone && unit_cannot_be_sent(result)) {
                        refuse_unsendable(u);
                        return;
                }
                if (!result->path_gone) {
                        retry_head(u, now);
                        return;
                }
                unsend_head(u);
                break;
        case SCSI_IN_DOUBT:
        case _SCSI_DELIVERY_MAX:
                break;
        }
        if (result->path_gone || u->path_condemned)
                unit_lose_path(u, now, "the path to the device is gone");
        else
                unit_start_recovery(u, STEP_INQUIRY, now);
}

void unit_recover(Unit *u, const ScsiResult *result, const Sense *sense, usec_t now)
{
        if (sense && !sense->deferred && sense->key == SENSE_UNIT_ATTENTION)
                unit_take_attention(u, sense, now);
        else if (sense && sense->deferred)
                u->record.reset_seen = 1; /* of what it had acknowledged something is missing: compare */
        if (result->delivery != SCSI_ANSWERED && (result->path_gone || u->path_condemned)) {
                unit_lose_path(u, now, "the path to the device is gone");
                return;
        }
        unit_note_trouble(u, now,
                          result->delivery == SCSI_ANSWERED ? "the device reported an error"
                                                            : "a command was not answered");
        unit_start_recovery(u, STEP_INQUIRY, now);
}

void unit_result(Unit *u, const ScsiResult *result, usec_t now)
{
        UnitSubmitted submitted = u->submitted;

        u->submitted = SUBMITTED_NOTHING;
        if (submitted == SUBMITTED_BEHIND)
                unit_behind_result(u, result, now);
        else if (submitted == SUBMITTED_AHEAD)
                unit_ahead_result(u, result, now);
        else if (submitted == SUBMITTED_PROGRAM)
                program_result(u, result, now);
        else if (submitted == SUBMITTED_STEP)
                unit_step_result(u, result, now);
        if (u->path_condemned && u->submitted == SUBMITTED_NOTHING)
                unit_lose_path(u, now, "the path to the device is gone");
        unit_pump(u, now);
}
