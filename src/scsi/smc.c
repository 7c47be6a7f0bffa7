/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* READ ELEMENT STATUS is three levels of lengths (report, page, descriptor), all of them claims of the
 * library. Each level is a reader inside the one above, so a lie can shorten what is seen and never lengthen
 * it; only a descriptor length that makes no progress or no sense is an error.
 *
 * The device identifier follows the volume tags if DVCID was asked for. Without it libraries put vendor
 * specific bytes there: an identifier that does not fit its descriptor is therefore none, and no error. */

#include "scsi/smc.h"

#include <errno.h>

#include "scsi/opcode.h"
#include "util/text.h"

enum {
        DESCRIPTOR_MIN = 12, /* up to and with the source address, SMC-3 6.12.4 */
        VOLUME_TAG_FIELD = 32,
        VOLUME_TAG_LENGTH = 36, /* with the sequence number */
};

int smc_elements_init(ElementIter *it, const uint8_t *data, size_t n_data)
{
        ByteReader r = byte_reader(data, n_data);
        ElementIter new = {};
        uint32_t n_bytes;

        new.first = reader_u16(&r);
        new.n_elements = reader_u16(&r);
        reader_skip(&r, 1);
        n_bytes = reader_u24(&r);
        if (r.failed)
                return -EBADMSG;
        new.n_report = n_bytes + 8;
        new.truncated = reader_left(&r) < n_bytes;
        new.report = reader_sub(&r, n_bytes);
        *it = new;
        return 0;
}

static int end(ElementIter *it, int r)
{
        it->page = it->report = byte_reader(NULL, 0);
        return r;
}

/* 1: there is a page with descriptors; 0: the report is at its end. */
static int next_page(ElementIter *it)
{
        size_t n_least = DESCRIPTOR_MIN;
        uint32_t n_page;
        uint8_t flags;

        it->type = reader_u8(&it->report);
        flags = reader_u8(&it->report);
        it->n_descriptor = reader_u16(&it->report);
        reader_skip(&it->report, 1);
        n_page = reader_u24(&it->report);
        if (it->report.failed)
                return end(it, 0);
        it->primary_tags = flags & 0x80;
        it->alternate_tags = flags & 0x40;
        n_least += (it->primary_tags ? VOLUME_TAG_LENGTH : 0) + (it->alternate_tags ? VOLUME_TAG_LENGTH : 0);
        it->page = reader_sub(&it->report, n_page);
        if (n_page > 0 && it->n_descriptor < n_least)
                return end(it, -EBADMSG);
        return 1;
}

static void take_volume_tag(ByteReader *d, char *dst)
{
        ByteReader tag = reader_sub(d, VOLUME_TAG_LENGTH);

        text_from_field(dst, VOLUME_TAG_MAX, reader_bytes(&tag, VOLUME_TAG_FIELD), VOLUME_TAG_FIELD);
}

static void take_identifier(ByteReader *d, Element *e)
{
        uint8_t code_set = reader_u8(d);
        uint8_t type = reader_u8(d);
        const uint8_t *bytes;
        uint8_t n;

        reader_skip(d, 1);
        n = reader_u8(d);
        bytes = reader_bytes(d, n);
        if (d->failed || n == 0)
                return;
        e->identifier_code_set = code_set & 0x0f;
        e->identifier_type = type & 0x0f;
        e->identifier = bytes;
        e->n_identifier = n;
}

/* d has at least what next_page() demanded. */
static void parse_descriptor(ByteReader d, const ElementIter *it, Element *e)
{
        uint8_t flags, source_flags;

        *e = (Element){.type = it->type, .address = reader_u16(&d)};
        flags = reader_u8(&d);
        reader_skip(&d, 1);
        e->code = reader_u16(&d);
        reader_skip(&d, 3);
        source_flags = reader_u8(&d);
        e->source = reader_u16(&d);
        e->full = flags & 0x01;
        e->except = flags & 0x04;
        e->access = flags & 0x08;
        e->source_valid = source_flags & 0x80;
        e->inverted = source_flags & 0x40;
        if (it->primary_tags)
                take_volume_tag(&d, e->volume_tag);
        if (it->alternate_tags)
                take_volume_tag(&d, e->alternate_volume_tag);
        take_identifier(&d, e);
}

int smc_elements_next(ElementIter *it, Element *ret)
{
        while (reader_left(&it->page) == 0) {
                int r = next_page(it);

                if (r <= 0)
                        return r;
        }
        if (reader_left(&it->page) < it->n_descriptor)
                return it->truncated ? end(it, 0) : end(it, -EBADMSG);
        parse_descriptor(reader_sub(&it->page, it->n_descriptor), it, ret);
        return 1;
}

int smc_parse_move(const uint8_t *cdb, size_t n_cdb, MoveMedium *ret)
{
        bool exchange;

        if (n_cdb == 0)
                return -EBADMSG;
        if (cdb[0] != OP_MOVE_MEDIUM && cdb[0] != OP_EXCHANGE_MEDIUM)
                return -EOPNOTSUPP;
        if (n_cdb < scsi_cdb_length(cdb, n_cdb))
                return -EBADMSG;
        exchange = cdb[0] == OP_EXCHANGE_MEDIUM;
        *ret = (MoveMedium){
                .transport = (uint16_t) get_be(cdb + 2, 2),
                .source = (uint16_t) get_be(cdb + 4, 2),
                .destination = (uint16_t) get_be(cdb + 6, 2),
                .exchange = exchange,
                .second_destination = exchange ? (uint16_t) get_be(cdb + 8, 2) : 0,
                .invert = cdb[10] & (exchange ? 0x02 : 0x01),
                .invert_second = exchange && cdb[10] & 0x01,
        };
        return 0;
}
