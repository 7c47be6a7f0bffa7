/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a changer tells: READ ELEMENT STATUS (SMC-3 6.10) with volume tags and the drives' own identifiers,
 * and its mode pages (SMC-3 7.3). Counts in the headers are of all that was asked for; the allocation length
 * only cuts what is sent. */

#include "model/changer.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define N_DESCRIPTOR 12
#define N_VOLUME_TAG 36

typedef struct StatusRequest {
        bool volume_tags, device_ids;
        uint8_t type; /* 0: all */
        uint16_t start;
        size_t count;
} StatusRequest;

static const ElementType page_order[] = {ELEMENT_TRANSPORT, ELEMENT_STORAGE, ELEMENT_IMPORT_EXPORT,
                                         ELEMENT_DRIVE};

static size_t device_id_length(const ModelChanger *c, ElementType type, const StatusRequest *q)
{
        size_t n_max = 0;

        if (type != ELEMENT_DRIVE || !q->device_ids)
                return 0;
        for (size_t i = 0; i < c->n_elements; i++)
                if (c->elements[i].drive) {
                        size_t n = 24 + strlen(c->elements[i].drive->unit.serial);

                        n_max = n > n_max ? n : n_max;
                }
        return n_max;
}

static uint8_t element_flags(const Element *e)
{
        uint8_t flags = element_medium(e) ? 0x01 : 0;

        if (e->type == ELEMENT_STORAGE || e->type == ELEMENT_IMPORT_EXPORT)
                flags |= 0x08; /* ACCESS */
        if (e->type == ELEMENT_IMPORT_EXPORT)
                flags |= 0x30 | (e->by_operator ? 0x02 : 0); /* INENAB, EXENAB, IMPEXP */
        if (e->drive && !e->drive->unit.prevented)
                flags |= 0x08;
        return flags;
}

static void write_volume_tag(const ModelMedium *m, ByteWriter *w)
{
        uint8_t *p = writer_space(w, N_VOLUME_TAG);

        if (!p || !m)
                return;
        memset(p, ' ', 32);
        memcpy(p, m->barcode, strlen(m->barcode));
}

/* Code set ASCII, T10 vendor identification: as the drive's own VPD 83h, so that they can be compared. */
static void write_device_id(const Element *e, size_t n_field, ByteWriter *w)
{
        const ModelUnit *u = e->drive ? &e->drive->unit : NULL;
        size_t n = n_field > 0 ? 24 + strlen(u->serial) : 0;
        uint8_t *p;

        writer_be(w, n > 0 ? 0x02010000 | n : 0, 4);
        p = writer_space(w, n_field);
        if (!p || n == 0)
                return;
        memset(p, ' ', 24);
        memcpy(p, u->vendor, strlen(u->vendor));
        memcpy(p + 8, u->product, strlen(u->product));
        memcpy(p + 24, u->serial, strlen(u->serial));
}

static void write_element(const Element *e, const StatusRequest *q, size_t n_device_id, ByteWriter *w)
{
        const ModelMedium *m = element_medium(e);

        writer_be(w, e->address, 2);
        writer_be(w, element_flags(e), 1);
        writer_be(w, 0, 6);
        writer_be(w, m && e->source != 0 ? 0x81 : m ? 0x01 : 0, 1); /* SVALID, data medium */
        writer_be(w, m ? e->source : 0, 2);
        if (q->volume_tags)
                write_volume_tag(m, w);
        write_device_id(e, n_device_id, w);
}

static bool wanted(const Element *e, const StatusRequest *q)
{
        return e->address >= q->start && (q->type == 0 || q->type == e->type);
}

/* Returns how many elements the page has. left: how many may still be reported. */
static size_t write_page(const ModelChanger *c, ElementType type, const StatusRequest *q, uint64_t chosen,
                         ByteWriter *w)
{
        size_t header = w->offset, n_device_id = device_id_length(c, type, q), n = 0;
        size_t n_element = N_DESCRIPTOR + (q->volume_tags ? N_VOLUME_TAG : 0) + 4 + n_device_id;

        writer_be(w, type, 1);
        writer_be(w, q->volume_tags ? 0x80 : 0, 1);
        writer_be(w, n_element, 2);
        writer_be(w, 0, 4);
        for (size_t i = 0; i < c->n_elements; i++) {
                if (c->elements[i].type != type || !wanted(&c->elements[i], q) ||
                    c->elements[i].address > chosen)
                        continue;
                write_element(&c->elements[i], q, n_device_id, w);
                n++;
        }
        if (n == 0)
                w->offset = header;
        else if (!w->failed)
                put_be(w->data + header + 5, n * n_element, 3);
        return n;
}

