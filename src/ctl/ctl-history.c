/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape history: the biography of a device, or of all. */

#include <getopt.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/text.h"
#include "util/time.h"

typedef struct History {
        const char *name; /* "" for all */
        uint64_t since;   /* microseconds since the epoch */
        bool json, no_headings;
} History;

/* A day, a day and a time, or how long ago. */
static int parse_when(const char *text, uint64_t *ret)
{
        static const char *const forms[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d",
                                            "%Y-%m-%dT%H:%M:%S"};
        usec_t span, now = usec_now(CLOCK_REALTIME);

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                struct tm tm = {.tm_isdst = -1};
                const char *end = strptime(text, forms[i], &tm);
                time_t at = end && *end == '\0' ? mktime(&tm) : -1;

                if (at >= 0) {
                        *ret = (uint64_t) at * USEC_PER_SEC;
                        return 0;
                }
        }
        if (text_parse_span(text, &span) < 0)
                return -EINVAL;
        *ret = span >= now ? 0 : now - span;
        return 0;
}

static int add_line(struct libscols_table *table, const History *h, uint64_t at, const char *const texts[3])
{
        struct libscols_line *line = scols_table_new_line(table, NULL);
        char *text;

        if (!line)
                return -ENOMEM;
        if (h->json)
                text = asprintf(&text, "%" PRIu64, at) < 0 ? NULL : text;
        else
                text = format_time(at, false);
        for (size_t i = 0;; i++) {
                if (!text || scols_line_refer_data(line, i, text) < 0) {
                        free(text);
                        return -ENOMEM;
                }
                if (i == 3)
                        return 0;
                text = NULL;
                if (text_append_line(&text, texts[i]) < 0)
                        return -ENOMEM;
        }
}

static int fill(struct libscols_table *table, const History *h, sd_bus_message *m)
{
        static const char *const columns[] = {"TIME", "NAME", "EVENT", "TEXT"};
        const char *texts[3];
        uint64_t at;
        int r = scols_table_set_name(table, "history");

        for (size_t i = 0; i < ELEMENTSOF(columns) && r >= 0; i++) {
                struct libscols_column *column = scols_table_new_column(table, columns[i], 0, 0);

                r = !column ? -ENOMEM
                            : scols_column_set_json_type(column,
                                                         i == 0 ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
        }
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(tsss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(tsss)", &at, &texts[0], &texts[1], &texts[2])) > 0) {
                r = add_line(table, h, at, texts);
                if (r < 0)
                        return r;
        }
        return r;
}

static int print_history(const History *h, sd_bus_message *m)
{
        struct libscols_table *table;
        int r;

        scols_init_debug(0);
        table = scols_new_table();
        r = table ? fill(table, h, m) : -ENOMEM;
        if (r >= 0) {
                scols_table_enable_json(table, h->json);
                scols_table_enable_noheadings(table, h->no_headings);
                r = scols_print_table(table);
        }
        scols_unref_table(table);
        return r == -ENXIO ? -EBADMSG : r;
}

static int history_run(const History *h)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int r;

        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        r = bus_ask(bus, "History", &error, &reply, "st", h->name, h->since);
        if (r >= 0)
                r = print_history(h, reply);
        if (r < 0)
                bus_complain(r, &error);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_history(int argc, char **argv)
{
        static const struct option options[] = {
                {"since", required_argument, NULL, 's'},
                {"json", no_argument, NULL, 'J'},
                {"noheadings", no_argument, NULL, 'n'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        History h = {.name = ""};
        int c;

        while ((c = getopt_long(argc, argv, "s:Jnh", options, NULL)) >= 0) {
                if (c == 's' && parse_when(optarg, &h.since) < 0)
                        return usage_error(argv[0], "'%s' is no day, time or span such as 2026-11-23 or 2h",
                                           optarg);
                if (c == 'h' || c == '?')
                        return verb_other_option(argv[0], c);
                h.json |= c == 'J';
                h.no_headings |= c == 'n';
        }
        if (argc - optind > 1)
                return usage_error(argv[0], "give one NAME or none");
        if (argc - optind == 1)
                h.name = argv[optind];
        return history_run(&h);
}
