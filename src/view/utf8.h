/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text by columns of a terminal, without the locale's help: whoever draws for a file or a browser has none.
 */

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffd

/* The character at s, which is not at its end, and in *ret_n its bytes. What is no UTF-8, and what would
 * command a terminal or turn a line around (controls, marks of direction), is UTF8_REPLACEMENT. */
uint32_t utf8_get(const char *s, size_t *ret_n);

/* Up to 4 bytes and a NUL. Returns dst. */
char *utf8_put(char dst[static 5], uint32_t c);

/* 0 (a mark on the character before it), 1 or 2. */
unsigned utf8_width(uint32_t c);
unsigned utf8_columns(const char *s);

/* Copies s, made safe, into dst of n_dst bytes, with at most so many columns: what is cut ends with U+2026.
 * Returns dst. */
char *utf8_cut(char *dst, size_t n_dst, const char *s, unsigned columns);
