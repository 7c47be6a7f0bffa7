/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The queue of a program's commands, one of which at a time is with the device.
 *
 * Commands are ordered: the next one starts when the last one has been answered, so that the record always
 * describes at most one whose outcome the program may not know. What is lost on the way stays at the head of
 * the queue; resume.c finds out what became of it, and unit_resume_queue() answers it or sends it again. */

#include "hold/unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/reserve.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/crc32c.h"

#define HOPELESS 3
#define RING_MIN (UINT64_C(4) << 20)

static const char *const phase_names[_UNIT_PHASE_MAX] = {
        [UNIT_AWAY] = "away",         [UNIT_PROBING] = "probing", [UNIT_HELD] = "held",
        [UNIT_RESUMING] = "resuming", [UNIT_FAILED] = "failed",
};

const char *unit_phase_name(UnitPhase phase)
{
        return phase < _UNIT_PHASE_MAX ? phase_names[phase] : "invalid";
}

void unit_store(Unit *u)
{
        unit_state_store(u->state, &u->record);
}

/* ---- actions ---- */

HoldAction *unit_push_action(Unit *u, HoldActionType type)
{
        HoldAction *a = &u->actions[(u->action_first + u->n_actions) % HOLD_ACTIONS_MAX];

        if (u->n_actions < HOLD_ACTIONS_MAX)
                u->n_actions++;
        memset(a, 0, offsetof(HoldAction, sense));
        a->event = NULL;
        a->text[0] = '\0';
        a->type = type;
        return a;
}

void unit_push_event(Unit *u, const char *event, const char *format, ...)
{
        HoldAction *a = unit_push_action(u, HOLD_EVENT);
        va_list ap;

        a->event = event;
        va_start(ap, format);
        vsnprintf(a->text, sizeof(a->text), format, ap);
        va_end(ap);
}

void unit_push_failed(Unit *u)
{
        u->tally.n_failures++;
        unit_push_event(u, "failed", "%s", u->record.reason);
}

bool unit_next_action(Unit *u, HoldAction *ret)
{
        if (u->n_actions == 0)
                return false;
        *ret = u->actions[u->action_first];
        u->action_first = (u->action_first + 1) % HOLD_ACTIONS_MAX;
        u->n_actions--;
        return true;
}

void unit_set_phase(Unit *u, UnitPhase phase)
{
        if (u->phase == phase)
                return;
        u->phase = phase;
        unit_push_action(u, HOLD_CHANGED);
}

/* ---- life ---- */

int unit_init(Unit *u, const UnitConfig *config, const UnitMemory *memory, usec_t now, bool *ret_fresh)
{
        bool fresh = false;

        if (memory->n_state < sizeof(UnitState) || memory->n_ring < RING_MIN ||
            memory->n_scratch < HOLD_SCRATCH_SIZE)
                return -EINVAL;
        memset(u, 0, offsetof(Unit, queue));
        u->config = *config;
        u->state = memory->state;
        u->scratch = memory->scratch;
        u->n_scratch = memory->n_scratch;
        u->secrets = memory->secrets;
        u->n_queue = u->action_first = u->n_actions = 0;
        u->wake = USEC_INFINITY;
        u->outage_since = now;
        if (unit_state_load(u->state, memory->n_state, &u->record) < 0) {
                fresh = true;
                if (u->secrets)
                        explicit_bzero(u->secrets, sizeof(*u->secrets));
                /* not stored: who dies before unit_state_is_lost() must leave nothing that looks whole */
                unit_state_init(u->state);
                memset(&u->record, 0, sizeof(u->record));
        }
        u->journal = (Journal){
                .index = &u->record.journal,
                .records = u->state->records,
                .ring = memory->ring,
                .n_ring = memory->n_ring,
        };
        u->probed = unit_state_check_pages(u->state) && u->state->n_pages > 0;
        u->redelivery = u->record.in_flight.phase != IN_FLIGHT_NONE;
        u->record.answer_lost |= !fresh; /* to a predecessor */
        if (!journal_verify(&u->journal)) {
                journal_commit(&u->journal);
                u->record.position_lost = u->record.loss_unreported = 1;
                unit_store(u);
        }
        unit_find_secret(u);
        if (u->record.modes != 0 && !unit_state_modes(u->state, &u->record)) {
                u->record.modes = 0;
                u->record.unrestorable |= UNRESTORABLE_MODE;
                unit_store(u);
        }
        if (ret_fresh)
                *ret_fresh = fresh;
        return 0;
}

