/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Persistent reservations, SPC-4 5.12: registrants are I_T nexuses, of which one sends commands at a time.
 * They survive a reset, and a loss of power only with APTPL. */

#include "model/unit.h"

#include <string.h>

#define MINE (&r->registrants[u->nexus])

static bool is_all_registrants(const UnitReservation *r)
{
        return r->type == 7 || r->type == 8;
}

static bool is_registrants_only(const UnitReservation *r)
{
        return r->type >= 5;
}

static bool is_holder(const UnitReservation *r, size_t nexus)
{
        return r->reserved && (is_all_registrants(r) ? r->registrants[nexus].registered : r->holder == nexus);
}

void unit_reserve(ModelUnit *u, ModelCall *call)
{
        for (size_t i = 0; i < UNIT_NEXUS_MAX; i++)
                if (u->reservation.registrants[i].registered)
                        call->result->status = SCSI_RESERVATION_CONFLICT;
}

void unit_release(ModelUnit *u, ModelCall *call)
{
        unit_reserve(u, call);
}

void unit_reserve_lose_power(ModelUnit *u)
{
        if (!u->reservation.survives_power)
                u->reservation = (UnitReservation){0};
}

/* SPC-4 table 65 and SSC-4 table 14: what is done for a nexus that does not hold the reservation. */
bool unit_reserve_conflicts(const ModelUnit *u, uint8_t opcode)
{
        static const uint8_t always[] = {OP_INQUIRY,
                                         OP_REQUEST_SENSE,
                                         OP_REPORT_LUNS,
                                         OP_PERSISTENT_RESERVE_IN,
                                         OP_PERSISTENT_RESERVE_OUT,
                                         OP_MAINTENANCE_IN,
                                         OP_LOG_SENSE},
                             reads[] = {OP_TEST_UNIT_READY,   OP_READ_6,         OP_READ_16,
                                        OP_READ_POSITION,     OP_MODE_SENSE_6,   OP_MODE_SENSE_10,
                                        OP_READ_BLOCK_LIMITS, OP_READ_ATTRIBUTE, OP_SECURITY_PROTOCOL_IN};
        const UnitReservation *r = &u->reservation;
        bool write_exclusive = r->type == 1 || r->type == 5 || r->type == 7;

        if (!r->reserved || is_holder(r, u->nexus) ||
            (is_registrants_only(r) && r->registrants[u->nexus].registered) ||
            memchr(always, opcode, sizeof(always)))
                return false;
        return !write_exclusive || !memchr(reads, opcode, sizeof(reads));
}

/* ---- PERSISTENT RESERVE IN ---- */

static size_t read_keys(const UnitReservation *r, uint8_t *data)
{
        size_t n = 0;

        for (size_t i = 0; i < UNIT_NEXUS_MAX; i++)
                if (r->registrants[i].registered)
                        put_be(data + 8 + 8 * n++, r->registrants[i].key, 8);
        put_be(data, r->generation, 4);
        put_be(data + 4, 8 * n, 4);
        return 8 + 8 * n;
}

static size_t read_reservation(const UnitReservation *r, uint8_t *data)
{
        put_be(data, r->generation, 4);
        if (!r->reserved)
                return 8;
        put_be(data + 4, 16, 4);
        put_be(data + 8, is_all_registrants(r) ? 0 : r->registrants[r->holder].key, 8);
        data[21] = r->type;
        return 24;
}

static size_t report_capabilities(const UnitReservation *r, uint8_t *data)
{
        put_be(data, 8, 2);
        data[2] = 0x01;                                           /* PTPL_C */
        data[3] = (uint8_t) (0x80 | (r->survives_power ? 1 : 0)); /* TMV, PTPL_A */
        put_be(data + 4, 0xea01, 2);                              /* types 1, 3, 5, 6, 7, 8 */
        return 8;
}

static size_t read_full_status(const UnitReservation *r, uint8_t *data)
{
        size_t n = 8;

        for (size_t i = 0; i < UNIT_NEXUS_MAX; i++) {
                uint8_t *d = data + n;

                if (!r->registrants[i].registered)
                        continue;
                put_be(d, r->registrants[i].key, 8);
                d[12] = is_holder(r, i) ? 1 : 0;
                d[13] = is_holder(r, i) ? r->type : 0;
                put_be(d + 18, 1, 2);
                put_be(d + 20, 24, 4);
                d[24] = 0x06; /* TransportID of a SAS port */
                d[24 + 11] = (uint8_t) i;
                n += 48;
        }
        put_be(data, r->generation, 4);
        put_be(data + 4, n - 8, 4);
        return n;
}

