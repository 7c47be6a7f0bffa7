/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the commands of programs on a held library tell of its inventory. Pure. */

#include "daemon/inventory.h"
#include "hold/unit.h"

typedef enum InventoryNews {
        INVENTORY_AS_BEFORE,
        INVENTORY_TOLD,  /* the library has said what is where */
        INVENTORY_MOVED, /* a move was carried out, and followed */
        INVENTORY_DOUBT, /* it may be another one now */
} InventoryNews;

typedef struct InventoryWatch {
        struct {
                const uint8_t *data; /* lent until the answer; may be NULL */
                uint32_t tag;
                uint8_t n_cdb, cdb[SCSI_CDB_MAX];
        } items[HOLD_COMMANDS_MAX];
        size_t n_items;
} InventoryWatch;

/* A program's command came. */
void inventory_watch_command(InventoryWatch *w, const HoldCommand *c);

/* And this is what the program is told, before its buffer is given back. */
InventoryNews inventory_watch_answer(InventoryWatch *w, Inventory *i, const HoldAction *answer);
