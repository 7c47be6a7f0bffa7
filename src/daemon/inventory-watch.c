/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that moves a cartridge, or asks for the elements, tells evertaped where cartridges are: it is
 * what the program was answered that counts, also when a resume has found out what became of a move. So a
 * held library need not be asked again after each move. What a command that failed has left where, only the
 * library knows. */

#include "daemon/inventory-watch.h"

#include <string.h>

#include "scsi/opcode.h"
#include "scsi/sense.h"

typedef enum Tells {
        TELLS_NOTHING,
        TELLS_MOVE,
        TELLS_ELEMENTS,
        TELLS_DOUBT, /* the library looks for itself, or a door is opened */
} Tells;

static Tells what_tells(uint8_t opcode)
{
        static const struct {
                uint8_t opcode;
                Tells tells;
        } rows[] = {
                {OP_MOVE_MEDIUM, TELLS_MOVE},
                {OP_EXCHANGE_MEDIUM, TELLS_MOVE},
                {OP_READ_ELEMENT_STATUS, TELLS_ELEMENTS},
                {OP_INITIALIZE_ELEMENT_STATUS, TELLS_DOUBT},
                {OP_INITIALIZE_ELEMENT_STATUS_WITH_RANGE, TELLS_DOUBT},
                {OP_LOAD_UNLOAD, TELLS_DOUBT}, /* OPEN/CLOSE IMPORT/EXPORT ELEMENT */
                {OP_SEND_VOLUME_TAG, TELLS_DOUBT},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].opcode == opcode)
                        return rows[i].tells;
        return TELLS_NOTHING;
}

/* Also those that tell nothing: any command may be answered with a unit attention, but that needs no note. */
void inventory_watch_command(InventoryWatch *w, const HoldCommand *c)
{
        if (c->n_cdb == 0 || c->n_cdb > SCSI_CDB_MAX || what_tells(c->cdb[0]) == TELLS_NOTHING ||
            w->n_items >= ELEMENTSOF(w->items))
                return;
        w->items[w->n_items].data = c->data;
        w->items[w->n_items].tag = c->tag;
        w->items[w->n_items].n_cdb = (uint8_t) c->n_cdb;
        memcpy(w->items[w->n_items].cdb, c->cdb, c->n_cdb);
        w->n_items++;
}

/* 28h: a cartridge was put in, a mail slot was opened; 29h: it was off, and a door open perhaps; 2Ah: what it
 * is set to has changed. */
static bool is_attention(const HoldAction *answer)
{
        Sense s;

        if (answer->status != SCSI_CHECK_CONDITION || sense_parse(answer->sense, answer->n_sense, &s) < 0 ||
            s.key != SENSE_UNIT_ATTENTION)
                return false;
        return sense_asc(&s) == 0x28 || sense_asc(&s) == 0x29 || sense_asc(&s) == 0x2a;
}

static InventoryNews learn(Inventory *i, const uint8_t *cdb, size_t n_cdb, const uint8_t *data,
                           const HoldAction *answer)
{
        Tells tells = what_tells(cdb[0]);
        InventoryReport report;
        MoveMedium move;

        if (tells == TELLS_ELEMENTS) {
                if (answer->status != SCSI_GOOD || !data)
                        return INVENTORY_AS_BEFORE;
                return inventory_merge(i, data, answer->n_read, &report) < 0 ? INVENTORY_AS_BEFORE
                                                                             : INVENTORY_TOLD;
        }
        if (tells == TELLS_MOVE && answer->status == SCSI_GOOD && smc_parse_move(cdb, n_cdb, &move) >= 0 &&
            inventory_move(i, &move))
                return INVENTORY_MOVED;
        return INVENTORY_DOUBT;
}

InventoryNews inventory_watch_answer(InventoryWatch *w, Inventory *i, const HoldAction *answer)
{
        InventoryNews news = INVENTORY_AS_BEFORE;

        for (size_t k = 0; k < w->n_items; k++)
                if (w->items[k].tag == answer->tag) {
                        news = learn(i, w->items[k].cdb, w->items[k].n_cdb, w->items[k].data, answer);
                        w->items[k] = w->items[--w->n_items];
                        break;
                }
        return is_attention(answer) ? INVENTORY_DOUBT : news;
}
