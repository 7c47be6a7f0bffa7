/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SIGHUP, systemctl reload: the configuration is read again, and what is held is not touched. One with a
 * mistake in it changes nothing: somebody is there who can mend it, other than at a start, where what is
 * right counts. */

#include "daemon/reload.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/events.h"

typedef struct Reload {
        Manager *manager;
        const char *path;
        Config *config;
} Reload;

static void reload(Reload *reload)
{
        _cleanup_(config_deinit) Config new = {};
        int r = config_load(reload->path, &new);

        if (r < 0)
                event_log_daemon("configuration-failed", "%s: %s: what was read before stays", reload->path,
                                 strerror(-r));
        else if (r > 0)
                event_log_daemon("configuration-failed",
                                 "the configuration has mistakes: what was read before stays");
        else {
                Config old = *reload->config;

                *reload->config = new;
                new = old;
                manager_configured(reload->manager);
                event_log_daemon("configuration", "the configuration is read again");
        }
        (void) sd_notifyf(0, "READY=1\nSTATUS=%s",
                          r == 0 ? "" : "The configuration has mistakes; the one before them is in use.");
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        (void) sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, usec_now(CLOCK_MONOTONIC));
        reload(userdata);
        return 0;
}

int reload_on_signal(sd_event *event, Manager *manager, const char *path, Config *config)
{
        static Reload reload;

        reload = (Reload){.manager = manager, .path = path, .config = config};
        return sd_event_add_signal(event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK, on_hangup, &reload);
}
