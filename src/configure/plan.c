/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A plan as it is built: uses, groups, findings, and what is appended where there is nothing yet. */

#include "configure/plan-internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static int plan_new(Dialect dialect, const PlanWorld *w, const char *path, Plan **ret)
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

static bool plan_is_empty(const Plan *p)
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

int plan_make(Dialect dialect, const PlanWorld *w, const char *path, const PlanFinder *finder, Plan **ret)
{
        _cleanup_(plan_freep) Plan *p = NULL;
        int r = plan_new(dialect, w, path, &p);

        if (r >= 0)
                r = finder->find_uses(p);
        if (r >= 0)
                r = plan_judge(p, w);
        if (r >= 0 && plan_is_empty(p))
                r = finder->begin_fresh(p);
        if (r >= 0)
                r = plan_write(p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}
