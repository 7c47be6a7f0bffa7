/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl-bus.h"
#include "ctl/ctl-table.h"

/* Shows these devices, or all, until SIGINT or SIGTERM; at least once in `interval` (0: once a second while
 * something moves, else once in five). Complains. Returns the exit status. */
int follow_run(const Table *table, usec_t interval, char *const *names, size_t n_names);
