/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which drive is in which bay of a library, by what the library says of its drives (READ ELEMENT STATUS with
 * DVCID). Pure. */

#include <stddef.h>
#include <stdint.h>

#include "identity/identity.h"

typedef struct Bay {
        uint16_t element; /* address */
        int drive;        /* index of the drive, or -1 */
} Bay;

typedef struct BayReport {
        size_t n_bays;
        unsigned n_identified; /* bays of which the library named the drive */
        unsigned n_ambiguous;  /* and the name fits several drives, or the drive several bays */
} BayReport;

/* report: READ ELEMENT STATUS data as received. drives: those of this machine, several paths to one device
 * once. Fills bays, up to n_bays, in order of their addresses. -EBADMSG: this is no element status;
 * -EMSGSIZE: it ends before the end that it names, so that the last bays are missing, and the names of some
 * would depend on which. */
int bays_match(const uint8_t *report, size_t n_report, const Identity *drives, size_t n_drives, Bay *bays,
               size_t n_bays, BayReport *ret);
