/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looking things up in an INF document, and its strings. As in Windows a string is inserted and not looked at
 * again: strings that name each other, or themselves, are no loop. */

#include <string.h>
#include <strings.h>

#include "identity/inf-lines.h"

const InfSection *inf_section(const InfDocument *d, const char *name, const char *suffix)
{
        size_t n_name = strlen(name);

        for (size_t i = 0; i < d->n_sections; i++) {
                const char *text = d->sections[i].name;

                if (strncasecmp(text, name, n_name) != 0)
                        continue;
                text += n_name;
                if (suffix ? *text == '.' && strcasecmp(text + 1, suffix) == 0 : *text == '\0')
                        return &d->sections[i];
        }
        return NULL;
}

const InfLine *inf_line(const InfSection *section, const char *key)
{
        for (const InfLine *l = section ? section->lines : NULL; l; l = l->next)
                if (l->key && strcasecmp(l->key->text, key) == 0)
                        return l;
        return NULL;
}

typedef struct Name {
        const char *text;
        size_t n;
} Name;

/* -1, 0, 1 as bsearch(3) wants it. */
static int compare_name(const Name *name, const InfString *s)
{
        int r = strncasecmp(name->text, s->name, name->n);

        return r != 0 ? r : s->name[name->n] == '\0' ? 0 : -1;
}

/* The first of the equal ones, which is the best. */
static const InfString *find_string(const InfDocument *d, const Name *name)
{
        size_t low = 0, high = d->n_strings;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare_name(name, &d->strings[middle]) > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < d->n_strings && compare_name(name, &d->strings[low]) == 0)
                return &d->strings[low];
        return NULL;
}

typedef struct Expansion {
        InfDocument *document;
        const InfValue *value;
        char text[INF_FIELD_MAX];
        size_t n;
        bool cut;
} Expansion;

static void append(Expansion *e, const char *text, size_t n)
{
        size_t room = sizeof(e->text) - 1 - e->n;

        if (n > room) {
                e->cut = true;
                n = inf_whole_characters(text, room);
        }
        memcpy(e->text + e->n, text, n);
        e->n += n;
}

/* p is at a '%'. Returns where to go on. */
static const char *append_percent(Expansion *e, const char *p)
{
        const char *end = strchr(p + 1, '%');
        Name name = {p + 1, end ? (size_t) (end - p - 1) : 0};
        const InfString *s;

        if (!end || name.n == 0) {
                append(e, "%", 1);
                return end ? end + 1 : p + 1;
        }
        s = find_string(e->document, &name);
        if (s) {
                append(e, s->text, strlen(s->text));
        } else {
                inf_error(e->document->problems, e->value->line, e->value->column,
                          "%%%.*s%% is not in [Strings]", (int) (name.n < 64 ? name.n : 64), name.text);
                append(e, p, name.n + 2);
        }
        return end + 1;
}

const char *inf_expand(InfDocument *d, const InfValue *value)
{
        Expansion e = {.document = d, .value = value};
        size_t n_names = 0;

        if (!strchr(value->text, '%'))
                return value->text;
        for (const char *p = value->text; *p;) {
                size_t n = strcspn(p, "%");

                append(&e, p, n);
                p += n;
                if (*p && ++n_names > INF_NAMES_MAX) {
                        inf_error(d->problems, value->line, value->column, "more than %d %%names%%",
                                  INF_NAMES_MAX);
                        break;
                }
                if (*p)
                        p = append_percent(&e, p);
        }
        if (e.cut)
                inf_error(d->problems, value->line, value->column, "longer than %d bytes; cut",
                          INF_FIELD_MAX - 1);
        return arena_text(d->arena, e.text, e.n);
}
