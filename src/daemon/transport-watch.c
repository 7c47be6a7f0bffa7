/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For readers that live for some commands. The path of a held device, for which each system call counts, is
 * watched by held-path.c. */

#include "daemon/transport-watch.h"

#include "util/cleanup.h"

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        TransportWatch *w = userdata;

        w->turn(w->userdata, revents);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        TransportWatch *w = userdata;

        w->turn(w->userdata, 0);
        return 0;
}

int transport_watch_begin(TransportWatch *w, sd_event *event, int fd, TransportTurn turn, void *userdata)
{
        int r = 0;

        *w = (TransportWatch){.turn = turn, .userdata = userdata};
        if (fd >= 0)
                r = sd_event_add_io(event, &w->io, fd, 0, on_io, w);
        if (r >= 0)
                r = sd_event_add_time(event, &w->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
        if (r < 0)
                transport_watch_end(w);
        return r < 0 ? r : 0;
}

/* Events that are set again make an edge anew. */
void transport_watch_set(TransportWatch *w, uint32_t events, usec_t deadline)
{
        if (w->io && events != w->events)
                (void) sd_event_source_set_io_events(w->io, events);
        w->events = events;
        if (deadline != USEC_INFINITY)
                (void) sd_event_source_set_time(w->timer, deadline);
        (void) sd_event_source_set_enabled(w->timer,
                                           deadline == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void transport_watch_end(TransportWatch *w)
{
        w->io = sd_event_source_disable_unref(w->io);
        w->timer = sd_event_source_disable_unref(w->timer);
}
