/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VPD pages 00h and 80h. */

#include <string.h>

#include "fuzz.h"
#include "scsi/vpd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        char serial[32] = "untouched";

        if (vpd_parse_serial(data, n_data, serial, sizeof(serial)) < 0)
                fuzz_check(strcmp(serial, "untouched") == 0);
        else
                fuzz_check(strnlen(serial, sizeof(serial)) < sizeof(serial));
        fuzz_check(vpd_lists_page(data, n_data, VPD_DEVICE_IDENTIFICATION) <= 1);
        return 0;
}
