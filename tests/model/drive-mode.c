/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode data of the drive, SSC-4 8.3 and SPC-4 7.5: block size, buffered mode and compression can be set, all
 * else is as the drive has it and a MODE SELECT of it is taken if it is well-formed. */

#include "model/drive.h"

#include <string.h>

#include "util/cleanup.h"

enum {
        CURRENT,
        CHANGEABLE,
        DEFAULT,
        SAVED
};

static void page_compression(const ModelDrive *d, unsigned control, uint8_t *p)
{
        bool on = control == CURRENT ? d->mode.compression : true;

        if (control == CHANGEABLE) {
                p[2] = 0x80;
                return;
        }
        p[2] = (uint8_t) (0x40 | (on ? 0x80 : 0)); /* DCC, DCE */
        p[3] = 0x80;                               /* DDE */
        put_be(p + 4, 1, 4);
        put_be(p + 8, 1, 4);
}

static void page_configuration(const ModelDrive *d, unsigned control, uint8_t *p)
{
        if (control == CHANGEABLE) {
                p[14] = 0xff;
                return;
        }
        p[8] = 0x40;  /* logical object identifiers supported */
        p[10] = 0x18; /* EEG, SEW */
        p[14] = control == DEFAULT || d->mode.compression ? 1 : 0;
}

static void page_partition(const ModelDrive *d, unsigned control, uint8_t *p)
{
        if (control == CHANGEABLE)
                return;
        p[2] = MEDIUM_PARTITIONS_MAX - 1;
        p[3] = d->mode.n_extra_partitions;
        p[4] = 0x04; /* POFM: FORMAT MEDIUM partitions, not MODE SELECT */
        p[5] = 3;    /* format and partitions are recognised */
}

static void page_exceptions(const ModelDrive *d, unsigned control, uint8_t *p)
{
        if (control != CHANGEABLE)
                p[2] = 0x08; /* DEXCPT: TapeAlert by LOG SENSE only */
}

static void page_empty(const ModelDrive *d, unsigned control, uint8_t *p)
{
}

static const struct {
        uint8_t code, length; /* length as in the page: without the first two bytes */
        void (*fill)(const ModelDrive *d, unsigned control, uint8_t *p);
} page_table[] = {
        {0x01, 0x0a, page_empty},         /* read-write error recovery */
        {0x02, 0x0e, page_empty},         /* disconnect-reconnect */
        {0x0a, 0x0a, page_empty},         /* control */
        {0x0f, 0x0e, page_compression},   /* data compression */
        {0x10, 0x0e, page_configuration}, /* device configuration */
        {0x11, 0x06, page_partition},     /* medium partition */
        {0x1c, 0x0a, page_exceptions},    /* informational exceptions control */
};

static size_t fill_pages(const ModelDrive *d, uint8_t wanted, unsigned control, ByteWriter *w)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(page_table); i++) {
                uint8_t *p;

                if (wanted != 0x3f && wanted != page_table[i].code)
                        continue;
                p = writer_space(w, 2 + page_table[i].length);
                p[0] = page_table[i].code;
                p[1] = page_table[i].length;
                page_table[i].fill(d, control, p);
                n++;
        }
        return n;
}

static void add_protection_page(const ModelDrive *d, unsigned control, ByteWriter *w)
{
        uint8_t *p = writer_space(w, 4 + DRIVE_PROTECTION_PAGE);

        p[0] = 0x4a;
        p[1] = 0xf0;
        put_be(p + 2, DRIVE_PROTECTION_PAGE, 2);
        if (control == CURRENT)
                drive_protection_sense(&d->mode, p + 4);
        else if (control == CHANGEABLE)
                memcpy(p + 4, "\xff\x3f\xe0", 3);
}

/* How many pages. */
static size_t fill_subpages(const ModelDrive *d, uint8_t wanted, uint8_t subpage, unsigned control,
                            ByteWriter *w)
{
        bool all = wanted == 0x3f && subpage == 0xff;
        size_t n = all || subpage == 0 ? fill_pages(d, wanted, control, w) : 0;

        if (!all && !(wanted == 0x0a && (subpage == 0xf0 || subpage == 0xff)))
                return n;
        add_protection_page(d, control, w);
        return n + 1;
}

