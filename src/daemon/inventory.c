/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library has at most 65536 element addresses, so what it can make us remember is bounded by them: an
 * address that comes twice is one element. */

#include "daemon/inventory.h"

#include <errno.h>
#include <string.h>

void inventory_deinit(Inventory *i)
{
        free(i->items);
        *i = (Inventory){};
}

/* Index of the first element with this address or a higher one. */
static size_t lower_bound(const Inventory *i, uint16_t address)
{
        size_t low = 0, high = i->n_items;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (i->items[middle].address < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static InventoryElement *find(const Inventory *i, uint16_t address)
{
        size_t k = lower_bound(i, address);

        return k < i->n_items && i->items[k].address == address ? &i->items[k] : NULL;
}

const InventoryElement *inventory_find(const Inventory *i, uint16_t address)
{
        return find(i, address);
}

/* A new element is one of the next to come in nearly all cases: nothing is moved then. */
static InventoryElement *insert(Inventory *i, uint16_t address)
{
        InventoryElement *grown;
        size_t at;

        if ((i->n_items & (i->n_items - 1)) == 0) { /* a power of two is full */
                grown = realloc(i->items, (i->n_items ? 2 * i->n_items : 1) * sizeof(*grown));
                if (!grown)
                        return NULL;
                i->items = grown;
        }
        at = lower_bound(i, address);
        memmove(&i->items[at + 1], &i->items[at], (i->n_items - at) * sizeof(i->items[0]));
        i->items[at] = (InventoryElement){.address = address};
        i->n_items++;
        return &i->items[at];
}

static void take(InventoryElement *to, const Element *e, bool tagged)
{
        bool was_full = to->flags & INVENTORY_FULL;

        to->type = e->type;
        to->source = e->source;
        to->code = e->code;
        to->flags = (uint8_t) ((e->full ? INVENTORY_FULL : 0) | (e->access ? INVENTORY_ACCESS : 0) |
                               (e->except ? INVENTORY_EXCEPT : 0) | (e->source_valid ? INVENTORY_SOURCE : 0));
        if (tagged && e->full)
                memcpy(to->volume_tag, e->volume_tag, sizeof(to->volume_tag));
        else if (!e->full || !was_full)
                to->volume_tag[0] = '\0';
}

int inventory_merge(Inventory *i, const uint8_t *report, size_t n_report, InventoryReport *ret)
{
        InventoryReport found = {};
        InventoryElement *to;
        ElementIter it;
        Element e;
        int r;

        r = smc_elements_init(&it, report, n_report);
        if (r < 0)
                return r;
        while ((r = smc_elements_next(&it, &e)) > 0) {
                to = find(i, e.address);
                if (!to)
                        to = insert(i, e.address);
                if (!to)
                        return -ENOMEM;
                take(to, &e, it.primary_tags);
                found.last = e.address > found.last ? e.address : found.last;
                found.n_elements++;
        }
        if (r < 0)
                return r;
        found.cut = it.truncated;
        *ret = found;
        return 0;
}

/* The source that an element names is the storage element that the cartridge came from, also over a drive
 * (SMC-3 6.12.5). */
static void put(InventoryElement *to, const InventoryElement *cartridge)
{
        memcpy(to->volume_tag, cartridge->volume_tag, sizeof(to->volume_tag));
        to->flags |= INVENTORY_FULL;
        to->flags &= (uint8_t) ~INVENTORY_SOURCE;
        if (cartridge->type == ELEMENT_STORAGE)
                to->source = cartridge->address;
        else
                to->source = cartridge->source;
        if (cartridge->type == ELEMENT_STORAGE || cartridge->flags & INVENTORY_SOURCE)
                to->flags |= INVENTORY_SOURCE;
}

static void empty(InventoryElement *e)
{
        e->volume_tag[0] = '\0';
        e->flags &= (uint8_t) ~(INVENTORY_FULL | INVENTORY_SOURCE);
}

bool inventory_move(Inventory *i, const MoveMedium *move)
{
        InventoryElement *source = find(i, move->source), *destination = find(i, move->destination);
        InventoryElement *second = move->exchange ? find(i, move->second_destination) : NULL;
        InventoryElement first_cartridge, second_cartridge;

        if (!source || !destination || !(source->flags & INVENTORY_FULL))
                return false;
        if (move->exchange ? !second || !(destination->flags & INVENTORY_FULL) ||
                                     (second != source && second->flags & INVENTORY_FULL)
                           : destination != source && destination->flags & INVENTORY_FULL)
                return false;
        first_cartridge = *source;
        second_cartridge = *destination;
        empty(source);
        put(destination, &first_cartridge);
        if (second)
                put(second, &second_cartridge);
        return true;
}
