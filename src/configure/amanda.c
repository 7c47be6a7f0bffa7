/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Amanda's devices are strings with a path somewhere inside: "tape:/dev/nst0", "chg-robot:/dev/sg3",
 * "0=tape:/dev/nst0", "chg-multi:{tape:/dev/nst0,tape:/dev/nst1}". So only the bytes of the path are looked
 * for and replaced, in the statements that can have one (amanda.conf(5), amanda-changers(7)). */

#include "configure/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"

static const struct {
        const char *key;
        bool changer; /* the path is a changer's, without "chg-robot:" before it */
} statements[] = {
        {"tapedev", false},   {"tpchanger", false}, {"rawtapedev", false},
        {"changerdev", true}, {"property", false},
};

/* What ends a path: Amanda's braces and commas, and the end of the string. */
static size_t path_length(const char *text, size_t n)
{
        size_t i = 0;

        while (i < n && !isspace((unsigned char) text[i]) && !strchr("\"{},;", text[i]))
                i++;
        return i;
}

static bool ends_with(const char *begin, const char *at, const char *what)
{
        size_t n = strlen(what);

        return (size_t) (at - begin) >= n && strncasecmp(at - n, what, n) == 0;
}

/* "changer lib", or the key at the top level. */
static int make_label(const Plan *p, const ConfStatement *s, char **ret)
{
        const ConfStatement *head =
                s->block == CONF_TOP ? NULL : &p->conf->statements[p->conf->blocks[s->block].head];

        if (head && head->n_values >= 2)
                return asprintf(ret, "%s %s", head->values[0].text, head->values[1].text);
        return asprintf(ret, "%s", s->name);
}

/* Number before "=tape:" in the string that begins at `begin`; the span of its digits. */
static void find_index(const char *text, size_t begin, size_t path, PlanUse *u)
{
        size_t end = begin;

        while (end < path && isdigit((unsigned char) text[end]))
                end++;
        if (end == begin || end >= path || text[end] != '=')
                return;
        u->has_index = true;
        u->index = strtol(text + begin, NULL, 10);
        u->index_span = (Span){begin, end - begin};
}

static int add_path(Plan *p, const ConfStatement *s, const ConfValue *v, Span span, bool changer)
{
        const char *text = p->conf->files[s->file].text;
        size_t begin = v->raw.at + v->quoted;
        _cleanup_free_ char *path = strndup(text + span.at, span.n), *label = NULL;
        PlanUse *u;
        int r;

        if (!path || make_label(p, s, &label) < 0)
                return -ENOMEM;
        changer = changer || ends_with(text + begin, text + span.at, "chg-robot:");
        r = plan_add_use(p, changer ? ROLE_CHANGER : ROLE_DRIVE, s->file, span, path, label, &u);
        if (r < 0)
                return r;
        u->group = s->block; /* to be made the index of a group */
        if (!changer)
                find_index(text, begin, span.at, u);
        return 0;
}

/* Every /dev/ path in a value. One at another host (ndmp:HOST@/dev/...) is none of ours. */
static int add_paths(Plan *p, const ConfStatement *s, const ConfValue *v, bool changer)
{
        const char *text = p->conf->files[s->file].text;
        size_t at = v->raw.at, end = v->raw.at + v->raw.n;
        int r;

        while (at + 5 <= end) {
                size_t n = strncmp(text + at, "/dev/", 5) == 0 ? path_length(text + at, end - at) : 0;
                char before = at > 0 ? text[at - 1] : ' ';

                if (n > 5 && before != '@' && !isalnum((unsigned char) before)) {
                        r = add_path(p, s, v, (Span){at, n}, changer);
                        if (r < 0)
                                return r;
                }
                at += n > 0 ? n : 1;
        }
        return 0;
}

/* `property [append] [priority] "tape-device" ...`: the name as it is compared, - for _. */
static bool is_tape_device(const ConfStatement *s)
{
        for (size_t i = 0; i < s->n_values; i++) {
                const char *t = s->values[i].text;

                if (strncasecmp(t, "tape", 4) == 0 && (t[4] == '-' || t[4] == '_') &&
                    strcasecmp(t + 5, "device") == 0)
                        return true;
        }
        return false;
}

