/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape watch: a line for every change of a device, until interrupted. */

#include <getopt.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/time.h"

typedef struct Watch {
        bool json;
} Watch;

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_free_ char *time = format_time(usec_now(CLOCK_REALTIME), true);
        _cleanup_(device_freep) Device *d = NULL;
        const Watch *w = userdata;
        int r;

        r = device_read(m, &d);
        if (r < 0) {
                bus_complain(r, NULL);
                return 0;
        }
        if (w->json)
                device_print_json(d, time, NULL, stdout);
        else
                printf("%s %s %s%s%s", time ? time : "", device_text(d, FIELD_NAME),
                       device_text(d, FIELD_STATE), d->text[FIELD_REASON] ? " " : "",
                       device_text(d, FIELD_REASON));
        putchar('\n');
        return fflush(stdout) == 0 ? 0 : -errno;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *name, *old, *new;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &old, &new);
        if (r >= 0)
                complain("evertaped %s", *new ? "has started" : "has stopped");
        return 0;
}

static int check_daemon(sd_bus *bus)
{
        _cleanup_(device_list_deinit) DeviceList devices = {0};

        return bus_list(bus, NULL, 0, &devices);
}

static int watch_run(Watch *w)
{
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int r;

        if (bus_open(&bus) < 0 || bus_subscribe(bus, on_changed, on_owner, w) < 0 || check_daemon(bus) < 0)
                return EXIT_FAILURE;
        for (;;) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR) {
                        bus_complain(r, NULL);
                        return EXIT_FAILURE;
                }
        }
}

int verb_watch(int argc, char **argv)
{
        static const struct option options[] = {
                {"json", no_argument, NULL, 'J'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        Watch w = {0};
        int c;

        while ((c = getopt_long(argc, argv, "Jh", options, NULL)) >= 0) {
                if (c != 'J')
                        return verb_other_option(argv[0], c);
                w.json = true;
        }
        if (argc != optind)
                return usage_error(argv[0], "takes no names");
        return watch_run(&w);
}
