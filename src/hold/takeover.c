/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a predecessor left: the one command whose outcome his programs may not know, which the kernel delivers
 * again as if it were new. */

#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "util/crc32c.h"

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

/* A predecessor's command that the kernel has delivered again: the same CDB and the same data. */
bool unit_is_redelivered(const Unit *u, const UnitCommand *c)
{
        const InFlight *f = &u->record.in_flight;

        if (!u->redelivery || f->phase != IN_FLIGHT_SETTLED || f->n_cdb != c->n_cdb ||
            f->n_data != c->n_data || memcmp(f->cdb, c->cdb, c->n_cdb) != 0)
                return false;
        return c->opcode->direction != SCSI_DATA_OUT || f->crc == crc32c(0, c->data, c->n_data);
}

void unit_answer_settled(Unit *u)
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

/* The kernel gives back what was outstanding in any order: the one whose outcome is known goes first. */
void unit_bring_redelivered(Unit *u)
{
        for (size_t i = 1; i < u->n_queue && !unit_is_redelivered(u, &u->queue[0]); i++)
                if (unit_is_redelivered(u, &u->queue[i])) {
                        UnitCommand c = u->queue[i];

                        memmove(u->queue + 1, u->queue, i * sizeof(c));
                        u->queue[0] = c;
                }
}
