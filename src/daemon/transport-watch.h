/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What has a descriptor, events and a deadline of its own, and no loop (transport/transport.h), in
 * evertaped's loop. */

#include <systemd/sd-event.h>

#include "util/time.h"

/* revents: EPOLL* bits, 0 at the deadline. May end the watch. */
typedef void (*TransportTurn)(void *userdata, uint32_t revents);

typedef struct TransportWatch {
        sd_event_source *io, *timer;
        uint32_t events;
        TransportTurn turn;
        void *userdata;
} TransportWatch;

/* fd may be negative: then it is the deadline alone. */
int transport_watch_begin(TransportWatch *w, sd_event *event, int fd, TransportTurn turn, void *userdata);
/* After every call of what is watched: either may have changed. */
void transport_watch_set(TransportWatch *w, uint32_t events, usec_t deadline);
void transport_watch_end(TransportWatch *w);
