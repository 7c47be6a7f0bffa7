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

/* What of all of it a person wants to know first. */
typedef struct Summary {
        unsigned n_outages, n_failed, n_resets;
        usec_t total, longest;
        uint64_t longest_end;
} Summary;

/* evertaped says "after 2s 500ms, 3 objects written again". */
static void count_resumed(Summary *s, uint64_t at, const char *text)
{
        char span[40];
        usec_t length;
        size_t n;

        s->n_outages++;
        if (strncmp(text, "after ", 6) != 0)
                return;
        n = strcspn(text + 6, ",");
        if (n >= sizeof(span))
                return;
        memcpy(span, text + 6, n);
        span[n] = '\0';
        if (text_parse_span(span, &length) < 0)
                return;
        s->total = usec_add(s->total, length);
        if (length > s->longest) {
                s->longest = length;
                s->longest_end = at;
        }
}

static void count_event(Summary *s, uint64_t at, const char *event, const char *text)
{
        if (text_equal(event, "resumed"))
                count_resumed(s, at, text);
        s->n_failed += text_equal(event, "failed");
        s->n_resets += text_equal(event, "reset");
}

static void print_summary(const History *h, const Summary *s)
{
        _cleanup_free_ char *end = format_time(s->longest_end, false);
        char total[40], longest[40];

        if (s->n_outages + s->n_failed + s->n_resets == 0)
                return;
        text_format_span(total, sizeof(total), s->total);
        text_format_span(longest, sizeof(longest), s->longest);
        printf("\n%s: %u outage%s survived", h->name, s->n_outages, s->n_outages == 1 ? "" : "s");
        if (s->longest > 0)
                printf(", %s in all, the longest of %s until %s", total, longest, end ? end : "");
        printf("; %u reset%s; failed %u time%s\n", s->n_resets, s->n_resets == 1 ? "" : "s", s->n_failed,
               s->n_failed == 1 ? "" : "s");
}

/* "today" and "yesterday", as journalctl has them: when the day began. */
static int parse_day(const char *text, uint64_t *ret)
{
        time_t now = time(NULL);
        bool yesterday = text_equal(text, "yesterday");
        struct tm tm;

        if ((!yesterday && !text_equal(text, "today")) || !localtime_r(&now, &tm))
                return -EINVAL;
        tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
        tm.tm_mday -= yesterday;
        tm.tm_isdst = -1;
        *ret = (uint64_t) mktime(&tm) * USEC_PER_SEC;
        return 0;
}

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
        if (parse_day(text, ret) >= 0)
                return 0;
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

static int fill(struct libscols_table *table, const History *h, sd_bus_message *m, Summary *summary)
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
                count_event(summary, at, texts[1], texts[2]);
                r = add_line(table, h, at, texts);
                if (r < 0)
                        return r;
        }
        return r;
}

static int print_history(const History *h, sd_bus_message *m)
{
        struct libscols_table *table;
        Summary summary = {0};
        int r;

        scols_init_debug(0);
        table = scols_new_table();
        r = table ? fill(table, h, m, &summary) : -ENOMEM;
        if (r >= 0) {
                scols_table_enable_json(table, h->json);
                scols_table_enable_noheadings(table, h->no_headings);
                r = scols_print_table(table);
        }
        scols_unref_table(table);
        if (r >= 0 && h->name[0] && !h->json && !h->no_headings)
                print_summary(h, &summary);
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