/* The number of elements limits by address, over all types. Returns the last address reported, 0: none. */
static uint64_t last_wanted(const ModelChanger *c, const StatusRequest *q, uint64_t *ret_first)
{
        uint64_t last = 0;
        size_t n = 0;

        for (size_t i = 0; i < c->n_elements && n < q->count; i++) {
                if (!wanted(&c->elements[i], q))
                        continue;
                last = c->elements[i].address;
                if (n++ == 0)
                        *ret_first = last;
        }
        return last;
}

static void element_status(ModelChanger *c, ModelCall *call, const StatusRequest *q)
{
        size_t n_room = 8 + 4 * 8 + c->n_elements * (N_DESCRIPTOR + N_VOLUME_TAG + 4 + 24 + UNIT_TEXT_MAX);
        _cleanup_free_ uint8_t *data = malloc(n_room);
        ByteWriter w = byte_writer(data, n_room);
        uint64_t first = 0, last = last_wanted(c, q, &first);
        size_t n = 0;

        if (!data) {
                call_check(call, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
                return;
        }
        (void) writer_space(&w, 8);
        for (size_t i = 0; i < ELEMENTSOF(page_order); i++)
                n += write_page(c, page_order[i], q, last, &w);
        put_be(data, first, 2);
        put_be(data + 2, n, 2);
        put_be(data + 5, w.offset - 8, 3);
        call_data_in(call, data, w.offset, get_be(call->cdb + 7, 3));
}

void changer_element_status(ModelUnit *u, ModelCall *call)
{
        StatusRequest q = {
                .volume_tags = call->cdb[1] & 0x10,
                .device_ids = call->cdb[6] & 1,
                .type = call->cdb[1] & 0xf,
                .start = (uint16_t) get_be(call->cdb + 2, 2),
                .count = get_be(call->cdb + 4, 2),
        };

        if (q.type >= _ELEMENT_TYPE_MAX)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        else
                element_status(changer_of(u), call, &q);
}

static void page_addresses(ModelChanger *c, uint8_t *p)
{
        put_be(p + 2, FIRST_TRANSPORT, 2);
        put_be(p + 4, 1, 2);
        put_be(p + 6, FIRST_STORAGE, 2);
        put_be(p + 8, changer_count(c, ELEMENT_STORAGE), 2);
        put_be(p + 10, FIRST_IMPORT_EXPORT, 2);
        put_be(p + 12, changer_count(c, ELEMENT_IMPORT_EXPORT), 2);
        put_be(p + 14, FIRST_DRIVE, 2);
        put_be(p + 16, changer_count(c, ELEMENT_DRIVE), 2);
}

static void page_geometry(ModelChanger *c, uint8_t *p)
{
}

/* Storage, import/export and drives store; anything can be moved or exchanged between those three. */
static void page_capabilities(ModelChanger *c, uint8_t *p)
{
        p[2] = 0x0e;
        memset(p + 4, 0x0e, 4);
        p[4] = 0x00;
        memset(p + 12, 0x0e, 4);
        p[12] = 0x00;
}

static const struct {
        uint8_t code, length;
        void (*fill)(ModelChanger *c, uint8_t *p);
} page_table[] = {
        {0x1d, 0x12, page_addresses},
        {0x1e, 0x02, page_geometry},
        {0x1f, 0x12, page_capabilities},
};

void changer_mode_sense(ModelUnit *u, ModelCall *call)
{
        uint8_t pages[64], page = call->cdb[2] & 0x3f, control = call->cdb[2] >> 6;
        ByteWriter w = byte_writer(pages, sizeof(pages));

        for (size_t i = 0; i < ELEMENTSOF(page_table); i++) {
                uint8_t *p;

                if (page != 0x3f && page != page_table[i].code)
                        continue;
                p = writer_space(&w, 2 + page_table[i].length);
                if (control != 1) /* nothing is changeable */
                        page_table[i].fill(changer_of(u), p);
                p[0] = page_table[i].code;
                p[1] = page_table[i].length;
        }
        if (control == 3)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
        else if (w.offset == 0)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        else
                call_mode_sense(call, 0, 0, NULL, pages, w.offset);
}

static size_t log_page(uint8_t page, uint8_t *data)
{
        static const uint8_t supported[] = {0x00, 0x00, 0x00, 0x02, 0x00, 0x2e};

        if (page == 0x00) {
                memcpy(data, supported, sizeof(supported));
                return sizeof(supported);
        }
        data[0] = page;
        put_be(data + 2, 32 * 5, 2);
        for (size_t i = 0; i < 32; i++) {
                put_be(data + 4 + 5 * i, i + 1, 2);
                put_be(data + 4 + 5 * i + 2, 0x0301, 2);
        }
        return 4 + 32 * 5;
}

/* Supported pages and TapeAlert, without an alert. */
void changer_log_sense(ModelUnit *u, ModelCall *call)
{
        uint8_t data[256] = {0}, page = call->cdb[2] & 0x3f;

        if ((page != 0x00 && page != 0x2e) || call->cdb[3] != 0)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        else
                call_data_in(call, data, log_page(page, data), get_be(call->cdb + 7, 2));
}
