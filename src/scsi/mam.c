/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The memory in a cartridge. Its serial number and barcode prove before a write that the cartridge is the one
 * it was, so a value that was cut is never given out: half a barcode equals too many others. */

#include "scsi/mam.h"

#include <errno.h>

int mam_attributes_init(MamIter *it, const uint8_t *data, size_t n_data)
{
        ByteReader r = byte_reader(data, n_data);
        uint32_t n = reader_u32(&r);

        if (r.failed)
                return -EBADMSG;
        *it = (MamIter){.truncated = reader_left(&r) < n};
        it->reader = reader_sub(&r, n);
        return 0;
}

int mam_attributes_next(MamIter *it, MamAttribute *ret)
{
        MamAttribute a = {};
        uint8_t flags;

        if (reader_left(&it->reader) == 0)
                return 0;
        a.id = reader_u16(&it->reader);
        flags = reader_u8(&it->reader);
        a.n_bytes = reader_u16(&it->reader);
        a.bytes = reader_bytes(&it->reader, a.n_bytes);
        if (it->reader.failed)
                return it->truncated ? 0 : -EBADMSG;
        a.read_only = flags & 0x80;
        a.format = flags & 0x03;
        *ret = a;
        return 1;
}

int mam_find(const uint8_t *data, size_t n_data, uint16_t id, MamAttribute *ret)
{
        MamAttribute a;
        MamIter it;
        int r;

        r = mam_attributes_init(&it, data, n_data);
        if (r < 0)
                return r;
        while ((r = mam_attributes_next(&it, &a)) > 0)
                if (a.id == id) {
                        *ret = a;
                        return 1;
                }
        return r;
}
