/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Big-endian wire formats, bounded. A ByteReader never reads past its end: the first read that does not fit
 * marks it failed, and that and every later read gives 0, so that a parser may read a whole structure and ask
 * once. A ByteWriter likewise never writes past its end. Neither cares for the host's byte order or alignment. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ByteReader {
        const uint8_t *data;
        size_t n_data;
        size_t offset;
        bool failed;
} ByteReader;

typedef struct ByteWriter {
        uint8_t *data;
        size_t n_data;
        size_t offset;
        bool failed;
} ByteWriter;

static inline ByteReader byte_reader(const void *data, size_t n_data)
{
        return (ByteReader){.data = data, .n_data = n_data};
}

static inline size_t reader_left(const ByteReader *r)
{
        return r->failed ? 0 : r->n_data - r->offset;
}

/* Borrows the next n bytes, or NULL (and the reader is failed) when there are fewer. */
static inline const uint8_t *reader_bytes(ByteReader *r, size_t n)
{
        const uint8_t *p;

        if (r->failed || n > r->n_data - r->offset) {
                r->failed = true;
                return NULL;
        }
        p = r->data + r->offset;
        r->offset += n;
        return p;
}

static inline void reader_skip(ByteReader *r, size_t n)
{
        (void) reader_bytes(r, n);
}

/* An unsigned integer of n bytes, 1..8. */
static inline uint64_t reader_be(ByteReader *r, size_t n)
{
        const uint8_t *p = reader_bytes(r, n);
        uint64_t v = 0;

        for (size_t i = 0; p && i < n; i++)
                v = v << 8 | p[i];
        return v;
}

static inline uint8_t reader_u8(ByteReader *r)
{
        return (uint8_t) reader_be(r, 1);
}

static inline uint16_t reader_u16(ByteReader *r)
{
        return (uint16_t) reader_be(r, 2);
}

static inline uint32_t reader_u24(ByteReader *r)
{
        return (uint32_t) reader_be(r, 3);
}

static inline uint32_t reader_u32(ByteReader *r)
{
        return (uint32_t) reader_be(r, 4);
}

static inline uint64_t reader_u64(ByteReader *r)
{
        return reader_be(r, 8);
}

/* A reader over the next n bytes, which r steps over. What the length field claims but was not received is
 * cut off: the inner reader ends where the bytes do. */
static inline ByteReader reader_sub(ByteReader *r, size_t n)
{
        size_t left = reader_left(r);
        ByteReader sub = byte_reader(r->data ? r->data + r->offset : NULL, n < left ? n : left);

        if (r->failed)
                sub.failed = true;
        else
                r->offset += sub.n_data;
        return sub;
}

static inline ByteWriter byte_writer(void *data, size_t n_data)
{
        return (ByteWriter){.data = data, .n_data = n_data};
}

/* The next n bytes to fill, zeroed, or NULL (and the writer is failed) when there is no room. */
static inline uint8_t *writer_space(ByteWriter *w, size_t n)
{
        uint8_t *p;

        if (w->failed || n > w->n_data - w->offset) {
                w->failed = true;
                return NULL;
        }
        p = w->data + w->offset;
        memset(p, 0, n);
        w->offset += n;
        return p;
}

static inline void writer_bytes(ByteWriter *w, const void *src, size_t n)
{
        uint8_t *p = writer_space(w, n);

        if (p && n > 0)
                memcpy(p, src, n);
}

static inline void writer_be(ByteWriter *w, uint64_t v, size_t n)
{
        uint8_t *p = writer_space(w, n);

        for (size_t i = 0; p && i < n; i++)
                p[i] = (uint8_t) (v >> 8 * (n - 1 - i));
}

/* For fields of a buffer whose size is known at compile time, such as a CDB. */
static inline uint64_t get_be(const uint8_t *p, size_t n)
{
        uint64_t v = 0;

        for (size_t i = 0; i < n; i++)
                v = v << 8 | p[i];
        return v;
}

static inline void put_be(uint8_t *p, uint64_t v, size_t n)
{
        for (size_t i = 0; i < n; i++)
                p[i] = (uint8_t) (v >> 8 * (n - 1 - i));
}

/* A two's complement field of n bytes, sign extended (the count of SPACE(6) has three). */
static inline int64_t sign_extend(uint64_t v, size_t n)
{
        uint64_t sign = UINT64_C(1) << (8 * n - 1);

        return (int64_t) ((v ^ sign) - sign);
}
