/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How fast bytes come, over the last seconds. Costs an addition where bytes are counted, and nothing at all
 * while there are none: there is no timer, and whoever reads it says what time it is. */

#include <stdint.h>

#include "util/time.h"

#define RATE_SECONDS 5 /* those that count */
#define RATE_SLOTS   8 /* a power of two, more than RATE_SECONDS + 1 */

typedef struct Rate {
        uint64_t total;
        uint64_t second[RATE_SLOTS]; /* which one a slot is of */
        uint64_t bytes[RATE_SLOTS];
} Rate;

/* total: all bytes there ever were; now: CLOCK_MONOTONIC. */
static inline void rate_note(Rate *r, uint64_t total, usec_t now)
{
        uint64_t second = now / USEC_PER_SEC;
        unsigned slot = second % RATE_SLOTS;

        if (total == r->total)
                return;
        if (r->second[slot] != second) {
                r->second[slot] = second;
                r->bytes[slot] = 0;
        }
        r->bytes[slot] += total - r->total;
        r->total = total;
}

/* Bytes a second: of the RATE_SECONDS whole seconds before this one. */
static inline uint64_t rate_read(const Rate *r, usec_t now)
{
        uint64_t second = now / USEC_PER_SEC, sum = 0, first = second;

        for (unsigned i = 0; i < RATE_SLOTS; i++) {
                if (r->second[i] >= second || r->second[i] + RATE_SECONDS < second)
                        continue;
                sum += r->bytes[i];
                first = r->second[i] < first ? r->second[i] : first;
        }
        /* what has just begun is not measured over seconds in which it was not there */
        return first < second ? sum / (second - first) : 0;
}
