/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What `evertape show` says of paths. As for devices there is one table of what a path has, which the reader,
 * the table and JSON walk. */

#include "ctl/ctl-path.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>

#include "ctl/ctl-device.h"
#include "ctl/ctl.h"
#include "util/text.h"

typedef struct PathField {
        const char *column, *key;
        FieldType type; /* TEXT, or a number */
        size_t at;      /* in Path.text or .number */
} PathField;

/* clang-format off */
static const PathField fields[] = {
        {"NODE",       "Node",      FIELD_TYPE_TEXT,  0},
        {"STATE",      "State",     FIELD_TYPE_TEXT,  1},
        {"ADDRESS",    "Address",   FIELD_TYPE_TEXT,  2},
        {"SINCE",      "Since",     FIELD_TYPE_TIME,  0},
        {"COMMANDS",   "Commands",  FIELD_TYPE_COUNT, 1},
        {"BYTES",      "Bytes",     FIELD_TYPE_BYTES, 2},
        {"OUTAGES",    "Outages",   FIELD_TYPE_COUNT, 3},
        {"TRANSPORT",  "Transport", FIELD_TYPE_TEXT,  3},
        {"LAST-ERROR", "LastError", FIELD_TYPE_TEXT,  4},
};
/* clang-format on */

/* ---- reading ---- */

static int read_value(sd_bus_message *m, Path *p, const PathField *f)
{
        const char *s;
        int r;

        if (f->type != FIELD_TYPE_TEXT)
                return sd_bus_message_read(m, "v", "t", &p->number[f->at]);
        r = sd_bus_message_read(m, "v", "s", &s);
        if (r < 0)
                return r;
        free(TAKE_PTR(p->text[f->at]));
        return *s ? text_append_line(&p->text[f->at], s) : 0;
}

static int read_entry(sd_bus_message *m, Path *p)
{
        const char *key;
        int r;

        r = sd_bus_message_read_basic(m, 's', &key);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (text_equal(fields[i].key, key))
                        return read_value(m, p, &fields[i]);
        return sd_bus_message_skip(m, "v");
}

static int read_path(sd_bus_message *m, Path *p)
{
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_entry(m, p);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_paths(sd_bus_message *m, PathList *l)
{
        int r;

        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        while ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) > 0) {
                Path *grown = realloc(l->items, (l->n_items + 1) * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                l->items = grown;
                l->items[l->n_items++] = (Path){0};
                r = read_path(m, &l->items[l->n_items - 1]);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

int path_list_read(sd_bus_message *m, PathList *ret)
{
        _cleanup_(path_list_deinit) PathList l = {0};
        int r = read_paths(m, &l);

        if (r < 0)
                return r == -ENXIO ? -EBADMSG : r;
        *ret = TAKE_GENERIC(l, PathList, (PathList){0});
        return 0;
}

void path_list_deinit(PathList *l)
{
        for (size_t i = 0; i < l->n_items; i++)
                for (size_t k = 0; k < PATH_TEXTS; k++)
                        free(l->items[i].text[k]);
        free(l->items);
        *l = (PathList){0};
}

/* ---- printing ---- */

static char *format(const Path *p, const PathField *f)
{
        if (f->type == FIELD_TYPE_TEXT)
                return strdup(p->text[f->at] ? p->text[f->at] : "");
        return number_format(p->number[f->at], f->type, FIELD_STYLE_HUMAN);
}

static int add_line(struct libscols_table *table, const Path *p)
{
        struct libscols_line *line = scols_table_new_line(table, NULL);

        if (!line)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                char *text = format(p, &fields[i]);

                if (!text || scols_line_refer_data(line, i, text) < 0) {
                        free(text);
                        return -ENOMEM;
                }
        }
        return 0;
}

static int fill(struct libscols_table *table, const PathList *l)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                bool right = fields[i].type == FIELD_TYPE_COUNT || fields[i].type == FIELD_TYPE_BYTES;

                if (!scols_table_new_column(table, fields[i].column, 0, right ? SCOLS_FL_RIGHT : 0))
                        return -ENOMEM;
        }
        for (size_t i = 0; i < l->n_items && r >= 0; i++)
                r = add_line(table, &l->items[i]);
        return r < 0 ? r : scols_print_table(table);
}

int path_list_print(const PathList *l)
{
        struct libscols_table *table;
        int r;

        scols_init_debug(0);
        table = scols_new_table();
        r = table ? fill(table, l) : -ENOMEM;
        scols_unref_table(table);
        if (r < 0)
                complain("cannot print the table: %s", strerror(-r));
        return r;
}

void path_list_print_json(const PathList *l, FILE *f)
{
        fputc('[', f);
        for (size_t i = 0; i < l->n_items; i++) {
                fputs(i > 0 ? ", {" : "{", f);
                for (size_t k = 0; k < ELEMENTSOF(fields); k++) {
                        const PathField *field = &fields[k];

                        fputs(k > 0 ? ", " : "", f);
                        json_print_key(field->column, f);
                        if (field->type == FIELD_TYPE_TEXT)
                                json_print_text(l->items[i].text[field->at], f);
                        else
                                fprintf(f, "%" PRIu64, l->items[i].number[field->at]);
                }
                fputc('}', f);
        }
        fputc(']', f);
}
