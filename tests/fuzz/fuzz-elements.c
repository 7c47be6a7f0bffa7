/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* READ ELEMENT STATUS: ends, and identifiers lie in the reply. */

#include <string.h>

#include "fuzz.h"
#include "scsi/smc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        ElementIter it;
        size_t n = 0;
        Element e;
        int r;

        if (smc_elements_init(&it, data, n_data) < 0)
                return 0;
        while ((r = smc_elements_next(&it, &e)) > 0) {
                fuzz_check(memchr(e.volume_tag, '\0', sizeof(e.volume_tag)) != NULL);
                fuzz_check(memchr(e.alternate_volume_tag, '\0', sizeof(e.alternate_volume_tag)) != NULL);
                fuzz_check((e.identifier != NULL) == (e.n_identifier > 0));
                fuzz_check_within(data, n_data, e.identifier, e.n_identifier);
                n++;
        }
        fuzz_check(12 * n <= n_data);
        fuzz_check(smc_elements_next(&it, &e) == 0); /* the end is the end */
        return 0;
}
