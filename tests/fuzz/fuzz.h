/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One fuzzer is one file with LLVMFuzzerTestOneInput(), run by libFuzzer (-Dfuzz=true) or by fuzz-main.c. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

/* What must hold for every input. Not assert(): it also holds with NDEBUG. */
static inline void fuzz_check(int holds)
{
        if (!holds)
                abort();
}

/* These bytes lie within the input. */
static inline void fuzz_check_within(const uint8_t *data, size_t n_data, const uint8_t *part, size_t n_part)
{
        fuzz_check(n_part == 0 ||
                   (part >= data && n_part <= n_data && part - data <= (ptrdiff_t) (n_data - n_part)));
}
