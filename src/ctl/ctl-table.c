/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libsmartcols measures in columns of the terminal, not in bytes, and knows which characters a terminal must
 * not be given: so names and reasons in any script line up. */

#include "ctl/ctl-table.h"

#include <libsmartcols.h>
#include <string.h>

#include "ctl/ctl.h"

/* How wide and how aligned. */
static const int type_flags[_FIELD_TYPE_MAX] = {
        [FIELD_TYPE_LIST] = SCOLS_FL_WRAP,   [FIELD_TYPE_COUNT] = SCOLS_FL_RIGHT,
        [FIELD_TYPE_TALLY] = SCOLS_FL_RIGHT, [FIELD_TYPE_RATE] = SCOLS_FL_RIGHT,
        [FIELD_TYPE_PID] = SCOLS_FL_RIGHT,   [FIELD_TYPE_BYTES] = SCOLS_FL_RIGHT,
        [FIELD_TYPE_SPAN] = SCOLS_FL_RIGHT,
};

static int complain_about_column(const char *command, const char *name, size_t n)
{
        char known[768] = "";
        size_t used = 0;

        for (FieldId id = 0; id < _FIELD_MAX && used < sizeof(known); id++)
                used += (size_t) snprintf(known + used, sizeof(known) - used, " %s", field_get(id)->column);
        return usage_error(command, "unknown column '%.*s'; there are:%s", (int) n, name, known);
}

static int table_set_columns(Table *t, const char *command, const char *list)
{
        if (*list == '+')
                list++;
        else
                t->n_columns = 0;
        for (;;) {
                size_t n = strcspn(list, ",");
                FieldId id = field_find(list, n);

                if (id < 0)
                        return complain_about_column(command, list, n);
                if (t->n_columns >= TABLE_COLUMNS_MAX)
                        return usage_error(command, "too many columns");
                t->columns[t->n_columns++] = id;
                if (list[n] == '\0')
                        return 0;
                list += n + 1;
        }
}

bool table_take_option(Table *t, int c, const char *command, int *ret_status)
{
        switch (c) {
        case 'o':
                *ret_status = table_set_columns(t, command, optarg);
                return true;
        case 'J':
                return t->json = true;
        case 'r':
                return t->raw = true;
        case 'b':
                return t->bytes = true;
        case 'n':
                return t->no_headings = true;
        default:
                return false;
        }
}

static int table_add_column(struct libscols_table *table, FieldId id)
{
        const Field *field = field_get(id);
        struct libscols_column *column;
        int r;

        column = scols_table_new_column(table, field->column, 0, type_flags[field->type]);
        if (!column)
                return -ENOMEM;
        if (field->type != FIELD_TYPE_LIST)
                return 0;
        r = scols_column_set_safechars(column, "\n");
        if (r < 0)
                return r;
        return scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
}

static int table_add_line(struct libscols_table *table, const Table *t, const Device *d)
{
        FieldStyle style = t->bytes ? FIELD_STYLE_PLAIN : FIELD_STYLE_HUMAN;
        struct libscols_line *line = scols_table_new_line(table, NULL);

        if (!line)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_columns; i++) {
                char *text = device_format(d, t->columns[i], style);

                if (!text || scols_line_refer_data(line, i, text) < 0) {
                        free(text);
                        return -ENOMEM;
                }
        }
        return 0;
}

static int table_fill(struct libscols_table *table, const Table *t, const DeviceList *devices)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < t->n_columns; i++)
                r = table_add_column(table, t->columns[i]);
        for (size_t i = 0; r >= 0 && i < devices->n_items; i++)
                r = table_add_line(table, t, devices->items[i]);
        if (r < 0)
                return r;
        scols_table_enable_raw(table, t->raw);
        scols_table_enable_noheadings(table, t->no_headings);
        return 0;
}

static void table_unrefp(struct libscols_table **table)
{
        scols_unref_table(*table);
}

/* libsmartcols has no empty list: it makes it [null]. A column that is asked for twice is there once. */
static void print_json(const Table *t, const DeviceList *devices)
{
        FieldId ids[_FIELD_MAX];
        size_t n = 0;

        for (size_t i = 0; i < t->n_columns; i++) {
                bool again = false;

                for (size_t k = 0; k < n; k++)
                        again = again || ids[k] == t->columns[i];
                if (!again)
                        ids[n++] = t->columns[i];
        }
        printf("{\"devices\": [");
        for (size_t i = 0; i < devices->n_items; i++) {
                printf("%s\n  ", i > 0 ? "," : "");
                device_print_json_fields(devices->items[i], ids, n, stdout);
        }
        puts("\n]}");
}

int table_print(const Table *t, const DeviceList *devices)
{
        _cleanup_(table_unrefp) struct libscols_table *table = NULL;
        int r;

        if (t->json) {
                print_json(t, devices);
                return 0;
        }
        scols_init_debug(0);
        table = scols_new_table();
        r = table ? table_fill(table, t, devices) : -ENOMEM;
        if (r >= 0)
                r = scols_print_table(table);
        if (r < 0)
                complain("cannot print the table: %s", strerror(-r));
        return r;
}

int table_format(const Table *t, const DeviceList *devices, size_t width, char **ret)
{
        _cleanup_(table_unrefp) struct libscols_table *table = NULL;
        int r;

        scols_init_debug(0);
        table = scols_new_table();
        r = table ? table_fill(table, t, devices) : -ENOMEM;
        if (r >= 0)
                r = scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
        if (r >= 0)
                r = scols_table_set_termwidth(table, width);
        if (r >= 0)
                r = scols_print_table_to_string(table, ret);
        if (r < 0)
                complain("cannot print the table: %s", strerror(-r));
        return r;
}
