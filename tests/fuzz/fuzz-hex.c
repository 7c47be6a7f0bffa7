/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Commented hex, which people paste into bug reports. */

#include "fuzz.h"
#include "util/hex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        uint8_t bytes[64];
        size_t n = SIZE_MAX;

        if (hex_parse((const char *) data, n_data, bytes, sizeof(bytes), &n) < 0)
                fuzz_check(n == SIZE_MAX);
        else
                fuzz_check(n <= sizeof(bytes) && 2 * n <= n_data);
        return 0;
}
