/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is where in all libraries: asked for when a library has come, followed by what programs on a held one
 * do, and asked again, when programs leave it alone, if that is not enough. */

#include <systemd/sd-bus.h>

#include "daemon/inventory.h"
#include "daemon/manager.h"

typedef struct Inventories Inventories;           /* all libraries */
typedef struct LibraryInventory LibraryInventory; /* one of them */

int inventories_new(Manager *m, Inventories **ret);
Inventories *inventories_free(Inventories *all);
DEFINE_CLEANUP(Inventories *, inventories_free)

/* A library has answered, and can be asked. */
void inventories_want(Inventories *all, uint32_t library);
/* Nothing more is asked over the node it was asked over. */
void inventories_drop(Inventories *all, uint32_t library);

/* What is known of one library. */
typedef struct InventoryView {
        const Inventory *inventory; /* lent until the loop goes on */
        uint64_t read_at;           /* µs since the epoch, of the last whole reading; 0: never read */
        uint64_t doubt_since;       /* since when it may be another one; 0: nothing has happened since */
        const char *problem;        /* why it cannot be read, or "" */
        bool followed;              /* all moves since then were seen */
} InventoryView;

/* held: whether programs come through evertaped. */
void inventories_view(Inventories *all, uint32_t library, bool held, InventoryView *ret);

/* Asks a library now; call is answered when the library has answered. -errno and *error: refused. */
int inventories_read(Inventories *all, const RegistryDevice *device, sd_bus_message *call,
                     sd_bus_error *error);

/* ---- what a held library's programs do ---- */

/* NULL: no memory, or too many libraries. Valid until inventories_free(). */
LibraryInventory *inventories_follow(Inventories *all, uint32_t library);
/* A program's command has come, and what it is told. */
void inventories_command(LibraryInventory *l, const HoldCommand *c);
void inventories_answer(LibraryInventory *l, const HoldAction *answer);
