/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* So many in a span of time; those beyond are counted. A value: no clock, no timer. */

#include <stdbool.h>

#include "util/time.h"

typedef struct RateLimit {
        usec_t since;
        unsigned n;            /* let through since then */
        unsigned n_suppressed; /* not let through since then */
} RateLimit;

/* Whether this one may pass. *ret_suppressed: how many of the span before it did not, to be told once. */
static inline bool rate_limit_pass(RateLimit *l, unsigned burst, usec_t interval, usec_t now,
                                   unsigned *ret_suppressed)
{
        *ret_suppressed = 0;
        if (l->n == 0 || now - l->since >= interval) {
                *ret_suppressed = l->n_suppressed;
                *l = (RateLimit){.since = now};
        }
        if (l->n >= burst) {
                l->n_suppressed++;
                return false;
        }
        l->n++;
        return true;
}
