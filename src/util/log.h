/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Log lines go to stderr with the <N> prefix that the journal understands, or without it on a terminal.
 * Libraries below daemon/ and ctl/ do not log: they return. A healthy system logs at start, at stop, and when
 * a device leaves or returns. */

#include <stdbool.h>
#include <syslog.h>

#include "util/cleanup.h"

void log_set_max_level(int level); /* LOG_ERR .. LOG_DEBUG; default LOG_INFO */
bool log_enabled(int level);
/* Whether stderr is the journal's. */
bool log_is_journal(void);

_printf_(2, 3) void log_full(int level, const char *format, ...);

#define log_error(...)   log_full(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_full(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_full(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                                                       \
        do {                                                                                                 \
                if (log_enabled(LOG_DEBUG))                                                                  \
                        log_full(LOG_DEBUG, __VA_ARGS__);                                                    \
        } while (0)
