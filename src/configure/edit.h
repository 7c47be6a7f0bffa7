/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Changes of a text as ranges of bytes that are replaced: everything else stays byte for byte. */

#include "configure/lexer.h"
#include "util/cleanup.h"

typedef struct Edit {
        Span span;  /* of the old text; n may be 0: inserted before `at` */
        char *text; /* in its place */
} Edit;

typedef struct EditList {
        Edit *items;
        size_t n_items;
} EditList;

/* In any order; ranges must not overlap. What is inserted at the same place stands in the order of the calls.
 * Copies text. -ENOMEM. */
int edit_add(EditList *l, Span span, const char *text);
void edit_list_deinit(EditList *l);

/* The new text, which is terminated; free() *ret. -ENOMEM; -EINVAL: two edits overlap or one lies outside. */
int edit_apply(const EditList *l, const char *text, size_t n, char **ret, size_t *ret_n);
