/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape wait: until devices are in a state. It subscribes before it looks, so no change can fall in
 * between, and looks again whenever a daemon appears: a restart of evertaped in the meantime is just more
 * waiting. */

#include <getopt.h>
#include <string.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl-links.h"
#include "ctl/ctl-progress.h"
#include "ctl/ctl.h"
#include "util/text.h"
#include "util/time.h"

static const char *const states[] = {"present", "absent", "away", "probing", "held", "resuming", "failed"};

typedef struct Wait {
        const char *state; /* NULL: ready for use, which is present or held */
        usec_t timeout;
        DeviceList devices;
        bool look_again;
        Progress progress;
} Wait;

/* evertaped serves a device a moment before it has nodes. */
static bool device_is_held(const Device *d)
{
        return text_equal(device_text(d, FIELD_STATE), "held") && device_text(d, FIELD_NODE)[0];
}

static bool device_is_ready(const Device *d)
{
        return text_equal(device_text(d, FIELD_STATE), "present") || device_is_held(d);
}

static bool device_is_there(const Wait *w, const Device *d)
{
        if (!w->state)
                return device_is_ready(d);
        return text_equal(w->state, "held") ? device_is_held(d)
                                            : text_equal(device_text(d, FIELD_STATE), w->state);
}

static bool all_are_there(const Wait *w)
{
        for (size_t i = 0; i < w->devices.n_items; i++)
                if (!device_is_there(w, w->devices.items[i]))
                        return false;
        return true;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(device_freep) Device *d = NULL;
        Wait *w = userdata;

        if (device_read(m, &d) < 0) {
                w->look_again = true;
                return 0;
        }
        for (size_t i = 0; i < w->devices.n_items; i++) {
                Device **known = &w->devices.items[i];

                if (!text_equal(device_text(*known, FIELD_NAME), device_text(d, FIELD_NAME)))
                        continue;
                device_free(*known);
                *known = TAKE_PTR(d);
                return 0;
        }
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Wait *w = userdata;

        w->look_again = true;
        return 0;
}

/* Every device again, by its name. That there is no daemon just now is no error. */
static int wait_look_again(sd_bus *bus, Wait *w)
{
        for (size_t i = 0; i < w->devices.n_items; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                Device **known = &w->devices.items[i];
                Device *d;
                int r;

                r = bus_show(bus, device_text(*known, FIELD_NAME), &d, &error);
                if (r < 0 &&
                    (client_error_is_absent(&error) || sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY)))
                        return 0;
                if (r < 0) {
                        bus_complain(r, &error);
                        return r;
                }
                device_free(*known);
                *known = d;
        }
        w->look_again = false;
        return 0;
}

static void complain_about_timeout(const Wait *w)
{
        char span[64];

        text_format_span(span, sizeof(span), w->timeout);
        for (size_t i = 0; i < w->devices.n_items; i++) {
                const Device *d = w->devices.items[i];
                const char *reason = device_text(d, FIELD_REASON);

                if (!device_is_there(w, d))
                        complain("%s is %s after %s%s%s", device_text(d, FIELD_NAME),
                                 device_text(d, FIELD_STATE), span, *reason ? ": " : "", reason);
        }
}

static uint64_t wait_span(usec_t until, usec_t now)
{
        return until == USEC_INFINITY ? UINT64_MAX : until > now ? until - now : 0;
}

/* The first that is not there. */
static int show_progress(sd_bus *bus, Wait *w)
{
        int r = wait_look_again(bus, w);

        for (size_t i = 0; r >= 0 && i < w->devices.n_items; i++)
                if (!device_is_there(w, w->devices.items[i])) {
                        progress_draw(&w->progress, w->devices.items[i]);
                        break;
                }
        return r;
}

/* 1: all devices are there; 0: time is up. */
static int wait_loop(sd_bus *bus, Wait *w, usec_t end)
{
        usec_t now;
        int r;

        while (!all_are_there(w)) {
                now = usec_now(CLOCK_MONOTONIC);
                if (now >= end)
                        return 0;
                r = sd_bus_process(bus, NULL);
                if (r == 0 && w->look_again) {
                        r = wait_look_again(bus, w);
                        w->look_again = false;
                        if (r < 0)
                                return r;
                        continue;
                }
                if (r == 0 && progress_is_due(&w->progress)) {
                        r = show_progress(bus, w);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (r == 0)
                        r = sd_bus_wait(bus, wait_span(usec_min(end, w->progress.next), now));
                if (r < 0 && r != -EINTR) {
                        bus_complain(r, NULL);
                        return r;
                }
        }
        return 1;
}

/* Of those that programs can open now. Named outcome as of wait_loop(). */
static int wait_for_links(const DeviceList *devices, usec_t end)
{
        int r = 1;

        for (size_t i = 0; i < devices->n_items; i++)
                if (device_is_ready(devices->items[i]) && links_wait(devices->items[i], end) < 0)
                        r = 0;
        return r;
}

static int wait_run(Wait *w, char *const *names, size_t n_names)
{
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        usec_t end;
        int r;

        r = bus_open(&bus);
        if (r < 0)
                return EXIT_FAILURE;
        r = bus_subscribe(bus, on_changed, on_owner, w);
        if (r < 0)
                return EXIT_FAILURE;
        r = bus_list(bus, names, n_names, &w->devices);
        if (r < 0)
                return EXIT_FAILURE;
        progress_begin(&w->progress);
        end = usec_add(usec_now(CLOCK_MONOTONIC), w->timeout);
        r = wait_loop(bus, w, end);
        progress_end(&w->progress);
        if (r == 0)
                complain_about_timeout(w);
        if (r > 0)
                r = wait_for_links(&w->devices, end);
        return r > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_state(const char *command, const char *state)
{
        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                if (text_equal(states[i], state))
                        return 0;
        return usage_error(command,
                           "unknown state '%s'; there are: present absent away probing held resuming failed",
                           state);
}

int verb_wait(int argc, char **argv)
{
        static const struct option options[] = {
                {"state", required_argument, NULL, 's'},
                {"timeout", required_argument, NULL, 't'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        Wait w = {.timeout = USEC_INFINITY};
        int c, status;

        while ((c = getopt_long(argc, argv, "s:t:h", options, NULL)) >= 0) {
                if (c == 's')
                        w.state = optarg;
                else if (c != 't')
                        return verb_other_option(argv[0], c);
                else if (text_parse_span(optarg, &w.timeout) < 0)
                        return usage_error(argv[0], "'%s' is no span of time such as 90, 15min or infinity",
                                           optarg);
        }
        if (w.state && check_state(argv[0], w.state) != 0)
                return EXIT_USAGE;
        if (argc == optind)
                return usage_error(argv[0], "give the NAMEs of devices");
        status = wait_run(&w, argv + optind, (size_t) (argc - optind));
        device_list_deinit(&w.devices);
        return status;
}
