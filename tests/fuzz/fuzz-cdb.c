/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a CDB: there is always a row, it is of that opcode and type, and decoders agree with it. */

#include "fuzz.h"
#include "scsi/opcode.h"
#include "scsi/smc.h"
#include "scsi/ssc.h"

static void check_type(DeviceType type, const uint8_t *cdb, size_t n_cdb)
{
        const ScsiOpcode *row = scsi_opcode_find(type, cdb, n_cdb);

        fuzz_check(row && row->name);
        if (row->device_types == 0) {
                fuzz_check(row->settle == SETTLE_NEVER_REPEAT);
                return;
        }
        fuzz_check(row->device_types & 1U << type && row->opcode == cdb[0]);
        fuzz_check(row->n_cdb == scsi_cdb_length(cdb, n_cdb));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        size_t n = scsi_cdb_length(data, n_data);
        TapeCommand c;
        MoveMedium m;

        check_type(DEVICE_TAPE, data, n_data);
        check_type(DEVICE_CHANGER, data, n_data);
        if (ssc_parse_command(data, n_data, &c) == 0)
                fuzz_check(n_data >= n && c.opcode == data[0]);
        if (smc_parse_move(data, n_data, &m) == 0)
                fuzz_check(n_data >= n && m.exchange == (data[0] == OP_EXCHANGE_MEDIUM));
        return 0;
}
