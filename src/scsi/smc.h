/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a media changer is asked and answers: element status, MOVE MEDIUM. SMC-3. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

/* SMC-3 table 5. */
typedef enum ElementType {
        ELEMENT_ALL = 0,
        ELEMENT_TRANSPORT = 1,
        ELEMENT_STORAGE = 2,
        ELEMENT_IMPORT_EXPORT = 3,
        ELEMENT_DRIVE = 4,
} ElementType;

#define VOLUME_TAG_MAX 33

typedef struct Element {
        uint8_t type; /* ElementType, or another number */
        uint16_t address;
        bool full;
        bool access; /* a transport can reach it; not said of transports */
        bool except; /* abnormal: code says why */
        uint16_t code;
        bool source_valid; /* source is the storage element it last came from */
        bool inverted;
        uint16_t source;
        char volume_tag[VOLUME_TAG_MAX];           /* primary, trimmed; empty: none */
        char alternate_volume_tag[VOLUME_TAG_MAX]; /* the same of the other side */
        uint8_t identifier_code_set;               /* 1 binary, 2 ASCII */
        uint8_t identifier_type;   /* as in VPD 83h; 0 is the vendor's own, usually the serial */
        const uint8_t *identifier; /* of the drive, in the reply; NULL: not given (DVCID) */
        size_t n_identifier;
} Element;

typedef struct ElementIter {
        ByteReader report, page;
        uint32_t n_report;          /* bytes the whole reply has, header included: how much to allocate */
        uint16_t first, n_elements; /* what the header says is reported */
        bool truncated;             /* the allocation length was too small: ask again with n_report */
        uint8_t type;
        bool primary_tags, alternate_tags;
        uint16_t n_descriptor;
} ElementIter;

/* READ ELEMENT STATUS data as received. -EBADMSG: not even a header. The iterator borrows data. */
int smc_elements_init(ElementIter *it, const uint8_t *data, size_t n_data);

/* 1: *ret is the next element. 0: no more, or cut off here (truncated). -EBADMSG: a page with descriptors
 * that cannot be (no progress, too short for what they should hold); the iterator is at its end then. */
int smc_elements_next(ElementIter *it, Element *ret);

/* MOVE MEDIUM or EXCHANGE MEDIUM. */
typedef struct MoveMedium {
        uint16_t transport; /* 0: the default one */
        uint16_t source, destination;
        bool invert;
        bool exchange;
        uint16_t second_destination; /* EXCHANGE: where what was in destination goes */
        bool invert_second;
} MoveMedium;

/* -EOPNOTSUPP: another command. -EBADMSG: CDB too short. */
int smc_parse_move(const uint8_t *cdb, size_t n_cdb, MoveMedium *ret);
