/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Medium auxiliary memory, SPC-4 7.4: the device and medium attributes are computed from the cartridge, the
 * host attributes are stored in it and stay when it moves to another drive. */

#include <string.h>

#include "model/drive.h"
#include "util/cleanup.h"

#define BINARY 0
#define ASCII  1

static uint64_t remaining_mb(const ModelDrive *d)
{
        return (drive_tape(d)->capacity - medium_bytes_before(drive_tape(d), drive_tape(d)->n_objects)) /
               1048576;
}

static uint64_t capacity_mb(const ModelDrive *d)
{
        return d->medium->capacity / 1048576;
}

static uint64_t tape_alert(const ModelDrive *d)
{
        return 0;
}

static uint64_t load_count(const ModelDrive *d)
{
        return d->medium->n_loads;
}

static uint64_t written_mb(const ModelDrive *d)
{
        return d->medium->bytes_written / 1048576;
}

static uint64_t read_mb(const ModelDrive *d)
{
        return d->medium->bytes_read / 1048576;
}

static uint64_t density(const ModelDrive *d)
{
        return DRIVE_DENSITY;
}

static const char *medium_serial(const ModelDrive *d)
{
        return d->medium->serial;
}

static const char *manufacturer(const ModelDrive *d)
{
        return "MODEL";
}

static const char *organization(const ModelDrive *d)
{
        return "LTO-CVE";
}

/* Ascending, as attributes are reported. */
static const struct {
        uint16_t id, n;
        uint64_t (*number)(const ModelDrive *d);
        const char *(*text)(const ModelDrive *d);
} computed[] = {
        {0x0000, 8, remaining_mb, NULL},   {0x0001, 8, capacity_mb, NULL},  {0x0002, 8, tape_alert, NULL},
        {0x0003, 8, load_count, NULL},     {0x0005, 8, NULL, organization}, {0x0006, 1, density, NULL},
        {0x0220, 8, written_mb, NULL},     {0x0221, 8, read_mb, NULL},      {0x0400, 8, NULL, manufacturer},
        {0x0401, 32, NULL, medium_serial}, {0x0404, 8, NULL, organization}, {0x0405, 1, density, NULL},
};

static void attribute_header(ByteWriter *w, uint16_t id, bool read_only, uint8_t format, size_t n)
{
        writer_be(w, id, 2);
        writer_be(w, (read_only ? 0x80 : 0) | format, 1);
        writer_be(w, n, 2);
}

static void write_computed(const ModelDrive *d, size_t i, ByteWriter *w)
{
        uint8_t *p;

        attribute_header(w, computed[i].id, true, computed[i].text ? ASCII : BINARY, computed[i].n);
        p = writer_space(w, computed[i].n);
        if (!computed[i].text) {
                put_be(p, computed[i].number(d), computed[i].n);
                return;
        }
        memset(p, ' ', computed[i].n);
        memcpy(p, computed[i].text(d), strlen(computed[i].text(d)));
}

static bool has_attribute(const ModelDrive *d, uint16_t id)
{
        const MediumAttribute *a = medium_attribute(d->medium, id);

        for (size_t i = 0; i < ELEMENTSOF(computed); i++)
                if (computed[i].id == id)
                        return true;
        return a && a->n_value > 0;
}

static void attribute_values(const ModelDrive *d, uint16_t first, ByteWriter *w)
{
        for (size_t i = 0; i < ELEMENTSOF(computed); i++)
                if (computed[i].id >= first)
                        write_computed(d, i, w);
        for (size_t i = 0; i < MEDIUM_N_ATTRIBUTES; i++) {
                const MediumAttribute *a = &d->medium->attributes[i];

                if (a->id < first || a->n_value == 0)
                        continue;
                attribute_header(w, a->id, false, a->format, a->n_value);
                writer_bytes(w, a->value, a->n_value);
        }
}

static void attribute_list(const ModelDrive *d, uint16_t first, bool supported, ByteWriter *w)
{
        for (size_t i = 0; i < ELEMENTSOF(computed); i++)
                if (computed[i].id >= first)
                        writer_be(w, computed[i].id, 2);
        for (size_t i = 0; i < MEDIUM_N_ATTRIBUTES; i++) {
                const MediumAttribute *a = &d->medium->attributes[i];

                if (a->id >= first && (supported || a->n_value > 0))
                        writer_be(w, a->id, 2);
        }
}

void drive_read_attribute(ModelUnit *u, ModelCall *call)
{
        enum {
                VALUES = 0,
                LIST = 1,
                SUPPORTED = 5
        };
        const ModelDrive *d = drive_of(u);
        uint8_t data[1024], action = call->cdb[1] & 0x1f;
        uint16_t first = (uint16_t) get_be(call->cdb + 8, 2);
        ByteWriter w = byte_writer(data, sizeof(data));
        bool known = action == VALUES || action == LIST || action == SUPPORTED;

        if (!known || call->cdb[7] != 0 || (action == VALUES && !has_attribute(d, first))) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        writer_be(&w, 0, 4);
        if (action == VALUES)
                attribute_values(d, first, &w);
        else
                attribute_list(d, first, action == SUPPORTED, &w);
        put_be(data, w.offset - 4, 4);
        call_data_in(call, data, w.offset, get_be(call->cdb + 10, 4));
}

/* One attribute of the list into m; checked only if m is NULL. */
static bool take_attribute(ModelMedium *m, const ModelMedium *known, ByteReader *r)
{
        uint16_t id = reader_u16(r);
        uint8_t format = reader_u8(r) & 3;
        uint16_t n = reader_u16(r);
        const uint8_t *p = reader_bytes(r, n);

        for (size_t i = 0; p && i < MEDIUM_N_ATTRIBUTES; i++) {
                const MediumAttribute *a = &known->attributes[i];

                if (a->id != id || a->format != format || n > a->n_max)
                        continue;
                if (m) {
                        m->attributes[i].n_value = n;
                        memcpy(m->attributes[i].value, p, n);
                }
                return true;
        }
        return false;
}

static bool take_list(ModelMedium *m, const ModelMedium *known, const uint8_t *data, size_t n)
{
        ByteReader r = byte_reader(data, n);

        reader_skip(&r, 4);
        while (reader_left(&r) > 0)
                if (!take_attribute(m, known, &r))
                        return false;
        return !r.failed;
}

/* All of the list or nothing of it. */
void drive_write_attribute(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        size_t n = get_be(call->cdb + 10, 4);
        const uint8_t *p = call_data_out(call, n);

        if (!p || n == 0)
                return;
        if (!take_list(NULL, d->medium, p, n))
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_PARAMETERS);
        else
                (void) take_list(d->medium, d->medium, p, n);
}
