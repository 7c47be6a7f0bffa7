/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line on stderr, drawn over again, for a person who waits. Nothing where nobody looks, nor for what is
 * done in two seconds. */

#include "ctl/ctl-progress.h"

#include <stdio.h>
#include <unistd.h>

#define ANSI_CLEAR_LINE "\r\033[K"
#define PATIENCE        (2 * USEC_PER_SEC)
#define PERIOD          (1 * USEC_PER_SEC)

void progress_begin(Progress *p)
{
        *p = (Progress){.terminal = isatty(STDERR_FILENO)};
        p->next = p->terminal ? usec_now(CLOCK_MONOTONIC) + PATIENCE : USEC_INFINITY;
}

bool progress_is_due(Progress *p)
{
        usec_t now = usec_now(CLOCK_MONOTONIC);

        if (now < p->next)
                return false;
        p->next = now + PERIOD;
        return true;
}

void progress_draw(Progress *p, const Device *d)
{
        const char *doing = device_text(d, FIELD_DOING), *reason = device_text(d, FIELD_REASON);
        const char *more = doing[0] ? doing : reason;

        fprintf(stderr, ANSI_CLEAR_LINE "%s: %s%s%s", device_text(d, FIELD_NAME), device_text(d, FIELD_STATE),
                more[0] ? ", " : "", more);
        fflush(stderr);
        p->drawn = true;
}

void progress_end(Progress *p)
{
        if (p->drawn)
                fputs(ANSI_CLEAR_LINE, stderr);
        p->drawn = false;
}
