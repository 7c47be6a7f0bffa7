/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sense data, fixed and descriptor format, SPC-5 4.5. A value: parse, look, build. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sense keys, SPC-5 table 27. */
enum {
        SENSE_NO_SENSE = 0x0,
        SENSE_RECOVERED_ERROR = 0x1,
        SENSE_NOT_READY = 0x2,
        SENSE_MEDIUM_ERROR = 0x3,
        SENSE_HARDWARE_ERROR = 0x4,
        SENSE_ILLEGAL_REQUEST = 0x5,
        SENSE_UNIT_ATTENTION = 0x6,
        SENSE_DATA_PROTECT = 0x7,
        SENSE_BLANK_CHECK = 0x8,
        SENSE_ABORTED_COMMAND = 0xb,
        SENSE_VOLUME_OVERFLOW = 0xd,
        SENSE_MISCOMPARE = 0xe,
};

/* ASC and ASCQ in one number, 0xAABB. */
enum {
        ASC_FILEMARK_DETECTED = 0x0001,
        ASC_EARLY_WARNING = 0x0002,
        ASC_BEGINNING_OF_PARTITION = 0x0004,
        ASC_END_OF_DATA = 0x0005,
        ASC_BECOMING_READY = 0x0401,
        ASC_COMMUNICATION_TIMEOUT = 0x0801,
        ASC_INVALID_OPCODE = 0x2000,
        ASC_INVALID_FIELD_IN_CDB = 0x2400,
        ASC_MEDIUM_MAY_HAVE_CHANGED = 0x2800,
        ASC_IMPORT_EXPORT_ACCESSED = 0x2801,
        ASC_POWER_ON_RESET = 0x2900,
        ASC_RESERVATIONS_PREEMPTED = 0x2a03,
        ASC_REGISTRATIONS_PREEMPTED = 0x2a05,
        ASC_SEQUENTIAL_POSITIONING_ERROR = 0x3b00,
        ASC_MEDIUM_NOT_PRESENT = 0x3a00,
        ASC_INTERNAL_TARGET_FAILURE = 0x4400,
        ASC_ENCRYPTION_PARAMETERS_NOT_USABLE = 0x7407,
};

typedef struct Sense {
        bool deferred; /* 71h, 73h: about an earlier command; the current one was not executed */
        bool filemark;
        bool eom;
        bool ili;
        bool information_valid;
        bool progress_valid;
        uint8_t key;
        uint16_t code;     /* ASC << 8 | ASCQ */
        uint16_t progress; /* of what makes it not ready, in 65536ths: NO SENSE and NOT READY, SPC-4 4.5.2.4.4
                            */
        int64_t information; /* residue; signed: READ of a longer block has a negative one */
} Sense;

/* 0, or -EBADMSG when there is no sense data of a known format in the n bytes received. Fixed-format
 * INFORMATION is sign-extended from 32 bits. ret is untouched on failure. */
int sense_parse(const uint8_t *data, size_t n_data, Sense *ret);

/* Fixed format, 18 bytes, as st and every program understands it. Returns the length. */
size_t sense_build(const Sense *sense, uint8_t *data, size_t n_data);

static inline uint8_t sense_asc(const Sense *s)
{
        return (uint8_t) (s->code >> 8);
}

/* "UNIT ATTENTION 29/00" or so: key text and numbers, without the long texts of libsgutils2. Returns dst. */
char *sense_format(char *dst, size_t n_dst, const Sense *s);

const char *sense_key_name(uint8_t key);
