/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The life of the held LUN: evertape-lun's runs, in order. */

#include "daemon/held.h"

/* Starts making it; idempotent, a predecessor's is taken over. */
void held_make_lun(Held *h);

/* held.c */
int held_open_ring(Held *h, unsigned uio, uint64_t size, bool existed);
/* Stops the predecessor's ring, learns what was answered, and has the rest delivered again. */
int held_take_over_ring(Held *h);
