/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What happens to devices and to evertaped, as it is logged: one table of all there is. Each row has a
 * MESSAGE_ID of its own for ever; units/evertape.catalog has the text to it that `journalctl -x` shows. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/hooks.h"
#include "util/rate-limit.h"

typedef struct EventRow {
        const char *name;
        int level;       /* of syslog(3) */
        bool in_history; /* the registry keeps it */
        const char *id;  /* 32 hexadecimal digits */
} EventRow;

/* NULL: there is none of this name, which is a mistake (tools/check-events). */
const EventRow *event_find(const char *name);
const EventRow *event_table(size_t *ret_n);

/* One entry of the journal with its fields, or one line on stderr if that is not the journal's:
 * "NAME: EVENT: TEXT", without a name only the text. What the same device does again and again is logged up
 * to EVENT_BURST times in EVENT_INTERVAL, and then how often it was left out. True if it was logged. */
bool event_log(const HookEvent *e, usec_t now);

#define EVENT_BURST    10
#define EVENT_INTERVAL (3600 * USEC_PER_SEC)

/* The same without a device. */
_printf_(2, 3) void event_log_daemon(const char *event, const char *format, ...);
