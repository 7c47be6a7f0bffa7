/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a command through a model, the same for drive and changer: find its row, report what is pending,
 * fail as told to, check readiness, and only then do it. Sense is built here and not by scsi/sense.c: the
 * model judges that code and must not share its mistakes. */

#include "model/unit.h"

#include <string.h>

void call_sense(ModelCall *call, const Sense *sense)
{
        uint8_t *b = call->result->sense;
        bool fits = sense->information >= INT32_MIN && sense->information <= UINT32_MAX;

        memset(b, 0, SCSI_SENSE_MAX);
        b[0] = (uint8_t) ((sense->deferred ? 0x71 : 0x70) | (sense->information_valid && fits ? 0x80 : 0));
        b[2] = (uint8_t) (sense->key | (sense->filemark ? 0x80 : 0) | (sense->eom ? 0x40 : 0) |
                          (sense->ili ? 0x20 : 0));
        if (sense->information_valid && fits)
                put_be(b + 3, (uint64_t) sense->information, 4);
        b[7] = 10;
        put_be(b + 12, sense->code, 2);
        call->result->status = SCSI_CHECK_CONDITION;
        call->result->n_sense = 18;
}

void call_check(ModelCall *call, uint8_t key, uint16_t code)
{
        Sense sense = {.key = key, .code = code};

        call_sense(call, &sense);
}

void call_data_in(ModelCall *call, const void *src, size_t n, size_t allocation)
{
        if (n > allocation)
                n = allocation;
        if (n > call->n_data)
                n = call->n_data;
        if (n > 0)
                memcpy(call->data, src, n);
        call->result->n_transferred = (uint32_t) n;
}

const uint8_t *call_data_out(ModelCall *call, size_t n)
{
        static const uint8_t empty[1];

        if (call->n_data < n) {
                call_check(call, SENSE_ABORTED_COMMAND, ASC_DATA_PHASE_ERROR);
                return NULL;
        }
        call->result->n_transferred = (uint32_t) n;
        return n > 0 ? call->data : empty;
}

void unit_attention(ModelUnit *u, uint16_t code)
{
        if (code >> 8 == 0x29)
                u->n_attentions = 0;
        if (u->n_attentions < UNIT_ATTENTION_MAX && !unit_attention_pending(u, code))
                u->attentions[u->n_attentions++] = code;
}

bool unit_attention_pending(const ModelUnit *u, uint16_t code)
{
        for (size_t i = 0; i < u->n_attentions; i++)
                if (u->attentions[i] == code)
                        return true;
        return false;
}

static bool take_attention(ModelUnit *u, ModelCall *call)
{
        if (u->n_attentions == 0)
                return false;
        call_check(call, SENSE_UNIT_ATTENTION, u->attentions[0]);
        u->n_attentions--;
        memmove(u->attentions, u->attentions + 1, u->n_attentions * sizeof(*u->attentions));
        return true;
}

void unit_inject(ModelUnit *u, uint8_t opcode, uint8_t key, uint16_t code)
{
        if (u->n_injections < UNIT_INJECTION_MAX)
                u->injections[u->n_injections++] = (UnitInjection){opcode, key, code};
}

static bool take_injection(ModelUnit *u, ModelCall *call)
{
        for (size_t i = 0; i < u->n_injections; i++) {
                UnitInjection x = u->injections[i];

                if (x.opcode != call->cdb[0])
                        continue;
                u->n_injections--;
                memmove(u->injections + i, u->injections + i + 1, (u->n_injections - i) * sizeof(x));
                call_check(call, x.key, x.code);
                return true;
        }
        return false;
}

void unit_reset(ModelUnit *u, uint16_t code)
{
        if (code == ASC_POWER_ON_OCCURRED)
                unit_reserve_lose_power(u);
        u->prevented = false;
        u->n_attentions = 0;
        unit_attention(u, code);
}

bool unit_command_disabled(const ModelUnit *u, uint8_t opcode)
{
        for (size_t i = 0; i < sizeof(u->disabled); i++)
                if (opcode != 0 && u->disabled[i] == opcode)
                        return true;
        return false;
}

const ModelCommand *unit_find_command(const ModelUnit *u, const uint8_t *cdb)
{
        for (size_t i = 0; i < u->n_commands; i++) {
                const ModelCommand *row = &u->commands[i];

                if (row->opcode == cdb[0] && !unit_command_disabled(u, cdb[0]) &&
                    (row->service_action == SERVICE_ACTION_ANY || row->service_action == (cdb[1] & 0x1f)))
                        return row;
        }
        return NULL;
}

/* An opcode that exists with other service actions is a wrong field, SPC-5 4.3.5. */
static uint16_t why_unknown(const ModelUnit *u, const uint8_t *cdb)
{
        for (size_t i = 0; i < u->n_commands; i++)
                if (u->commands[i].opcode == cdb[0] && !unit_command_disabled(u, cdb[0]))
                        return ASC_INVALID_FIELD_IN_CDB;
        return ASC_INVALID_OPCODE;
}

void unit_execute(ModelUnit *u, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                  ScsiResult *ret)
{
        ModelCall call = {.data = data, .n_data = n_data, .result = ret};
        const ModelCommand *row;

        *ret = (ScsiResult){.delivery = SCSI_ANSWERED, .status = SCSI_GOOD};
        memcpy(call.cdb, cdb, n_cdb < SCSI_CDB_MAX ? n_cdb : SCSI_CDB_MAX);
        row = unit_find_command(u, call.cdb);
        if (!(row && row->flags & COMMAND_QUIET) && take_attention(u, &call))
                return;
        if (take_injection(u, &call))
                return;
        if (!row || n_cdb < row->n_cdb) {
                call_check(&call, SENSE_ILLEGAL_REQUEST,
                           row ? ASC_INVALID_FIELD_IN_CDB : why_unknown(u, call.cdb));
                return;
        }
        if (unit_reserve_conflicts(u, row->opcode)) {
                ret->status = SCSI_RESERVATION_CONFLICT;
                return;
        }
        if (row->flags & COMMAND_NEEDS_READY && !u->check_ready(u, &call))
                return;
        row->handler(u, &call);
}

void unit_request_sense(ModelUnit *u, ModelCall *call)
{
        ScsiResult *result = call->result;

        if (!take_attention(u, call) && u->check_ready(u, call))
                call_check(call, SENSE_NO_SENSE, 0);
        call_data_in(call, result->sense, 18, call->cdb[4]);
        result->status = SCSI_GOOD;
        result->n_sense = 0;
        memset(result->sense, 0, SCSI_SENSE_MAX);
}

void unit_prevent_allow(ModelUnit *u, ModelCall *call)
{
        u->prevented = call->cdb[4] & 1;
}

void unit_nothing(ModelUnit *u, ModelCall *call)
{
}
