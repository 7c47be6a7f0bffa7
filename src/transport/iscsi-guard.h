/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a target may say while a command is with it, looked at before libiscsi sees it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the command that is outstanding may still ask for; both 0 when there is none. */
typedef struct IscsiExpected {
        uint32_t n_out, n_in;
} IscsiExpected;

/* Looks at the headers of PDUs in data, of which the first begins at *offset; n_header: with its digest.
 * Moves *offset to where the next one begins that was not there, or not whole. NULL: all is well; else what
 * is wrong. */
const char *iscsi_guard_check(const uint8_t *data, size_t n_data, size_t n_header,
                              const IscsiExpected *expected, uint64_t *offset);
