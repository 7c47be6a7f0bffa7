/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/time.h"

/* Copies a fixed-width field of n_src bytes as text: leading and trailing blanks and NULs go, what is not
 * printable ASCII becomes '?'. dst holds n_dst bytes and is always terminated; longer text is cut. */
void text_from_field(char *dst, size_t n_dst, const uint8_t *src, size_t n_src);

/* A span of time such as "90", "15min", "2h 30min", "500ms"; a bare number is seconds; "infinity" is
 * USEC_INFINITY. 0, or -EINVAL, -ERANGE. */
int text_parse_span(const char *text, usec_t *ret);

/* A size in bytes such as "4096", "64K", "1G" (powers of 1024). 0, or -EINVAL, -ERANGE. */
int text_parse_size(const char *text, uint64_t *ret);

/* As text_parse_span takes it, in the two largest units that fit: "15min", "1h 30min", "2s 500ms",
 * "infinity". Returns dst. */
char *text_format_span(char *dst, size_t n_dst, usec_t span);

static inline bool text_equal(const char *a, const char *b)
{
        return __builtin_strcmp(a, b) == 0;
}
