/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The resume, step by step, each at most one command to the device. The order is the protocol:
 *
 *  - who is it (identify.c): INQUIRY and VPD 80h say that it is the same unit, or the path is refused;
 *  - is it ready: three equal TEST UNIT READY answers in a row, for a drive may say GOOD once too early; unit
 *    attentions are drained and remembered;
 *  - what was set (restore.c): PREVENT, RESERVE, MODE SELECT, as the program had them;
 *  - which medium (restore.c): READ ATTRIBUTE 0401h, or later the last object, read back;
 *  - where (plan.c, compare.c, rewrite.c, changer.c).
 *
 * Any step may be interrupted by another loss; everything then starts again from the record, which a resume
 * changes only when it is over. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "util/text.h"

#define RETRY_INTERVAL     (1 * USEC_PER_SEC)
#define BUSY_INTERVAL      (50 * USEC_PER_MSEC)
#define ABORTED_MAX        8
#define ATTENTIONS_AT_ONCE 64

/* ---- sending ---- */

void unit_submit_step(Unit *u, const uint8_t *cdb, size_t n_cdb, ScsiDirection direction, void *data,
                      uint32_t n_data)
{
        HoldAction *a = unit_push_action(u, HOLD_SUBMIT);

        a->command = (ScsiCommand){
                .n_cdb = (uint8_t) n_cdb,
                .direction = direction,
                .data = data,
                .n_data = n_data,
                .timeout_ms = scsi_opcode_find(u->config.type, cdb, n_cdb)->timeout_s * 1000,
        };
        memcpy(a->command.cdb, cdb, n_cdb);
        u->submitted = SUBMITTED_STEP;
}

void unit_submit_in(Unit *u, const uint8_t *cdb, size_t n_cdb, uint32_t n_data)
{
        memset(u->scratch, 0, n_data);
        unit_submit_step(u, cdb, n_cdb, SCSI_DATA_IN, u->scratch, n_data);
}

void unit_submit_bare(Unit *u, const uint8_t *cdb, size_t n_cdb)
{
        unit_submit_step(u, cdb, n_cdb, SCSI_NO_DATA, NULL, 0);
}

/* ---- the end ---- */

void unit_settle(Unit *u, uint8_t status, const uint8_t *sense, size_t n_sense)
{
        InFlight *f = &u->record.in_flight;

        f->phase = IN_FLIGHT_SETTLED;
        f->status = status;
        f->answer_noted = 0;
        f->n_sense = (uint8_t) (n_sense < sizeof(f->sense) ? n_sense : sizeof(f->sense));
        if (f->n_sense > 0)
                memcpy(f->sense, sense, f->n_sense);
        unit_store(u);
}

/* What the plan has not settled: sent again, unless it must never be. A WRITE whose objects the journal does
 * not hold was sent from a place that nobody knew. */
static void resolve_in_flight(Unit *u)
{
        InFlight *f = &u->record.in_flight;
        const ScsiOpcode *opcode = scsi_opcode_find(u->config.type, f->cdb, f->n_cdb);
        uint8_t sense[SCSI_SENSE_MAX];
        Transfer t;

        if (f->phase != IN_FLIGHT_SENT)
                return;
        if (opcode->settle == SETTLE_WRITE &&
            (unit_decode_transfer(u, f->cdb, f->n_data, &t) < 0 || t.n_objects > 0))
                u->record.position_lost = PLACE_LOST;
        if (opcode->settle == SETTLE_NEVER_REPEAT ||
            (opcode->settle == SETTLE_WRITE && u->record.position_lost))
                unit_settle(
                        u, SCSI_CHECK_CONDITION, sense,
                        unit_build_error(u, f->cdb, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT, sense));
        else
                *f = (InFlight){};
        u->redelivery = u->redelivery && f->phase != IN_FLIGHT_NONE;
}

/* What became of the command that was with the device. */
static const char *fate_of_head(const Unit *u)
{
        const InFlight *f = &u->record.in_flight;
        Sense s;

        if (u->n_queue == 0 || !u->queue[0].executing)
                return NULL;
        if (f->phase != IN_FLIGHT_SETTLED)
                return "sent again";
        if (f->status == SCSI_GOOD)
                return "found to be done";
        /* behind early warning */
        return sense_parse(f->sense, f->n_sense, &s) >= 0 && s.key == SENSE_NO_SENSE
                       ? "found to be done"
                       : "answered with an error";
}

static void tell_resumed(Unit *u)
{
        const char *fate = fate_of_head(u);
        char span[40], compared[40] = "", head[60] = "";

        text_format_span(span, sizeof(span), u->last_outage);
        if (u->resume.n_compared > 0)
                snprintf(compared, sizeof(compared), ", %u compared", u->resume.n_compared);
        if (fate)
                snprintf(head, sizeof(head), ", %.30s %s", u->queue[0].opcode->name, fate);
        unit_push_event(u, "resumed", "after %s, %u objects written again%s%s", span,
                        (unsigned) u->resume.n_rewritten, compared, head);
}

