/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a verb that waits shows meanwhile, if stderr is a terminal. */

#include "ctl/ctl-device.h"
#include "util/time.h"

typedef struct Progress {
        bool terminal, drawn;
        usec_t next; /* CLOCK_MONOTONIC; USEC_INFINITY: never */
} Progress;

void progress_begin(Progress *p);
/* Once a second, after the first two. */
bool progress_is_due(Progress *p);
void progress_draw(Progress *p, const Device *d);
/* Takes the line away. */
void progress_end(Progress *p);
