/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys are those of man/org.evertape1.5.scd with a dash before what was a capital letter: BytesWritten is
 * bytes-written. */

#include <ctype.h>
#include <inttypes.h>

#include "util/text.h"
#include "view/draw.h"
#include "view/utf8.h"

static void print_string(const char *s, FILE *f)
{
        fputc('"', f);
        for (size_t n; *s; s += n) {
                uint32_t c = utf8_get(s, &n);
                char one[5];

                if (c == '"' || c == '\\')
                        fputc('\\', f);
                fputs(utf8_put(one, c), f);
        }
        fputc('"', f);
}

static void print_key(const char *key, FILE *f)
{
        fputc('"', f);
        for (const char *p = key; *p; p++) {
                if (isupper((unsigned char) *p) && p > key)
                        fputc('-', f);
                if (isalnum((unsigned char) *p)) /* keys of a later evertaped too */
                        fputc(tolower((unsigned char) *p), f);
        }
        fputs("\": ", f);
}

static void print_facts(const Facts *facts, FILE *f)
{
        for (size_t i = 0; i < facts->n_items; i++) {
                fputs(i > 0 ? ", " : "", f);
                print_key(facts->items[i].key, f);
                if (facts->items[i].text)
                        print_string(facts->items[i].text, f);
                else if (facts->items[i].flag)
                        fputs(facts->items[i].number ? "true" : "false", f);
                else
                        fprintf(f, "%" PRIu64, facts->items[i].number);
        }
}

static void print_device(const SiteDevice *d, FILE *f)
{
        fputs("    {", f);
        print_facts(&d->facts, f);
        fputs(d->facts.n_items ? ", \"paths\": [" : "\"paths\": [", f);
        for (size_t i = 0; i < d->n_paths; i++) {
                fputs(i > 0 ? ", {" : "{", f);
                print_facts(&d->paths[i], f);
                fputc('}', f);
        }
        fputs("]}", f);
}

static void print_flag(const char *key, bool set, FILE *f)
{
        fprintf(f, ", \"%s\": %s", key, set ? "true" : "false");
}

/* Without text: null. */
static void print_text(const char *key, const char *text, FILE *f)
{
        fprintf(f, ", \"%s\": ", key);
        if (text && text[0])
                print_string(text, f);
        else
                fputs("null", f);
}

static void print_number(const char *key, bool known, unsigned number, FILE *f)
{
        fprintf(f, ", \"%s\": ", key);
        if (known)
                fprintf(f, "%u", number);
        else
                fputs("null", f);
}

static void print_element(const Site *s, const SiteLibrary *l, const SiteElement *e, FILE *f)
{
        static const char *const types[] = {[SITE_PICKER] = "picker",
                                            [SITE_SLOT] = "slot",
                                            [SITE_MAIL] = "mail-slot",
                                            [SITE_BAY] = "bay"};
        const SiteDevice *drive = e->type == SITE_BAY ? site_drive(s, l, e->address) : NULL;
        char code[8] = "";

        if (e->flags & SITE_EXCEPT)
                snprintf(code, sizeof(code), "%02x/%02x", e->code >> 8, e->code & 0xff);
        fprintf(f, "      {\"type\": \"%s\", \"address\": %u",
                e->type < ELEMENTSOF(types) && types[e->type] ? types[e->type] : "other", e->address);
        print_number("number", e->number != 0, e->number, f);
        print_flag("full", e->flags & SITE_FULL, f);
        print_text("label", e->tag, f);
        print_flag("accessible", e->flags & SITE_ACCESS, f);
        print_text("exception", code, f);
        print_number("source", e->flags & SITE_SOURCE, e->source, f);
        if (e->type == SITE_BAY)
                print_text("drive", drive ? site_name(drive) : "", f);
        fputc('}', f);
}

static void print_library(const Site *s, const SiteLibrary *l, FILE *f)
{
        fputs("    {\"name\": ", f);
        print_string(site_library_name(l), f);
        fprintf(f, ", \"read-at\": %" PRIu64 ", \"doubt-since\": %" PRIu64, l->read_at, l->doubt_since);
        print_flag("followed", l->followed, f);
        print_text("problem", l->problem, f);
        fputs(", \"elements\": [", f);
        for (size_t i = 0; i < l->n_elements; i++) {
                fputs(i > 0 ? ",\n" : "\n", f);
                print_element(s, l, &l->elements[i], f);
        }
        fputs("]}", f);
}

int draw_json(const Site *s, const char *only, FILE *f)
{
        const char *separator = "\n";

        fprintf(f, "{\"at\": %" PRIu64 ", \"version\": ", s->at);
        print_string(s->version ? s->version : "", f);
        fputs(",\n  \"devices\": [", f);
        for (size_t i = 0; i < s->n_devices; i++) {
                const Facts *facts = &s->devices[i].facts;

                if (only && !text_equal(site_name(&s->devices[i]), only) &&
                    !text_equal(facts_text(facts, "Library"), only))
                        continue;
                fputs(separator, f);
                print_device(&s->devices[i], f);
                separator = ",\n";
        }
        fputs("],\n  \"libraries\": [", f);
        separator = "\n";
        for (size_t i = 0; i < s->n_libraries; i++) {
                if (only && !text_equal(site_library_name(&s->libraries[i]), only))
                        continue;
                fputs(separator, f);
                print_library(s, &s->libraries[i], f);
                separator = ",\n";
        }
        fputs("]}\n", f);
        return 0;
}