static int find_paths(Plan *p)
{
        for (size_t i = 0; i < p->conf->n_statements; i++) {
                const ConfStatement *s = &p->conf->statements[i];

                for (size_t k = 0; k < ELEMENTSOF(statements); k++) {
                        if (!text_equal(s->name, statements[k].key) ||
                            (text_equal(s->name, "property") && !is_tape_device(s)))
                                continue;
                        for (size_t v = 0; v < s->n_values; v++) {
                                int r = add_paths(p, s, &s->values[v], statements[k].changer);

                                if (r < 0)
                                        return r;
                        }
                }
        }
        return 0;
}

/* A block that has a robot is a group, and the drives in it that have a number belong to it. */
static int make_groups(Plan *p)
{
        size_t n = p->n_uses;
        _cleanup_free_ int *block_of = calloc(n + 1, sizeof(*block_of));
        int group;

        if (!block_of)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                block_of[i] = p->uses[i].group;
                p->uses[i].group = GROUP_NONE;
        }
        for (size_t i = 0; i < n; i++) {
                if (p->uses[i].role != ROLE_CHANGER)
                        continue;
                group = plan_add_group(p, p->uses[i].label);
                if (group < 0)
                        return group;
                p->groups[group].changer = (int) i;
                for (size_t k = 0; k < n; k++)
                        if (block_of[k] == block_of[i] && (k == i || p->uses[k].has_index))
                                p->uses[k].group = group;
        }
        return 0;
}

static int find_uses(Plan *p)
{
        int r = find_paths(p);

        return r < 0 ? r : make_groups(p);
}

/* ---- from nothing ---- */

static int write_library(Plan *p, FILE *f, const TapeFact *library)
{
        char node[PLACE_LENGTH_MAX];
        const TapeFact *d;
        int group = plan_add_group(p, library->name), r;

        if (group < 0)
                return group;
        fprintf(f, "define changer \"%s\" {\n  tpchanger \"chg-robot:%s\"\n  property \"tape-device\"",
                library->name, place_name(node, library, ROLE_CHANGER));
        r = plan_add_device(p, ROLE_CHANGER, library, library->name, group);
        for (long i = 0; r >= 0 && (d = plan_fresh_drive(p, library->name, i)); i++) {
                fprintf(f, " \"%ld=tape:%s\"", i, place_name(node, d, ROLE_DRIVE));
                r = plan_add_device(p, ROLE_DRIVE, d, d->name, group);
        }
        fprintf(f, "\n  changerfile \"chg-%s\"\n}\ntpchanger \"%s\"\n", library->name, library->name);
        return r;
}

static int write_drives(Plan *p, FILE *f)
{
        char node[PLACE_LENGTH_MAX];
        const TapeFact *d;
        bool several = plan_fresh_drive(p, "", 1);
        int r = 0;

        fputs(several ? "tpchanger \"chg-multi:{" : "tapedev \"", f);
        for (long i = 0; r >= 0 && (d = plan_fresh_drive(p, "", i)); i++) {
                fprintf(f, "%stape:%s", i > 0 ? "," : "", place_name(node, d, ROLE_DRIVE));
                r = plan_add_device(p, ROLE_DRIVE, d, d->name, GROUP_NONE);
        }
        fputs(several ? "}\"\nchangerfile \"chg-drives\"\n" : "\"\n", f);
        return r;
}

/* Amanda takes one changer a configuration: the first library that has drives, else the stand-alone drives.
 */
static int write_all(Plan *p, FILE *f)
{
        fputs("\n# By evertape configure.\n", f);
        for (size_t i = 0; i < p->facts->n_items; i++)
                if (p->facts->items[i].changer && facts_n_drives(p->facts, p->facts->items[i].name) > 0)
                        return write_library(p, f, &p->facts->items[i]);
        if (plan_fresh_drive(p, "", 0))
                return write_drives(p, f);
        return plan_find(p, FINDING_TODO, -1, 0, "evertape knows no drive that could be put into it");
}

/* Dumps that go elsewhere, to disk for instance, stay there. */
static int begin_fresh(Plan *p)
{
        if (conf_find(p->conf, CONF_TOP, "tpchanger", 0) >= 0 ||
            conf_find(p->conf, CONF_TOP, "tapedev", 0) >= 0)
                return plan_find(p, FINDING_NOTE, -1, 0, "it uses no tape device");
        return plan_append(p, write_all);
}

int plan_amanda(const PlanWorld *w, const char *path, Plan **ret)
{
        static const PlanFinder finder = {.find_uses = find_uses, .begin_fresh = begin_fresh};

        return plan_make(DIALECT_AMANDA, w, path, &finder, ret);
}
