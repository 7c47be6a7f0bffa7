/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A long line to a target, in a process of its own: whatever goes in comes out so much later, as fast as it
 * went in. */

#include <sys/types.h>

typedef struct Delay {
        pid_t pid;
        unsigned port;
} Delay;

/* round_trip_us: half of it each way. */
void delay_start(Delay *d, unsigned target_port, unsigned round_trip_us);
void delay_stop(Delay *d);
