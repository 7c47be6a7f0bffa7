/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the drive tells about itself: block limits, densities, log pages (SSC-4 8.2, SPC-4 7.3). Every value
 * is a count that the model keeps or a constant; nothing depends on time. */

#include <string.h>

#include "model/drive.h"
#include "util/cleanup.h"

void drive_read_block_limits(ModelUnit *u, ModelCall *call)
{
        uint8_t data[20] = {0};

        if (call->cdb[1] & 1) { /* MLOI: the largest logical object identifier */
                put_be(data + 12, UINT32_MAX, 8);
                call_data_in(call, data, 20, 20);
                return;
        }
        put_be(data + 1, DRIVE_BLOCK_MAX, 3);
        put_be(data + 4, 1, 2);
        call_data_in(call, data, 6, 6);
}

static void write_density(ByteWriter *w, uint8_t code, bool writable, uint32_t capacity_mb, const char *name)
{
        uint8_t *p = writer_space(w, 52);

        p[0] = p[1] = code;
        p[2] = writable ? 0xa0 : 0; /* WRTOK, DEFLT */
        put_be(p + 5, 19107, 3);
        put_be(p + 8, 127, 2);
        put_be(p + 10, 3584, 2);
        put_be(p + 12, capacity_mb, 4);
        memset(p + 16, ' ', 36);
        memcpy(p + 16, "LTO-CVE", 7);
        memcpy(p + 24, name, strlen(name));
        memcpy(p + 32, "Ultrium", 7);
}

void drive_report_density(ModelUnit *u, ModelCall *call)
{
        const ModelDrive *d = drive_of(u);
        uint8_t data[4 + 2 * 52];
        ByteWriter w = byte_writer(data, sizeof(data));
        bool medium_only = call->cdb[1] & 1, medium_type = call->cdb[1] & 2;

        if (medium_type) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        if (medium_only && !d->loaded) {
                call_check(call, SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT);
                return;
        }
        writer_be(&w, 0, 4);
        if (!medium_only)
                write_density(&w, DRIVE_DENSITY_RO, false, 2500000, "U-616");
        write_density(&w, DRIVE_DENSITY, true, 6000000, "U-732");
        put_be(data, w.offset - 2, 2);
        call_data_in(call, data, w.offset, get_be(call->cdb + 7, 2));
}

void drive_receive_diagnostic(ModelUnit *u, ModelCall *call)
{
        static const uint8_t supported_pages[5] = {0, 0, 0, 1, 0};

        call_data_in(call, supported_pages, sizeof(supported_pages), get_be(call->cdb + 3, 2));
}

static void log_number(ByteWriter *w, uint16_t code, uint64_t value, size_t n)
{
        writer_be(w, code, 2);
        writer_be(w, 0x03, 1); /* binary format list */
        writer_be(w, n, 1);
        writer_be(w, value, n);
}

static void log_text(ByteWriter *w, uint16_t code, const char *text, size_t width)
{
        uint8_t *p;

        writer_be(w, code, 2);
        writer_be(w, 0x01, 1); /* ASCII format list */
        writer_be(w, width, 1);
        p = writer_space(w, width);
        memset(p, ' ', width);
        memcpy(p, text, strlen(text));
}

static void log_supported(const ModelDrive *d, ByteWriter *w);

static void log_errors(const ModelDrive *d, ByteWriter *w)
{
        for (uint16_t code = 0; code < 7; code++)
                log_number(w, code, 0, 4);
}

static void log_sequential(const ModelDrive *d, ByteWriter *w)
{
        log_number(w, 0x0000, d->counts.bytes_written, 8);
        log_number(w, 0x0001, d->counts.bytes_written, 8);
        log_number(w, 0x0002, d->counts.bytes_read, 8);
        log_number(w, 0x0003, d->counts.bytes_read, 8);
        log_number(w, 0x0100, 0, 4); /* cleaning not required */
}

static void log_device(const ModelDrive *d, ByteWriter *w)
{
        log_number(w, 0x0000, d->counts.loads, 4);
        log_number(w, 0x0001, 0, 4);
        log_number(w, 0x0002, 0, 4);
        log_number(w, 0x000c, d->counts.power_cycles, 4);
        log_number(w, 0x000d, d->counts.loads, 4);
        log_number(w, 0x000e, 0, 4);
        log_number(w, 0x000f, 0, 4);
        log_text(w, 0x0040, d->unit.serial, 32);
}

static void log_volume(const ModelDrive *d, ByteWriter *w)
{
        log_number(w, 0x0000, d->loaded, 1);
        if (!d->loaded)
                return;
        log_number(w, 0x0001, d->medium->n_loads, 4);
        log_number(w, 0x0010, d->medium->bytes_written / 1000000, 8);
        log_number(w, 0x0011, d->medium->bytes_read / 1000000, 8);
        log_number(w, 0x0016, d->medium->capacity / 1000000, 8);
        log_text(w, 0x0040, d->medium->serial, 32);
        log_text(w, 0x0042, d->medium->barcode, 32);
}

static void log_tape_alert(const ModelDrive *d, ByteWriter *w)
{
        for (uint16_t code = 1; code <= 64; code++)
                log_number(w, code, 0, 1);
}

static const struct {
        uint8_t page;
        void (*write)(const ModelDrive *d, ByteWriter *w);
} log_table[] = {
        {0x00, log_supported}, {0x02, log_errors}, {0x03, log_errors},     {0x0c, log_sequential},
        {0x14, log_device},    {0x17, log_volume}, {0x2e, log_tape_alert},
};

static void log_supported(const ModelDrive *d, ByteWriter *w)
{
        for (size_t i = 0; i < ELEMENTSOF(log_table); i++)
                writer_be(w, log_table[i].page, 1);
}

void drive_log_sense(ModelUnit *u, ModelCall *call)
{
        const ModelDrive *d = drive_of(u);
        uint8_t page = call->cdb[2] & 0x3f, subpage = call->cdb[3], data[512];
        ByteWriter w = byte_writer(data, sizeof(data));

        for (size_t i = 0; subpage == 0 && i < ELEMENTSOF(log_table); i++) {
                if (log_table[i].page != page)
                        continue;
                writer_be(&w, (uint64_t) page << 24, 4);
                log_table[i].write(d, &w);
                put_be(data + 2, w.offset - 4, 2);
                call_data_in(call, data, w.offset, get_be(call->cdb + 7, 2));
                return;
        }
        call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

/* Taken and without effect: the counters of a model are evidence. */
void drive_log_select(ModelUnit *u, ModelCall *call)
{
        (void) call_data_out(call, get_be(call->cdb + 7, 2));
}
