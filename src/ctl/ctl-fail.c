/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape fail: a program that waits in the kernel's tape driver cannot be killed. This ends its wait. */

#include <getopt.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/text.h"

static int fail_one(sd_bus *bus, const char *name, bool once)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_fail(bus, name, once, &error);
        if (r < 0)
                bus_complain(r, &error);
        else
                printf("%s: what waited for it has failed\n", name);
        return client_error_is_absent(&error) ? -ENOTCONN : r;
}

int verb_fail(int argc, char **argv)
{
        static const struct option options[] = {
                {"once", no_argument, NULL, '1'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int status = EXIT_SUCCESS, c, r = 0;
        bool once = false;

        while ((c = getopt_long(argc, argv, "1h", options, NULL)) >= 0) {
                if (c != '1')
                        return verb_other_option(argv[0], c);
                once = true;
        }
        if (argc == optind)
                return usage_error(argv[0], "give the NAMEs of devices");
        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        for (int i = optind; i < argc && r != -ENOTCONN; i++) {
                r = fail_one(bus, argv[i], once);
                if (r < 0)
                        status = EXIT_FAILURE;
        }
        return status;
}
