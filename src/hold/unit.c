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

bool unit_is_unproven(const Unit *u)
{
        if (u->config.type != DEVICE_TAPE)
                return false;
        if (u->record.loss_unreported || unit_has_unproven(u))
                return true;
        for (size_t i = 0; i < u->n_queue; i++)
                if (u->queue[i].opcode->effect == POSITION_WRITTEN)
                        return true;
        return false;
}

void unit_push_failed(Unit *u)
{
        u->failed_unproven = unit_is_unproven(u);
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
        unit_end_stream(u);
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
        else if (u->want_room)
                step = STEP_LEARN_ROOM;
        if (step == STEP_NONE)
                return false;
        unit_goto_step(u, step, now);
        return true;
}

static bool may_run(const Unit *u)
{
        return u->path_open && !u->path_condemned && !unit_is_resuming(u) &&
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
                if (unit_must_ask_written(u)) {
                        unit_goto_step(u, STEP_LEARN_WRITTEN, now);
                        return;
                }
                if (unit_is_behind(u)) {
                        Step before = unit_step_before_behind(u);

                        if (before != STEP_NONE) {
                                unit_goto_step(u, before, now);
                                return;
                        }
                        unit_send_behind(u);
                } else if (u->stopping) {
                        unit_pump_stop(u, now);
                        return;
                } else if (u->n_queue == 0 || unit_waits_for_ahead(u)) {
                        if (!unit_send_ahead(u, now))
                                return;
                } else if (unit_must_return(u, &u->queue[0])) {
                        unit_goto_step(u, STEP_RETURN, now);
                        return;
                } else if (start_housekeeping(u, now)) {
                        return;
                } else if (unit_must_ungroup(u, &u->queue[0])) {
                        unit_goto_step(u, STEP_UNGROUP, now);
                        return;
                } else {
                        unit_start_head(u);
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
                        unit_answer_settled(u);
                else
                        u->queue[0].executing = false;
        }
        give_up_hopeless(u, now);
        unit_pump(u, now);
}
