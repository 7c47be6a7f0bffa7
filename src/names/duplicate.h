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

/* What is the matter with d, among n devices (which may be one of them): "same serial number as drive2".
 * Empty if nothing is. Returns dst. */
char *duplicate_describe(const RegistryDevice *d, const RegistryDevice *devices, size_t n, char *dst,
                         size_t n_dst);