/* A command whose answer the kernel already has is over; a READ that it has not is simply read again, from
 * where it began. So is a key set again: it could not be told from another one. */
void unit_take_over(Unit *u, uint32_t tail)
{
        InFlight *f = &u->record.in_flight;

        if (f->phase != IN_FLIGHT_SETTLED)
                return;
        if (f->answer_noted && f->answer_tail != tail) {
                f->phase = IN_FLIGHT_NONE;
        } else if (!f->refused && unit_is_secret(u, scsi_opcode_find(u->config.type, f->cdb, f->n_cdb))) {
                f->phase = IN_FLIGHT_NONE;
        } else if (!f->refused && scsi_opcode_find(u->config.type, f->cdb, f->n_cdb)->settle == SETTLE_READ) {
                u->record.position = f->before;
                if (journal_is_empty(&u->journal))
                        u->record.commit = f->before;
                f->phase = IN_FLIGHT_NONE;
        }
        u->redelivery = f->phase != IN_FLIGHT_NONE;
        unit_store(u);
}

void unit_announce_medium(Unit *u)
{
        if (u->config.type != DEVICE_TAPE || u->record.medium != MEDIUM_PRESENT ||
            !position_at_beginning(&u->record.position))
                return;
        u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
        unit_store(u);
}

void unit_state_is_lost(Unit *u)
{
        if (u->config.type != DEVICE_TAPE)
                return;
        u->record.position_used = u->record.position_lost = u->record.loss_unreported = 1;
        snprintf(u->record.reason, sizeof(u->record.reason), "what was known of it is lost");
        unit_store(u);
}

void unit_note_answer(Unit *u, uint32_t tail)
{
        u->record.in_flight.answer_tail = tail;
        u->record.in_flight.answer_noted = 1;
        unit_store(u);
}

void unit_answered(Unit *u, usec_t now)
{
        u->record.in_flight.phase = IN_FLIGHT_NONE;
        u->awaiting_answer = false;
        if (u->telling_loss)
                u->record.loss_unreported = 0;
        u->telling_loss = false;
        unit_store(u);
        unit_pump(u, now);
}

/* ---- the queue ---- */

void unit_queue_pop(Unit *u)
{
        u->n_queue--;
        memmove(u->queue, u->queue + 1, u->n_queue * sizeof(u->queue[0]));
}

bool unit_is_ordered(const ScsiOpcode *opcode)
{
        return opcode->settle != SETTLE_REPEAT;
}

/* A predecessor's command that the kernel has delivered again: the same CDB and the same data. */
static bool is_redelivered(const Unit *u, const UnitCommand *c)
{
        const InFlight *f = &u->record.in_flight;

        if (!u->redelivery || f->phase != IN_FLIGHT_SETTLED || f->n_cdb != c->n_cdb ||
            f->n_data != c->n_data || memcmp(f->cdb, c->cdb, c->n_cdb) != 0)
                return false;
        return c->opcode->direction != SCSI_DATA_OUT || f->crc == crc32c(0, c->data, c->n_data);
}

