/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reservations of a unit that has one initiator: nothing to defend against, but every answer as SPC-4 5.12
 * has it, because a program that registers and reserves also reads back what it holds. */

#include "model/unit.h"

void unit_reserve(ModelUnit *u, ModelCall *call)
{
        if (u->reservation.registered)
                call->result->status = SCSI_RESERVATION_CONFLICT;
}

void unit_release(ModelUnit *u, ModelCall *call)
{
        unit_reserve(u, call);
}

static size_t read_keys(const UnitReservation *r, uint8_t *data)
{
        put_be(data, r->generation, 4);
        put_be(data + 4, r->registered ? 8 : 0, 4);
        put_be(data + 8, r->key, 8);
        return r->registered ? 16 : 8;
}

static size_t read_reservation(const UnitReservation *r, uint8_t *data)
{
        put_be(data, r->generation, 4);
        put_be(data + 4, r->reserved ? 16 : 0, 4);
        put_be(data + 8, r->key, 8);
        data[21] = r->type;
        return r->reserved ? 24 : 8;
}

static size_t report_capabilities(const UnitReservation *r, uint8_t *data)
{
        put_be(data, 8, 2);
        put_be(data + 2, 0x0080, 2); /* TMV */
        put_be(data + 4, 0xea01, 2); /* types 1, 3, 5, 6, 7, 8 */
        return 8;
}

static size_t read_full_status(const UnitReservation *r, uint8_t *data)
{
        put_be(data, r->generation, 4);
        put_be(data + 4, r->registered ? 24 + 24 : 0, 4);
        put_be(data + 8, r->key, 8);
        data[8 + 12] = r->reserved ? 1 : 0;
        data[8 + 13] = r->reserved ? r->type : 0;
        put_be(data + 8 + 18, 1, 2);
        put_be(data + 8 + 20, 24, 4);
        data[8 + 24] = 0x06; /* TransportID of a SAS port */
        return r->registered ? 56 : 8;
}

void unit_reserve_in(ModelUnit *u, ModelCall *call)
{
        static size_t (*const actions[])(const UnitReservation *r, uint8_t *data) = {
                read_keys,
                read_reservation,
                report_capabilities,
                read_full_status,
        };
        uint8_t data[64] = {0};
        uint8_t action = call->cdb[1] & 0x1f;

        if (action >= sizeof(actions) / sizeof(actions[0])) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        call_data_in(call, data, actions[action](&u->reservation, data), get_be(call->cdb + 7, 2));
}

static void reserve_register(UnitReservation *r, uint64_t key)
{
        r->generation++;
        r->registered = key != 0;
        r->reserved = r->reserved && r->registered;
        r->key = key;
}

static void reserve_hold(UnitReservation *r, ModelCall *call, uint8_t type)
{
        if (r->reserved && r->type != type)
                call->result->status = SCSI_RESERVATION_CONFLICT;
        r->type = r->reserved ? r->type : type;
        r->reserved = true;
}

static void reserve_release(UnitReservation *r, ModelCall *call, uint8_t type)
{
        if (r->reserved && r->type != type)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_RELEASE);
        else
                r->reserved = false;
}

void unit_reserve_out(ModelUnit *u, ModelCall *call)
{
        UnitReservation *r = &u->reservation;
        uint8_t action = call->cdb[1] & 0x1f, type = call->cdb[2] & 0xf;
        const uint8_t *p = call_data_out(call, get_be(call->cdb + 5, 4));
        uint64_t key;

        if (!p)
                return;
        if (get_be(call->cdb + 5, 4) < 24) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH_ERROR);
                return;
        }
        key = get_be(p, 8);
        if (action != 6 && key != (r->registered ? r->key : 0)) {
                call->result->status = SCSI_RESERVATION_CONFLICT;
                return;
        }
        if (action == 0 || action == 6)
                reserve_register(r, get_be(p + 8, 8));
        else if (!r->registered)
                call->result->status = SCSI_RESERVATION_CONFLICT;
        else if (action == 1)
                reserve_hold(r, call, type);
        else if (action == 2)
                reserve_release(r, call, type);
        else if (action == 3)
                *r = (UnitReservation){.generation = r->generation + 1};
        else
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}