static void finish_recovery(Unit *u, usec_t now)
{
        bool changed = u->record.position_lost == PLACE_ON_ANOTHER_MEDIUM && u->record.medium_changed;
        bool was_out = u->record.introduced && !changed &&
                       (u->device_gone || u->n_queue > 0 || u->record.in_flight.phase != IN_FLIGHT_NONE ||
                        u->resume.n_rewritten > 0);

        u->resume.step = STEP_NONE;
        u->timed_out = u->refuse_now = u->device_gone = false;
        journal_all_sent(&u->journal);
        resolve_in_flight(u);
        if (was_out) {
                unit_end_trouble(u, now);
                u->record.n_replayed += u->resume.n_rewritten;
                u->tally.n_compared += u->resume.n_compared;
                if (!unit_has_lost(u))
                        tell_resumed(u);
        }
        u->in_trouble = false;
        u->trouble[0] = '\0';
        if (!unit_has_lost(u))
                u->record.reason[0] = '\0';
        u->record.reset_seen = u->record.medium_changed = u->record.answer_lost = u->record.strayed = 0;
        u->record.introduced = 1;
        unit_store(u);
        unit_set_phase(u, unit_has_lost(u) ? UNIT_FAILED : UNIT_HELD);
        unit_resume_queue(u, now);
}

static void step_done_start(Unit *u, usec_t now)
{
        finish_recovery(u, now);
}

/* What is in flight fails, unless it goes to a place of its own, on the same medium, and nothing was lost
 * before it. */
static void settle_given_up(Unit *u, bool lost_data)
{
        InFlight *f = &u->record.in_flight;
        const ScsiOpcode *opcode = scsi_opcode_find(u->config.type, f->cdb, f->n_cdb);
        uint8_t sense[SCSI_SENSE_MAX];

        if (f->phase != IN_FLIGHT_SENT)
                return;
        if (!lost_data && u->record.attention == 0 &&
            (opcode->settle == SETTLE_STATE || unit_repositions(opcode, f->cdb))) {
                *f = (InFlight){};
                return;
        }
        unit_settle(u, SCSI_CHECK_CONDITION, sense,
                    unit_build_error(u, f->cdb, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR, sense));
        unit_report_loss(u, opcode);
        unit_store(u);
}

/* A medium that could not be proven may be another one: the program is told so before it goes to a place of
 * its own on it. */
static void doubt_medium(Unit *u)
{
        if (u->config.type != DEVICE_TAPE || u->resume.medium_proven)
                return;
        u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
        u->record.n_medium_id = 0;
        u->want_medium = true;
}

/* A changer has no position to lose: its program is told of the reset, and the cartridges are looked for. */
static void tell_of_reset(Unit *u, usec_t now)
{
        u->record.attention = ASC_POWER_ON_RESET;
        u->record.reserved = 0;
        u->record.persistent = (HeldReservation){};
        u->record.unrestorable = 0;
        unit_store(u);
        unit_push_failed(u);
        unit_goto_step(u, STEP_PLAN, now);
}

void unit_give_up_position(Unit *u, usec_t now, const char *format, ...)
{
        bool lost_data = unit_has_unproven(u);
        va_list ap;

        va_start(ap, format);
        vsnprintf(u->record.reason, sizeof(u->record.reason), format, ap);
        va_end(ap);
        if (u->config.type != DEVICE_TAPE) {
                tell_of_reset(u, now);
                return;
        }
        u->record.position_lost = PLACE_LOST;
        u->record.loss_unreported |= lost_data;
        u->record.unjournalled = 0;
        u->record.anchor.valid = 0;
        u->record.key.lost |= u->record.key.number != 0 && !u->resume.key_proven;
        doubt_medium(u);
        settle_given_up(u, lost_data);
        journal_commit(&u->journal);
        unit_store(u);
        unit_push_failed(u);
        unit_goto_step(u, STEP_DONE, now);
}

/* ---- the table ---- */

