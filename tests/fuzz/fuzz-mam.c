/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* READ ATTRIBUTE: values lie in the reply, and mam_find() finds the first of each id that iteration does. */

#include "fuzz.h"
#include "scsi/mam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        MamAttribute a, found;
        MamIter it;
        size_t n = 0;

        if (mam_attributes_init(&it, data, n_data) < 0)
                return 0;
        while (mam_attributes_next(&it, &a) > 0) {
                fuzz_check_within(data, n_data, a.bytes, a.n_bytes);
                fuzz_check(mam_find(data, n_data, a.id, &found) == 1 && found.id == a.id);
                n++;
        }
        fuzz_check(5 * n + 4 <= n_data);
        fuzz_check(mam_attributes_next(&it, &a) == 0);
        return 0;
}