static void answer_settled(Unit *u)
{
        InFlight *f = &u->record.in_flight;
        UnitCommand c = u->queue[0];

        unit_queue_pop(u);
        u->redelivery = false;
        u->awaiting_answer = true;
        u->record.n_settled++;
        if (f->status == SCSI_GOOD && c.opcode->direction == SCSI_DATA_IN && c.n_data > 0) {
                /* its data died with the predecessor, and it must not be sent twice */
                f->status = SCSI_CHECK_CONDITION;
                f->n_sense = (uint8_t) unit_build_error(u, c.cdb, SENSE_ABORTED_COMMAND,
                                                        ASC_COMMUNICATION_TIMEOUT, f->sense);
        }
        unit_complete(u, &c, f->status, f->sense, f->n_sense, 0, true);
}

static void submit(Unit *u, const UnitCommand *c, void *data)
{
        HoldAction *a = unit_push_action(u, HOLD_SUBMIT);

        a->command = (ScsiCommand){
                .n_cdb = c->n_cdb,
                .direction = c->n_data > 0 ? c->opcode->direction : SCSI_NO_DATA,
                .data = data,
                .n_data = c->opcode->direction == SCSI_NO_DATA ? 0 : c->n_data,
                .timeout_ms = c->opcode->timeout_s * 1000,
        };
        memcpy(a->command.cdb, c->cdb, c->n_cdb);
        u->submitted = SUBMITTED_PROGRAM;
}

/* Room for it in the journal, and a copy of its data there, from which it is also sent: 1, or 0 when a commit
 * has to come first, or -EINVAL when it makes no sense. */
static int journal_command(Unit *u, const UnitCommand *c, void **ret_data)
{
        Transfer t;
        int r;

        r = unit_decode_transfer(u, c->cdb, c->n_data, &t);
        if (r < 0)
                return r;
        if (t.n_objects == 0 || !position_known(&u->record.position))
                return 1;
        if (journal_append(&u->journal, t.n_objects, t.length, t.fixed, c->data) < 0) {
                u->want_commit = true;
                return 0;
        }
        u->record.in_flight.journalled = 1;
        if (t.length > 0)
                *ret_data = (void *) journal_data(&u->journal,
                                                  journal_record(&u->journal, u->record.journal.end - 1));
        return 1;
}

void unit_note_in_flight(Unit *u, const UnitCommand *c)
{
        InFlight *f = &u->record.in_flight;
        uint8_t journalled = f->journalled;

        *f = (InFlight){
                .phase = IN_FLIGHT_SENT,
                .n_cdb = c->n_cdb,
                .n_data = c->n_data,
                .journalled = journalled,
                .before = u->record.position,
        };
        memcpy(f->cdb, c->cdb, c->n_cdb);
        if (journalled && c->n_data > 0)
                f->crc = journal_record(&u->journal, u->record.journal.end - 1)->crc;
        else if (c->opcode->direction == SCSI_DATA_OUT && !unit_is_secret(u, c->opcode))
                f->crc = crc32c(0, c->data, c->n_data);
        if (c->opcode->opcode == OP_PERSISTENT_RESERVE_OUT && c->n_data >= RESERVE_OUT_LENGTH)
                f->action_key = get_be((const uint8_t *) c->data + 8, 8);
}

/* Answers the head without the device. A successor gives the same answer, if ours does not arrive. */
static void answer_refusal(Unit *u, const UnitCommand *c, uint8_t key, uint16_t code)
{
        uint8_t sense[SCSI_SENSE_MAX];
        size_t n_sense = unit_build_error(u, c->cdb, key, code, sense);

        u->record.in_flight = (InFlight){};
        unit_note_in_flight(u, c);
        u->record.in_flight.refused = 1;
        unit_settle(u, SCSI_CHECK_CONDITION, sense, n_sense);
        u->awaiting_answer = true;
        unit_complete(u, c, SCSI_CHECK_CONDITION, sense, n_sense, 0, true);
}

/* A block that was to be encrypted with a key that is gone. */
static bool refuse_in_the_clear(Unit *u, const UnitCommand *c)
{
        if (!u->record.key.lost || (c->opcode->opcode != OP_WRITE_6 && c->opcode->opcode != OP_WRITE_16))
                return false;
        u->redelivery = false;
        answer_refusal(u, c, SENSE_DATA_PROTECT, ASC_ENCRYPTION_PARAMETERS_NOT_USABLE);
        return true;
}

