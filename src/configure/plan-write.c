/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is told to a person, a sentence for each place and what comes of it, and the edits. */

#include <stdio.h>

#include "configure/plan-internal.h"
#include "util/text.h"

static int explain_missing(Plan *p, const PlanUse *u)
{
        _cleanup_free_ char *which = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&which, &n);

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < p->facts->n_items; i++) {
                const TapeFact *d = &p->facts->items[i];

                if (d->changer == (u->role == ROLE_CHANGER) && !plan_uses(p, d))
                        fprintf(f, "%s%s (serial number %s)", ftell(f) > 0 ? ", " : "", d->name, d->serial);
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        return plan_find(p, FINDING_TODO, (int) u->file, u->span.at,
                         "%s: %s %s, and nothing says which device it was; put the name in by hand. Not used "
                         "elsewhere: %s",
                         u->label, u->path,
                         u->place.kind == PLACE_UNKNOWN ? "is a device that evertape does not know"
                                                        : "leads to no device",
                         n > 0 ? which : "none");
}

static int explain_place(Plan *p, const PlanUse *u, const char *wanted)
{
        const TapeFact *now = plan_fitting(u);
        int file = (int) u->file;

        if (now && now != u->device)
                return plan_find(p, FINDING_TODO, file, u->span.at,
                                 "%s: %s leads to %s (serial number %s), but drive %ld of this changer is %s "
                                 "(serial number %s): %s",
                                 u->label, u->path, now->name, now->serial, plan_index(u), u->device->name,
                                 u->device->serial, wanted);
        switch (u->place.kind) {
        case PLACE_NAMED:
                return plan_find(p, FINDING_GOOD, file, u->span.at, "%s: %s", u->label, u->path);
        case PLACE_FORM:
                return plan_find(p, FINDING_TODO, file, u->span.at,
                                 "%s: %s is another node of %s than is needed here: %s", u->label, u->path,
                                 u->device->name, wanted);
        case PLACE_IDENTITY:
                return plan_find(p, FINDING_TODO, file, u->span.at,
                                 "%s: %s is %s, and will lead nowhere when that device is replaced: %s",
                                 u->label, u->path, u->device->name, wanted);
        case PLACE_NODE:
                return plan_find(
                        p, FINDING_TODO, file, u->span.at,
                        "%s: %s is %s (serial number %s) today, and can be another device after the next "
                        "restart or loss of a path: %s",
                        u->label, u->path, u->device->name, u->device->serial, wanted);
        case PLACE_MISSING:
        case PLACE_UNKNOWN:
                return plan_find(p, FINDING_TODO, file, u->span.at,
                                 "%s: %s leads to no device that evertape knows; "
                                 "by its place it is %s: %s",
                                 u->label, u->path, u->device->name, wanted);
        case PLACE_OTHER:
        case _PLACE_KIND_MAX:
                break;
        }
        return 0;
}

static int edit_path(Plan *p, const PlanUse *u)
{
        char wanted[PLACE_LENGTH_MAX];
        int r;

        if (u->place.kind == PLACE_OTHER)
                return 0;
        if (!u->device)
                return explain_missing(p, u);
        place_name(wanted, u->device, u->role);
        r = explain_place(p, u, wanted);
        if (r < 0 || text_equal(wanted, u->path))
                return r;
        return edit_add(&p->conf->files[u->file].edits, u->span, wanted);
}

static int edit_index(Plan *p, const PlanUse *u)
{
        _cleanup_free_ char *text = NULL;
        long right;
        int r;

        if (u->role != ROLE_DRIVE || u->group == GROUP_NONE || !u->device)
                return 0;
        right = facts_index(p->facts, u->device);
        if (right >= 0 && !text_equal(u->device->library, plan_library(p, u->group)))
                return plan_find(p, FINDING_TODO, (int) u->file, u->span.at,
                                 "%s: %s is in %s, which is another library than that of this changer",
                                 u->label, u->device->name, u->device->library);
        if (right < 0)
                return plan_find(
                        p, FINDING_NOTE, (int) u->file, u->span.at,
                        "%s: evertape does not know in which bay of the library %s is, so the drive's index "
                        "was not checked",
                        u->label, u->device->name);
        if (right == plan_index(u))
                return 0;
        if (plan_index(u) >= (long) facts_n_drives(p->facts, u->device->library))
                return plan_find(
                        p, FINDING_NOTE, (int) u->file, u->span.at,
                        "%s: index %ld is more than the drives that evertape knows in %s, so it was not "
                        "checked",
                        u->label, plan_index(u), u->device->library);
        r = plan_find(p, FINDING_TODO, (int) u->file, u->span.at,
                      "%s: %s is drive %ld of %s by element address, and not %ld", u->label, u->device->name,
                      right, u->device->library, plan_index(u));
        if (r < 0)
                return r;
        if (asprintf(&text, "%s%ld%s", u->has_index ? "" : u->index_before, right,
                     u->has_index ? "" : u->index_after) < 0)
                return -ENOMEM;
        return edit_add(&p->conf->files[u->file].edits, u->index_span, text);
}

static int note_unheld(Plan *p)
{
        int r = 0;

        for (size_t i = 0; i < p->facts->n_items && r >= 0; i++) {
                const TapeFact *d = &p->facts->items[i];

                if (!d->held && plan_uses(p, d))
                        r = plan_find(
                                p, FINDING_TODO, -1, 0,
                                "%s is not held: when it is lost in the middle of a job, the job fails. Do: "
                                "evertape hold %s",
                                d->name, d->name);
        }
        return r;
}

static int note_includes(Plan *p)
{
        int r = 0;

        for (size_t i = 0; i < p->conf->n_includes && r >= 0; i++) {
                const ConfInclude *include = &p->conf->includes[i];

                if (include->target < 0)
                        r = plan_find(p, include->command ? FINDING_NOTE : FINDING_TODO, (int) include->file,
                                      include->raw.at,
                                      include->command ? "what the command %s prints was not looked at"
                                                       : "the included file %s could not be read",
                                      include->path);
        }
        return r;
}

int plan_write(Plan *p)
{
        int r = 0;

        for (size_t i = 0; i < p->n_uses && r >= 0; i++) {
                if (p->uses[i].added)
                        continue;
                r = edit_path(p, &p->uses[i]);
                if (r >= 0)
                        r = edit_index(p, &p->uses[i]);
        }
        if (r >= 0)
                r = note_includes(p);
        return r < 0 ? r : note_unheld(p);
}
