/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cartridge: for each partition an array of objects, each block on the heap, with running sums so that a
 * position is known in bytes and filemarks without a walk. Blocks of nothing but zero bytes share their
 * memory: tests of capacity write gigabytes of them. */

#include "model/medium.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define ZERO_BLOCK_MAX (1024 * 1024)

static uint8_t zero_block[ZERO_BLOCK_MAX];

static const struct {
        uint16_t id;
        uint8_t format;
        uint16_t n_max;
} attribute_table[MEDIUM_N_ATTRIBUTES] = {
        {0x0800, 1, 8},   /* application vendor */
        {0x0801, 1, 32},  /* application name */
        {0x0802, 1, 8},   /* application version */
        {0x0803, 2, 160}, /* user medium text label */
        {0x0804, 1, 12},  /* date and time last written */
        {0x0805, 0, 1},   /* text localization identifier */
        {0x0806, 1, 32},  /* barcode */
        {0x0807, 2, 80},  /* owning host textual name */
        {0x0808, 2, 160}, /* media pool */
};

static void set_barcode_attribute(ModelMedium *m)
{
        MediumAttribute *a = medium_attribute(m, 0x0806);
        size_t n = strlen(m->barcode);

        memset(a->value, ' ', a->n_max);
        memcpy(a->value, m->barcode, n);
        a->n_value = n > 0 ? a->n_max : 0;
}

ModelMedium *model_medium_new(const char *barcode, const char *serial, uint64_t capacity,
                              uint64_t early_warning)
{
        ModelMedium *m = calloc(1, sizeof(*m));

        if (!m)
                return NULL;
        strncpy(m->barcode, barcode, sizeof(m->barcode) - 1);
        strncpy(m->serial, serial, sizeof(m->serial) - 1);
        m->capacity = capacity;
        m->early_warning = early_warning;
        medium_format(m, 1);
        for (size_t i = 0; i < MEDIUM_N_ATTRIBUTES; i++)
                m->attributes[i] = (MediumAttribute){.id = attribute_table[i].id,
                                                     .format = attribute_table[i].format,
                                                     .n_max = attribute_table[i].n_max};
        set_barcode_attribute(m);
        return m;
}

void model_medium_keep_no_data(ModelMedium *m)
{
        for (size_t i = 0; i < MEDIUM_PARTITIONS_MAX; i++)
                m->tapes[i].no_data = true;
}

static void object_clear(MediumObject *o)
{
        if (o->data != zero_block)
                free(o->data);
        *o = (MediumObject){0};
}

ModelMedium *model_medium_free(ModelMedium *m)
{
        if (!m)
                return NULL;
        for (size_t i = 0; i < MEDIUM_PARTITIONS_MAX; i++) {
                medium_truncate(&m->tapes[i], 0, false);
                medium_forget_old(&m->tapes[i]);
                free(m->tapes[i].objects);
        }
        free(m);
        return NULL;
}

void medium_format(ModelMedium *m, size_t n_partitions)
{
        for (size_t i = 0; i < MEDIUM_PARTITIONS_MAX; i++) {
                MediumTape *t = &m->tapes[i];

                medium_truncate(t, 0, false);
                medium_forget_old(t);
                t->capacity = m->capacity / n_partitions;
                t->early_warning = m->early_warning;
        }
        m->n_partitions = n_partitions;
}

size_t model_medium_partitions(const ModelMedium *m)
{
        return m->n_partitions;
}

size_t model_medium_count_in(const ModelMedium *m, size_t partition)
{
        return m->tapes[partition].n_objects;
}

size_t model_medium_count(const ModelMedium *m)
{
        return model_medium_count_in(m, 0);
}

void model_medium_object_in(const ModelMedium *m, size_t partition, size_t i, const uint8_t **ret_data,
                            uint32_t *ret_n)
{
        *ret_data = m->tapes[partition].objects[i].data;
        *ret_n = m->tapes[partition].objects[i].n_data;
}

uint64_t model_medium_key_in(const ModelMedium *m, size_t partition, size_t i)
{
        return m->tapes[partition].objects[i].key;
}

