/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape list: what there is, held or not. */

#include "ctl/ctl-bus.h"
#include "ctl/ctl-table.h"
#include "ctl/ctl.h"

/* Shown only where there is one: it is rare, and to be seen then. */
static void add_note(Table *table, const DeviceList *devices)
{
        for (size_t i = 0; i < devices->n_items; i++)
                if (devices->items[i]->text[FIELD_NOTE]) {
                        table->columns[table->n_columns++] = FIELD_NOTE;
                        return;
                }
}

/* Once for all of them, and not to scripts. */
static void hint_at_unknown(const Table *table, const DeviceList *devices)
{
        const Device *first = NULL;
        size_t n = 0;

        if (table->json || table->raw || table->no_headings)
                return;
        for (size_t i = 0; i < devices->n_items; i++) {
                const Device *d = devices->items[i];

                if (device_text(d, FIELD_PROFILE)[0] == '\0' || device_text(d, FIELD_PROFILE_FROM)[0] != '\0')
                        continue;
                first = first ? first : d;
                n++;
        }
        if (n > 0)
                complain("no entry of tape.inf names %s%s; %s by the generic profile; to add one, see: "
                         "evertape inf "
                         "match %s",
                         device_text(first, FIELD_NAME), n > 1 ? " and others" : "",
                         n > 1 ? "they work" : "it works", device_text(first, FIELD_NAME));
}

int verb_list(int argc, char **argv)
{
        static const struct option options[] = {TABLE_LONG_OPTIONS, {"help", no_argument, NULL, 'h'}, {0}};
        Table table = {
                .columns = {FIELD_NAME, FIELD_KIND, FIELD_STATE, FIELD_NODE, FIELD_SERIAL, FIELD_PRODUCT,
                            FIELD_PROFILE},
                .n_columns = 7,
        };
        _cleanup_(device_list_deinit) DeviceList devices = {0};
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int c, r, status = 0;
        bool chosen = false;

        while ((c = getopt_long(argc, argv, TABLE_SHORT_OPTIONS "h", options, NULL)) >= 0)
                if (!table_take_option(&table, c, argv[0], &status))
                        return verb_other_option(argv[0], c);
                else if (status != 0)
                        return status;
                else
                        chosen |= c == 'o';
        r = bus_open(&bus);
        if (r < 0)
                return EXIT_FAILURE;
        r = bus_list(bus, argv + optind, (size_t) (argc - optind), &devices);
        if (r < 0 && r != -ENOENT)
                return EXIT_FAILURE;
        if (!chosen)
                add_note(&table, &devices);
        if (table_print(&table, &devices) < 0)
                return EXIT_FAILURE;
        hint_at_unknown(&table, &devices);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
