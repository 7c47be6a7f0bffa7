/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between held.c and held-path.c: the path in use. */

#include "daemon/held.h"

/* Opens the best path if one is wanted and may be tried. True if the engine was told of it. */
bool held_try_paths(Held *h);
/* When to try again. */
usec_t held_paths_deadline(const Held *h);
/* What its descriptor or its clock says. */
void held_dispatch_path(Held *h, uint32_t revents);
void held_close_path(Held *h, const char *why);
void held_submit(Held *h, const ScsiCommand *command);
/* The descriptor and its events may be others after every call. */
void held_watch_path(Held *h);

/* held.c: one turn. */
void held_run(Held *h);