/* clang-format off */
static const StepRow steps[_STEP_MAX] = {
        [STEP_INQUIRY]        = {"INQUIRY", step_inquiry_start, step_inquiry_done},
        [STEP_SERIAL]         = {"serial number", step_serial_start, step_serial_done},
        [STEP_PAGE_LIST]      = {"VPD pages", step_page_list_start, step_page_list_done},
        [STEP_PAGE]           = {"VPD page", step_page_start, step_page_done},
        [STEP_READY]          = {"ready", step_ready_start, step_ready_done},
        [STEP_PREVENT]        = {"PREVENT", step_prevent_start, step_prevent_done},
        [STEP_RESERVE]        = {"RESERVE", step_reserve_start, step_reserve_done},
        [STEP_KEYS]           = {"READ KEYS", step_keys_start, step_keys_done},
        [STEP_REGISTER]       = {"REGISTER", step_register_start, step_register_done},
        [STEP_HOLDER]         = {"READ RESERVATION", step_holder_start, step_holder_done},
        [STEP_HOLD]           = {"PERSISTENT RESERVE", step_hold_start, step_hold_done},
        [STEP_PREEMPT]        = {"PREEMPT", step_preempt_start, step_preempt_done},
        [STEP_MODE]           = {"MODE SELECT", step_mode_start, step_mode_done},
        [STEP_ENCRYPT]        = {"set encryption", step_encrypt_start, step_encrypt_done},
        [STEP_ENCRYPTION]     = {"encryption status", step_encryption_start, step_encryption_done},
        [STEP_GROUP]          = {"set block length", step_group_start, NULL},
        [STEP_UNGROUP]        = {"set block length back", step_ungroup_start, NULL},
        [STEP_GROUP_SENSE]    = {"block length", step_group_sense_start, step_group_sense_done},
        [STEP_GROUP_SELECT]   = {"set block length", step_group_select_start, step_group_select_done},
        [STEP_PROTECTION]     = {"block protection", step_protection_start, step_protection_done},
        [STEP_MODE_SENSE]     = {"MODE SENSE", step_mode_sense_start, step_mode_sense_done},
        [STEP_MEDIUM]         = {"medium", step_medium_start, step_medium_done},
        [STEP_POSITION]       = {"READ POSITION", step_position_start, step_position_done},
        [STEP_PLAN]           = {"plan", step_plan_start, NULL},
        [STEP_LOCATE]         = {"LOCATE", step_locate_start, step_locate_done},
        [STEP_REWIND]         = {"REWIND", step_rewind_start, step_rewind_done},
        [STEP_SPACE_FILES]    = {"SPACE filemarks", step_space_files_start, step_space_files_done},
        [STEP_SPACE_BLOCKS]   = {"SPACE blocks", step_space_blocks_start, step_space_blocks_done},
        [STEP_READ_OVER]      = {"read over", step_read_over_start, step_read_over_done},
        [STEP_CHECK_POSITION] = {"check position", step_check_position_start, step_check_position_done},
        [STEP_ANCHOR]         = {"last object", step_anchor_start, step_anchor_done},
        [STEP_COMPARE]        = {"compare", step_compare_start, step_compare_done},
        [STEP_REWRITE]        = {"write again", step_rewrite_start, step_rewrite_done},
        [STEP_PROVE]          = {"prove", step_prove_start, step_prove_done},
        [STEP_ELEMENTS]       = {"element status", step_elements_start, step_elements_done},
        [STEP_FINISH_MOVE]    = {"finish move", step_finish_move_start, step_finish_move_done},
        [STEP_DONE]           = {"done", step_done_start, NULL},
        [STEP_COMMIT]         = {"commit", step_commit_start, step_commit_done},
        [STEP_LEARN_MEDIUM]   = {"learn medium", step_learn_medium_start, step_learn_medium_done},
        [STEP_LOOK]           = {"look before a move", step_elements_start, step_look_done},
        [STEP_LEARN_LOCATE]   = {"learn LOCATE", step_learn_locate_start, step_learn_locate_done},
        [STEP_LEARN_ROOM]     = {"learn the room", step_learn_room_start, step_learn_room_done},
        [STEP_LEARN_WRITTEN]  = {"learn what is written", step_learn_written_start, step_learn_written_done},
        [STEP_RETURN]         = {"return", step_return_start, step_return_done},
        [STEP_RETURNED]       = {"returned", step_returned_start, step_returned_done},
        [STEP_ALLOW]          = {"allow removal", step_allow_start, step_allow_done},
        [STEP_LEARN_POSITION] = {"learn position", step_position_start, step_learn_position_done},
};
/* clang-format on */

const char *unit_step_name(int step)
{
        return step > STEP_NONE && step < _STEP_MAX ? steps[step].name : "none";
}

void unit_goto_step(Unit *u, Step step, usec_t now)
{
        u->resume.step = step;
        if (step == STEP_NONE)
                unit_pump(u, now);
        else
                steps[step].start(u, now);
}

static bool is_housekeeping(int step)
{
        return step >= STEP_COMMIT;
}

