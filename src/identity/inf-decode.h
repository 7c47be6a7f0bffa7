/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bytes of an INF file as text. */

#include <stdint.h>

#include "identity/inf-problem.h"
#include "util/arena.h"

#define INF_FILE_MAX (1024 * 1024) /* bytes */

typedef struct InfText {
        const char *text; /* UTF-8, terminated; lines end in '\n'; no NUL before n */
        size_t n;
        const char *encoding; /* its name, for a person */
} InfText;

/* The most of the n bytes at text, of which more follow, that ends with a whole character. */
static inline size_t inf_whole_characters(const char *text, size_t n)
{
        while (n > 0 && ((unsigned char) text[n] & 0xc0) == 0x80)
                n--;
        return n;
}

/* A byte order mark says what it is. Without one it is UTF-8 if all of it is, else Windows code page 1252.
 * CR LF and CR alone end a line too, and a Ctrl-Z at the end is dropped. What is no character becomes U+FFFD
 * and a problem. -EFBIG: more than INF_FILE_MAX; -EILSEQ: binary, a problem says so; -ENOMEM. */
int inf_decode(const uint8_t *data, size_t n_data, Arena *arena, InfProblems *problems, InfText *ret);
