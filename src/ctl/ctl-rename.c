/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape rename, replace, forget: names change hands by the word of a person. evertaped knows what would
 * break and refuses it. */

#include <getopt.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"

static int call(sd_bus *bus, const char *method, const char *a, const char *b)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_call_names(bus, method, a, b, &error);
        if (r < 0)
                bus_complain(r, &error);
        return client_error_is_absent(&error) ? -ENOTCONN : r;
}

int verb_rename(int argc, char **argv)
{
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int c = getopt_long(argc, argv, "h", options, NULL);

        if (c >= 0)
                return verb_other_option(argv[0], c);
        if (argc - optind != 2)
                return usage_error(argv[0], "give the NAME of a device and its new name");
        if (bus_open(&bus) < 0 || call(bus, "Rename", argv[optind], argv[optind + 1]) < 0)
                return EXIT_FAILURE;
        printf("%s: is called %s now\n", argv[optind], argv[optind + 1]);
        return EXIT_SUCCESS;
}

int verb_replace(int argc, char **argv)
{
        static const struct option options[] = {
                {"with", required_argument, NULL, 'w'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        const char *with = NULL;
        int c;

        while ((c = getopt_long(argc, argv, "w:h", options, NULL)) >= 0) {
                if (c != 'w')
                        return verb_other_option(argv[0], c);
                with = optarg;
        }
        if (argc - optind != 1 || !with)
                return usage_error(argv[0],
                                   "give the NAME of a device, and --with the serial number of the new one");
        if (bus_open(&bus) < 0 || call(bus, "Replace", argv[optind], with) < 0)
                return EXIT_FAILURE;
        printf("%s: is the name of %s now\n", argv[optind], with);
        return EXIT_SUCCESS;
}

int verb_forget(int argc, char **argv)
{
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int status = EXIT_SUCCESS, c = getopt_long(argc, argv, "h", options, NULL), r = 0;

        if (c >= 0)
                return verb_other_option(argv[0], c);
        if (argc == optind)
                return usage_error(argv[0], "give the NAMEs of devices");
        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        for (int i = optind; i < argc && r != -ENOTCONN; i++) {
                r = call(bus, "Forget", argv[i], NULL);
                if (r < 0)
                        status = EXIT_FAILURE;
                else
                        printf("%s: forgotten\n", argv[i]);
        }
        return status;
}
