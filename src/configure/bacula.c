/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bacula's storage daemon (and Bareos', whose language is the same): Device resources with an Archive Device,
 * Autochanger resources that list them, and what a fresh configuration gets when it has no tape device yet.
 */

#include "configure/plan.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

static bool is_resource(const Conf *c, int block, const char *type)
{
        return c->blocks[block].parent == CONF_TOP &&
               text_equal(c->statements[c->blocks[block].head].name, type);
}

static const char *resource_name(const Conf *c, int block)
{
        const char *name = conf_first(c, block, "name");

        return name ? name : "(without a name)";
}

/* The path inside of its quotes. */
static Span inner(const ConfValue *v)
{
        Span s = v->raw;

        if (!v->quoted)
                return s;
        s.at++;
        s.n -= s.n >= 2 ? 2 : 1;
        return s;
}

/* Which Autochanger resource lists a Device; -1 if none. Its group is counted in the order of the resources.
 */
static int find_group(const Conf *c, const char *device)
{
        int group = 0;

        for (size_t b = 0; b < c->n_blocks; b++) {
                if (!is_resource(c, (int) b, "autochanger"))
                        continue;
                for (int i = -1; (i = conf_find(c, (int) b, "device", (size_t) (i + 1))) >= 0;)
                        for (size_t v = 0; v < c->statements[i].n_values; v++)
                                if (text_equal(c->statements[i].values[v].text, device))
                                        return group;
                group++;
        }
        return GROUP_NONE;
}

/* One use for the first value of the statement called key; *ret is NULL if there is none. */
static int add_use(Plan *p, int block, const char *key, PlaceRole role, PlanUse **ret)
{
        int i = conf_find(p->conf, block, key, 0);
        const ConfStatement *s;
        const ConfValue *v;

        *ret = NULL;
        if (i < 0 || p->conf->statements[i].n_values == 0)
                return 0;
        s = &p->conf->statements[i];
        v = &s->values[0];
        return plan_add_use(p, role, s->file, inner(v), v->text, resource_name(p->conf, block), ret);
}

static int add_autochanger(Plan *p, int block)
{
        int group = plan_add_group(p, resource_name(p->conf, block)), r;
        PlanUse *u;

        if (group < 0)
                return group;
        r = add_use(p, block, "changerdevice", ROLE_CHANGER, &u);
        if (r < 0 || !u)
                return r;
        u->group = group;
        p->groups[group].changer = (int) (p->n_uses - 1);
        return 0;
}

/* Blanks before the statement if it has the line to itself; NULL if it has not, or when out of memory. */
static char *indent_of(const ConfFile *f, size_t at)
{
        size_t begin = at;

        while (begin > 0 && (f->text[begin - 1] == ' ' || f->text[begin - 1] == '\t'))
                begin--;
        if (begin > 0 && f->text[begin - 1] != '\n')
                return NULL;
        return strndup(f->text + begin, at - begin);
}

/* Where a Drive Index stands, or would: before the Archive Device. */
static int set_index(Plan *p, int block, size_t archive, PlanUse *u)
{
        const Conf *c = p->conf;
        const ConfStatement *s = &c->statements[archive];
        const ConfFile *f = &c->files[s->file];
        int i = conf_find(c, block, "driveindex", 0);
        _cleanup_free_ char *indent = NULL;

        if (i >= 0 && c->statements[i].n_values > 0 && c->statements[i].file == s->file) {
                u->has_index = true;
                u->index = strtol(c->statements[i].values[0].text, NULL, 10);
                u->index_span = inner(&c->statements[i].values[0]);
                return 0;
        }
        indent = indent_of(f, s->key.at);
        u->index_span = (Span){s->key.at, 0};
        u->index_before = strdup("Drive Index = ");
        if (asprintf(&u->index_after, "%s%s", indent ? conf_eol(f) : "; ", indent ? indent : "") < 0)
                u->index_after = NULL;
        return u->index_before && u->index_after ? 0 : -ENOMEM;
}

/* A Device that has a changer of its own, and is in no Autochanger. */
static int add_own_changer(Plan *p, int block, int *ret_group)
{
        PlanUse *u;
        int r, group;

        *ret_group = GROUP_NONE;
        r = add_use(p, block, "changerdevice", ROLE_CHANGER, &u);
        if (r < 0 || !u)
                return r;
        group = plan_add_group(p, resource_name(p->conf, block));
        if (group < 0)
                return group;
        u->group = group;
        p->groups[group].changer = (int) (p->n_uses - 1);
        *ret_group = group;
        return 0;
}

