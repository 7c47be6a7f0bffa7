/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two pages by which a program sets a key, and by which it can be seen that a drive has one. The key
 * itself is no value of ours: it is sent again as it came. */

#include "scsi/encryption.h"

#include <errno.h>

#include "util/bytes.h"

/* 0, and r behind the page header; the page must hold n bytes more. */
static int begin_page(ByteReader *r, uint16_t page, size_t n)
{
        uint16_t code = reader_u16(r), n_claimed = reader_u16(r);

        if (r->failed)
                return -EBADMSG;
        if (code != page)
                return -ENODATA;
        return n_claimed < n || reader_left(r) < n ? -EBADMSG : 0;
}

int encryption_parse_set(const uint8_t *data, size_t n_data, EncryptionSet *ret)
{
        ByteReader r = byte_reader(data, n_data);
        uint8_t scope, bits;
        int result = begin_page(&r, ENCRYPTION_PAGE_SET, 16);

        if (result < 0)
                return result;
        scope = reader_u8(&r);
        bits = reader_u8(&r);
        *ret = (EncryptionSet){
                .scope = scope >> 5,
                .supplemental = bits & 0x08,
                .clear_on_demount = bits & 0x04,
                .clear_on_preempt = bits & 0x02,
                .clear_on_release = bits & 0x01,
                .encryption = reader_u8(&r),
        };
        ret->decryption = reader_u8(&r);
        ret->algorithm = reader_u8(&r);
        return 0;
}

int encryption_parse_status(const uint8_t *data, size_t n_data, EncryptionStatus *ret)
{
        ByteReader r = byte_reader(data, n_data);
        int result = begin_page(&r, ENCRYPTION_PAGE_STATUS, 8);

        if (result < 0)
                return result;
        reader_skip(&r, 1);
        ret->encryption = reader_u8(&r);
        ret->decryption = reader_u8(&r);
        ret->algorithm = reader_u8(&r);
        ret->key_instance = reader_u32(&r);
        return 0;
}
