/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What evertaped says is taken as it comes: any key with a text, a number or a yes or no becomes a fact,
 * others are skipped, so that a key of a later evertaped needs no change here. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/client.h"
#include "util/text.h"
#include "util/time.h"
#include "view/utf8.h"

/* ---- a{sv} ---- */

static int read_value(sd_bus_message *m, Facts *f, const char *key, char type)
{
        uint64_t t = 0;
        uint32_t u = 0;
        int b = 0, r;
        const char *s;

        switch (type) {
        case 's':
                r = sd_bus_message_read_basic(m, 's', &s);
                return r <= 0 ? r : facts_add_text(f, key, s);
        case 'b':
                r = sd_bus_message_read_basic(m, 'b', &b);
                return r <= 0 ? r : facts_add_flag(f, key, b);
        case 'u':
                r = sd_bus_message_read_basic(m, 'u', &u);
                return r <= 0 ? r : facts_add_number(f, key, u);
        default:
                r = sd_bus_message_read_basic(m, 't', &t);
                return r <= 0 ? r : facts_add_number(f, key, t);
        }
}

static int read_entry(sd_bus_message *m, Facts *f)
{
        const char *key, *contents;
        char type;
        int r;

        r = sd_bus_message_read_basic(m, 's', &key);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0 || type != 'v')
                return r < 0 ? r : -EBADMSG;
        if (strlen(contents) != 1 || !strchr("sbut", contents[0]))
                return sd_bus_message_skip(m, "v");
        type = contents[0];
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r >= 0)
                r = read_value(m, f, key, type);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* 1: read; 0: the array around it has ended. */
static int read_facts(sd_bus_message *m, Facts *f)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r <= 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_entry(m, f);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

/* Appends a zeroed item to an array that *n counts. */
static void *grow(void **items, size_t *n, size_t n_item)
{
        void *grown = reallocarray(*items, *n + 1, n_item);

        if (!grown)
                return NULL;
        *items = grown;
        return memset((char *) grown + n_item * (*n)++, 0, n_item);
}

/* ---- calls ---- */

static int call(sd_bus *bus, const char *method, const char *name, sd_bus_error *error, sd_bus_message **ret)
{
        int r = name ? sd_bus_call_method(bus, CLIENT_SERVICE, CLIENT_PATH, CLIENT_INTERFACE, method, error,
                                          ret, "s", name)
                     : sd_bus_call_method(bus, CLIENT_SERVICE, CLIENT_PATH, CLIENT_INTERFACE, method, error,
                                          ret, "");

        return r < 0 ? r : 0;
}

/* It was forgotten, or renamed, since the list was made. */
static bool is_gone(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, "org.evertape1.Error.NoSuchDevice");
}

static int compare_names(const void *a, const void *b)
{
        return strverscmp(site_name(a), site_name(b));
}

static int read_devices(sd_bus *bus, Site *s, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = call(bus, "List", NULL, error, &m);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        do {
                Facts f = {};
                SiteDevice *d;

                r = read_facts(m, &f);
                d = r > 0 ? grow((void **) &s->devices, &s->n_devices, sizeof(*d)) : NULL;
                if (d)
                        d->facts = f;
                else
                        facts_deinit(&f);
                if (r > 0 && !d)
                        return -ENOMEM;
                if (d && site_name(d)[0] == '\0')
                        return -EBADMSG;
        } while (r > 0);
        if (s->n_devices > 0)
                qsort(s->devices, s->n_devices, sizeof(s->devices[0]), compare_names);
        return r;
}

static int read_paths(sd_bus *bus, SiteDevice *d)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = call(bus, "Paths", site_name(d), &error, &m);
        if (r < 0)
                return is_gone(&error) ? 0 : r;
        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        while (r > 0) {
                Facts *f = grow((void **) &d->paths, &d->n_paths, sizeof(*f));

                r = f ? read_facts(m, f) : -ENOMEM;
                if (r <= 0 && f)
                        d->n_paths--;
                if (r < 0 && f)
                        facts_deinit(f);
        }
        return r;
}

static int read_element(sd_bus_message *m, SiteElement *e)
{
        const char *tag;
        int r;

        r = sd_bus_message_read(m, "(yqusqq)", &e->type, &e->address, &e->flags, &tag, &e->source, &e->code);
        if (r > 0)
                utf8_cut(e->tag, sizeof(e->tag), tag, SITE_TAG_MAX);
        return r;
}

static int read_elements(sd_bus_message *m, SiteLibrary *l)
{
        const char *problem;
        int r, followed;

        r = sd_bus_message_read(m, "ttbs", &l->read_at, &l->doubt_since, &followed, &problem);
        if (r < 0)
                return r;
        l->followed = followed;
        l->problem = strdup(problem);
        if (!l->problem)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "(yqusqq)");
        while (r > 0) {
                SiteElement *grown, e = {};

                r = read_element(m, &e);
                if (r <= 0)
                        break;
                grown = grow((void **) &l->elements, &l->n_elements, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                *grown = e;
        }
        site_sort_elements(l);
        return r;
}

static int read_library(sd_bus *bus, Site *s, const SiteDevice *d, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        SiteLibrary *l;
        int r;

        r = call(bus, "Elements", site_name(d), error, &m);
        if (r < 0 && is_gone(error)) {
                sd_bus_error_free(error);
                return 0;
        }
        if (r < 0)
                return r;
        l = grow((void **) &s->libraries, &s->n_libraries, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->device = d;
        return read_elements(m, l);
}

int client_read_site(sd_bus *bus, Site *ret, sd_bus_error *error)
{
        _cleanup_(site_deinit) Site s = {.at = usec_now(CLOCK_REALTIME)};
        int r;

        r = read_devices(bus, &s, error);
        for (size_t i = 0; i < s.n_devices && r >= 0; i++)
                r = read_paths(bus, &s.devices[i]);
        for (size_t i = 0; i < s.n_devices && r >= 0; i++)
                if (text_equal(facts_text(&s.devices[i].facts, "Kind"), "changer"))
                        r = read_library(bus, &s, &s.devices[i], error);
        if (r >= 0)
                (void) sd_bus_get_property_string(bus, CLIENT_SERVICE, CLIENT_PATH, CLIENT_INTERFACE,
                                                  "Version", NULL, &s.version);
        if (r < 0)
                return r == -ENXIO ? -EBADMSG : r;
        *ret = TAKE_GENERIC(s, Site, (Site){});
        return 0;
}
