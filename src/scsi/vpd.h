/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Vital product data: pages 00h, 80h and 83h, SPC-4 7.8. All functions take a page with its header, as
 * received. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

enum {
        VPD_SUPPORTED_PAGES = 0x00,
        VPD_UNIT_SERIAL_NUMBER = 0x80,
        VPD_DEVICE_IDENTIFICATION = 0x83,
};

/* Designator types, SPC-4 table 565. */
enum {
        DESIGNATOR_VENDOR = 0x0,
        DESIGNATOR_T10 = 0x1,
        DESIGNATOR_EUI64 = 0x2,
        DESIGNATOR_NAA = 0x3,
        DESIGNATOR_RELATIVE_PORT = 0x4,
        DESIGNATOR_PORT_GROUP = 0x5,
        DESIGNATOR_UNIT_GROUP = 0x6,
        DESIGNATOR_MD5 = 0x7,
        DESIGNATOR_NAME = 0x8,
        DESIGNATOR_UUID = 0xa,
};

/* Associations. */
enum {
        DESIGNATOR_OF_UNIT = 0,
        DESIGNATOR_OF_PORT = 1,
        DESIGNATOR_OF_TARGET = 2,
};

typedef struct Designator {
        uint8_t type, association;
        uint8_t code_set;     /* 1 binary, 2 ASCII, 3 UTF-8 */
        const uint8_t *bytes; /* in the page */
        size_t n_bytes;       /* at least 1 */
} Designator;

typedef struct DesignatorIter {
        ByteReader reader;
        unsigned n_malformed; /* designators skipped so far: empty, cut, NAA or EUI-64 of an impossible length
                               */
} DesignatorIter;

/* 1: page 00h lists the page; 0: it does not; -EBADMSG: this is no page 00h. */
int vpd_lists_page(const uint8_t *data, size_t n_data, uint8_t page);

/* The unit serial number, trimmed, printable; empty if the device has none or sends blanks. -EBADMSG: no page
 * 80h, or cut off: half a serial number is somebody else's. dst is untouched then. */
int vpd_parse_serial(const uint8_t *data, size_t n_data, char *dst, size_t n_dst);

/* -EBADMSG: this is no page 83h. The iterator borrows data. */
int vpd_designators_init(DesignatorIter *it, const uint8_t *data, size_t n_data);

/* The next well-formed designator, or false at the end. */
bool vpd_designators_next(DesignatorIter *it, Designator *ret);
