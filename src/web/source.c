/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The connection is made when it is needed, and anew after it was lost: neither the bus nor evertaped need be
 * there before this program, and both may be restarted. */

#include "web/source.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/client.h"
#include "util/log.h"
#include "util/time.h"

#define FRESH        (2 * USEC_PER_SEC) /* evertaped looks through /proc for who has a device open */
#define CALL_TIMEOUT (5 * USEC_PER_SEC)

struct Source {
        sd_bus *bus;
        Site site;
        bool known;
        usec_t asked_at; /* 0: never */
        char problem[256];
};

int source_new(Source **ret)
{
        Source *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        *ret = s;
        return 0;
}

Source *source_free(Source *s)
{
        if (!s)
                return NULL;
        sd_bus_flush_close_unref(s->bus);
        site_deinit(&s->site);
        free(s);
        return NULL;
}

/* Said once, and not for every reader. */
static void note_problem(Source *s, int r, const sd_bus_error *error)
{
        bool first = s->problem[0] == '\0';

        if (client_error_is_absent(error))
                snprintf(s->problem, sizeof(s->problem),
                         "evertaped is not running; start it with: systemctl start evertaped");
        else if (r == -EBADMSG)
                snprintf(s->problem, sizeof(s->problem),
                         "evertaped answered in a form not understood here; is it of the same version?");
        else
                snprintf(s->problem, sizeof(s->problem), "evertaped cannot be asked: %s", strerror(-r));
        if (first)
                log_warning("%s", s->problem);
}

static int ask(Source *s, sd_bus_error *error)
{
        int r = 0;

        if (s->bus && sd_bus_is_open(s->bus) <= 0)
                s->bus = sd_bus_flush_close_unref(s->bus);
        if (!s->bus)
                r = client_connect(&s->bus);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(s->bus, CALL_TIMEOUT);
        return r < 0 ? r : client_read_site(s->bus, &s->site, error);
}

const Site *source_get(Source *s, const char **ret_problem)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        usec_t now = usec_now(CLOCK_MONOTONIC);
        int r;

        if (s->asked_at == 0 || now >= s->asked_at + FRESH) {
                site_deinit(&s->site);
                r = ask(s, &error);
                s->known = r >= 0;
                s->asked_at = usec_now(CLOCK_MONOTONIC);
                if (r < 0)
                        note_problem(s, r, &error);
                else
                        s->problem[0] = '\0';
        }
        *ret_problem = s->known ? "" : s->problem;
        return s->known ? &s->site : NULL;
}
