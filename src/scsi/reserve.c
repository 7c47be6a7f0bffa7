/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Persistent reservations as bytes. The engine notes what a program registers and reserves, and does it again
 * with a device that has lost it. */

#include "scsi/reserve.h"

#include <errno.h>
#include <string.h>

#include "scsi/cdb.h"
#include "scsi/opcode.h"
#include "util/bytes.h"

/* REGISTER AND MOVE has a list of its own, SPC-4 table 227: UNREG and APTPL are in byte 17. */
int reserve_out_parse(const uint8_t *cdb, const uint8_t *data, size_t n_data, ReserveOut *ret)
{
        ByteReader r = byte_reader(data, n_data);
        ReserveOut out = {.action = cdb[1] & 0x1f, .scope_type = cdb[2]};
        uint8_t byte_17;

        out.key = reader_u64(&r);
        out.action_key = reader_u64(&r);
        reader_skip(&r, 1);
        byte_17 = reader_u8(&r);
        reader_skip(&r, 2);
        out.flags = reader_u8(&r);
        reader_skip(&r, 3);
        if (r.failed)
                return -EBADMSG;
        if (out.action == RESERVE_OUT_REGISTER_AND_MOVE) {
                out.unregisters = byte_17 & 0x02;
                out.flags = byte_17 & RESERVE_OUT_APTPL;
        }
        *ret = out;
        return 0;
}

size_t reserve_out_build(const ReserveOut *r, uint8_t cdb[static SCSI_CDB_MAX],
                         uint8_t list[static RESERVE_OUT_LENGTH])
{
        memset(list, 0, RESERVE_OUT_LENGTH);
        put_be(list, r->key, 8);
        put_be(list + 8, r->action_key, 8);
        list[20] = r->flags;
        return scsi_cdb_persistent_reserve_out(cdb, r->action, r->scope_type, RESERVE_OUT_LENGTH);
}

int64_t reserve_parse_generation(const uint8_t *data, size_t n_data)
{
        ByteReader r = byte_reader(data, n_data);
        uint32_t generation = reader_u32(&r);

        return r.failed ? -EBADMSG : (int64_t) generation;
}

int reserve_parse_reservation(const uint8_t *data, size_t n_data, Reservation *ret)
{
        ByteReader r = byte_reader(data, n_data);
        Reservation found = {};
        uint32_t n;

        reader_skip(&r, 4); /* PRGENERATION */
        n = reader_u32(&r);
        if (!r.failed && n == 0)
                return 0;
        found.key = reader_u64(&r);
        reader_skip(&r, 5);
        found.scope_type = reader_u8(&r);
        if (r.failed || n < 16)
                return -EBADMSG;
        *ret = found;
        return 1;
}

int reserve_find_key(const uint8_t *data, size_t n_data, uint64_t key)
{
        ByteReader r = byte_reader(data, n_data), keys;
        uint32_t n;

        reader_skip(&r, 4);
        n = reader_u32(&r);
        if (r.failed)
                return -EBADMSG;
        keys = reader_sub(&r, n);
        while (reader_left(&keys) >= 8)
                if (reader_u64(&keys) == key)
                        return 1;
        return keys.n_data < n ? -EBADMSG : 0;
}
