/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sense data as a value. Devices cut it, claim lengths they do not send and, for tape, carry the three bits
 * that matter most (filemark, end of medium, incorrect length) in different places of the two formats; here
 * that ends. ASC and ASCQ that were not received are 00/00, as the kernel has it (scsi_normalize_sense(),
 * drivers/scsi/scsi_common.c). */

#include "scsi/sense.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/bytes.h"
#include "util/cleanup.h"

enum {
        SENSE_FIXED_LENGTH = 18,
        SENSE_DESCRIPTOR_INFORMATION = 0x00,
        SENSE_DESCRIPTOR_KEY_SPECIFIC = 0x02,
        SENSE_DESCRIPTOR_STREAM = 0x04,
        SENSE_FILEMARK = 0x80,
        SENSE_EOM = 0x40,
        SENSE_ILI = 0x20,
        SENSE_SKSV = 0x80,
};

static void take_stream_bits(Sense *s, uint8_t bits)
{
        s->filemark = bits & SENSE_FILEMARK;
        s->eom = bits & SENSE_EOM;
        s->ili = bits & SENSE_ILI;
}

/* Sense key specific data: progress indication, if the key is one that has it. */
static void take_progress(Sense *s, ByteReader *r)
{
        uint8_t bits = reader_u8(r);
        uint16_t progress = reader_u16(r);

        if (r->failed || bits != SENSE_SKSV || (s->key != SENSE_NO_SENSE && s->key != SENSE_NOT_READY))
                return;
        s->progress_valid = true;
        s->progress = progress;
}

/* The reader stands behind the response code. */
static int parse_fixed(ByteReader r, bool valid, Sense *s)
{
        uint8_t bits, n_more, asc, ascq;
        const uint8_t *information;
        ByteReader more;

        reader_skip(&r, 1);
        bits = reader_u8(&r);
        if (r.failed)
                return -EBADMSG;
        s->key = bits & 0x0f;
        take_stream_bits(s, bits);
        information = reader_bytes(&r, 4);
        if (information && valid) {
                s->information_valid = true;
                s->information = sign_extend(get_be(information, 4), 4);
        }
        n_more = reader_u8(&r);
        more = reader_sub(&r, n_more);
        reader_skip(&more, 4);
        asc = reader_u8(&more);
        ascq = reader_u8(&more);
        s->code = (uint16_t) (asc << 8 | ascq);
        reader_skip(&more, 1);
        take_progress(s, &more);
        return 0;
}

static void parse_descriptor(uint8_t type, ByteReader d, Sense *s)
{
        uint8_t bits = reader_u8(&d);

        if (type == SENSE_DESCRIPTOR_KEY_SPECIFIC) {
                reader_skip(&d, 1);
                take_progress(s, &d);
        } else if (type == SENSE_DESCRIPTOR_INFORMATION) {
                uint64_t information;

                reader_skip(&d, 1);
                information = reader_u64(&d);
                if (!d.failed && bits & 0x80) {
                        s->information_valid = true;
                        s->information = (int64_t) information;
                }
        } else if (type == SENSE_DESCRIPTOR_STREAM) {
                uint8_t stream = reader_u8(&d);

                if (!d.failed)
                        take_stream_bits(s, stream);
        }
}

static int parse_descriptors(ByteReader r, Sense *s)
{
        ByteReader more;
        uint8_t key, asc, ascq;

        key = reader_u8(&r);
        asc = reader_u8(&r);
        if (r.failed)
                return -EBADMSG;
        ascq = reader_u8(&r);
        s->key = key & 0x0f;
        s->code = (uint16_t) (asc << 8 | ascq);
        reader_skip(&r, 3);
        more = reader_sub(&r, reader_u8(&r));
        while (reader_left(&more) >= 2) {
                uint8_t type = reader_u8(&more);
                uint8_t n = reader_u8(&more);

                parse_descriptor(type, reader_sub(&more, n), s);
        }
        return 0;
}

int sense_parse(const uint8_t *data, size_t n_data, Sense *ret)
{
        ByteReader r = byte_reader(data, n_data);
        uint8_t response = reader_u8(&r);
        Sense s = {};
        int result;

        if (r.failed)
                return -EBADMSG;
        switch (response & 0x7f) {
        case 0x70:
        case 0x71:
                result = parse_fixed(r, response & 0x80, &s);
                break;
        case 0x72:
        case 0x73:
                result = parse_descriptors(r, &s);
                break;
        default:
                return -EBADMSG;
        }
        if (result < 0)
                return result;
        s.deferred = response & 0x01;
        *ret = s;
        return 0;
}

size_t sense_build(const Sense *sense, uint8_t *data, size_t n_data)
{
        bool fits = sense->information >= INT32_MIN && sense->information <= INT32_MAX;
        uint8_t fixed[SENSE_FIXED_LENGTH] = {};
        size_t n = n_data < sizeof(fixed) ? n_data : sizeof(fixed);

        fixed[0] = sense->deferred ? 0x71 : 0x70;
        if (sense->information_valid && fits) {
                fixed[0] |= 0x80;
                put_be(fixed + 3, (uint64_t) sense->information, 4);
        }
        fixed[2] = (uint8_t) ((sense->key & 0x0f) | (sense->filemark ? SENSE_FILEMARK : 0) |
                              (sense->eom ? SENSE_EOM : 0) | (sense->ili ? SENSE_ILI : 0));
        fixed[7] = SENSE_FIXED_LENGTH - 8;
        put_be(fixed + 12, sense->code, 2);
        if (sense->progress_valid) {
                fixed[15] = SENSE_SKSV;
                put_be(fixed + 16, sense->progress, 2);
        }
        if (n > 0)
                memcpy(data, fixed, n);
        return n;
}

const char *sense_key_name(uint8_t key)
{
        /* SPC-5 table 27; Ah is COPY ABORTED, Ch was EQUAL. */
        static const char *const names[] = {
                "NO SENSE",       "RECOVERED ERROR", "NOT READY",      "MEDIUM ERROR",
                "HARDWARE ERROR", "ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT",
                "BLANK CHECK",    "VENDOR SPECIFIC", "COPY ABORTED",   "ABORTED COMMAND",
                "EQUAL",          "VOLUME OVERFLOW", "MISCOMPARE",     "COMPLETED",
        };

        return key < ELEMENTSOF(names) ? names[key] : "INVALID SENSE KEY";
}

char *sense_format(char *dst, size_t n_dst, const Sense *s)
{
        snprintf(dst, n_dst, "%s%s %02X/%02X%s%s%s", s->deferred ? "deferred " : "", sense_key_name(s->key),
                 sense_asc(s), s->code & 0xff, s->filemark ? " FM" : "", s->eom ? " EOM" : "",
                 s->ili ? " ILI" : "");
        return dst;
}
