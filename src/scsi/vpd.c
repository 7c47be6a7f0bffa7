/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Vital product data pages. The lengths in them are claims: everything is cut to the bytes received, and what
 * is cut in the middle is not used, since a designator or a serial number that lacks its end names another
 * device. */

#include "scsi/vpd.h"

#include <errno.h>

#include "util/text.h"

/* Body of a page, cut to what was received; *ret_length is what the page claims. */
static int open_page(const uint8_t *data, size_t n_data, uint8_t page, ByteReader *ret, size_t *ret_length)
{
        ByteReader r = byte_reader(data, n_data);
        uint8_t code;
        size_t length;

        reader_skip(&r, 1);
        code = reader_u8(&r);
        length = reader_u16(&r);
        if (r.failed || code != page)
                return -EBADMSG;
        *ret = reader_sub(&r, length);
        *ret_length = length;
        return 0;
}

int vpd_lists_page(const uint8_t *data, size_t n_data, uint8_t page)
{
        ByteReader body;
        size_t length;
        int r;

        r = open_page(data, n_data, VPD_SUPPORTED_PAGES, &body, &length);
        if (r < 0)
                return r;
        while (reader_left(&body) > 0)
                if (reader_u8(&body) == page)
                        return 1;
        return 0;
}

int vpd_parse_serial(const uint8_t *data, size_t n_data, char *dst, size_t n_dst)
{
        ByteReader body;
        size_t length;
        int r;

        r = open_page(data, n_data, VPD_UNIT_SERIAL_NUMBER, &body, &length);
        if (r < 0)
                return r;
        if (reader_left(&body) < length)
                return -EBADMSG;
        text_from_field(dst, n_dst, reader_bytes(&body, length), length);
        return 0;
}

int vpd_designators_init(DesignatorIter *it, const uint8_t *data, size_t n_data)
{
        ByteReader body;
        size_t length;
        int r;

        r = open_page(data, n_data, VPD_DEVICE_IDENTIFICATION, &body, &length);
        if (r < 0)
                return r;
        *it = (DesignatorIter){.reader = body};
        return 0;
}

/* SPC-4 7.8.6.5 and 7.8.6.6: NAA 6h has 16 bytes and the others 8; EUI-64 has 8, 12 or 16. */
static bool length_is_possible(const Designator *d)
{
        switch (d->type) {
        case DESIGNATOR_NAA:
                return d->n_bytes == (d->bytes[0] >> 4 == 6 ? 16 : 8);
        case DESIGNATOR_EUI64:
                return d->n_bytes == 8 || d->n_bytes == 12 || d->n_bytes == 16;
        default:
                return true;
        }
}

bool vpd_designators_next(DesignatorIter *it, Designator *ret)
{
        while (reader_left(&it->reader) > 0) {
                uint8_t code_set = reader_u8(&it->reader);
                uint8_t type = reader_u8(&it->reader);
                Designator d;

                reader_skip(&it->reader, 1);
                d = (Designator){
                        .type = type & 0x0f,
                        .association = type >> 4 & 0x03,
                        .code_set = code_set & 0x0f,
                        .n_bytes = reader_u8(&it->reader),
                };
                d.bytes = reader_bytes(&it->reader, d.n_bytes);
                if (!it->reader.failed && d.n_bytes > 0 && length_is_possible(&d)) {
                        *ret = d;
                        return true;
                }
                it->n_malformed++;
        }
        return false;
}
