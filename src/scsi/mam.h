/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Medium auxiliary memory: the reply to READ ATTRIBUTE, service action ATTRIBUTE VALUES. SPC-4 6.17 and 7.4.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

/* Attributes that tell one cartridge from another, SPC-4 table 371 and 375. */
enum {
        MAM_REMAINING_CAPACITY = 0x0000, /* of the partition, MiB, as if nothing were compressed */
        MAM_LOAD_COUNT = 0x0003,
        MAM_MEDIUM_MANUFACTURER = 0x0400,
        MAM_MEDIUM_SERIAL_NUMBER = 0x0401,
        MAM_BARCODE = 0x0806,
};

typedef enum MamFormat {
        MAM_BINARY = 0,
        MAM_ASCII = 1,
        MAM_TEXT = 2,
} MamFormat;

typedef struct MamAttribute {
        uint16_t id;
        uint8_t format; /* MamFormat */
        bool read_only;
        const uint8_t *bytes; /* in the reply */
        size_t n_bytes;       /* 0: the attribute has no value */
} MamAttribute;

typedef struct MamIter {
        ByteReader reader;
        bool truncated; /* the reply was cut by the allocation length */
} MamIter;

/* -EBADMSG: not even a header. The iterator borrows data. */
int mam_attributes_init(MamIter *it, const uint8_t *data, size_t n_data);

/* 1: *ret is the next attribute. 0: no more, or cut off here. -EBADMSG: an attribute longer than the list
 * that it is in; the iterator is at its end then. */
int mam_attributes_next(MamIter *it, MamAttribute *ret);

/* 1: *ret is the attribute with this id; 0: it is not in the reply; -EBADMSG as above. */
int mam_find(const uint8_t *data, size_t n_data, uint16_t id, MamAttribute *ret);
