/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is cut off is not there; what has more levels than one is no tape drive behind a bridge's own LUNs. */

#include "scsi/luns.h"

#include <errno.h>

#include "util/bytes.h"

int luns_parse(const uint8_t *data, size_t n_data, uint16_t *ret, size_t n_most, size_t *ret_n)
{
        ByteReader r = byte_reader(data, n_data);
        size_t n_list = reader_u32(&r), n = 0;
        ByteReader list;

        reader_skip(&r, 4);
        if (r.failed || n_list % 8 != 0)
                return -EBADMSG;
        list = reader_sub(&r, n_list);
        while (reader_left(&list) >= 8 && n < n_most) {
                uint16_t lun = reader_u16(&list);
                uint64_t rest = reader_be(&list, 6);

                if (rest == 0 && lun >> 15 == 0)
                        ret[n++] = lun;
        }
        *ret_n = n;
        return 0;
}