/* After it what is in the journal could not be written again, or read back, as it was. */
static bool changes_blocks(const Unit *u, const ScsiOpcode *opcode)
{
        return opcode->effect == POSITION_LOST || opcode->effect == POSITION_LOADED ||
               opcode->opcode == OP_MODE_SELECT_6 || opcode->opcode == OP_MODE_SELECT_10 ||
               unit_is_secret(u, opcode);
}

/* What must be refused before the device sees it. True if it was answered. */
static bool refuse_head(Unit *u, const UnitCommand *c)
{
        UnitRecord *r = &u->record;
        uint16_t attention = r->attention;

        if (attention != 0 && !u->redelivery) {
                r->attention = 0;
                answer_refusal(u, c, SENSE_UNIT_ATTENTION, attention);
                return true;
        }
        if (!(r->loss_unreported && unit_is_ordered(c->opcode)) &&
            !(r->position_lost && unit_depends_on_position(c->opcode, c->cdb)))
                return refuse_in_the_clear(u, c);
        u->redelivery = false;
        unit_report_loss(u, c->opcode);
        answer_refusal(u, c, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        return true;
}

/* The kernel gives back what was outstanding in any order: the one whose outcome is known goes first. */
static void bring_redelivered(Unit *u)
{
        for (size_t i = 1; i < u->n_queue && !is_redelivered(u, &u->queue[0]); i++)
                if (is_redelivered(u, &u->queue[i])) {
                        UnitCommand c = u->queue[i];

                        memmove(u->queue + 1, u->queue, i * sizeof(c));
                        u->queue[0] = c;
                }
}

/* Sends the head of the queue, or answers it. False when something of the engine's own must come first. */
static bool start_head(Unit *u)
{
        if (u->redelivery && unit_is_ordered(u->queue[0].opcode))
                bring_redelivered(u);

        UnitCommand c = u->queue[0];
        void *data = c.data;

        if (is_redelivered(u, &c)) {
                answer_settled(u);
                return true;
        }
        if (refuse_head(u, &c)) {
                unit_queue_pop(u);
                return true;
        }
        if (unit_is_ordered(c.opcode)) {
                if (!journal_is_empty(&u->journal) && changes_blocks(u, c.opcode)) {
                        u->want_commit = true;
                        return false;
                }
                if (c.opcode->settle == SETTLE_MOVE_MEDIUM && u->looked.outlook == MOVE_UNSEEN) {
                        u->want_look = true;
                        return false;
                }
                u->redelivery = false; /* the predecessor's was given up by whoever sent it */
                u->record.in_flight = (InFlight){};
                if (c.opcode->settle == SETTLE_WRITE) {
                        int r = journal_command(u, &c, &data);

                        if (r == 0)
                                return false;
                        if (r < 0) {
                                unit_complete_error(u, &c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                                unit_queue_pop(u);
                                return true;
                        }
                }
                if (c.opcode->effect == POSITION_WRITTEN || c.opcode->effect == POSITION_LOADED)
                        unit_forget_partitioning(u);
                unit_note_in_flight(u, &c);
                u->record.in_flight.move = u->looked;
                u->looked = (MoveBefore){};
                unit_store(u);
        }
        u->queue[0].executing = true;
        u->queue[0].n_sent++;
        submit(u, &c, data);
        return true;
}

static bool start_housekeeping(Unit *u, usec_t now)
{
        Step step = STEP_NONE;

        if (u->want_look)
                step = STEP_LOOK;
        else if (u->want_commit)
                step = STEP_COMMIT;
        else if (u->want_medium)
                step = STEP_LEARN_MEDIUM;
        else if (u->want_position)
                step = STEP_LEARN_POSITION;
        else if (u->want_locate)
                step = STEP_LEARN_LOCATE;
        if (step == STEP_NONE)
                return false;
        unit_goto_step(u, step, now);
        return true;
}

static bool may_run(const Unit *u)
{
        return u->path_open && !u->path_condemned && (u->phase == UNIT_HELD || u->phase == UNIT_FAILED) &&
               u->submitted == SUBMITTED_NOTHING && u->resume.step == STEP_NONE && !u->awaiting_answer &&
               u->wake == USEC_INFINITY;
}

void unit_pump(Unit *u, usec_t now)
{
        for (;;) {
                while (unit_take_behind(u) || unit_take_ahead(u))
                        ;
                if (!may_run(u))
                        return;
                if (unit_is_behind(u)) {
                        unit_send_behind(u);
                } else if (u->stopping) {
                        unit_pump_stop(u, now);
                        return;
                } else if (u->n_queue == 0) {
                        if (!unit_send_ahead(u))
                                return;
                } else if (unit_must_return(u, &u->queue[0])) {
                        unit_goto_step(u, STEP_RETURN, now);
                        return;
                } else if (start_housekeeping(u, now)) {
                        return;
                } else {
                        start_head(u);
                }
        }
}

void unit_command(Unit *u, const HoldCommand *command, usec_t now)
{
        UnitCommand c = {
                .tag = command->tag,
                .n_cdb = (uint8_t) (command->n_cdb < SCSI_CDB_MAX ? command->n_cdb : SCSI_CDB_MAX),
                .data = command->data,
                .n_data = command->n_data,
                .since = now,
        };

        memcpy(c.cdb, command->cdb, c.n_cdb);
        c.opcode = scsi_opcode_find(u->config.type, c.cdb, c.n_cdb);
        u->record.n_commands++;
        if (unit_answer_from_memory(u, &c))
                return;
        if (u->n_queue >= HOLD_COMMANDS_MAX) {
                unit_complete(u, &c, SCSI_TASK_SET_FULL, NULL, 0, 0, false);
                return;
        }
        u->queue[u->n_queue++] = c;
        unit_pump(u, now);
}

void unit_abort(Unit *u, uint32_t tag, usec_t now)
{
        for (size_t i = 0; i < u->n_queue; i++) {
                UnitCommand *c = &u->queue[i];

                if (c->tag != tag || c->answered)
                        continue;
                c->aborted = true;
                if (c->executing && u->submitted == SUBMITTED_PROGRAM && c->opcode->direction == SCSI_DATA_IN)
                        return; /* the device may still fill its buffer: answered when it has */
                unit_complete(u, c, SCSI_TASK_ABORTED, NULL, 0, 0, false);
                if (c->executing) {
                        c->answered = true;
                        return;
                }
                u->n_queue--;
                memmove(c, c + 1, (u->n_queue - i) * sizeof(*c));
                unit_pump(u, now);
                return;
        }
}

/* A command that the device never survives: it comes back every time, so Timeout= would never be over. */
static void give_up_hopeless(Unit *u, usec_t now)
{
        UnitCommand c = u->queue[0];

        if (u->n_queue == 0 || c.executing || c.n_sent < HOPELESS ||
            usec_add(c.since, u->config.timeout) > now)
                return;
        if (u->config.type == DEVICE_TAPE && unit_is_ordered(c.opcode))
                u->record.position_lost = PLACE_LOST;
        unit_store(u);
        unit_queue_pop(u);
        unit_complete_error(u, &c, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
}

void unit_resume_queue(Unit *u, usec_t now)
{
        if (u->n_queue > 0 && u->queue[0].executing) {
                if (u->queue[0].answered)
                        unit_drop_abandoned(u);
                else if (u->record.in_flight.phase == IN_FLIGHT_SETTLED)
                        answer_settled(u);
                else
                        u->queue[0].executing = false;
        }
        give_up_hopeless(u, now);
        unit_pump(u, now);
}
