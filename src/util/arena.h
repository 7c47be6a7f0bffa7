/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Memory for many small things that all end together, such as what is read from one file. Nothing is given
 * back before arena_deinit(). An Arena that is all zero is empty. */

#include <stddef.h>

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
        ArenaChunk *chunk; /* the newest, which links to the others */
} Arena;

/* n bytes, zeroed and aligned for anything, or NULL when out of memory. */
void *arena_alloc(Arena *a, size_t n);

/* A terminated copy of the n bytes at text, or NULL when out of memory. */
char *arena_text(Arena *a, const char *text, size_t n);

void arena_deinit(Arena *a);
