/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who a device is: from its INQUIRY data, VPD 80h and VPD 83h, as bytes. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/device-type.h"

#define IDENTITY_MAX 128

/* Ranks, best first. */
typedef enum IdentityRank {
        IDENTITY_NAA,     /* VPD 83h, designator of the logical unit, NAA 2, 3, 5 or 6 */
        IDENTITY_EUI64,   /* VPD 83h */
        IDENTITY_UUID,    /* VPD 83h */
        IDENTITY_NAME,    /* VPD 83h, SCSI name string */
        IDENTITY_T10,     /* VPD 83h, T10 vendor identification */
        IDENTITY_SERIAL,  /* VPD 80h with vendor and product */
        IDENTITY_ADDRESS, /* of the transport: says where it is and not who, for want of anything else */
        IDENTITY_NONE,
        _IDENTITY_RANK_MAX,
} IdentityRank;

typedef struct Identity {
        DeviceType type;
        IdentityRank rank;
        char key[IDENTITY_MAX]; /* printable and no '/': "naa.50014381...", "t10.HP_...",
                                   "sn.STK:L700:LIB0001" */
        char vendor[9], product[17], revision[5];
        char serial[64]; /* unit serial number, trimmed; empty if there is none */
        /* Of what was found: where it is on its transport (identity/address.h). Of what is known: only if it
         * is needed, since another device claims the same key and serial number; else empty. */
        char address[IDENTITY_MAX];
} Identity;

/* inquiry, vpd80, vpd83: as received, any may be empty (n = 0). -EBADMSG when inquiry is no INQUIRY data,
 * -ENODEV when the device is neither tape nor changer. A device without any identifier has IDENTITY_NONE. */
int identity_from_bytes(const uint8_t *inquiry, size_t n_inquiry, const uint8_t *vpd80, size_t n_vpd80,
                        const uint8_t *vpd83, size_t n_vpd83, Identity *ret);

/* Same device: same type, same key of the same rank, and the same serial number and address where both have
 * one. Two paths to one device have different addresses: compare what was found with what is known. */
bool identity_equal(const Identity *a, const Identity *b);

/* One device claims to be the other, as far as itself says who it is: without the address. */
bool identity_claims_equal(const Identity *a, const Identity *b);

/* Gives a device without any identifier the identity of its address, if it has one. */
void identity_fall_back(Identity *id);

const char *identity_rank_name(IdentityRank rank);
