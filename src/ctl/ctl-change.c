/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices are changed one after the other, and one that refuses does not keep the others from it. That a
 * device is already as asked for is no failure: scripts may say it twice. */

#include "ctl/ctl-change.h"

#include <getopt.h>

#include "ctl/ctl.h"

static int change_one(sd_bus *bus, const Change *change, const char *name)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_change(bus, change->method, name, &error);
        if (r < 0 && sd_bus_error_has_name(&error, change->already_error)) {
                printf("%s: %s\n", name, change->already);
                return 0;
        }
        if (r < 0)
                bus_complain(r, &error);
        else
                r = change->say(bus, name);
        fflush(stdout);
        return client_error_is_absent(&error) ? -ENOTCONN : r;
}

/* -ENOTCONN, no daemon, is said once; every other failure is the one device's. */
static int change_names(sd_bus *bus, const Change *change, char *const *names, size_t n_names)
{
        int status = EXIT_SUCCESS;

        for (size_t i = 0; i < n_names; i++) {
                int r = change_one(bus, change, names[i]);

                if (r < 0)
                        status = EXIT_FAILURE;
                if (r == -ENOTCONN)
                        break;
        }
        return status;
}

static int change_all(sd_bus *bus, const Change *change)
{
        _cleanup_(device_list_deinit) DeviceList devices = {0};
        int status = EXIT_SUCCESS, r;
        size_t n = 0;

        if (bus_list(bus, NULL, 0, &devices) < 0)
                return EXIT_FAILURE;
        for (size_t i = 0; i < devices.n_items; i++) {
                if (!change->applies(devices.items[i]))
                        continue;
                n++;
                r = change_one(bus, change, device_text(devices.items[i], FIELD_NAME));
                if (r < 0)
                        status = EXIT_FAILURE;
                if (r == -ENOTCONN)
                        break;
        }
        if (n == 0)
                puts(change->nothing);
        return status;
}

int change_run(const Change *change, int argc, char **argv)
{
        static const struct option options[] = {
                {"all", no_argument, NULL, 'a'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        bool all = false;
        int c;

        while ((c = getopt_long(argc, argv, "ah", options, NULL)) >= 0) {
                if (c != 'a')
                        return verb_other_option(argv[0], c);
                all = true;
        }
        if (all != (argc == optind))
                return usage_error(argv[0], "give either the NAMEs of devices or --all");
        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        return all ? change_all(bus, change)
                   : change_names(bus, change, argv + optind, (size_t) (argc - optind));
}
