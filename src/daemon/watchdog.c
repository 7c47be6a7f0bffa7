/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/watchdog.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "util/time.h"

#define TURNS 4 /* in the span in which systemd waits: two without progress, and as many to be ended */

struct Watchdog {
        WatchdogGoesOn goes_on;
        void *userdata;
        usec_t turn;
        sd_event_source *timer;
};

bool watchdog_is_stuck(WatchdogSeen *s, bool waits, uint32_t place)
{
        bool stuck = waits && s->waits && s->place == place;

        *s = (WatchdogSeen){.waits = waits, .place = place};
        return stuck;
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
        Watchdog *w = userdata;
        int r;

        if (w->goes_on(w->userdata))
                (void) sd_notify(0, "WATCHDOG=1");
        r = sd_event_source_set_time_relative(source, w->turn);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int watchdog_start(sd_event *event, WatchdogGoesOn goes_on, void *userdata, Watchdog **ret)
{
        _cleanup_(watchdog_freep) Watchdog *w = NULL;
        uint64_t span;
        int r = sd_watchdog_enabled(0, &span);

        *ret = NULL;
        if (r <= 0)
                return r;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->goes_on = goes_on;
        w->userdata = userdata;
        w->turn = span / TURNS;
        /* inaccurate by half of it: wakes up together with others */
        r = sd_event_add_time_relative(event, &w->timer, CLOCK_MONOTONIC, w->turn, w->turn / 2, on_turn, w);
        if (r < 0)
                return r;
        (void) sd_notify(0, "WATCHDOG=1");
        *ret = TAKE_PTR(w);
        return 0;
}

Watchdog *watchdog_free(Watchdog *w)
{
        if (!w)
                return NULL;
        w->timer = sd_event_source_disable_unref(w->timer);
        free(w);
        return NULL;
}