void model_medium_object(const ModelMedium *m, size_t i, const uint8_t **ret_data, uint32_t *ret_n)
{
        model_medium_object_in(m, 0, i, ret_data, ret_n);
}

uint64_t medium_bytes_before(const MediumTape *m, size_t position)
{
        const MediumObject *o;

        if (position == 0)
                return 0;
        o = &m->objects[position - 1];
        return o->bytes_before + o->n_data;
}

uint64_t medium_filemarks_before(const MediumTape *m, size_t position)
{
        const MediumObject *o;

        if (position == 0)
                return 0;
        o = &m->objects[position - 1];
        return o->filemarks_before + (o->data ? 0 : 1);
}

bool medium_in_early_warning(const MediumTape *m, size_t position)
{
        return medium_bytes_before(m, position) + m->early_warning >= m->capacity;
}

MediumAttribute *medium_attribute(ModelMedium *m, uint16_t id)
{
        for (size_t i = 0; i < MEDIUM_N_ATTRIBUTES; i++)
                if (m->attributes[i].id == id)
                        return &m->attributes[i];
        return NULL;
}

void medium_forget_old(MediumTape *m)
{
        for (size_t i = 0; i < m->n_old; i++)
                object_clear(&m->old[i]);
        free(m->old);
        m->old = NULL;
        m->n_old = 0;
}

static bool set_aside(MediumTape *m, size_t position)
{
        size_t n = m->n_objects - position;
        MediumObject *old = calloc(n, sizeof(*old));

        if (!old)
                return false;
        medium_forget_old(m);
        memcpy(old, m->objects + position, n * sizeof(*old));
        m->old = old;
        m->n_old = n;
        m->old_base = position;
        m->n_objects = position;
        return true;
}

void medium_truncate(MediumTape *m, size_t position, bool keep_old)
{
        if (position >= m->n_objects || (keep_old && set_aside(m, position)))
                return;
        while (m->n_objects > position)
                object_clear(&m->objects[--m->n_objects]);
}

static int append(MediumTape *m, uint8_t *data, uint32_t n_data, uint64_t key)
{
        size_t n = m->n_objects;

        if (n == m->n_allocated) {
                size_t n_allocated = n > 0 ? 2 * n : 64;
                MediumObject *objects = realloc(m->objects, n_allocated * sizeof(*objects));

                if (!objects)
                        return -ENOMEM;
                m->objects = objects;
                m->n_allocated = n_allocated;
        }
        m->objects[n] = (MediumObject){.data = data,
                                       .n_data = n_data,
                                       .key = key,
                                       .bytes_before = medium_bytes_before(m, n),
                                       .filemarks_before = medium_filemarks_before(m, n)};
        m->n_objects++;
        return 0;
}

static bool is_zero(const uint8_t *data, uint32_t n)
{
        return n > 0 && n <= ZERO_BLOCK_MAX && data[0] == 0 && memcmp(data, data + 1, n - 1) == 0;
}

int medium_write(MediumTape *m, size_t position, const uint8_t *data, uint32_t n_data, uint64_t key,
                 bool keep_old)
{
        uint8_t *copy = NULL;
        int r;

        if (data) {
                copy = (m->no_data && n_data <= ZERO_BLOCK_MAX) || is_zero(data, n_data) ? zero_block
                                                                                         : malloc(n_data);
                if (!copy)
                        return -ENOMEM;
                if (copy != zero_block)
                        memcpy(copy, data, n_data);
        }
        medium_truncate(m, position, keep_old);
        r = append(m, copy, n_data, key);
        if (r < 0 && copy != zero_block)
                free(copy);
        return r;
}

void medium_lose(MediumTape *m, size_t n)
{
        medium_truncate(m, m->n_objects - n, false);
        for (size_t i = 0; i < m->n_old; i++) {
                MediumObject *o = &m->old[i];

                if (m->old_base + i == m->n_objects && append(m, o->data, o->n_data, o->key) == 0)
                        *o = (MediumObject){0};
        }
        medium_forget_old(m);
}
