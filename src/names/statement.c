/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SQLite's result codes end here: above it there are only errno values. */

#include "names/statement.h"

#include <errno.h>

#include "names/schema.h"

int registry_exec(Registry *r, const char *sql)
{
        return schema_error(sqlite3_exec(r->db, sql, NULL, NULL, NULL));
}

int registry_prepare(Registry *r, const char *sql, sqlite3_stmt **ret)
{
        return schema_error(sqlite3_prepare_v2(r->db, sql, -1, ret, NULL));
}

int statement_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
        return schema_error(sqlite3_bind_text(statement, parameter, text, -1, SQLITE_TRANSIENT));
}

int statement_step_once(sqlite3_stmt *statement)
{
        return schema_error(sqlite3_step(statement));
}

int statement_read_rows(sqlite3_stmt *statement, size_t n_element, int (*read)(sqlite3_stmt *, void *),
                        void **ret, size_t *ret_n)
{
        _cleanup_free_ uint8_t *rows = NULL;
        size_t n = 0;
        int code, error;

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                uint8_t *grown = reallocarray(rows, n + 1, n_element);

                if (!grown)
                        return -ENOMEM;
                rows = grown;
                error = read(statement, rows + n * n_element);
                if (error < 0)
                        return error;
                n++;
        }
        if (code != SQLITE_DONE)
                return schema_error(code);
        *ret = TAKE_PTR(rows);
        *ret_n = n;
        return 0;
}
