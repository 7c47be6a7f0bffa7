/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Designators lie in the page, and there are no more of them than headers fit. */

#include "fuzz.h"
#include "scsi/vpd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        DesignatorIter it;
        Designator d;
        size_t n = 0;

        if (vpd_designators_init(&it, data, n_data) < 0)
                return 0;
        while (vpd_designators_next(&it, &d)) {
                fuzz_check(d.n_bytes > 0);
                fuzz_check_within(data, n_data, d.bytes, d.n_bytes);
                n++;
        }
        fuzz_check(4 * n + 4 * it.n_malformed <= n_data + 3);
        return 0;
}
