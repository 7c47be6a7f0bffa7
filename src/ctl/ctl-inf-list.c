/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape inf list: every id, the ones that win first. One row a column; entries are no devices, so the
 * table of ctl-table.c does not fit. */

#include <getopt.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>
#include <strings.h>

#include "ctl/ctl-inf.h"
#include "ctl/ctl.h"
#include "util/text.h"

typedef struct Row {
        const InfFile *file;
        const InfEntry *entry;
} Row;

/* Writes a cell to dst[n]. */
typedef void (*Format)(char *dst, size_t n, const Row *row);

static void format_id(char *dst, size_t n, const Row *row)
{
        const InfEntry *e = row->entry;

        if (e->vendor)
                snprintf(dst, n, "%s \"%s\" \"%s\"", e->id, e->vendor, e->product);
        else
                snprintf(dst, n, "%s", e->id);
}

static void format_description(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%s", row->entry->description);
}

static void format_manufacturer(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%s", row->entry->manufacturer);
}

static void format_service(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%s", row->entry->service);
}

static void format_profile(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%s", profile_name(row->entry->facts.profile));
}

static void format_timeout(char *dst, size_t n, const Row *row)
{
        dst[0] = '\0';
        if (row->entry->facts.timeout > 0)
                (void) text_format_span(dst, n, row->entry->facts.timeout);
}

static void format_file(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%s", row->file->name);
}

static void format_line(char *dst, size_t n, const Row *row)
{
        snprintf(dst, n, "%u", row->entry->line);
}

static const struct {
        const char *name;
        Format format;
        bool number;
} columns[] = {
        {"DESCRIPTION", format_description, false},
        {"ID", format_id, false},
        {"MANUFACTURER", format_manufacturer, false},
        {"SERVICE", format_service, false},
        {"PROFILE", format_profile, false},
        {"TIMEOUT", format_timeout, false},
        {"FILE", format_file, false},
        {"LINE", format_line, true},
};

#define N_COLUMNS ELEMENTSOF(columns)

typedef struct List {
        size_t shown[2 * N_COLUMNS];
        size_t n_shown;
        bool json, raw, no_headings;
} List;

static size_t find_column(const char *name, size_t n)
{
        size_t i = 0;

        while (i < N_COLUMNS && (strlen(columns[i].name) != n || strncasecmp(columns[i].name, name, n) != 0))
                i++;
        return i;
}

static int set_columns(List *l, const char *command, const char *list)
{
        if (*list == '+')
                list++;
        else
                l->n_shown = 0;
        for (;;) {
                size_t n = strcspn(list, ","), i = find_column(list, n);

                if (i == N_COLUMNS)
                        return usage_error(
                                command,
                                "unknown column '%.*s'; there are: DESCRIPTION ID MANUFACTURER SERVICE "
                                "PROFILE TIMEOUT FILE LINE",
                                (int) n, list);
                if (l->n_shown == ELEMENTSOF(l->shown))
                        return usage_error(command, "too many columns");
                l->shown[l->n_shown++] = i;
                if (list[n] == '\0')
                        return 0;
                list += n + 1;
        }
}

static int add_line(struct libscols_table *table, const List *l, const Row *row)
{
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < l->n_shown && r >= 0; i++) {
                char text[4200];

                columns[l->shown[i]].format(text, sizeof(text), row);
                r = scols_line_set_data(line, i, text);
        }
        return r;
}

static int fill(struct libscols_table *table, const List *l, const InfTable *t)
{
        int r = scols_table_set_name(table, "entries");

        for (size_t i = 0; i < l->n_shown && r >= 0; i++) {
                bool number = columns[l->shown[i]].number;
                struct libscols_column *column = scols_table_new_column(table, columns[l->shown[i]].name, 0,
                                                                        number ? SCOLS_FL_RIGHT : 0);

                r = column ? scols_column_set_json_type(column,
                                                        number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING)
                           : -ENOMEM;
        }
        for (size_t i = 0; i < t->n_files; i++)
                for (size_t j = 0; j < t->files[i]->n_entries && r >= 0; j++)
                        r = add_line(table, l, &(Row){t->files[i], &t->files[i]->entries[j]});
        return r;
}

static int print_table(const List *l, const InfTable *t)
{
        struct libscols_table *table;
        int r;

        scols_init_debug(0);
        table = scols_new_table();
        r = table ? fill(table, l, t) : -ENOMEM;
        if (r >= 0) {
                scols_table_enable_json(table, l->json);
                scols_table_enable_raw(table, l->raw);
                scols_table_enable_noheadings(table, l->no_headings);
                r = scols_print_table(table);
        }
        scols_unref_table(table);
        if (r < 0)
                complain("cannot print the table: %s", strerror(-r));
        return r;
}

/* Whether c is an option of the table; a wrong one is complained about and *ret_status set. */
static bool take_option(List *l, int c, const char *command, int *ret_status)
{
        switch (c) {
        case 'o':
                *ret_status = set_columns(l, command, optarg);
                return true;
        case 'J':
                return l->json = true;
        case 'r':
                return l->raw = true;
        case 'n':
                return l->no_headings = true;
        default:
                return false;
        }
}

int inf_list(int argc, char **argv)
{
        static const struct option options[] = {
                {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'J'},
                {"raw", no_argument, NULL, 'r'},          {"noheadings", no_argument, NULL, 'n'},
                {"help", no_argument, NULL, 'h'},         {0},
        };
        List l = {.shown = {find_column("DESCRIPTION", 11), find_column("ID", 2), find_column("PROFILE", 7),
                            find_column("FILE", 4), find_column("LINE", 4)},
                  .n_shown = 5};
        _cleanup_(inf_table_deinit) InfTable t = {};
        int c, r, status = 0;

        while ((c = getopt_long(argc, argv, "o:Jrnh", options, NULL)) >= 0)
                if (!take_option(&l, c, argv[0], &status))
                        return verb_other_option(argv[0], c);
                else if (status != 0)
                        return status;
        r = inf_open_table(&t, argv + optind, (size_t) (argc - optind));
        return r < 0 || print_table(&l, &t) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
