/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode parameters. What the program has selected (block length, compression, buffering, partition) is lost
 * when a drive resets; the engine notes it from the MODE SELECTs that pass and selects it again. Both
 * directions and both sizes are one format here. */

#include "scsi/mode.h"

#include <errno.h>

enum {
        BLOCK_DESCRIPTOR_LENGTH = 8,
        DEVICE_SPECIFIC_WP = 0x80,
        PAGE_PS = 0x80,
        PAGE_SPF = 0x40,
};

static bool is_10(ModeForm form)
{
        return form == MODE_FORM_SENSE_10 || form == MODE_FORM_SELECT_10;
}

static bool is_sense(ModeForm form)
{
        return form == MODE_FORM_SENSE_6 || form == MODE_FORM_SENSE_10;
}

/* Only the first block descriptor counts; a tape has no second one. LONGLBA descriptors have 16 bytes and no
 * density, and are stepped over. */
static int parse_descriptors(ByteReader *r, size_t n, bool long_lba, ModeHeader *h)
{
        ByteReader d;

        if (reader_left(r) < n)
                return -EBADMSG;
        d = reader_sub(r, n);
        if (long_lba || n < BLOCK_DESCRIPTOR_LENGTH)
                return 0;
        h->has_descriptor = true;
        h->density = reader_u8(&d);
        h->n_blocks = reader_u24(&d);
        reader_skip(&d, 1);
        h->block_length = reader_u24(&d);
        return 0;
}

int mode_parse(ModeForm form, const uint8_t *data, size_t n_data, ModeHeader *ret_header,
               ByteReader *ret_pages)
{
        size_t n_length = is_10(form) ? 2 : 1;
        ByteReader r = byte_reader(data, n_data);
        uint8_t specific, flags = 0;
        size_t n_claimed, n_descriptors;
        ModeHeader h = {};
        int result;

        n_claimed = reader_be(&r, n_length);
        if (is_sense(form))
                r = reader_sub(&r, n_claimed);
        h.medium_type = reader_u8(&r);
        specific = reader_u8(&r);
        if (is_10(form)) {
                flags = reader_u8(&r);
                reader_skip(&r, 1);
        }
        n_descriptors = reader_be(&r, n_length);
        if (r.failed)
                return -EBADMSG;
        h.write_protected = specific & DEVICE_SPECIFIC_WP;
        h.buffered = specific >> 4 & 0x07;
        h.speed = specific & 0x0f;
        result = parse_descriptors(&r, n_descriptors, flags & 0x01, &h);
        if (result < 0)
                return result;
        *ret_header = h;
        *ret_pages = r;
        return 0;
}

int mode_next_page(ByteReader *pages, ModePage *ret)
{
        uint8_t code;
        ModePage p;

        if (reader_left(pages) == 0)
                return 0;
        code = reader_u8(pages);
        p = (ModePage){
                .page = code & 0x3f,
                .savable = code & PAGE_PS,
                .has_subpage = code & PAGE_SPF,
        };
        if (p.has_subpage)
                p.subpage = reader_u8(pages);
        p.n_bytes = reader_be(pages, p.has_subpage ? 2 : 1);
        p.bytes = reader_bytes(pages, p.n_bytes);
        if (pages->failed)
                return -EBADMSG;
        *ret = p;
        return 1;
}

int mode_find_page(ByteReader pages, uint8_t page, uint8_t subpage, ModePage *ret)
{
        ModePage p;
        int r;

        while ((r = mode_next_page(&pages, &p)) > 0)
                if (p.page == page && p.subpage == subpage) {
                        *ret = p;
                        return 1;
                }
        return r;
}

bool mode_parse_protection(const ModePage *page, ModeProtection *ret)
{
        uint8_t n;

        if (page->page != MODE_PAGE_CONTROL || page->subpage != MODE_SUBPAGE_DATA_PROTECTION ||
            page->n_bytes < 3)
                return false;
        n = page->bytes[0] == 0 ? 0 : page->bytes[1] & 0x3f; /* method 0: off */
        ret->n_written = page->bytes[2] & 0x80 ? n : 0;      /* LBP_W */
        ret->n_read = page->bytes[2] & 0x40 ? n : 0;         /* LBP_R */
        return true;
}

void mode_begin(ByteWriter *w, ModeForm form, const ModeHeader *header)
{
        size_t n_length = is_10(form) ? 2 : 1;
        bool protected = is_sense(form) && header->write_protected;

        writer_be(w, 0, n_length);
        writer_be(w, header->medium_type, 1);
        writer_be(w,
                  (uint64_t) (protected ? DEVICE_SPECIFIC_WP : 0) |
                          (uint64_t) (header->buffered & 0x07) << 4 | (header->speed & 0x0f),
                  1);
        if (is_10(form))
                writer_be(w, 0, 2);
        writer_be(w, header->has_descriptor ? BLOCK_DESCRIPTOR_LENGTH : 0, n_length);
        if (!header->has_descriptor)
                return;
        writer_be(w, header->density, 1);
        writer_be(w, header->n_blocks, 3);
        writer_be(w, 0, 1);
        writer_be(w, header->block_length, 3);
}

void mode_add_page(ByteWriter *w, ModeForm form, const ModePage *page)
{
        bool savable = is_sense(form) && page->savable;

        writer_be(w, (page->page & 0x3f) | (savable ? PAGE_PS : 0) | (page->has_subpage ? PAGE_SPF : 0), 1);
        if (page->has_subpage)
                writer_be(w, page->subpage, 1);
        writer_be(w, page->n_bytes, page->has_subpage ? 2 : 1);
        writer_bytes(w, page->bytes, page->n_bytes);
}

int mode_finish(ByteWriter *w, ModeForm form)
{
        size_t n_length = is_10(form) ? 2 : 1;

        if (w->failed || (!is_10(form) && w->offset > UINT8_MAX) || w->offset > UINT16_MAX)
                return -ENOBUFS;
        if (is_sense(form))
                put_be(w->data, w->offset - n_length, n_length);
        return (int) w->offset;
}
