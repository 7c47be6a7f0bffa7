/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape status: what the devices are doing now, once or again and again. What counts (bytes, position)
 * changes without a signal, so repetition goes by time, and a change of state shows at once. */

#include <unistd.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl-follow.h"
#include "ctl/ctl-table.h"
#include "ctl/ctl.h"
#include "util/text.h"

#define ANSI_CLEAR "\033[H\033[J"

typedef struct Status {
        Table table;
        usec_t interval; /* 0: once */
        bool follow;
        bool changed;
} Status;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Status *s = userdata;

        s->changed = true;
        return 0;
}

/* Until a device changes or the interval is over. */
static int status_wait(sd_bus *bus, Status *s)
{
        usec_t end = usec_add(usec_now(CLOCK_MONOTONIC), s->interval);
        usec_t now;
        int r;

        s->changed = false;
        while (!s->changed && (now = usec_now(CLOCK_MONOTONIC)) < end) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end - now);
                if (r < 0 && r != -EINTR) {
                        bus_complain(r, NULL);
                        return r;
                }
        }
        return 0;
}

static int status_print(sd_bus *bus, const Status *s, char *const *names, size_t n_names)
{
        _cleanup_(device_list_deinit) DeviceList devices = {0};
        int r, k;

        r = bus_list(bus, names, n_names, &devices);
        if (r < 0 && r != -ENOENT)
                return r;
        if (s->interval > 0 && isatty(STDOUT_FILENO))
                fputs(ANSI_CLEAR, stdout);
        k = table_print(&s->table, &devices);
        if (fflush(stdout) != 0)
                return -errno;
        return r < 0 ? r : k;
}

static int status_run(const Status *options, char *const *names, size_t n_names)
{
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        Status s = *options;
        int r;

        r = bus_open(&bus);
        if (r >= 0 && s.interval > 0)
                r = bus_subscribe(bus, on_signal, on_signal, &s);
        if (r >= 0)
                r = status_print(bus, &s, names, n_names);
        while (r >= 0 && s.interval > 0) {
                r = status_wait(bus, &s);
                if (r >= 0 && status_print(bus, &s, names, n_names) < 0 && ferror(stdout))
                        r = -EIO; /* a daemon that restarts has been complained about and will be back */
        }
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_status(int argc, char **argv)
{
        static const struct option options[] = {
                TABLE_LONG_OPTIONS,
                {"interval", required_argument, NULL, 'i'},
                {"follow", no_argument, NULL, 'f'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        Status s = {.table = {.columns = {FIELD_NAME, FIELD_STATE, FIELD_NODE, FIELD_PROGRAM, FIELD_PID,
                                          FIELD_CARTRIDGE, FIELD_POSITION, FIELD_RATE, FIELD_JOURNAL,
                                          FIELD_OUTAGES, FIELD_LAST_OUTAGE, FIELD_DOING, FIELD_REASON},
                              .n_columns = 13}};
        int c, status = 0;

        while ((c = getopt_long(argc, argv, TABLE_SHORT_OPTIONS "i:fh", options, NULL)) >= 0) {
                if (c == 'i' && (text_parse_span(optarg, &s.interval) < 0 || s.interval == 0))
                        return usage_error(argv[0], "'%s' is no span of time such as 2s or 500ms", optarg);
                s.follow |= c == 'f';
                if (c != 'i' && c != 'f' && !table_take_option(&s.table, c, argv[0], &status))
                        return verb_other_option(argv[0], c);
                if (status != 0)
                        return status;
        }
        if (s.follow)
                return follow_run(&s.table, s.interval, argv + optind, (size_t) (argc - optind));
        return status_run(&s, argv + optind, (size_t) (argc - optind));
}
