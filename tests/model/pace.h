/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The speed of the tape, behind a buffer: blocks go into it and out of it as fast as they come, until it is
 * full, or empty. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "util/time.h"

#define PACE_BUFFER   (UINT64_C(4) << 20) /* bytes; small, so that who does not feed the drive loses by it */
#define PACE_RATE_MAX UINT64_C(100000)    /* MB/s */

/* Zero initialised: as fast as it can. */
typedef struct ModelPace {
        uint64_t rate;    /* bytes in a microsecond, which are MB/s; 0: no pace */
        uint64_t free_at; /* ns, when the buffer has room for the next block, or has it to give */
        bool writing;     /* what the buffer is used for */
} ModelPace;

/* When this command, which comes at now, is to be executed. n_data: bytes that it writes or wants. */
usec_t model_pace(ModelPace *p, const uint8_t *cdb, uint32_t n_data, usec_t now);
