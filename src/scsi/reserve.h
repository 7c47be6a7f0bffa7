/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Persistent reservations: PERSISTENT RESERVE OUT and IN. SPC-4 5.12, 6.15, 6.16. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/command.h"

#define RESERVE_OUT_LENGTH 24 /* of the parameter list that all but REGISTER AND MOVE have */

/* Service actions of PERSISTENT RESERVE OUT, SPC-4 table 220. */
typedef enum ReserveOutAction {
        RESERVE_OUT_REGISTER = 0,
        RESERVE_OUT_RESERVE = 1,
        RESERVE_OUT_RELEASE = 2,
        RESERVE_OUT_CLEAR = 3,
        RESERVE_OUT_PREEMPT = 4,
        RESERVE_OUT_PREEMPT_AND_ABORT = 5,
        RESERVE_OUT_REGISTER_AND_IGNORE = 6,
        RESERVE_OUT_REGISTER_AND_MOVE = 7,
        RESERVE_OUT_REPLACE_LOST = 8,
} ReserveOutAction;

typedef enum ReserveInAction {
        RESERVE_IN_KEYS = 0,
        RESERVE_IN_RESERVATION = 1,
} ReserveInAction;

enum {
        RESERVE_OUT_APTPL = 1 << 0,     /* survives a loss of power */
        RESERVE_OUT_ALL_TG_PT = 1 << 2, /* registers with all ports of the device */
        RESERVE_OUT_SPEC_I_PT = 1 << 3, /* registers other initiators */
};

typedef struct ReserveOut {
        uint8_t action;      /* ReserveOutAction */
        uint8_t scope_type;  /* SCOPE and TYPE as in the CDB */
        uint8_t flags;       /* byte 20 of the list */
        bool unregisters;    /* REGISTER AND MOVE with UNREG */
        uint64_t key;        /* RESERVATION KEY */
        uint64_t action_key; /* SERVICE ACTION RESERVATION KEY */
} ReserveOut;

/* -EBADMSG: the list is shorter than any may be. cdb has SCSI_CDB_MAX bytes. */
int reserve_out_parse(const uint8_t *cdb, const uint8_t *data, size_t n_data, ReserveOut *ret);
/* CDB and parameter list; returns the CDB's length. The list is RESERVE_OUT_LENGTH bytes. */
size_t reserve_out_build(const ReserveOut *r, uint8_t cdb[static SCSI_CDB_MAX],
                         uint8_t list[static RESERVE_OUT_LENGTH]);

typedef struct Reservation {
        uint64_t key; /* of the holder; 0 for the types of which all registrants are holders */
        uint8_t scope_type;
} Reservation;

/* READ RESERVATION. 1: *ret is the reservation there is; 0: there is none; -EBADMSG. */
int reserve_parse_reservation(const uint8_t *data, size_t n_data, Reservation *ret);
/* READ KEYS. 1: this key is registered; 0: it is not; -EBADMSG: cut off, and not found in what is there. */
int reserve_find_key(const uint8_t *data, size_t n_data, uint64_t key);

/* PRGENERATION of READ KEYS or READ RESERVATION: counts what registers, preempts and clears, and is 0 again
 * after a loss of power without APTPL. -EBADMSG. */
int64_t reserve_parse_generation(const uint8_t *data, size_t n_data);

/* Every registered I_T nexus is a holder: types 7h and 8h. */
static inline bool reserve_is_all_registrants(uint8_t scope_type)
{
        return (scope_type & 0x0f) == 7 || (scope_type & 0x0f) == 8;
}
