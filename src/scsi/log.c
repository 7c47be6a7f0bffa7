/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A parameter names its own length, so a lie ends the page and no more. Only cumulative values count (page
 * control 01b): thresholds are no errors. TapeAlert flags have none, and drives ignore the page control
 * there. */

#include "scsi/log.h"

#include <errno.h>

#include "scsi/opcode.h"

enum {
        TOTAL_CORRECTED = 0x0003, /* SPC-4 7.3.7 */
        TOTAL_UNCORRECTED = 0x0006,
        CUMULATIVE = 1,
        TAPEALERT_FLAGS = 64,
};

int log_page_init(LogPage *p, const uint8_t *data, size_t n_data)
{
        ByteReader r = byte_reader(data, n_data);
        LogPage new = {};
        uint8_t first = reader_u8(&r);
        uint16_t n;

        new.page = first & 0x3f;
        new.subpage = reader_u8(&r);
        n = reader_u16(&r);
        if (r.failed)
                return -EBADMSG;
        if (!(first & 0x40)) /* SPF: without it the byte is reserved */
                new.subpage = 0;
        new.parameters = reader_sub(&r, n);
        *p = new;
        return 0;
}

int log_page_next(LogPage *p, LogParameter *ret)
{
        LogParameter found = {.code = reader_u16(&p->parameters)};
        const uint8_t *bytes;
        uint8_t n;

        reader_skip(&p->parameters, 1);
        n = reader_u8(&p->parameters);
        bytes = reader_bytes(&p->parameters, n);
        if (p->parameters.failed)
                return 0;
        for (size_t i = 0; i < n; i++)
                found.value = found.value << 8 | bytes[i];
        *ret = found;
        return 1;
}

static void take_tapealert(DriveLog *log, LogPage *page)
{
        LogParameter p;

        log->tapealert = 0;
        while (log_page_next(page, &p) > 0)
                if (p.code >= 1 && p.code <= TAPEALERT_FLAGS && p.value & 1)
                        log->tapealert |= UINT64_C(1) << (TAPEALERT_FLAGS - p.code);
        log->tapealert_known = true;
}

static void take_errors(LogPage *page, bool *known, uint64_t *corrected, uint64_t *uncorrected)
{
        LogParameter p;

        while (log_page_next(page, &p) > 0) {
                if (p.code == TOTAL_CORRECTED)
                        *corrected = p.value;
                else if (p.code == TOTAL_UNCORRECTED)
                        *uncorrected = p.value;
                else
                        continue;
                *known = true;
        }
}

bool drive_log_take(DriveLog *log, const uint8_t *cdb, size_t n_cdb, const uint8_t *data, size_t n_data)
{
        LogPage page;

        if (n_cdb < 10 || cdb[0] != OP_LOG_SENSE || log_page_init(&page, data, n_data) < 0 ||
            page.subpage != 0 || get_be(cdb + 5, 2) != 0)
                return false;
        if (cdb[2] >> 6 != CUMULATIVE && page.page != LOG_PAGE_TAPEALERT)
                return false;
        switch (page.page) {
        case LOG_PAGE_TAPEALERT:
                take_tapealert(log, &page);
                return true;
        case LOG_PAGE_WRITE_ERRORS:
                take_errors(&page, &log->write_known, &log->write_corrected, &log->write_uncorrected);
                return true;
        case LOG_PAGE_READ_ERRORS:
                take_errors(&page, &log->read_known, &log->read_corrected, &log->read_uncorrected);
                return true;
        default:
                return false;
        }
}
