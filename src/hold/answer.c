/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program is told without asking the device: INQUIRY always (udev's workers and scsi_id must never
 * wait for a device that is away, and its by-id links must not vanish), the state of a device that is away,
 * and the truthful errors. */

#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/ssc.h"
#include "util/bytes.h"

void unit_complete(Unit *u, const UnitCommand *c, uint8_t status, const uint8_t *sense, size_t n_sense,
                   uint32_t n_read, bool ordered)
{
        HoldAction *a = unit_push_action(u, HOLD_COMPLETE);

        a->tag = c->tag;
        a->status = status;
        a->n_read = n_read < c->n_data ? n_read : c->n_data;
        a->ordered = ordered;
        a->n_sense = (uint8_t) (n_sense < sizeof(a->sense) ? n_sense : sizeof(a->sense));
        if (a->n_sense > 0)
                memcpy(a->sense, sense, a->n_sense);
}

size_t unit_build_error(const Unit *u, const uint8_t *cdb, uint8_t key, uint16_t code, uint8_t *sense)
{
        const ScsiOpcode *opcode = scsi_opcode_find(u->config.type, cdb, SCSI_CDB_MAX);
        Sense s = {.key = key, .code = code};
        TapeCommand t;

        if ((opcode->effect == POSITION_READ || opcode->effect == POSITION_WRITTEN) &&
            ssc_parse_command(cdb, SCSI_CDB_MAX, &t) >= 0) {
                s.information_valid = true;
                s.information = t.count;
        }
        return sense_build(&s, sense, SCSI_SENSE_MAX);
}

void unit_complete_error(Unit *u, const UnitCommand *c, uint8_t key, uint16_t code)
{
        uint8_t sense[SCSI_SENSE_MAX];
        size_t n = unit_build_error(u, c->cdb, key, code, sense);

        unit_complete(u, c, SCSI_CHECK_CONDITION, sense, n, 0, false);
}

/* data-in: what does not come from the device is zeroed, or the program would get another command's data. */
static void answer_data(Unit *u, const UnitCommand *c, const void *data, size_t n_data)
{
        size_t n = n_data < c->n_data ? n_data : c->n_data;

        if (c->n_data > 0) {
                memset(c->data, 0, c->n_data);
                memcpy(c->data, data, n);
        }
        unit_complete(u, c, SCSI_GOOD, NULL, 0, (uint32_t) n, false);
}

static bool answer_inquiry(Unit *u, const UnitCommand *c)
{
        bool evpd = c->cdb[1] & 1;
        size_t n_alloc = get_be(c->cdb + 3, 2);
        const UnitPage *p;

        if (!evpd && c->cdb[2] != 0)
                p = NULL;
        else
                p = unit_state_page(u->state, evpd ? c->cdb[2] : -1);
        if (p)
                answer_data(u, c, p->data, p->n_data < n_alloc ? p->n_data : n_alloc);
        else
                unit_complete_error(u, c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        return true;
}

static bool answer_request_sense(Unit *u, const UnitCommand *c)
{
        uint8_t data[SCSI_SENSE_MAX];
        Sense s = {.key = SENSE_NOT_READY, .code = ASC_BECOMING_READY};

        answer_data(u, c, data, sense_build(&s, data, sizeof(data)));
        return true;
}

/* Nobody waits for a device that he has not begun to use; whoever is in the middle of it does. */
static bool answer_while_away(Unit *u, const UnitCommand *c)
{
        if (c->opcode->opcode == OP_REQUEST_SENSE)
                return answer_request_sense(u, c);
        if (c->opcode->opcode == OP_TEST_UNIT_READY && !u->timed_out && !unit_session_open(u)) {
                unit_complete_error(u, c, SENSE_NOT_READY, ASC_BECOMING_READY);
                return true;
        }
        if (u->refuse_now && u->n_queue == 0 && u->record.position_lost &&
            unit_depends_on_position(c->opcode, c->cdb)) {
                unit_report_loss(u, c->opcode);
                unit_complete_error(u, c, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
                return true;
        }
        if (!u->timed_out)
                return false;
        unit_complete_error(u, c, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        return true;
}

bool unit_answer_from_memory(Unit *u, const UnitCommand *c)
{
        if (c->opcode->opcode == OP_INQUIRY)
                return answer_inquiry(u, c);
        if (u->leaving) {
                unit_complete_error(u, c, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
                return true;
        }
        if (u->phase == UNIT_HELD || (u->phase == UNIT_FAILED && u->path_open))
                return false;
        return answer_while_away(u, c);
}

void unit_filter_answer(const UnitCommand *c, const ScsiResult *result)
{
        if (c->opcode->direction != SCSI_DATA_IN || c->n_data == 0)
                return;
        if (result->status == SCSI_GOOD && result->n_transferred == 0)
                memset(c->data, 0, c->n_data);
        if (c->opcode->opcode == OP_READ_BLOCK_LIMITS && result->status == SCSI_GOOD)
                (void) ssc_clamp_block_limits(c->cdb, c->n_cdb, c->data, result->n_transferred,
                                              SCSI_TRANSFER_MAX);
}
