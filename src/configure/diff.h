/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Differences of two texts by lines, as `diff -u` prints them, and a merge of three by them. */

#include <stddef.h>
#include <stdio.h>

/* Lines of a, from a_at on, that have become lines of b; counted from 0. */
typedef struct DiffChange {
        size_t a_at, a_n, b_at, b_n;
} DiffChange;

typedef struct DiffText {
        const char *text;
        size_t n;
} DiffText;

/* In order, with at least one equal line between two; free() *ret. -ENOMEM. */
int diff_lines(DiffText a, DiffText b, DiffChange **ret, size_t *ret_n);

/* Nothing if they are equal. -ENOMEM. */
int diff_print(DiffText a, const char *a_name, DiffText b, const char *b_name, FILE *f);

/* Does to `mine` what makes `theirs` of `base`; free() *ret, which is terminated. -EEXIST: both have changed
 * the same lines, or lines beside each other. -ENOMEM. */
int diff_merge(DiffText base, DiffText mine, DiffText theirs, char **ret, size_t *ret_n);
