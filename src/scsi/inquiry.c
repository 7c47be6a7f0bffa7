/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a device says it is. The ADDITIONAL LENGTH is not used to cut: there are devices that send 36 bytes
 * and claim fewer, and the kernel takes them at their bytes as well (scsi_probe_lun(),
 * drivers/scsi/scsi_scan.c). */

#include "scsi/inquiry.h"

#include <errno.h>

#include "util/bytes.h"
#include "util/text.h"

static void take_text(ByteReader *r, size_t n_field, char *dst, size_t n_dst)
{
        ByteReader field = reader_sub(r, n_field);
        size_t n = reader_left(&field);

        text_from_field(dst, n_dst, reader_bytes(&field, n), n);
}

int inquiry_parse(const uint8_t *data, size_t n_data, InquiryData *ret)
{
        ByteReader r = byte_reader(data, n_data);
        InquiryData inquiry = {};
        uint8_t peripheral, flags;

        peripheral = reader_u8(&r);
        flags = reader_u8(&r);
        inquiry.version = reader_u8(&r);
        reader_skip(&r, 2);
        if (r.failed)
                return -EBADMSG;
        inquiry.qualifier = peripheral >> 5;
        inquiry.type = peripheral & 0x1f;
        inquiry.removable = flags & 0x80;
        (void) reader_sub(&r, 3);
        take_text(&r, 8, inquiry.vendor, sizeof(inquiry.vendor));
        take_text(&r, 16, inquiry.product, sizeof(inquiry.product));
        take_text(&r, 4, inquiry.revision, sizeof(inquiry.revision));
        *ret = inquiry;
        return 0;
}
