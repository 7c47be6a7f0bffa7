/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A pair of devices is looked at by the surest word first. */

#include "names/duplicate.h"

#include <stdio.h>

#include "util/text.h"

Duplicate duplicate_find(const RegistryDevice *a, const RegistryDevice *b)
{
        const Identity *x = &a->identity, *y = &b->identity;

        if (a->id == b->id || x->rank >= IDENTITY_ADDRESS || y->rank >= IDENTITY_ADDRESS)
                return DUPLICATE_NONE;
        if (identity_claims_equal(x, y))
                return DUPLICATE_IDENTITY;
        if (text_equal(x->key, y->key))
                return DUPLICATE_DESIGNATOR;
        if (x->type == y->type && x->serial[0] != '\0' && text_equal(x->serial, y->serial))
                return DUPLICATE_SERIAL;
        return DUPLICATE_NONE;
}

char *duplicate_describe(const RegistryDevice *d, const RegistryDevice *devices, size_t n, char *dst,
                         size_t n_dst)
{
        static const char *const texts[] = {
                [DUPLICATE_IDENTITY] = "same in all but the address as",
                [DUPLICATE_DESIGNATOR] = "same designator as",
                [DUPLICATE_SERIAL] = "same serial number as",
        };

        dst[0] = '\0';
        for (size_t i = 0; i < n; i++) {
                Duplicate what = duplicate_find(d, &devices[i]);

                if (what == DUPLICATE_NONE)
                        continue;
                snprintf(dst, n_dst, "%s %s", texts[what], devices[i].name);
                break;
        }
        return dst;
}
