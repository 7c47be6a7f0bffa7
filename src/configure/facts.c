/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Element addresses of drives are as the vendor has chosen them (256, 257 or 500, 501 ...), so a place is
 * counted and not calculated. */

#include "configure/facts.h"

#include "util/text.h"

const TapeFact *facts_find(const TapeFacts *f, const char *name)
{
        for (size_t i = 0; i < f->n_items; i++)
                if (text_equal(f->items[i].name, name))
                        return &f->items[i];
        return NULL;
}

static bool is_in(const TapeFact *d, const char *library)
{
        return !d->changer && d->bay != BAY_NONE && library[0] && text_equal(d->library, library);
}

size_t facts_n_drives(const TapeFacts *f, const char *library)
{
        size_t n = 0;

        for (size_t i = 0; i < f->n_items; i++)
                n += is_in(&f->items[i], library);
        return n;
}

long facts_index(const TapeFacts *f, const TapeFact *drive)
{
        long index = 0;

        if (!is_in(drive, drive->library))
                return -1;
        for (size_t i = 0; i < f->n_items; i++)
                index += is_in(&f->items[i], drive->library) && f->items[i].bay < drive->bay;
        return index;
}

const TapeFact *facts_drive_at(const TapeFacts *f, const char *library, long index)
{
        for (size_t i = 0; i < f->n_items; i++)
                if (is_in(&f->items[i], library) && facts_index(f, &f->items[i]) == index)
                        return &f->items[i];
        return NULL;
}
