/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Devices that claim what only one of them can be. evertape tells them apart by the next rank of what they
 * say; other programs and udev's by-id links may not. Pure. */

#include "names/registry.h"

typedef enum Duplicate {
        DUPLICATE_NONE,
        DUPLICATE_IDENTITY,   /* equal in all they say: told apart by where they are */
        DUPLICATE_DESIGNATOR, /* one designator, other serial number or kind (some virtual libraries, SL150)
                               */
        DUPLICATE_SERIAL,     /* one serial number, other designator */
} Duplicate;

Duplicate duplicate_find(const RegistryDevice *a, const RegistryDevice *b);

/* Of each of n devices the first one in the array that it is a duplicate of, or NULL. Costs what sorting them
 * does, if few claim the same. -ENOMEM. */
int duplicate_find_all(const RegistryDevice *devices, size_t n, const RegistryDevice **ret);

/* What is the matter with d: "same serial number as drive2"; empty if other is NULL. Returns dst. */
char *duplicate_describe(const RegistryDevice *d, const RegistryDevice *other, char *dst, size_t n_dst);
