/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How long a program goes on waiting after its device is back, and how much of that is the device's: it has a
 * command, or has said that it is not ready. The rest is evertape's own. */

#include <stdbool.h>

#include "util/time.h"

typedef struct ResumeClock {
        bool running;
        usec_t back_at;
        usec_t device_since; /* 0: the device has nothing to do */
        usec_t device;
        usec_t last, last_device; /* of the last one that ended */
} ResumeClock;

/* The device is back, or another path was taken. */
static inline void resume_clock_start(ResumeClock *c, usec_t at)
{
        c->running = true;
        c->back_at = at;
        c->device = c->device_since = 0;
}

static inline void resume_clock_stop(ResumeClock *c)
{
        c->running = false;
}

static inline void resume_clock_device(ResumeClock *c, bool busy, usec_t now)
{
        if (busy && c->device_since == 0)
                c->device_since = now;
        if (busy || c->device_since == 0)
                return;
        c->device += now - c->device_since;
        c->device_since = 0;
}

/* A program has its answer. True if that is the end of a resume. */
static inline bool resume_clock_end(ResumeClock *c, usec_t now)
{
        if (!c->running)
                return false;
        resume_clock_device(c, false, now);
        c->running = false;
        c->last = now > c->back_at ? now - c->back_at : 0;
        c->last_device = usec_min(c->device, c->last);
        return true;
}
