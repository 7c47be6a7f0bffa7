/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time is microseconds of CLOCK_MONOTONIC, as sd-event has it. Pure code gets it as `now` and never asks. */

#include <stdint.h>
#include <time.h>

typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)

static inline usec_t usec_now(clockid_t clock)
{
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static inline usec_t usec_add(usec_t a, usec_t b)
{
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

static inline usec_t usec_min(usec_t a, usec_t b)
{
        return a < b ? a : b;
}
