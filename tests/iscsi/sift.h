/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One direction of one connection, taken apart into its PDUs, without digests. What is to be done with them
 * is in ProxySift. */

#include <stddef.h>
#include <stdint.h>

#include "iscsi/proxy.h"

#define SIFT_BHS      48
#define SIFT_KEPT_MAX (256 * 1024)
#define SIFT_PDUS_MAX 32

typedef enum SiftFate {
        SIFT_PASS,
        SIFT_KEEP,
        SIFT_DROP,
} SiftFate;

typedef struct Sift {
        uint8_t bhs[SIFT_BHS];
        size_t n_bhs;  /* of the header that is being read */
        uint64_t left; /* data bytes of this PDU still to come */
        SiftFate fate; /* of this PDU */
        uint8_t kept[SIFT_KEPT_MAX];
        size_t begins[SIFT_PDUS_MAX], n_pdus, n_kept;
} Sift;

/* What goes through of n bytes, into out[n + SIFT_BHS]. */
size_t sift_pass(Sift *s, ProxySift *how, bool from_target, const uint8_t *data, size_t n, uint8_t *out);
/* What was kept, into out[SIFT_KEPT_MAX]; nothing is kept any more. */
size_t sift_release(Sift *s, const ProxySift *how, uint8_t *out);
