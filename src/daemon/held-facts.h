/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a held device has done and is doing, as values, for whoever tells of it: the bus, metrics. Filling
 * them in asks neither the device nor the kernel, and allocates nothing. Who uses the node is not among them:
 * monitor_find_user() looks through /proc, which is for a person who asks. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/held.h"

typedef struct HeldFacts {
        /* since the held LUN was made: in the unit's record, which outlives evertaped */
        uint64_t n_commands; /* of programs */
        uint64_t n_bytes_written, n_bytes_read;
        uint64_t n_outages;
        uint64_t n_replayed; /* objects written again */
        uint64_t n_settled;  /* commands whose answer was lost and found */

        /* since this evertaped was started. They are no part of the record, which is written with every
         * command and whose layout an upgrade in the middle of a backup has to understand; what happened
         * before is in the history. */
        uint64_t n_resets, n_failures, n_cartridges;
        uint64_t n_compared;   /* objects read back and found as they should be */
        usec_t outages;        /* how long those took that are over, together */
        usec_t last_outage;    /* and the last of them */
        uint64_t outage_began; /* of the last one, or of the one there is now: µs since the epoch; 0: none */
        char outage_cause[96];
        bool out; /* it is not over */

        uint64_t journal_fill, journal_size; /* bytes */
        uint64_t rate;                       /* bytes a second, read and written, over the last seconds */
        unsigned n_waiting;                  /* commands of programs that have no answer yet */
        bool unproven;                       /* unit_is_unproven() */
        bool failed_unproven;                /* and so it was when it failed last */
        char position[80];                   /* unit_format_position() */
        char barcode[UNIT_BARCODE_MAX + 1];  /* of the cartridge; "" if it is not known */
        char medium_serial[UNIT_MEDIUM_ID_MAX + 1];
        char cartridge[UNIT_MEDIUM_ID_MAX + 1]; /* its barcode, else its serial number */

        /* what takes its time: "rewind", "locate", "space", "erase", "load", "unload", "format", "move", ...,
         * "resume"; "" if nothing */
        char motion[16];
        char motion_detail[32]; /* the step of a resume, or "" */
        uint64_t motion_since;  /* µs since the epoch */
        int progress;           /* per cent of it, -1: nobody knows */
} HeldFacts;

/* now: CLOCK_MONOTONIC. */
void held_facts(const Held *h, usec_t now, HeldFacts *ret);
