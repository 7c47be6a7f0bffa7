/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chunks of a fixed size, filled from the front; what is larger gets a chunk of its own. */

#include "util/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "util/cleanup.h"

#define CHUNK_SIZE 65536

struct ArenaChunk {
        ArenaChunk *next;
        size_t n_used, n_data;
        alignas(max_align_t) char data[];
};

void *arena_alloc(Arena *a, size_t n)
{
        size_t align = alignof(max_align_t), n_data;
        ArenaChunk *chunk = a->chunk;
        char *p;

        if (n > SIZE_MAX / 2)
                return NULL;
        n = (n + align - 1) / align * align;
        if (!chunk || n > chunk->n_data - chunk->n_used) {
                n_data = n > CHUNK_SIZE ? n : CHUNK_SIZE;
                chunk = calloc(1, sizeof(*chunk) + n_data);
                if (!chunk)
                        return NULL;
                chunk->n_data = n_data;
                chunk->next = a->chunk;
                a->chunk = chunk;
        }
        p = chunk->data + chunk->n_used;
        chunk->n_used += n;
        return p;
}

char *arena_text(Arena *a, const char *text, size_t n)
{
        char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

        if (copy && n > 0)
                memcpy(copy, text, n);
        return copy;
}

void arena_deinit(Arena *a)
{
        while (a->chunk) {
                ArenaChunk *next = a->chunk->next;

                free(a->chunk);
                a->chunk = next;
        }
}
