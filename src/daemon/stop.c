/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* There are two ways to end. For a successor (restart, upgrade, a SIGTERM that systemd answers with a start):
 * no command is begun any more, those that are with the devices end, what they wrote is committed, and the
 * held LUNs stay with the programs that wait in them. For good (systemctl stop, shutdown, removal of the
 * package, ^C): nobody may be left waiting in the kernel for an answer that never comes, so programs get
 * errors and the LUNs are taken away. Only systemd knows which one a SIGTERM is: it has a job for this unit.
 *
 * A second signal ends it at once, which is no worse than a crash. */

#include "daemon/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "daemon/events.h"
#include "util/log.h"
#include "util/text.h"

#define PATIENCE      (45 * USEC_PER_SEC) /* with a command that is with a device */
#define LAST_PATIENCE (30 * USEC_PER_SEC) /* both together: less than TimeoutStopSec= of the unit */
#define ASK_TIMEOUT   (2 * USEC_PER_SEC)

typedef struct Stop {
        Manager *manager;
        sd_bus *bus;
        bool begun, for_good, abandoned;
} Stop;

/* ---- why ---- */

#define SYSTEMD "org.freedesktop.systemd1"

static int call(sd_bus *bus, const char *path, const char *interface, const char *member,
                const char *argument, const char *second, sd_bus_message **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, SYSTEMD, path, interface, member);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", argument);
        if (r >= 0 && second)
                r = sd_bus_message_append(m, "s", second);
        return r < 0 ? r : sd_bus_call(bus, m, ASK_TIMEOUT, NULL, ret);
}

/* systemd's job for the unit that this process is: "stop", "restart"; empty without one. */
static int read_job_type(sd_bus *bus, const char *unit, char *ret, size_t n_ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *got = NULL, *job = NULL, *type = NULL;
        const char *path, *text;
        uint32_t id;
        int r;

        r = call(bus, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "GetUnit", unit, NULL, &got);
        if (r >= 0)
                r = sd_bus_message_read(got, "o", &path);
        if (r >= 0)
                r = call(bus, path, "org.freedesktop.DBus.Properties", "Get", SYSTEMD ".Unit", "Job", &job);
        if (r >= 0)
                r = sd_bus_message_read(job, "v", "(uo)", &id, &path);
        if (r < 0)
                return r;
        ret[0] = '\0';
        if (id == 0)
                return 0;
        r = call(bus, path, "org.freedesktop.DBus.Properties", "Get", SYSTEMD ".Job", "JobType", &type);
        if (r >= 0)
                r = sd_bus_message_read(type, "v", "s", &text);
        if (r >= 0)
                (void) snprintf(ret, n_ret, "%s", text);
        return r;
}

static bool is_for_good(const Stop *s, uint32_t signal)
{
        _cleanup_free_ char *unit = NULL;
        char type[32];
        int r;

        if (signal == SIGINT)
                return true;
        if (!s->bus || sd_pid_get_unit(0, &unit) < 0 || !getenv("NOTIFY_SOCKET"))
                return false;
        r = read_job_type(s->bus, unit, type, sizeof(type));
        if (r < 0) {
                log_warning(
                        "systemd does not say whether this is a stop or a restart (%s): devices stay held",
                        strerror(-r));
                return false;
        }
        return text_equal(type, "stop");
}

/* ---- the end ---- */

static int on_post(sd_event_source *source, void *userdata)
{
        Stop *s = userdata;

        return manager_stopped(s->manager) ? sd_event_exit(sd_event_source_get_event(source), 0) : 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        Stop *s = userdata;

        if (s->for_good && !s->abandoned) {
                event_log_daemon(
                        "stop-incomplete", "%s",
                        "a device is still at work on a command: programs do not wait for it any more");
                s->abandoned = true;
                manager_abandon(s->manager);
                (void) sd_event_source_set_time_relative(source, LAST_PATIENCE);
                return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        event_log_daemon("stop-incomplete", "%s",
                         s->for_good ? "a held LUN cannot be taken away"
                                     : "a device is still at work on a command; the next evertaped waits for "
                                       "its end");
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        sd_event *event = sd_event_source_get_event(source);
        Stop *s = userdata;
        int r;

        if (s->begun)
                return sd_event_exit(event, 0);
        s->begun = true;
        (void) sd_notify(0, "STOPPING=1");
        s->for_good = is_for_good(s, si->ssi_signo);
        event_log_daemon("stopping", "%s",
                         s->for_good ? "evertaped stops: held devices are given back"
                                     : "evertaped stops; what is held stays held for the next one");
        r = sd_event_add_post(event, NULL, on_post, s);
        if (r >= 0)
                r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, PATIENCE, 0, on_deadline, s);
        manager_stop(s->manager, s->for_good);
        /* Nothing may ever happen again: on_post() is for the events after this one. */
        return r < 0 || manager_stopped(s->manager) ? sd_event_exit(event, 0) : 0;
}

/* ---- setting up ---- */

static const int signals[] = {SIGTERM, SIGINT};

int stop_block_signals(void)
{
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(&mask, signals[i]);
        sigaddset(&mask, SIGCHLD);
        return sigprocmask(SIG_BLOCK, &mask, NULL) < 0 ? -errno : 0;
}

int stop_on_signals(sd_event *event, Manager *manager, sd_bus *bus)
{
        static Stop stop;
        int r = 0;

        stop = (Stop){.manager = manager, .bus = bus};
        for (size_t i = 0; i < ELEMENTSOF(signals) && r >= 0; i++)
                r = sd_event_add_signal(event, NULL, signals[i], on_signal, &stop);
        return r;
}
