/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Log pages, LOG SENSE: SPC-4 7.3, SSC-5 8.2. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

enum {
        LOG_PAGE_WRITE_ERRORS = 0x02,
        LOG_PAGE_READ_ERRORS = 0x03,
        LOG_PAGE_TAPEALERT = 0x2e,
};

typedef struct LogPage {
        uint8_t page, subpage;
        ByteReader parameters;
} LogPage;

typedef struct LogParameter {
        uint16_t code;
        uint64_t value; /* of a counter; the lower 64 bits of a longer one */
} LogParameter;

/* LOG SENSE data as received. -EBADMSG: not even a header. Borrows data. */
int log_page_init(LogPage *p, const uint8_t *data, size_t n_data);
/* 1: *ret is the next parameter; 0: no more, or cut off here. */
int log_page_next(LogPage *p, LogParameter *ret);

/* What a drive has said of itself. */
typedef struct DriveLog {
        bool tapealert_known, write_known, read_known;
        uint64_t tapealert; /* flag 1 is bit 63 */
        uint64_t write_corrected, write_uncorrected;
        uint64_t read_corrected, read_uncorrected;
} DriveLog;

/* Takes over what the answer to this LOG SENSE says. False: nothing that counts here. */
bool drive_log_take(DriveLog *log, const uint8_t *cdb, size_t n_cdb, const uint8_t *data, size_t n_data);
