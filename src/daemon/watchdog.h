/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* systemd's watchdog (WatchdogSec=), fed only while there is progress: from the loop, in which it takes its
 * turn like all that waits there, and only if everybody that the loop serves was served. A loop that merely
 * turns is not enough. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

/* What is served goes on. Called several times in the span in which systemd waits to be told. */
typedef bool (*WatchdogGoesOn)(void *userdata);

typedef struct Watchdog Watchdog;

/* *ret is NULL if nobody watches (WATCHDOG_USEC). */
int watchdog_start(sd_event *event, WatchdogGoesOn goes_on, void *userdata, Watchdog **ret);
Watchdog *watchdog_free(Watchdog *w);
DEFINE_CLEANUP(Watchdog *, watchdog_free)

/* Whether somebody is served, from one call to the next. */
typedef struct WatchdogSeen {
        bool waits;
        uint32_t place;
} WatchdogSeen;

/* waits: something is there that could have been taken; place: where, which is another one when it was taken.
 * True if it is the same as at the last call: nobody has taken it in between. */
bool watchdog_is_stuck(WatchdogSeen *s, bool waits, uint32_t place);
