/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever a library says, a bay has one drive, a drive is in one bay, and bays are in order. */

#include "fuzz.h"
#include "identity/bay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        static const Identity drives[] = {
                {.type = DEVICE_TAPE,
                 .key = "naa.500104f000a1b2c3",
                 .vendor = "HP",
                 .product = "Ultrium 3-SCSI",
                 .serial = "DRV0001"},
                {.type = DEVICE_TAPE,
                 .key = "t10.x",
                 .vendor = "HP",
                 .product = "Ultrium 3-SCSI",
                 .serial = "0"},
                {.type = DEVICE_CHANGER, .key = "t10.y", .serial = "DRV0002"},
                {.type = DEVICE_TAPE, .key = "", .serial = ""},
        };
        enum {
                N_BAYS = 32,
                N_DRIVES = 4
        };
        unsigned n_in[N_DRIVES] = {0};
        Bay bays[N_BAYS];
        BayReport report;

        if (bays_match(data, n_data, drives, N_DRIVES, bays, N_BAYS, &report) < 0)
                return 0;
        fuzz_check(report.n_bays <= N_BAYS && report.n_identified <= report.n_bays);
        for (size_t i = 0; i < report.n_bays; i++) {
                fuzz_check(i == 0 || bays[i].element > bays[i - 1].element);
                fuzz_check(bays[i].drive >= -1 && bays[i].drive < N_DRIVES);
                if (bays[i].drive >= 0)
                        fuzz_check(drives[bays[i].drive].type == DEVICE_TAPE && n_in[bays[i].drive]++ == 0);
        }
        return 0;
}
