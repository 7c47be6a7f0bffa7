/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What programs on a held drive ask of its log, and are answered: evertaped asks nothing of it itself,
 * docs/MONITORING.md. Pure. */

#include "hold/unit.h"
#include "scsi/log.h"

typedef struct LogWatch {
        DriveLog log;
        uint64_t tapealert_at, write_at, read_at; /* as the caller counts time; 0: never */
        struct {
                const uint8_t *data; /* lent until the answer */
                uint32_t tag;
                uint8_t cdb[10];
        } items[4]; /* LOG SENSE on its way: more are not looked at */
        size_t n_items;
} LogWatch;

void log_watch_command(LogWatch *w, const HoldCommand *c);
/* Before the program's buffer is given back. */
void log_watch_answer(LogWatch *w, const HoldAction *answer, uint64_t at);

/* Whether log_watch_answer() has to be called at all: it is not worth the time of day for each WRITE. */
static inline bool log_watch_waits(const LogWatch *w)
{
        return w->n_items > 0;
}
