/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command of the program begins: refused, or written down and sent. What is written down first is what a
 * successor needs to find out what became of it. */

#include <errno.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/reserve.h"
#include "util/bytes.h"
#include "util/crc32c.h"

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

/* Something of the engine's own comes first. */
static bool must_wait(Unit *u, const UnitCommand *c)
{
        if (!journal_is_empty(&u->journal) && changes_blocks(u, c->opcode))
                u->want_commit = true;
        else if (c->opcode->settle == SETTLE_MOVE_MEDIUM && u->looked.outlook == MOVE_UNSEEN)
                u->want_look = true;
        else
                return false;
        return true;
}

/* One that matters: 1 when it is in the record, and *ret_data is where its data are; 0 when it has to wait;
 * -EINVAL when it makes no sense. */
static int write_down(Unit *u, const UnitCommand *c, void **ret_data)
{
        if (must_wait(u, c))
                return 0;
        u->redelivery = false; /* the predecessor's was given up by whoever sent it */
        u->record.in_flight = (InFlight){};
        if (c->opcode->settle == SETTLE_WRITE) {
                int r = journal_command(u, c, ret_data);

                if (r <= 0)
                        return r;
        }
        if (c->opcode->effect == POSITION_WRITTEN || c->opcode->effect == POSITION_LOADED)
                unit_forget_partitioning(u);
        unit_note_in_flight(u, c);
        u->record.in_flight.move = u->looked;
        u->looked = (MoveBefore){};
        unit_store(u);
        return 1;
}

void unit_start_head(Unit *u)
{
        UnitCommand c;
        void *data;
        int r = 1;

        if (u->redelivery && unit_is_ordered(u->queue[0].opcode))
                unit_bring_redelivered(u);
        c = u->queue[0];
        data = c.data;
        if (unit_is_redelivered(u, &c)) {
                unit_answer_settled(u);
                return;
        }
        if (refuse_head(u, &c)) {
                unit_queue_pop(u);
                return;
        }
        if (unit_is_ordered(c.opcode))
                r = write_down(u, &c, &data);
        if (r < 0) {
                unit_complete_error(u, &c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                unit_queue_pop(u);
        }
        if (r <= 0)
                return;
        u->queue[0].executing = true;
        u->queue[0].n_sent++;
        submit(u, &c, data);
}
