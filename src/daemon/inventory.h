/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is where in a library, as it was last told and as moves have changed it since. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/smc.h"
#include "util/cleanup.h"

typedef enum InventoryFlags {
        INVENTORY_FULL = 1 << 0,
        INVENTORY_ACCESS = 1 << 1, /* a transport can reach it */
        INVENTORY_EXCEPT = 1 << 2, /* abnormal: code says why */
        INVENTORY_SOURCE = 1 << 3, /* source is where the cartridge came from */
} InventoryFlags;

typedef struct InventoryElement {
        uint16_t address;
        uint16_t source;
        uint16_t code; /* ASC << 8 | ASCQ */
        uint8_t type;  /* ElementType */
        uint8_t flags;
        char volume_tag[VOLUME_TAG_MAX]; /* empty: none, or not known */
} InventoryElement;

typedef struct Inventory {
        InventoryElement *items; /* by address, each once */
        size_t n_items;
} Inventory;

void inventory_deinit(Inventory *i);

typedef struct InventoryReport {
        unsigned n_elements;
        uint16_t last; /* highest address */
        bool cut;      /* there was no room for all of it */
} InventoryReport;

/* Takes over what READ ELEMENT STATUS data say; elements that they do not mention stay. Data without volume
 * tags leave the label of a cartridge that is still where it was. -EBADMSG: they are no such data; -ENOMEM.
 * What was read before an error counts. */
int inventory_merge(Inventory *i, const uint8_t *report, size_t n_report, InventoryReport *ret);

/* A move that was carried out. False if what is known does not have it: no cartridge there, an element that
 * is not known, a place that was taken. Then nothing is changed. */
bool inventory_move(Inventory *i, const MoveMedium *move);

/* NULL: there is none. */
const InventoryElement *inventory_find(const Inventory *i, uint16_t address);
