/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes the key of an identity, of bounded length and of characters that are safe in a file name, in a udev
 * property and on a terminal, from bytes that a device made up. */

#include <stddef.h>
#include <stdint.h>

#include "identity/identity.h"

typedef struct KeyWriter {
        char *key; /* IDENTITY_MAX bytes */
        size_t n;  /* characters so far, also those that had no room */
        uint64_t hash;
} KeyWriter;

/* Starts a key in key[IDENTITY_MAX] with prefix, which is taken as it is. */
void key_begin(KeyWriter *w, char *key, const char *prefix);

/* Blanks and NULs around the text go, those inside become one '_'; what is not printable ASCII and '/', '\\',
 * ':',
 * '~' become \xNN. */
void key_add_text(KeyWriter *w, const void *text, size_t n_text);

void key_add_hex(KeyWriter *w, const void *data, size_t n_data);

/* The ':' between two texts, which no text can contain. */
void key_add_separator(KeyWriter *w);

/* Terminates the key; one that is too long ends in '~' and a 64 bit hash of the whole. */
void key_end(KeyWriter *w);
