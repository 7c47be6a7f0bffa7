/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A drive clears its TapeAlert flags when they are read: whoever reads them for himself takes them from the
 * backup program. So what a program reads is read along. */

#include "daemon/log-watch.h"

#include <string.h>

#include "scsi/opcode.h"
#include "util/cleanup.h"

void log_watch_command(LogWatch *w, const HoldCommand *c)
{
        if (c->n_cdb < sizeof(w->items[0].cdb) || c->cdb[0] != OP_LOG_SENSE || !c->data ||
            w->n_items >= ELEMENTSOF(w->items))
                return;
        w->items[w->n_items].data = c->data;
        w->items[w->n_items].tag = c->tag;
        memcpy(w->items[w->n_items].cdb, c->cdb, sizeof(w->items[0].cdb));
        w->n_items++;
}

static void note_time(LogWatch *w, uint8_t page, uint64_t at)
{
        if (page == LOG_PAGE_TAPEALERT)
                w->tapealert_at = at;
        if (page == LOG_PAGE_WRITE_ERRORS && w->log.write_known)
                w->write_at = at;
        if (page == LOG_PAGE_READ_ERRORS && w->log.read_known)
                w->read_at = at;
}

void log_watch_answer(LogWatch *w, const HoldAction *answer, uint64_t at)
{
        for (size_t i = 0; i < w->n_items; i++) {
                const uint8_t *cdb = w->items[i].cdb, *data = w->items[i].data;

                if (w->items[i].tag != answer->tag)
                        continue;
                if (answer->status == SCSI_GOOD &&
                    drive_log_take(&w->log, cdb, sizeof(w->items[i].cdb), data, answer->n_read))
                        note_time(w, data[0] & 0x3f, at);
                w->items[i] = w->items[--w->n_items];
                return;
        }
}
