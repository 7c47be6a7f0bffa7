/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes written as pairs of hex digits; blanks and newlines between pairs and comments from '#' to the end of
 * the line are skipped. Fills dst and *ret_n. -EINVAL: something else is in there; -ENOBUFS: more than n_dst
 * bytes. */
int hex_parse(const char *text, size_t n_text, uint8_t *dst, size_t n_dst, size_t *ret_n);

/* The same from a file; free() *ret, which has exactly *ret_n bytes so that a sanitizer sees every byte too
 * many that is read. Also -errno of the file, -EFBIG above 16 MiB. */
int hex_load(const char *path, uint8_t **ret, size_t *ret_n);
