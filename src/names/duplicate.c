/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A pair of devices is looked at by the surest word first. */

#include "names/duplicate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
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

/* ---- all of many ---- */

/* Duplicates have one designator, or one serial number: they stand together when sorted by it. */
static int compare_keys(const void *a, const void *b)
{
        return strcmp((*(const RegistryDevice *const *) a)->identity.key,
                      (*(const RegistryDevice *const *) b)->identity.key);
}

static int compare_serials(const void *a, const void *b)
{
        return strcmp((*(const RegistryDevice *const *) a)->identity.serial,
                      (*(const RegistryDevice *const *) b)->identity.serial);
}

static void note_earlier(const RegistryDevice **found, const RegistryDevice *other)
{
        if (!*found || other < *found)
                *found = other;
}

static void find_among(const RegistryDevice **sorted, size_t n, int (*compare)(const void *, const void *),
                       const RegistryDevice *devices, const RegistryDevice **found)
{
        qsort(sorted, n, sizeof(*sorted), compare);
        for (size_t i = 0; i < n; i++)
                for (size_t k = i + 1; k < n && compare(&sorted[i], &sorted[k]) == 0; k++)
                        if (duplicate_find(sorted[i], sorted[k]) != DUPLICATE_NONE) {
                                note_earlier(&found[sorted[i] - devices], sorted[k]);
                                note_earlier(&found[sorted[k] - devices], sorted[i]);
                        }
}

int duplicate_find_all(const RegistryDevice *devices, size_t n, const RegistryDevice **ret)
{
        _cleanup_free_ const RegistryDevice **sorted = calloc(n + 1, sizeof(*sorted));
        size_t n_serials = 0;

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                sorted[i] = &devices[i];
                ret[i] = NULL;
        }
        find_among(sorted, n, compare_keys, devices, ret);
        for (size_t i = 0; i < n; i++) /* without a serial number none has it */
                if (devices[i].identity.serial[0] != '\0')
                        sorted[n_serials++] = &devices[i];
        find_among(sorted, n_serials, compare_serials, devices, ret);
        return 0;
}

char *duplicate_describe(const RegistryDevice *d, const RegistryDevice *other, char *dst, size_t n_dst)
{
        static const char *const texts[] = {
                [DUPLICATE_IDENTITY] = "same in all but the address as",
                [DUPLICATE_DESIGNATOR] = "same designator as",
                [DUPLICATE_SERIAL] = "same serial number as",
        };
        Duplicate what = other ? duplicate_find(d, other) : DUPLICATE_NONE;

        dst[0] = '\0';
        if (what != DUPLICATE_NONE)
                snprintf(dst, n_dst, "%s %s", texts[what], other->name);
        return dst;
}
