/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "identity/identity.h"

/* The best designator of the logical unit in a Device Identification VPD page (83h, SPC-5 7.7.6) as received:
 * writes its key to key[IDENTITY_MAX] and returns its rank, or IDENTITY_NONE and leaves key alone when there
 * is none that can be trusted. */
IdentityRank designator_best(const uint8_t *vpd83, size_t n_vpd83, char *key);
