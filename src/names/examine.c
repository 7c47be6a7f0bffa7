/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any file: a registry, a part of one, one of a later version, or none at all. */

#include "names/examine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

#define PATIENCE 2000 /* milliseconds that a writer may take */

static void close_database(sqlite3 **db)
{
        sqlite3_close(*db);
}

/* First row of a query, as text. The code of SQLite, SQLITE_ROW if there was one. */
static int query_text(sqlite3 *db, const char *sql, char *ret, size_t n_ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        const char *text;

        if (code != SQLITE_OK)
                return code;
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return code;
        text = (const char *) sqlite3_column_text(statement, 0);
        snprintf(ret, n_ret, "%s", text ? text : "");
        return SQLITE_ROW;
}

int registry_examine(const char *path, RegistryExamination *ret)
{
        _cleanup_(close_database) sqlite3 *db = NULL;
        RegistryExamination e = {0};
        char version[16] = "0";
        int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

        if (code != SQLITE_OK)
                return db && sqlite3_system_errno(db) == ENOENT ? -ENOENT : schema_error(code);
        (void) sqlite3_busy_timeout(db, PATIENCE);
        (void) query_text(db, "PRAGMA user_version", version, sizeof(version));
        e.version = atoi(version);
        code = query_text(db, "PRAGMA quick_check(1)", e.damage, sizeof(e.damage));
        if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_NOMEM)
                return schema_error(code);
        if (code != SQLITE_ROW)
                snprintf(e.damage, sizeof(e.damage), "%s", sqlite3_errmsg(db));
        else if (text_equal(e.damage, "ok"))
                e.damage[0] = '\0';
        *ret = e;
        return 0;
}
