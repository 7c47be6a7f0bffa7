/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving cartridges, SMC-3 6.3, 6.6, 6.7. Everything is checked before anything moves. A loaded drive that is
 * not locked by PREVENT is unloaded by the move itself, as most libraries do. */

#include "model/changer.h"

/* A cartridge can leave this element; else the call has ended. */
static bool can_take(const Element *e, ModelCall *call)
{
        if (!element_medium(e)) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_SOURCE_EMPTY);
                return false;
        }
        if (e->drive && e->drive->loaded && e->drive->unit.prevented) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_REMOVAL_PREVENTED);
                return false;
        }
        return true;
}

static void take(Element *e, Element *hand)
{
        hand->medium = element_medium(e);
        hand->source =
                e->type == ELEMENT_STORAGE || e->type == ELEMENT_IMPORT_EXPORT ? e->address : e->source;
        hand->by_operator = false;
        if (e->drive)
                model_drive_load(e->drive, NULL);
        e->medium = NULL;
        e->source = 0;
        e->by_operator = false;
}

static void put(Element *e, Element *hand)
{
        if (e->drive)
                model_drive_load(e->drive, hand->medium);
        else
                e->medium = hand->medium;
        e->source = hand->source;
        e->by_operator = false;
        *hand = (Element){.type = hand->type, .address = hand->address};
}

/* The elements at n addresses of the CDB; the first is the transport, where 0 means the only one. */
static bool find_elements(ModelChanger *c, ModelCall *call, Element **ret, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t address = get_be(call->cdb + 2 + 2 * i, 2);

                ret[i] = changer_element(c, i == 0 && address == 0 ? FIRST_TRANSPORT : address);
                if (ret[i] && (ret[i]->type == ELEMENT_TRANSPORT || i > 0))
                        continue;
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_ELEMENT_ADDRESS);
                return false;
        }
        return true;
}

/* The robot stops before its n-th step. */
static bool stopped(ModelChanger *c, ModelCall *call, unsigned step)
{
        if (c->stop_before != step)
                return false;
        c->stop_before = 0;
        call_check(call, SENSE_HARDWARE_ERROR, ASC_MECHANICAL_POSITIONING_ERROR);
        return true;
}

void changer_move_medium(ModelUnit *u, ModelCall *call)
{
        ModelChanger *c = changer_of(u);
        Element *e[3], *hand, *from, *to;

        if (!find_elements(c, call, e, 3))
                return;
        hand = e[0];
        from = e[1];
        to = e[2];
        if (call->cdb[10] & 1) { /* INVERT: no cartridge of ours has two sides */
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        if (!can_take(from, call) || from == to)
                return;
        if (element_medium(to) || (hand->medium && from != hand)) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_DESTINATION_FULL);
                return;
        }
        if (from != hand)
                take(from, hand);
        if (to != hand && !stopped(c, call, 1))
                put(to, hand);
}

/* A hand that is empty, other than hand. With one picker the way of one cartridge takes a place that no
 * element shows; then the robot does not stop on it. */
static Element *second_hand(ModelChanger *c, const Element *hand)
{
        for (size_t i = 0; i < c->n_elements; i++)
                if (c->elements[i].type == ELEMENT_TRANSPORT && &c->elements[i] != hand &&
                    !c->elements[i].medium)
                        return &c->elements[i];
        return NULL;
}

/* In the order in which a robot with two hands does it. */
static void exchange(ModelChanger *c, ModelCall *call, Element *e[static 4])
{
        Element nowhere = {.type = ELEMENT_TRANSPORT}, *other = second_hand(c, e[0]);

        if (!other) {
                other = &nowhere;
                c->stop_before = 0;
        }
        take(e[2], other);
        if (stopped(c, call, 1))
                return;
        take(e[1], e[0]);
        if (stopped(c, call, 2))
                return;
        put(e[2], e[0]);
        if (!stopped(c, call, 3))
                put(e[3], other);
}

/* From source to first destination, and what was there to the second, which may be the source. */
void changer_exchange_medium(ModelUnit *u, ModelCall *call)
{
        ModelChanger *c = changer_of(u);
        Element *e[4], *hand, *from, *first, *second;

        if (!find_elements(c, call, e, 4))
                return;
        hand = e[0];
        from = e[1];
        first = e[2];
        second = e[3];
        if (call->cdb[10] & 3 || from == first || first == second || from == hand || first == hand ||
            second == hand) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        if (!can_take(from, call) || !can_take(first, call))
                return;
        if ((second != from && element_medium(second)) || hand->medium) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_DESTINATION_FULL);
                return;
        }
        exchange(c, call, e);
}

void changer_position(ModelUnit *u, ModelCall *call)
{
        Element *e[2];

        (void) find_elements(changer_of(u), call, e, 2);
}
