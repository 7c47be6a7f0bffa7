/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a drive says of its limits. READ BLOCK LIMITS: after the clamp there is a maximum, it is never more
 * than ours, and nothing else changed. REPORT SUPPORTED OPERATION CODES: yes, no, or too short. */

#include <string.h>

#include "fuzz.h"
#include "scsi/opcode.h"
#include "scsi/ssc.h"

#define LIMIT (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        static const uint8_t cdb[6] = {0x05};
        BlockLimits before, after;
        uint8_t copy[32];
        size_t n = n_data < sizeof(copy) ? n_data : sizeof(copy);

        fuzz_check((scsi_opcode_parse_report(data, n_data) < 0) == (n_data < 2));
        if (n > 0)
                memcpy(copy, data, n);
        fuzz_check((ssc_clamp_block_limits(cdb, sizeof(cdb), copy, n, LIMIT) == 0) == (n >= 4));
        if (ssc_parse_block_limits(data, n, &before) < 0)
                return 0;
        fuzz_check(ssc_parse_block_limits(copy, n, &after) == 0);
        fuzz_check(after.max > 0 && after.max <= LIMIT);
        fuzz_check(after.max == before.max || before.max == 0 || before.max > LIMIT);
        fuzz_check(after.min == before.min && after.granularity == before.granularity);
        fuzz_check(memcmp(copy + 4, data + 4, n - 4) == 0);
        return 0;
}