static int add_device(Plan *p, int block)
{
        int archive = conf_find(p->conf, block, "archivedevice", 0);
        int group = find_group(p->conf, resource_name(p->conf, block)), drive, r = 0;
        PlanUse *u;

        if (group == GROUP_NONE)
                r = add_own_changer(p, block, &group);
        if (r >= 0)
                r = add_use(p, block, "archivedevice", ROLE_DRIVE, &u);
        if (r < 0 || !u)
                return r;
        u->group = group;
        r = set_index(p, block, (size_t) archive, u);
        if (r < 0)
                return r;
        drive = (int) (p->n_uses - 1);
        r = add_use(p, block, "controldevice", ROLE_DRIVE_GENERIC, &u);
        if (r >= 0 && u)
                u->follows = drive;
        return r;
}

static int find_uses(Plan *p)
{
        static const struct {
                const char *type;
                int (*add)(Plan *p, int block);
        } passes[] = {{"autochanger", add_autochanger}, {"device", add_device}};
        int r;

        for (size_t i = 0; i < ELEMENTSOF(passes); i++)
                for (size_t b = 0; b < p->conf->n_blocks; b++) {
                        if (!is_resource(p->conf, (int) b, passes[i].type))
                                continue;
                        r = passes[i].add(p, (int) b);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* ---- from nothing ---- */

static int write_device(Plan *p, FILE *f, const TapeFact *d, const char *changer, int group)
{
        char node[PLACE_LENGTH_MAX];

        fprintf(f, "\nDevice {\n  Name = %s\n", d->name);
        if (changer)
                fprintf(f, "  Drive Index = %ld\n  Autochanger = yes\n", facts_index(p->facts, d));
        fprintf(f,
                "  Media Type = LTO\n"
                "  Archive Device = %s\n"
                "  Device Type = Tape\n"
                "  Automatic Mount = yes\n"
                "  Always Open = yes\n"
                "  Removable Media = yes\n"
                "  Random Access = no\n"
                "}\n",
                place_name(node, d, ROLE_DRIVE));
        return plan_add_device(p, ROLE_DRIVE, d, d->name, group);
}

static int write_library(Plan *p, FILE *f, const TapeFact *library)
{
        char node[PLACE_LENGTH_MAX];
        const TapeFact *d;
        int group = plan_add_group(p, library->name), r;

        if (group < 0)
                return group;
        fprintf(f, "\nAutochanger {\n  Name = %s\n", library->name);
        for (long i = 0; (d = plan_fresh_drive(p, library->name, i)); i++)
                fprintf(f, "  Device = %s\n", d->name);
        fprintf(f,
                "  Changer Device = %s\n"
                "  Changer Command = \"/etc/bacula/scripts/mtx-changer %%c %%o %%S %%a %%d\"\n"
                "}\n",
                place_name(node, library, ROLE_CHANGER));
        r = plan_add_device(p, ROLE_CHANGER, library, library->name, group);
        for (long i = 0; r >= 0 && (d = plan_fresh_drive(p, library->name, i)); i++)
                r = write_device(p, f, d, library->name, group);
        return r;
}

static int write_all(Plan *p, FILE *f)
{
        const TapeFact *d;
        int r = 0;

        fputs("\n# By evertape configure. The Director needs a Storage resource with the same names and "
              "Media Type.\n",
              f);
        for (size_t i = 0; i < p->facts->n_items && r >= 0; i++)
                if (p->facts->items[i].changer && facts_n_drives(p->facts, p->facts->items[i].name) > 0)
                        r = write_library(p, f, &p->facts->items[i]);
        for (long i = 0; r >= 0 && (d = plan_fresh_drive(p, "", i)); i++)
                r = write_device(p, f, d, NULL, GROUP_NONE);
        return r;
}

static int note_changers_alone(Plan *p)
{
        int r = 0;

        for (size_t i = 0; i < p->facts->n_items && r >= 0; i++) {
                const TapeFact *d = &p->facts->items[i];

                if (d->changer && facts_n_drives(p->facts, d->name) == 0)
                        r = plan_find(p, FINDING_NOTE, -1, 0,
                                      "%s is not added: evertape does not know which drives are in it",
                                      d->name);
        }
        return r;
}

static int begin_fresh(Plan *p)
{
        int r = plan_append(p, write_all);

        return r < 0 ? r : note_changers_alone(p);
}

int plan_bacula(const PlanWorld *w, const char *path, Plan **ret)
{
        static const PlanFinder finder = {.find_uses = find_uses, .begin_fresh = begin_fresh};

        return plan_make(DIALECT_BACULA, w, path, &finder, ret);
}
