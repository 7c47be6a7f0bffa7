/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libiscsi 1.19 answers an R2T for 4 GiB with half a million PDUs, each put into a list from its beginning,
 * which takes minutes, whatever the command was; and it takes the status of a SCSI Response that says "target
 * failure", in which there is none (RFC 7143 11.4.3), for GOOD. */

#include "transport/iscsi-guard.h"

#include "util/bytes.h"

#define OPCODE_RESPONSE 0x21
#define OPCODE_DATA_IN  0x25
#define OPCODE_R2T      0x31
#define SEGMENT_MOST    (256 * 1024) /* the MaxRecvDataSegmentLength that libiscsi declares */

static const char *check_header(const uint8_t *h, const IscsiExpected *e)
{
        uint64_t offset = get_be(h + 40, 4), n = get_be(h + 44, 4), n_segment = get_be(h + 5, 3);

        if (h[4] != 0 || n_segment > SEGMENT_MOST)
                return "a PDU of an impossible length";
        switch (h[0] & 0x3f) {
        case OPCODE_RESPONSE:
                return h[2] != 0 ? "the target failed to carry it out" : NULL;
        case OPCODE_R2T:
                return n == 0 || offset + n > e->n_out ? "the target asks for data that it was not promised"
                                                       : NULL;
        case OPCODE_DATA_IN:
                return offset + n_segment > e->n_in ? "the target sends more than it was asked for" : NULL;
        default:
                return NULL;
        }
}

const char *iscsi_guard_check(const uint8_t *data, size_t n_data, size_t n_header,
                              const IscsiExpected *expected, uint64_t *offset)
{
        const char *wrong = NULL;

        while (!wrong && *offset + n_header <= n_data) {
                const uint8_t *h = data + *offset;

                wrong = check_header(h, expected);
                *offset += n_header + (get_be(h + 5, 3) + 3) / 4 * 4;
        }
        return wrong;
}
