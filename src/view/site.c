/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Drives and bays meet here by name and address: the daemon tells of each what it knows, devices apart from
 * elements, since a drive may be there whose library is not. */

#include "view/site.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/text.h"
#include "util/time.h"

static void device_deinit(SiteDevice *d)
{
        facts_deinit(&d->facts);
        for (size_t i = 0; i < d->n_paths; i++)
                facts_deinit(&d->paths[i]);
        free(d->paths);
}

void site_deinit(Site *s)
{
        for (size_t i = 0; i < s->n_devices; i++)
                device_deinit(&s->devices[i]);
        for (size_t i = 0; i < s->n_libraries; i++) {
                free(s->libraries[i].problem);
                free(s->libraries[i].elements);
        }
        free(s->devices);
        free(s->libraries);
        free(s->version);
        *s = (Site){};
}

const char *site_name(const SiteDevice *d)
{
        return facts_text(&d->facts, "Name");
}

const char *site_library_name(const SiteLibrary *l)
{
        return site_name(l->device);
}

const SiteDevice *site_drive(const Site *s, const SiteLibrary *l, uint16_t address)
{
        char bay[8];

        snprintf(bay, sizeof(bay), "%u", address);
        for (size_t i = 0; i < s->n_devices; i++) {
                const Facts *f = &s->devices[i].facts;

                if (text_equal(facts_text(f, "Bay"), bay) &&
                    text_equal(facts_text(f, "Library"), site_library_name(l)))
                        return &s->devices[i];
        }
        return NULL;
}

static bool has_bay(const SiteLibrary *l, const char *bay)
{
        char address[8];

        for (size_t i = 0; i < l->n_elements; i++) {
                snprintf(address, sizeof(address), "%u", l->elements[i].address);
                if (l->elements[i].type == SITE_BAY && text_equal(address, bay))
                        return true;
        }
        return false;
}

bool site_stands_alone(const Site *s, const SiteDevice *d)
{
        const char *library = facts_text(&d->facts, "Library");

        if (text_equal(facts_text(&d->facts, "Kind"), "changer"))
                return false;
        for (size_t i = 0; i < s->n_libraries && library[0]; i++)
                if (text_equal(site_library_name(&s->libraries[i]), library) &&
                    has_bay(&s->libraries[i], facts_text(&d->facts, "Bay")))
                        return false;
        return true;
}

static int compare_addresses(const void *a, const void *b)
{
        const SiteElement *x = a, *y = b;

        return (x->address > y->address) - (x->address < y->address);
}

void site_sort_elements(SiteLibrary *l)
{
        unsigned slot = 0, mail = site_count(l, SITE_SLOT).n;

        if (l->n_elements > 0)
                qsort(l->elements, l->n_elements, sizeof(l->elements[0]), compare_addresses);
        for (size_t i = 0; i < l->n_elements; i++) {
                SiteElement *e = &l->elements[i];

                e->number = e->type == SITE_SLOT ? ++slot : e->type == SITE_MAIL ? ++mail : 0;
        }
}

SiteCount site_count(const SiteLibrary *l, uint8_t type)
{
        SiteCount count = {};

        for (size_t i = 0; i < l->n_elements; i++)
                if (l->elements[i].type == type) {
                        count.n++;
                        count.n_full += l->elements[i].flags & SITE_FULL;
                }
        return count;
}

char *site_format_time(uint64_t usec, char *dst, size_t n_dst)
{
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        struct tm tm;

        dst[0] = '\0';
        if (localtime_r(&seconds, &tm))
                (void) strftime(dst, n_dst, "%Y-%m-%d %H:%M:%S", &tm);
        return dst;
}

char *site_describe_age(const SiteLibrary *l, char *dst, size_t n_dst)
{
        char read_at[32], doubt[32];

        site_format_time(l->read_at, read_at, sizeof(read_at));
        site_format_time(l->doubt_since, doubt, sizeof(doubt));
        if (l->read_at == 0 && l->n_elements == 0)
                snprintf(dst, n_dst, "what is in it is not known%s%s", l->problem[0] ? ": " : " yet",
                         l->problem);
        else if (l->read_at == 0)
                snprintf(dst, n_dst, "known in part: it was not read as a whole yet%s%s",
                         l->problem[0] ? ": " : "", l->problem);
        else if (l->followed)
                snprintf(dst, n_dst, "up to date");
        else if (l->doubt_since != 0)
                snprintf(dst, n_dst, "as of %s; may have changed since %s%s%s", read_at, doubt,
                         l->problem[0] ? ": " : "", l->problem);
        else
                snprintf(dst, n_dst, "as of %s; not held, so moves since then are not seen", read_at);
        return dst;
}
