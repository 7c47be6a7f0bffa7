/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What evertaped knows of the devices, as far as a configuration depends on it. */

#include <stdbool.h>
#include <stddef.h>

#define BAY_NONE (-1)

/* Texts are the caller's and never NULL; an empty one is "there is none". */
typedef struct TapeFact {
        const char *name;
        bool changer;
        bool held;
        const char *serial;
        const char *node;    /* /dev/nst7, or a changer's /dev/sg9 */
        const char *generic; /* the sg node */
        const char *sch;     /* a changer's node of ch */
        const char *real;    /* sg node of the real device */
        const char *library; /* name of the changer in whose bay it is */
        long bay;            /* element address, or BAY_NONE */
} TapeFact;

typedef struct TapeFacts {
        const TapeFact *items; /* sorted by name */
        size_t n_items;
} TapeFacts;

const TapeFact *facts_find(const TapeFacts *f, const char *name);

/* How many drives are known in the bays of a library. */
size_t facts_n_drives(const TapeFacts *f, const char *library);

/* The drive of a library that stands at this place, counted from 0 by element address, as mtx and so all
 * programs that use it count them. NULL if there is none. */
const TapeFact *facts_drive_at(const TapeFacts *f, const char *library, long index);

/* Place of a drive in its library, -1 if its bay is not known. */
long facts_index(const TapeFacts *f, const TapeFact *drive);
