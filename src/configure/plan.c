/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which device a place should name:
 *
 * A drive of a changer is the one at the place that its index says, if the indices of that changer's drives
 * can all be right: each one there and none twice. The index is what the program gives to mtx, and so what
 * decides into which drive a cartridge goes; a node that leads to another drive today is how a swap of names
 * looks. If the indices cannot be right, the paths decide, and the indices follow them.
 *
 * Any other path is the device to which it leads. Where that cannot be said, nothing is guessed. */

#include "configure/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

Plan *plan_free(Plan *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_uses; i++) {
                free(p->uses[i].path);
                free(p->uses[i].label);
                free(p->uses[i].index_before);
                free(p->uses[i].index_after);
        }
        for (size_t i = 0; i < p->n_groups; i++)
                free(p->groups[i].label);
        for (size_t i = 0; i < p->n_findings; i++)
                free(p->findings[i].text);
        free(p->uses);
        free(p->groups);
        free(p->findings);
        conf_free(p->conf);
        free(p);
        return NULL;
}

int plan_new(Dialect dialect, const PlanWorld *w, const char *path, Plan **ret)
{
        _cleanup_(plan_freep) Plan *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->facts = w->facts;
        r = conf_parse(dialect, path, w->load, w->userdata, &p->conf);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

int plan_add_use(Plan *p, PlaceRole role, unsigned file, Span span, const char *path, const char *label,
                 PlanUse **ret)
{
        PlanUse *grown = reallocarray(p->uses, p->n_uses + 1, sizeof(*grown)), *u;

        if (!grown)
                return -ENOMEM;
        p->uses = grown;
        u = &p->uses[p->n_uses++];
        *u = (PlanUse){.role = role,
                       .file = file,
                       .span = span,
                       .group = GROUP_NONE,
                       .index = INDEX_NONE,
                       .follows = -1};
        u->path = strdup(path);
        u->label = strdup(label);
        *ret = u;
        return u->path && u->label ? 0 : -ENOMEM;
}

int plan_add_group(Plan *p, const char *label)
{
        PlanGroup *grown = reallocarray(p->groups, p->n_groups + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        p->groups = grown;
        p->groups[p->n_groups] = (PlanGroup){.label = strdup(label), .changer = -1};
        return p->groups[p->n_groups].label ? (int) p->n_groups++ : -ENOMEM;
}

int plan_find(Plan *p, FindingLevel level, int file, size_t at, const char *format, ...)
{
        Finding *grown = reallocarray(p->findings, p->n_findings + 1, sizeof(*grown));
        va_list ap;
        int r;

        if (!grown)
                return -ENOMEM;
        p->findings = grown;
        grown += p->n_findings;
        *grown = (Finding){.level = level, .file = file};
        if (file >= 0)
                grown->line = conf_line(&p->conf->files[file], at);
        va_start(ap, format);
        r = vasprintf(&grown->text, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        p->n_findings++;
        return 0;
}

size_t plan_n_todo(const Plan *p)
{
        size_t n = 0;

        for (size_t i = 0; i < p->n_findings; i++)
                n += p->findings[i].level == FINDING_TODO;
        return n;
}

bool plan_changes(const Plan *p)
{
        for (size_t i = 0; i < p->conf->n_files; i++)
                if (p->conf->files[i].edits.n_items > 0)
                        return true;
        return false;
}

bool plan_uses(const Plan *p, const TapeFact *device)
{
        for (size_t i = 0; i < p->n_uses; i++)
                if (p->uses[i].device == device)
                        return true;
        return false;
}

/* ---- who should be where ---- */

/* Name of the library that a group is about: its changer's, or the only one in whose bays its drives are. */
static const char *group_library(const Plan *p, int group)
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

static long index_of(const PlanUse *u)
{
        return u->index == INDEX_NONE ? 0 : u->index;
}

static bool indices_can_be_right(const Plan *p, int group, const char *library)
{
        for (size_t i = 0; i < p->n_uses; i++) {
                const PlanUse *u = &p->uses[i];

                if (u->group != group || u->role != ROLE_DRIVE)
                        continue;
                if (!facts_drive_at(p->facts, library, index_of(u)))
                        return false;
                for (size_t k = 0; k < i; k++)
                        if (p->uses[k].group == group && p->uses[k].role == ROLE_DRIVE &&
                            index_of(&p->uses[k]) == index_of(u))
                                return false;
        }
        return true;
}

/* A path to a device of the other kind is none that could be meant. */
static const TapeFact *fitting(const PlanUse *u)
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
        d = facts_find(p->facts, group_library(p, group));
        if (d && d->changer)
                p->uses[i].device = d;
}

static void decide_group(Plan *p, int group)
{
        const char *library;
        bool by_index;

        decide_changer(p, group);
        library = group_library(p, group);
        by_index = library[0] && indices_can_be_right(p, group, library);
        for (size_t i = 0; i < p->n_uses && by_index; i++)
                if (p->uses[i].group == group && p->uses[i].role == ROLE_DRIVE)
                        p->uses[i].device = facts_drive_at(p->facts, library, index_of(&p->uses[i]));
}

/* ---- findings and edits ---- */

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
        const TapeFact *now = fitting(u);
        int file = (int) u->file;

        if (now && now != u->device)
                return plan_find(p, FINDING_TODO, file, u->span.at,
                                 "%s: %s leads to %s (serial number %s), but drive %ld of this changer is %s "
                                 "(serial number %s): %s",
                                 u->label, u->path, now->name, now->serial, index_of(u), u->device->name,
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
        if (right >= 0 && !text_equal(u->device->library, group_library(p, u->group)))
                return plan_find(p, FINDING_TODO, (int) u->file, u->span.at,
                                 "%s: %s is in %s, which is another library than that of this changer",
                                 u->label, u->device->name, u->device->library);
        if (right < 0)
                return plan_find(
                        p, FINDING_NOTE, (int) u->file, u->span.at,
                        "%s: evertape does not know in which bay of the library %s is, so the drive's index "
                        "was not checked",
                        u->label, u->device->name);
        if (right == index_of(u))
                return 0;
        if (index_of(u) >= (long) facts_n_drives(p->facts, u->device->library))
                return plan_find(
                        p, FINDING_NOTE, (int) u->file, u->span.at,
                        "%s: index %ld is more than the drives that evertape knows in %s, so it was not "
                        "checked",
                        u->label, index_of(u), u->device->library);
        r = plan_find(p, FINDING_TODO, (int) u->file, u->span.at,
                      "%s: %s is drive %ld of %s by element address, and not %ld", u->label, u->device->name,
                      right, u->device->library, index_of(u));
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

int plan_judge(Plan *p, const PlanWorld *w)
{
        int r;

        for (size_t i = 0; i < p->n_uses; i++) {
                PlanUse *u = &p->uses[i];

                r = place_judge(p->facts, u->path, u->role, w->resolve, w->userdata, &u->place);
                if (r < 0)
                        return r;
                u->device = fitting(u);
        }
        for (size_t i = 0; i < p->n_groups; i++)
                decide_group(p, (int) i);
        for (size_t i = 0; i < p->n_uses; i++)
                if (p->uses[i].follows >= 0)
                        p->uses[i].device = p->uses[p->uses[i].follows].device;
        return 0;
}

bool plan_is_empty(const Plan *p)
{
        for (size_t i = 0; i < p->n_uses; i++)
                if (p->uses[i].place.kind != PLACE_OTHER)
                        return false;
        return true;
}

int plan_add_device(Plan *p, PlaceRole role, const TapeFact *device, const char *label, int group)
{
        PlanUse *u;
        int r = plan_add_use(p, role, 0, (Span){0}, "", label, &u);

        if (r < 0)
                return r;
        u->added = true;
        u->device = device;
        u->group = group;
        if (role == ROLE_CHANGER && group != GROUP_NONE)
                p->groups[group].changer = (int) p->n_uses - 1;
        if (role == ROLE_DRIVE && group != GROUP_NONE)
                u->index = facts_index(p->facts, device);
        return plan_find(p, FINDING_TODO, 0, p->conf->files[0].n_text,
                         "%s is not in the configuration: it is added", device->name);
}

const TapeFact *plan_fresh_drive(const Plan *p, const char *library, long index)
{
        if (library[0])
                return facts_drive_at(p->facts, library, index);
        for (size_t i = 0; i < p->facts->n_items; i++) {
                const TapeFact *d = &p->facts->items[i];

                if (!d->changer && facts_index(p->facts, d) < 0 && index-- == 0)
                        return d;
        }
        return NULL;
}

/* With eol for every \n; NULL when out of memory. */
static char *with_eol(const char *text, const char *eol)
{
        _cleanup_free_ char *new = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&new, &n);

        if (!f)
                return NULL;
        for (; *text; text++)
                if (*text == '\n')
                        fputs(eol, f);
                else
                        fputc(*text, f);
        return fclose(f) == 0 ? TAKE_PTR(new) : NULL;
}

int plan_append(Plan *p, int (*write)(Plan *p, FILE *f))
{
        _cleanup_free_ char *text = NULL, *ended = NULL;
        ConfFile *first = &p->conf->files[0];
        size_t n = 0;
        FILE *f;
        int r;

        if (p->facts->n_items == 0)
                return plan_find(p, FINDING_TODO, -1, 0,
                                 "evertape knows no device that could be put into it");
        f = open_memstream(&text, &n);
        if (!f)
                return -ENOMEM;
        if (first->n_text > 0 && first->text[first->n_text - 1] != '\n')
                fputc('\n', f);
        r = write(p, f);
        if (fclose(f) != 0)
                return -ENOMEM;
        ended = r < 0 ? NULL : with_eol(text, conf_eol(first));
        if (!ended)
                return r < 0 ? r : -ENOMEM;
        return edit_add(&first->edits, (Span){first->n_text, 0}, ended);
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
