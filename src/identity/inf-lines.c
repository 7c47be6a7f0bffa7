/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One pass over the text, one character ahead, no recursion. A section header that is not closed still begins
 * its section, and a quote that is not closed ends with its line: so a slip costs the line it is in. */

#include "identity/inf-lines.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

typedef struct Lexer {
        InfDocument *document;
        const char *p, *end;
        unsigned line;
        const char *counted; /* up to where the column is known, so that no line is counted twice */
        unsigned column;
        unsigned n_lines; /* with something on them */
        InfSection *section;
        char field[INF_FIELD_MAX];
} Lexer;

static bool at_end_of_line(const Lexer *l)
{
        return l->p == l->end || *l->p == '\n';
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/* In characters, from 1. */
static unsigned column(Lexer *l)
{
        for (; l->counted < l->p; l->counted++)
                l->column += ((unsigned char) *l->counted & 0xc0) != 0x80;
        return l->column;
}

static void skip_blanks(Lexer *l)
{
        while (!at_end_of_line(l) && is_blank(*l->p))
                l->p++;
}

static void skip_line(Lexer *l)
{
        while (!at_end_of_line(l))
                l->p++;
}

static void next_line(Lexer *l)
{
        if (l->p < l->end)
                l->p++;
        l->line++;
        l->counted = l->p;
        l->column = 1;
}

/* A '\' that nothing but blanks or a comment follows: steps to the next line. */
static bool take_continuation(Lexer *l)
{
        const char *begin = l->p;

        if (*l->p != '\\')
                return false;
        l->p++;
        skip_blanks(l);
        if (!at_end_of_line(l) && *l->p != ';') {
                l->p = begin;
                return false;
        }
        skip_line(l);
        next_line(l);
        return true;
}

static bool ends_field(const Lexer *l, bool key_allowed)
{
        return at_end_of_line(l) || *l->p == ',' || *l->p == ';' || (key_allowed && *l->p == '=');
}

/* Behind an opening quote, up to behind the closing one. Returns the new length of the field. */
static size_t read_quoted(Lexer *l, size_t n)
{
        unsigned begin = column(l) - 1;

        while (!at_end_of_line(l)) {
                bool quote = *l->p == '"';

                l->p++;
                if (quote && (l->p == l->end || *l->p != '"'))
                        return n;
                if (quote)
                        l->p++;
                if (n < INF_FIELD_MAX)
                        l->field[n++] = l->p[-1];
        }
        inf_warning(l->document->problems, l->line, begin, "quote is not closed");
        return n;
}

/* One key or value, up to its ',', '=' or end. 1: it has been cut. */
static int read_field(Lexer *l, bool key_allowed, InfValue *ret)
{
        InfValue value = {.line = l->line, .column = column(l)};
        size_t n = 0, n_kept = 0;
        bool cut;

        while (!ends_field(l, key_allowed)) {
                if (take_continuation(l)) {
                        skip_blanks(l);
                        continue;
                }
                if (*l->p == '"') {
                        l->p++;
                        n_kept = n = read_quoted(l, n);
                        continue;
                }
                if (n < INF_FIELD_MAX)
                        l->field[n++] = *l->p;
                if (!is_blank(*l->p))
                        n_kept = n;
                l->p++;
        }
        cut = n_kept >= INF_FIELD_MAX;
        if (cut)
                n_kept = inf_whole_characters(l->field, INF_FIELD_MAX - 1);
        value.text = arena_text(l->document->arena, l->field, n_kept);
        if (!value.text)
                return -ENOMEM;
        *ret = value;
        return cut;
}

static int add_line(Lexer *l, const InfLine *line, const InfValue *key, const InfValue *values)
{
        InfLine *copy = arena_alloc(l->document->arena, sizeof(*copy));
        InfValue *fields = arena_alloc(l->document->arena, (line->n_values + 1) * sizeof(*fields));

        if (!copy || !fields)
                return -ENOMEM;
        *copy = *line;
        fields[0] = *key;
        memcpy(fields + 1, values, line->n_values * sizeof(*fields));
        copy->key = line->key ? fields : NULL;
        copy->values = fields + 1;
        if (l->section->last)
                l->section->last->next = copy;
        else
                l->section->lines = copy;
        l->section->last = copy;
        return 0;
}

/* A line that has begun: its fields up to its end. */
static int read_fields(Lexer *l, InfLine *line, InfValue *key, InfValue *values)
{
        InfValue value;
        int r;

        for (;;) {
                r = read_field(l, !line->key && line->n_values == 0, &value);
                if (r < 0)
                        return r;
                line->cut = line->cut || r > 0 || line->n_values == INF_VALUES_MAX;
                if (l->p < l->end && *l->p == '=' && !line->key && line->n_values == 0) {
                        *key = value;
                        line->key = key;
                } else if (line->n_values < INF_VALUES_MAX) {
                        values[line->n_values++] = value;
                }
                if (at_end_of_line(l) || *l->p == ';')
                        return 0;
                l->p++;
                skip_blanks(l);
        }
}

static int read_entry(Lexer *l)
{
        InfLine line = {.line = l->line, .column = column(l)};
        InfValue key = {}, values[INF_VALUES_MAX];
        int r;

        r = read_fields(l, &line, &key, values);
        if (r < 0)
                return r;
        if (line.n_values == 1 && values[0].text[0] == '\0')
                line.n_values = 0;
        if (!line.key && line.n_values == 0)
                return 0;
        if (!l->section) {
                inf_error(l->document->problems, line.line, line.column, "stands before the first [section]");
                return 0;
        }
        return add_line(l, &line, &key, values);
}

static int open_section(Lexer *l, const char *name, size_t n_name)
{
        InfDocument *d = l->document;

        for (size_t i = 0; i < d->n_sections; i++) {
                InfSection *s = &d->sections[i];

                if (strlen(s->name) != n_name || strncasecmp(s->name, name, n_name) != 0)
                        continue;
                l->section = s;
                return 0;
        }
        if (d->n_sections == INF_SECTIONS_MAX) {
                inf_error(d->problems, l->line, 1, "more than %d sections", INF_SECTIONS_MAX);
                return -E2BIG;
        }
        l->section = &d->sections[d->n_sections];
        *l->section = (InfSection){.name = arena_text(d->arena, name, n_name), .line = l->line};
        if (!l->section->name)
                return -ENOMEM;
        d->n_sections++;
        return 0;
}

static int read_header(Lexer *l)
{
        unsigned begin = column(l);
        const char *name, *end;

        l->p++;
        skip_blanks(l);
        name = l->p;
        while (!at_end_of_line(l) && *l->p != ']')
                l->p++;
        for (end = l->p; end > name && is_blank(end[-1]); end--)
                ;
        if (at_end_of_line(l))
                inf_error(l->document->problems, l->line, begin, "']' is missing; taken as if it were there");
        else
                l->p++;
        skip_blanks(l);
        if (!at_end_of_line(l) && *l->p != ';')
                inf_warning(l->document->problems, l->line, column(l), "text behind ']' is ignored");
        skip_line(l);
        return open_section(l, name, (size_t) (end - name));
}

static int read_line(Lexer *l)
{
        int r = 0;

        skip_blanks(l);
        if (!at_end_of_line(l) && *l->p != ';') {
                if (++l->n_lines > INF_LINES_MAX) {
                        inf_error(l->document->problems, l->line, 0, "more than %d lines", INF_LINES_MAX);
                        return -E2BIG;
                }
                r = *l->p == '[' ? read_header(l) : read_entry(l);
        }
        skip_line(l);
        next_line(l);
        return r;
}

/* ---- [Strings] ---- */

/* Lower is better: English (United States), English, no language, any other one. SIZE_MAX: not strings. */
static size_t strings_rank(const char *section)
{
        static const char *const sections[] = {"Strings.0409", "Strings.0009", "Strings"};

        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                if (strcasecmp(section, sections[i]) == 0)
                        return i;
        return strncasecmp(section, "Strings.", 8) == 0 ? ELEMENTSOF(sections) : SIZE_MAX;
}

static int compare_strings(const void *a, const void *b)
{
        const InfString *x = a, *y = b;
        int r = strcasecmp(x->name, y->name);

        if (r != 0)
                return r;
        if (x->rank != y->rank)
                return x->rank < y->rank ? -1 : 1;
        return (x->order > y->order) - (x->order < y->order);
}

static size_t walk_strings(InfDocument *d, InfString *strings)
{
        size_t n = 0;

        for (size_t i = 0; i < d->n_sections; i++) {
                size_t rank = strings_rank(d->sections[i].name);

                for (const InfLine *l = d->sections[i].lines; l && rank != SIZE_MAX; l = l->next) {
                        if (!l->key)
                                continue;
                        if (strings)
                                strings[n] = (InfString){l->key->text,
                                                         l->n_values > 0 ? l->values[0].text : "", rank, n};
                        n++;
                }
        }
        return n;
}

static int collect_strings(InfDocument *d)
{
        d->n_strings = walk_strings(d, NULL);
        d->strings = arena_alloc(d->arena, (d->n_strings + 1) * sizeof(*d->strings));
        if (!d->strings)
                return -ENOMEM;
        (void) walk_strings(d, d->strings);
        if (d->n_strings > 1)
                qsort(d->strings, d->n_strings, sizeof(*d->strings), compare_strings);
        return 0;
}

int inf_document_read(InfDocument *d, const InfText *text)
{
        Lexer *l = arena_alloc(d->arena, sizeof(*l));
        int r = 0;

        if (!l)
                return -ENOMEM;
        *l = (Lexer){.document = d,
                     .p = text->text,
                     .end = text->text + text->n,
                     .line = 1,
                     .counted = text->text,
                     .column = 1};
        while (r >= 0 && l->p < l->end)
                r = read_line(l);
        if (r < 0 && r != -E2BIG)
                return r;
        return collect_strings(d);
}