void unit_reserve_in(ModelUnit *u, ModelCall *call)
{
        static size_t (*const actions[])(const UnitReservation *r, uint8_t *data) = {
                read_keys,
                read_reservation,
                report_capabilities,
                read_full_status,
        };
        uint8_t data[8 + 48 * UNIT_NEXUS_MAX] = {0};
        uint8_t action = call->cdb[1] & 0x1f;

        if (action >= sizeof(actions) / sizeof(actions[0])) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        call_data_in(call, data, actions[action](&u->reservation, data), get_be(call->cdb + 7, 2));
}

/* ---- PERSISTENT RESERVE OUT ---- */

static size_t count_registrants(const UnitReservation *r)
{
        size_t n = 0;

        for (size_t i = 0; i < UNIT_NEXUS_MAX; i++)
                n += r->registrants[i].registered;
        return n;
}

static void unregister(UnitReservation *r, size_t nexus)
{
        bool held = is_holder(r, nexus);

        r->registrants[nexus] = (UnitRegistrant){0};
        if (held && (!is_all_registrants(r) || count_registrants(r) == 0))
                r->reserved = false;
}

static void reserve_register(ModelUnit *u, uint64_t key, bool survives_power)
{
        UnitReservation *r = &u->reservation;

        r->generation++;
        r->survives_power = survives_power;
        if (key == 0)
                unregister(r, u->nexus);
        else
                *MINE = (UnitRegistrant){.registered = true, .key = key};
}

static void reserve_hold(ModelUnit *u, ModelCall *call, uint8_t type)
{
        UnitReservation *r = &u->reservation;

        if (r->reserved) {
                if (!is_holder(r, u->nexus) || r->type != type)
                        call->result->status = SCSI_RESERVATION_CONFLICT;
                return;
        }
        r->type = type;
        r->holder = u->nexus;
        r->reserved = true;
}

static void reserve_release(ModelUnit *u, ModelCall *call, uint8_t type)
{
        UnitReservation *r = &u->reservation;

        if (!is_holder(r, u->nexus))
                return;
        if (r->type != type)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_RELEASE);
        else
                r->reserved = false;
}

/* All with this key but the one that asks; key 0: all but that. How many. */
static size_t remove_registrants(ModelUnit *u, uint64_t key)
{
        UnitReservation *r = &u->reservation;
        size_t n = 0;

        for (size_t i = 0; i < UNIT_NEXUS_MAX; i++) {
                if (!r->registrants[i].registered || (key != 0 && r->registrants[i].key != key))
                        continue;
                n++;
                if (i != u->nexus)
                        unregister(r, i);
        }
        return n;
}

static void reserve_preempt(ModelUnit *u, ModelCall *call, uint8_t type, uint64_t victim)
{
        UnitReservation *r = &u->reservation;
        bool takes = r->reserved &&
                     (is_all_registrants(r) ? victim == 0 : r->registrants[r->holder].key == victim);

        if (victim == 0 && !takes) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_PARAMETERS);
                return;
        }
        if (remove_registrants(u, victim) == 0) {
                call->result->status = SCSI_RESERVATION_CONFLICT;
                return;
        }
        r->generation++;
        if (!takes)
                return;
        r->reserved = true;
        r->holder = u->nexus;
        r->type = type;
}

static void reserve_act(ModelUnit *u, ModelCall *call, uint8_t action, const uint8_t *list)
{
        UnitReservation *r = &u->reservation;
        uint8_t type = call->cdb[2] & 0xf;

        if (action == 0 || action == 6) {
                reserve_register(u, get_be(list + 8, 8), list[20] & 1);
                return;
        }
        if (!MINE->registered) {
                call->result->status = SCSI_RESERVATION_CONFLICT;
                return;
        }
        switch (action) {
        case 1:
                reserve_hold(u, call, type);
                break;
        case 2:
                reserve_release(u, call, type);
                break;
        case 3:
                *r = (UnitReservation){.generation = r->generation + 1};
                break;
        case 4:
        case 5:
                reserve_preempt(u, call, type, get_be(list + 8, 8));
                break;
        default:
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        }
}

void unit_reserve_out(ModelUnit *u, ModelCall *call)
{
        UnitReservation *r = &u->reservation;
        uint8_t action = call->cdb[1] & 0x1f;
        const uint8_t *list = call_data_out(call, get_be(call->cdb + 5, 4));

        if (!list)
                return;
        if (get_be(call->cdb + 5, 4) < 24)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH_ERROR);
        else if (action != 6 && get_be(list, 8) != (MINE->registered ? MINE->key : 0))
                call->result->status = SCSI_RESERVATION_CONFLICT;
        else
                reserve_act(u, call, action, list);
}
