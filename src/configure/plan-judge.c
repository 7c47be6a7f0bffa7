/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which device a place should name:
 *
 * A drive of a changer is the one at the place that its index says, if the indices of that changer's drives
 * can all be right: each one there and none twice. The index is what the program gives to mtx, and so what
 * decides into which drive a cartridge goes; a node that leads to another drive today is how a swap of names
 * looks. If the indices cannot be right, the paths decide, and the indices follow them.
 *
 * Any other path is the device to which it leads. Where that cannot be said, nothing is guessed. */

#include "configure/plan-internal.h"
#include "util/text.h"

/* Name of the library that a group is about: its changer's, or the only one in whose bays its drives are. */
const char *plan_library(const Plan *p, int group)
{
        int changer = p->groups[group].changer;
        const char *library = "";

        if (changer >= 0 && p->uses[changer].device)
                return p->uses[changer].device->name;
        for (size_t i = 0; i < p->n_uses; i++) {
                const PlanUse *u = &p->uses[i];

                if (u->group != group || u->role != ROLE_DRIVE || !u->place.device)
                        continue;
                if (library[0] && !text_equal(library, u->place.device->library))
                        return "";
                library = u->place.device->library;
        }
        return library;
}

long plan_index(const PlanUse *u)
{
        return u->index == INDEX_NONE ? 0 : u->index;
}

static bool indices_can_be_right(const Plan *p, int group, const char *library)
{
        for (size_t i = 0; i < p->n_uses; i++) {
                const PlanUse *u = &p->uses[i];

                if (u->group != group || u->role != ROLE_DRIVE)
                        continue;
                if (!facts_drive_at(p->facts, library, plan_index(u)))
                        return false;
                for (size_t k = 0; k < i; k++)
                        if (p->uses[k].group == group && p->uses[k].role == ROLE_DRIVE &&
                            plan_index(&p->uses[k]) == plan_index(u))
                                return false;
        }
        return true;
}

/* A path to a device of the other kind is none that could be meant. */
const TapeFact *plan_fitting(const PlanUse *u)
{
        const TapeFact *d = u->place.device;

        return d && d->changer == (u->role == ROLE_CHANGER) ? d : NULL;
}

/* The changer of a group whose path leads nowhere is that of its drives. */
static void decide_changer(Plan *p, int group)
{
        int i = p->groups[group].changer;
        const TapeFact *d;

        if (i < 0 || p->uses[i].device || p->uses[i].place.kind == PLACE_OTHER)
                return;
        d = facts_find(p->facts, plan_library(p, group));
        if (d && d->changer)
                p->uses[i].device = d;
}

static void decide_group(Plan *p, int group)
{
        const char *library;
        bool by_index;

        decide_changer(p, group);
        library = plan_library(p, group);
        by_index = library[0] && indices_can_be_right(p, group, library);
        for (size_t i = 0; i < p->n_uses && by_index; i++)
                if (p->uses[i].group == group && p->uses[i].role == ROLE_DRIVE)
                        p->uses[i].device = facts_drive_at(p->facts, library, plan_index(&p->uses[i]));
}

int plan_judge(Plan *p, const PlanWorld *w)
{
        int r;

        for (size_t i = 0; i < p->n_uses; i++) {
                PlanUse *u = &p->uses[i];

                r = place_judge(p->facts, u->path, u->role, w->resolve, w->userdata, &u->place);
                if (r < 0)
                        return r;
                u->device = plan_fitting(u);
        }
        for (size_t i = 0; i < p->n_groups; i++)
                decide_group(p, (int) i);
        for (size_t i = 0; i < p->n_uses; i++)
                if (p->uses[i].follows >= 0)
                        p->uses[i].device = p->uses[p->uses[i].follows].device;
        return 0;
}
