/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A parser with the usual defect, believing a length field. The test expects it to be caught: it is what
 * shows that a fuzzer which stays silent has been looking. */

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        volatile uint8_t sum = 0;

        if (n_data < 4 || data[1] != 0x83)
                return 0;
        for (size_t i = 0; i < data[3]; i++)
                sum = (uint8_t) (sum + data[4 + i]);
        return 0;
}