void unit_start_recovery(Unit *u, Step step, usec_t now)
{
        if (!unit_is_resuming(u))
                if (u->path_open && !u->timed_out)
                        u->outage_since = now;
        unit_note_trouble(u, now, "a command was not answered");
        u->resume = (UnitResume){};
        u->want_commit = u->want_position = false;
        unit_end_stream(u);
        unit_drop_ahead(u);
        unit_set_phase(u, u->record.introduced ? UNIT_RESUMING : UNIT_PROBING);
        unit_goto_step(u, step, now);
}

/* What any step may meet. True if that was dealt with. */
static bool step_interrupted(Unit *u, const StepResult *r, usec_t now)
{
        const ScsiResult *result = r->result;

        if (result->delivery == SCSI_NOT_SENT && !result->path_gone && !u->path_condemned) {
                u->wake = now + BUSY_INTERVAL;
                return true;
        }
        if (result->delivery != SCSI_ANSWERED) {
                if (result->delivery == SCSI_IN_DOUBT && u->resume.step >= STEP_READY) {
                        u->record.answer_lost = 1;
                        unit_store(u);
                }
                if (result->path_gone || u->path_condemned) {
                        unit_lose_path(u, now, "the path to the device is gone");
                        return true;
                }
                if (!unit_is_resuming(u))
                        unit_set_phase(u, UNIT_RESUMING);
                u->resume = (UnitResume){.step = STEP_INQUIRY};
                u->wake = now + RETRY_INTERVAL;
                return true;
        }
        if (result->status == SCSI_BUSY || result->status == SCSI_TASK_SET_FULL) {
                u->wake = now + BUSY_INTERVAL;
                return true;
        }
        return false;
}

void unit_note_attention(Unit *u, const Sense *sense)
{
        u->record.reset_seen |= sense_asc(sense) == 0x29;
        u->tally.n_resets += sense_asc(sense) == 0x29;
        u->record.medium_changed |= sense->code == ASC_MEDIUM_MAY_HAVE_CHANGED;
        u->record.persistent.taken |=
                u->record.persistent.registered &&
                (sense->code == ASC_RESERVATIONS_PREEMPTED || sense->code == ASC_REGISTRATIONS_PREEMPTED);
        unit_store(u);
}

static void step_attention(Unit *u, const Sense *sense, usec_t now)
{
        unsigned n = u->resume.n_attentions + 1;

        unit_note_attention(u, sense);
        unit_start_recovery(u, STEP_NONE, now);
        u->resume.n_attentions = n;
        u->resume.n_ready = 0;
        u->resume.step = STEP_READY;
        unit_ask_again(u, now, n % ATTENTIONS_AT_ONCE == 0 ? RETRY_INTERVAL : 0);
}

void unit_step_result(Unit *u, const ScsiResult *result, usec_t now)
{
        Sense parsed;
        StepResult r = {.result = result,
                        .good = result->delivery == SCSI_ANSWERED && result->status == SCSI_GOOD};
        int step = u->resume.step;

        if (step == STEP_NONE)
                return;
        if (result->delivery == SCSI_ANSWERED && result->status == SCSI_CHECK_CONDITION &&
            sense_parse(result->sense, result->n_sense, &parsed) >= 0)
                r.sense = &parsed;
        unit_note_progress(u, r.sense);
        if (step_interrupted(u, &r, now))
                return;
        if (r.sense && !r.sense->deferred && r.sense->key == SENSE_UNIT_ATTENTION) {
                step_attention(u, r.sense, now);
                return;
        }
        if (u->resume.restart) {
                unit_start_recovery(u, STEP_INQUIRY, now);
                return;
        }
        if (r.sense && r.sense->key == SENSE_ABORTED_COMMAND && u->resume.n_aborted < ABORTED_MAX) {
                unsigned n = u->resume.n_aborted + 1;

                unit_start_recovery(u, STEP_NONE, now);
                u->resume.n_aborted = n;
                u->resume.step = STEP_INQUIRY;
                u->wake = now + RETRY_INTERVAL;
                return;
        }
        if (unit_becomes_ready(r.sense) && step > STEP_READY) {
                unit_start_recovery(u, STEP_NONE, now);
                u->resume.step = STEP_READY;
                u->wake = now + UNIT_READY_INTERVAL;
                return;
        }
        if (r.sense && r.sense->deferred && is_housekeeping(step) && u->config.type == DEVICE_TAPE) {
                step_commit_done(u, &r, now);
                return;
        }
        if (r.sense && r.sense->deferred && step <= STEP_POSITION) {
                u->record.reset_seen = 1; /* blocks that were acknowledged may be missing: compare */
                unit_store(u);
                if (unit_is_resuming(u))
                        unit_goto_step(u, (Step) step, now);
                else
                        unit_start_recovery(u, STEP_INQUIRY, now);
                return;
        }
        steps[step].done(u, &r, now);
}
