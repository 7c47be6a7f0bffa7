/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape show: all that is known of one device. */

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"

#define LABEL_WIDTH 15

/* A list takes a line for each item; what is empty takes none. */
static void print_field(const Device *d, FieldId id)
{
        _cleanup_free_ char *text = device_format(d, id, FIELD_STYLE_HUMAN);
        const char *label = field_get(id)->label;
        char *rest = text;

        if (!text || text[0] == '\0')
                return;
        for (const char *line; (line = strsep(&rest, "\n")); label = "") {
                printf("%s%c%*s%s", label, *label ? ':' : ' ', (int) (LABEL_WIDTH - strlen(label)), "", line);
                if (rest)
                        putchar('\n');
        }
        if (field_get(id)->type == FIELD_TYPE_BYTES)
                printf(" (%" PRIu64 " bytes)", d->number[id]);
        putchar('\n');
}

static int show_paths(const PathList *paths)
{
        if (paths->n_items == 0)
                return EXIT_SUCCESS;
        putchar('\n');
        return path_list_print(paths) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int show_run(const char *name, bool json)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        _cleanup_(path_list_deinit) PathList paths = {0};
        _cleanup_(device_freep) Device *d = NULL;
        int r;

        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        r = bus_show(bus, name, &d, &error);
        if (r < 0) {
                bus_complain(r, &error);
                return EXIT_FAILURE;
        }
        r = bus_paths(bus, device_text(d, FIELD_NAME), &paths, &error);
        if (r < 0) {
                bus_complain(r, &error);
                return EXIT_FAILURE;
        }
        if (json) {
                device_print_json(d, NULL, &paths, stdout);
                putchar('\n');
                return EXIT_SUCCESS;
        }
        for (FieldId id = 0; id < _FIELD_MAX; id++)
                print_field(d, id);
        return show_paths(&paths);
}

int verb_show(int argc, char **argv)
{
        static const struct option options[] = {
                {"json", no_argument, NULL, 'J'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        bool json = false;
        int c;

        while ((c = getopt_long(argc, argv, "Jh", options, NULL)) >= 0) {
                if (c != 'J')
                        return verb_other_option(argv[0], c);
                json = true;
        }
        if (argc - optind != 1)
                return usage_error(argv[0], "give the NAME of one device");
        return show_run(argv[optind], json);
}
