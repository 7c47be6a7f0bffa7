/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The key is compared, stored and shown, so equal bytes must give equal keys for ever: what is written here
 * is a format on disk. Nothing is dropped without a trace: a key that had to be cut carries a hash of all of
 * it. */

#include "identity/key.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a, 64 bit. */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)
#define HASH_CHARS 17 /* "~" and 16 digits */

static void add_char(KeyWriter *w, char c)
{
        w->hash = (w->hash ^ (uint8_t) c) * HASH_PRIME;
        if (w->n < IDENTITY_MAX - 1)
                w->key[w->n] = c;
        w->n++;
}

static void add_digits(KeyWriter *w, uint8_t byte)
{
        static const char digits[] = "0123456789abcdef";

        add_char(w, digits[byte >> 4]);
        add_char(w, digits[byte & 0xf]);
}

static bool is_blank(uint8_t c)
{
        return c == ' ' || c == '\0';
}

static void add_escaped(KeyWriter *w, uint8_t c)
{
        if (c > ' ' && c < 0x7f && !strchr("/\\:~", c)) {
                add_char(w, (char) c);
                return;
        }
        add_char(w, '\\');
        add_char(w, 'x');
        add_digits(w, c);
}

void key_begin(KeyWriter *w, char *key, const char *prefix)
{
        *w = (KeyWriter){.key = key, .hash = HASH_BASIS};
        for (; *prefix != '\0'; prefix++)
                add_char(w, *prefix);
}

void key_add_text(KeyWriter *w, const void *text, size_t n_text)
{
        const uint8_t *p = text;
        bool blank = false, any = false;

        for (size_t i = 0; i < n_text; i++) {
                if (is_blank(p[i])) {
                        blank = any;
                        continue;
                }
                if (blank)
                        add_char(w, '_');
                add_escaped(w, p[i]);
                blank = false;
                any = true;
        }
}

void key_add_hex(KeyWriter *w, const void *data, size_t n_data)
{
        const uint8_t *p = data;

        for (size_t i = 0; i < n_data; i++)
                add_digits(w, p[i]);
}

void key_add_separator(KeyWriter *w)
{
        add_char(w, ':');
}

void key_end(KeyWriter *w)
{
        if (w->n <= IDENTITY_MAX - 1) {
                w->key[w->n] = '\0';
                return;
        }
        snprintf(w->key + IDENTITY_MAX - 1 - HASH_CHARS, HASH_CHARS + 1, "~%016" PRIx64, w->hash);
}
