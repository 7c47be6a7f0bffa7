/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first steps on any path: who is there? The unit serial number has to be that of the held device; the
 * first time the pages that INQUIRY will be answered from are learned too. */

#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/vpd.h"
#include "util/bytes.h"
#include "util/text.h"

static void refuse_path(Unit *u, usec_t now, const char *what, const char *found)
{
        char why[160];

        snprintf(why, sizeof(why), "the device found has %s \"%.60s\", not that of the held one", what,
                 found);
        unit_push_event(u, "wrong-device", "%s", why);
        unit_lose_path(u, now, why);
}

void step_inquiry_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb, scsi_cdb_inquiry(cdb, false, 0, UNIT_PAGE_SIZE - 1), UNIT_PAGE_SIZE - 1);
}

void step_inquiry_done(Unit *u, const StepResult *r, usec_t now)
{
        const UnitPage *known = unit_state_page(u->state, -1);
        uint32_t n = r->result->n_transferred;
        InquiryData inquiry;

        if (!r->good || inquiry_parse(u->scratch, n, &inquiry) < 0 ||
            inquiry.type != (uint8_t) u->config.type) {
                refuse_path(u, now, "INQUIRY data", "of another kind");
                return;
        }
        /* vendor and product, bytes 8 to 31; the revision may change, firmware is updated */
        if (known && (n < 32 || known->n_data < 32 || memcmp(known->data + 8, u->scratch + 8, 24) != 0)) {
                refuse_path(u, now, "product", inquiry.product);
                return;
        }
        if (unit_state_set_page(u->state, -1, u->scratch, n) < 0) {
                refuse_path(u, now, "INQUIRY data", "too long to be kept");
                return;
        }
        unit_goto_step(u, STEP_SERIAL, now);
}

void step_serial_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb, scsi_cdb_inquiry(cdb, true, 0x80, UNIT_PAGE_SIZE - 1), UNIT_PAGE_SIZE - 1);
}

void step_serial_done(Unit *u, const StepResult *r, usec_t now)
{
        char serial[64] = "";

        if (r->good)
                (void) vpd_parse_serial(u->scratch, r->result->n_transferred, serial, sizeof(serial));
        if (!text_equal(serial, u->config.serial)) {
                refuse_path(u, now, "serial number", serial);
                return;
        }
        unit_goto_step(u, u->probed ? STEP_READY : STEP_PAGE_LIST, now);
}

void step_page_list_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb, scsi_cdb_inquiry(cdb, true, 0x00, UNIT_PAGE_SIZE - 1), UNIT_PAGE_SIZE - 1);
}

void step_page_list_done(Unit *u, const StepResult *r, usec_t now)
{
        ByteReader reader = byte_reader(u->scratch, r->good ? r->result->n_transferred : 0);
        size_t n;

        u->resume.page = u->resume.n_pages = 0;
        reader_skip(&reader, 2);
        n = reader_u16(&reader);
        for (size_t i = 0; i < n && reader_left(&reader) > 0 && u->resume.n_pages < UNIT_PAGES_MAX - 2; i++)
                u->resume.pages[u->resume.n_pages++] = reader_u8(&reader);
        if (r->good)
                (void) unit_state_set_page(u->state, 0x00, u->scratch, r->result->n_transferred);
        unit_goto_step(u, STEP_PAGE, now);
}

void step_page_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        while (u->resume.page < u->resume.n_pages && u->resume.pages[u->resume.page] == 0x00)
                u->resume.page++;
        if (u->resume.page >= u->resume.n_pages) {
                u->probed = true;
                unit_goto_step(u, STEP_READY, now);
                return;
        }
        unit_submit_in(u, cdb,
                       scsi_cdb_inquiry(cdb, true, u->resume.pages[u->resume.page], UNIT_PAGE_SIZE - 1),
                       UNIT_PAGE_SIZE - 1);
}

void step_page_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                (void) unit_state_set_page(u->state, u->resume.pages[u->resume.page], u->scratch,
                                           r->result->n_transferred);
        u->resume.page++;
        unit_goto_step(u, STEP_PAGE, now);
}
