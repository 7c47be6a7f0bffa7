/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Persistent reservations: what is parsed can be built again, and a key is found only where it is. */

#include <string.h>

#include "fuzz.h"
#include "scsi/opcode.h"
#include "scsi/reserve.h"

static void check_out(const uint8_t *data, size_t n_data)
{
        const uint8_t cdb[SCSI_CDB_MAX] = {OP_PERSISTENT_RESERVE_OUT, n_data % 9, (uint8_t) n_data};
        uint8_t built_cdb[SCSI_CDB_MAX], built[RESERVE_OUT_LENGTH];
        ReserveOut out, again;

        if (reserve_out_parse(cdb, data, n_data, &out) < 0) {
                fuzz_check(n_data < RESERVE_OUT_LENGTH);
                return;
        }
        if (out.action == RESERVE_OUT_REGISTER_AND_MOVE)
                return;
        reserve_out_build(&out, built_cdb, built);
        fuzz_check(reserve_out_parse(built_cdb, built, sizeof(built), &again) == 0);
        fuzz_check(again.key == out.key && again.action_key == out.action_key && again.flags == out.flags &&
                   again.action == out.action && again.scope_type == out.scope_type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        Reservation r;

        check_out(data, n_data);
        if (reserve_parse_reservation(data, n_data, &r) > 0) {
                fuzz_check(n_data >= 22);
                fuzz_check(r.key == 0 || reserve_find_key(data, n_data, r.key) != 0);
        }
        if (n_data < 16)
                fuzz_check(reserve_find_key(data, n_data, 1) <= 0);
        return 0;
}
