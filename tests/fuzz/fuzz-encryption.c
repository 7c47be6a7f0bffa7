/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two pages of tape data encryption: no page is both, and fields stay in their ranges. */

#include "fuzz.h"
#include "scsi/encryption.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        EncryptionStatus status;
        EncryptionSet set;
        int is_set = encryption_parse_set(data, n_data, &set),
            is_status = encryption_parse_status(data, n_data, &status);

        fuzz_check(is_set < 0 || is_status < 0);
        if (is_set >= 0)
                fuzz_check(n_data >= 20 && set.scope < 8 && set.encryption == data[6]);
        if (is_status >= 0)
                fuzz_check(n_data >= 12 && status.encryption == data[5]);
        return 0;
}
