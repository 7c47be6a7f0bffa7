/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Marks and sentences: no state is told by colour alone, and nothing by a picture alone. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"
#include "view/layout.h"

static const struct {
        const char *state, *mark;
        Tone tone;
} states[] = {
        {"held", "●", TONE_GOOD},    {"present", "○", TONE_PLAIN}, {"away", "◌", TONE_BUSY},
        {"probing", "◐", TONE_BUSY}, {"resuming", "◐", TONE_BUSY}, {"failed", "✗", TONE_BAD},
        {"absent", "·", TONE_FAINT},
};

Tone layout_tone(const char *state)
{
        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                if (text_equal(states[i].state, state))
                        return states[i].tone;
        return TONE_PLAIN;
}

const char *layout_mark(const char *state)
{
        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                if (text_equal(states[i].state, state))
                        return states[i].mark;
        return "?";
}

static int compare_addresses(const void *a, const void *b)
{
        const SiteElement *x = a, *y = b;

        return (x->address > y->address) - (x->address < y->address);
}

/* The slot that a cartridge came from, or NULL. */
static const SiteElement *find_source(const SiteLibrary *l, const SiteElement *e)
{
        const SiteElement wanted = {.address = e->source}, *found;

        if (!(e->flags & SITE_SOURCE) || l->n_elements == 0)
                return NULL;
        found = bsearch(&wanted, l->elements, l->n_elements, sizeof(wanted), compare_addresses);
        return found && found->number != 0 ? found : NULL;
}

/* "E00001L3, from slot 3" */
static void print_cartridge(FILE *f, const SiteLibrary *l, const SiteElement *e)
{
        const SiteElement *source = find_source(l, e);

        if (!(e->flags & SITE_FULL)) {
                fputs("empty", f);
                return;
        }
        fputs(e->tag[0] ? e->tag : "a cartridge without a label", f);
        if (source && source != e)
                fprintf(f, ", from slot %u", source->number);
}

char *layout_describe_element(const SiteLibrary *l, const SiteElement *e)
{
        static const char *const names[] = {[SITE_PICKER] = "picker",
                                            [SITE_SLOT] = "slot",
                                            [SITE_MAIL] = "mail slot",
                                            [SITE_BAY] = "bay"};
        const char *name = e->type < ELEMENTSOF(names) && names[e->type] ? names[e->type] : "element";
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        if (e->number != 0)
                fprintf(f, "%s %u (element %u): ", name, e->number, e->address);
        else
                fprintf(f, "%s (element %u): ", name, e->address);
        print_cartridge(f, l, e);
        if (e->flags & SITE_EXCEPT)
                fprintf(f, "; the library reports a problem with it, %02x/%02x", e->code >> 8,
                        e->code & 0xff);
        if (!(e->flags & SITE_ACCESS) && e->type != SITE_PICKER)
                fputs("; the picker cannot reach it", f);
        fclose(f);
        return text;
}

char *layout_describe_drive(const SiteDevice *d, const SiteElement *bay, const SiteLibrary *l)
{
        const char *reason = d ? facts_text(&d->facts, "Reason") : "";
        const char *user = d ? facts_text(&d->facts, "User") : "";
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        fprintf(f, "%s: %s", d ? site_name(d) : "a drive that has no name here",
                d ? facts_text(&d->facts, "State") : "not known");
        if (reason[0])
                fprintf(f, " (%s)", reason);
        if (d)
                fprintf(f, "; %s %s, serial number %s", facts_text(&d->facts, "Vendor"),
                        facts_text(&d->facts, "Product"), facts_text(&d->facts, "Serial"));
        if (d && facts_text(&d->facts, "Node")[0])
                fprintf(f, ", %s", facts_text(&d->facts, "Node"));
        if (user[0])
                fprintf(f, "; in use by %s (%" PRIu64 ")", user, facts_number(&d->facts, "UserPid"));
        if (bay && l) {
                fprintf(f, "; bay %u of %s: ", bay->address, site_library_name(l));
                print_cartridge(f, l, bay);
                if (bay->flags & SITE_EXCEPT)
                        fprintf(f, "; the library reports a problem with it, %02x/%02x", bay->code >> 8,
                                bay->code & 0xff);
        }
        fclose(f);
        return text;
}
