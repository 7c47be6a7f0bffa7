/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* LOG SENSE: ends, and what does not count changes nothing. The first ten bytes are the CDB. */

#include <string.h>

#include "fuzz.h"
#include "scsi/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        DriveLog log = {}, before = {};
        LogParameter p;
        LogPage page;
        size_t n = 0;

        if (n_data < 10)
                return 0;
        if (!drive_log_take(&log, data, 10, data + 10, n_data - 10))
                fuzz_check(memcmp(&log, &before, sizeof(log)) == 0);
        if (log_page_init(&page, data + 10, n_data - 10) < 0)
                return 0;
        while (log_page_next(&page, &p) > 0)
                n++;
        fuzz_check(4 * n <= n_data);
        return 0;
}