void drive_mode_sense(ModelUnit *u, ModelCall *call)
{
        const ModelDrive *d = drive_of(u);
        uint8_t pages[160], descriptor[8] = {0};
        ByteWriter w = byte_writer(pages, sizeof(pages));
        uint8_t wanted = call->cdb[2] & 0x3f, subpage = call->cdb[3];
        unsigned control = call->cdb[2] >> 6;
        bool no_descriptor = call->cdb[1] & 8;

        if (control == SAVED) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
                return;
        }
        if (fill_subpages(d, wanted, subpage, control, &w) == 0 && (wanted != 0 || subpage != 0)) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        descriptor[0] = control != CHANGEABLE && d->loaded ? DRIVE_DENSITY : 0;
        put_be(descriptor + 5, control == CHANGEABLE ? 0xffffff : d->mode.block_size, 3);
        call_mode_sense(call, d->loaded ? 0x78 : 0, d->mode.buffered ? 0x10 : 0,
                        no_descriptor ? NULL : descriptor, pages, w.offset);
}

static bool select_descriptor(DriveMode *mode, ByteReader *r)
{
        uint8_t density = reader_u8(r);
        uint32_t block_size;

        reader_skip(r, 4);
        block_size = reader_u24(r);
        if (r->failed || block_size > DRIVE_BLOCK_MAX ||
            (density != 0 && density != 0x7f && density != DRIVE_DENSITY))
                return false;
        mode->block_size = block_size;
        return true;
}

static bool select_subpage(DriveMode *mode, ByteReader *r)
{
        uint8_t code = reader_u8(r), subpage = reader_u8(r);
        uint16_t length = reader_u16(r);
        const uint8_t *p = reader_bytes(r, length);

        return p && code == 0x4a && subpage == 0xf0 && drive_protection_select(mode, p, length);
}

static bool select_page(DriveMode *mode, ByteReader *r)
{
        ByteReader ahead = *r;
        bool sub = reader_u8(&ahead) & 0x40;
        uint8_t code, length;
        const uint8_t *p;

        if (sub)
                return select_subpage(mode, r);
        code = reader_u8(r) & 0x3f;
        length = reader_u8(r);
        p = reader_bytes(r, length);

        for (size_t i = 0; p && i < ELEMENTSOF(page_table); i++) {
                if (page_table[i].code != code || page_table[i].length != length)
                        continue;
                if (code == 0x0f)
                        mode->compression = p[0] & 0x80;
                if (code == 0x10)
                        mode->compression = p[12] != 0;
                if (code == 0x11 && p[1] >= MEDIUM_PARTITIONS_MAX)
                        return false;
                if (code == 0x11)
                        mode->n_extra_partitions = p[1];
                return true;
        }
        return false;
}

static bool select_parse(DriveMode *mode, ByteReader *r, bool ten)
{
        uint8_t buffered;
        uint16_t n_descriptor;

        reader_skip(r, ten ? 3 : 2);
        buffered = reader_u8(r) >> 4 & 7;
        reader_skip(r, ten ? 2 : 0);
        n_descriptor = (uint16_t) reader_be(r, ten ? 2 : 1);
        if (r->failed || buffered > 1 || (n_descriptor != 0 && n_descriptor != 8))
                return false;
        mode->buffered = buffered == 1;
        if (n_descriptor == 8 && !select_descriptor(mode, r))
                return false;
        while (reader_left(r) > 0)
                if (!select_page(mode, r))
                        return false;
        return !r->failed;
}

void drive_mode_select(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        bool ten = call->cdb[0] == OP_MODE_SELECT_10, save = call->cdb[1] & 1;
        size_t n = ten ? get_be(call->cdb + 7, 2) : call->cdb[4];
        const uint8_t *p = call_data_out(call, n);
        ByteReader r = byte_reader(p, n);
        DriveMode mode = d->mode;

        if (!p || n == 0)
                return;
        if (save)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        else if (n < (ten ? 8u : 4u))
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH_ERROR);
        else if (!select_parse(&mode, &r, ten))
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_PARAMETERS);
        else
                d->mode = mode;
}
