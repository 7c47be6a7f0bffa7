/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Standard INQUIRY data, SPC-4 6.6.2. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct InquiryData {
        uint8_t qualifier; /* 0: connected; 1: may be, now is not; 3: never */
        uint8_t type;      /* DeviceType or another one */
        bool removable;
        uint8_t version; /* 3: SPC, 4: SPC-2, 5: SPC-3, 6: SPC-4, 7: SPC-5 */
        char vendor[9], product[17], revision[5];
} InquiryData;

/* Of the n bytes received. Texts that were not sent are empty. -EBADMSG: less than the 5 bytes that every
 * device sends. */
int inquiry_parse(const uint8_t *data, size_t n_data, InquiryData *ret);
