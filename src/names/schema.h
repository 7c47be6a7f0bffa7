/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sqlite3.h>

/* -errno for a result code of SQLite, primary or extended: -EUCLEAN for what is no database or a broken one.
 */
int schema_error(int code);

/* For a writer: makes a new file a registry, and an older registry a current one. -EUCLEAN, -EPROTO: see
 * registry.h. */
int schema_migrate(sqlite3 *db);

/* For a reader: is it a current registry? -ENOENT when it has yet to become one. */
int schema_check(sqlite3 *db);
