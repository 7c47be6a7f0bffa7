/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SQL for the files of the registry. All return 0 or -errno. */

#include <sqlite3.h>

#include "names/registry.h"

struct Registry {
        sqlite3 *db;
};

static inline void cleanup_statement(sqlite3_stmt **statement)
{
        sqlite3_finalize(*statement);
}

#define _cleanup_statement_ _cleanup_(cleanup_statement)

int registry_exec(Registry *r, const char *sql);
int registry_prepare(Registry *r, const char *sql, sqlite3_stmt **ret);

int statement_bind_text(sqlite3_stmt *statement, int parameter, const char *text);

/* For a statement that gives no rows. */
int statement_step_once(sqlite3_stmt *statement);

/* All rows of a statement, each as read makes an element of n_element bytes of it; free() the array. */
int statement_read_rows(sqlite3_stmt *statement, size_t n_element, int (*read)(sqlite3_stmt *, void *),
                        void **ret, size_t *ret_n);
