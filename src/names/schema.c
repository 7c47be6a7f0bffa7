/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a registry looks like inside, and how an old one becomes a new one. user_version is the number of
 * migrations done; application_id tells our files from those of others, which are never written to. A
 * migration once released is never changed. */

#include "names/schema.h"

#include <errno.h>

#include "util/cleanup.h"

#define APPLICATION_ID 0x65767470 /* "evtp" */

#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

/* used_name holds every name ever given, so that it is not given again when its device is renamed.
 * AUTOINCREMENT: nor is an id, which is also the number of the held LUN. */
static const char *const migrations[] = {
        "CREATE TABLE device ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " name TEXT NOT NULL UNIQUE,"
        " type INTEGER NOT NULL,"
        " rank TEXT NOT NULL,"
        " key TEXT NOT NULL,"
        " vendor TEXT NOT NULL, product TEXT NOT NULL, revision TEXT NOT NULL,"
        " serial TEXT NOT NULL,"
        " hold INTEGER NOT NULL DEFAULT 0,"
        " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " UNIQUE (type, key, serial));"
        "CREATE TABLE used_name (name TEXT PRIMARY KEY NOT NULL, device INTEGER NOT NULL);"
        "CREATE TABLE event ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " device INTEGER NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL);"
        "CREATE INDEX event_device ON event (device, id);"
        "PRAGMA application_id = " STRINGIFY(APPLICATION_ID) ";",

        /* 2: bays, and what tells devices apart that claim one identity. place is where a device was last
         * seen; address is empty, or the place as a part of the identity. counter: all numbers up to
         * this one are given. */
        "CREATE TABLE device2 ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " name TEXT NOT NULL UNIQUE,"
        " type INTEGER NOT NULL,"
        " rank TEXT NOT NULL,"
        " key TEXT NOT NULL,"
        " vendor TEXT NOT NULL, product TEXT NOT NULL, revision TEXT NOT NULL,"
        " serial TEXT NOT NULL,"
        " address TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '',"
        " hold INTEGER NOT NULL DEFAULT 0,"
        " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " UNIQUE (type, key, serial, address));"
        "INSERT INTO device2 (id, name, type, rank, key, vendor, product, revision, serial, hold, first_seen,"
        " last_seen) SELECT id, name, type, rank, key, vendor, product, revision, serial, hold, first_seen,"
        " last_seen FROM device;"
        "DELETE FROM sqlite_sequence WHERE name = 'device2';"
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'device2', seq FROM sqlite_sequence"
        " WHERE name = 'device';"
        "DROP TABLE device;"
        "ALTER TABLE device2 RENAME TO device;"
        "CREATE INDEX device_serial ON device (serial);"
        "CREATE TABLE bay ("
        " library INTEGER NOT NULL, element INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
        " device INTEGER UNIQUE,"
        " PRIMARY KEY (library, element)) WITHOUT ROWID;"
        "CREATE TABLE counter (prefix TEXT PRIMARY KEY NOT NULL, given INTEGER NOT NULL) WITHOUT ROWID;",

        /* 3: only so many events of a kind are kept of a device, and those are found by this. */
        "CREATE INDEX event_kind ON event (device, event, id);",
};

typedef struct ErrorRow {
        int code;
        int error;
} ErrorRow;

static const ErrorRow errors[] = {
        {SQLITE_BUSY, -EBUSY},        {SQLITE_LOCKED, -EBUSY},    {SQLITE_NOMEM, -ENOMEM},
        {SQLITE_NOTADB, -EUCLEAN},    {SQLITE_CORRUPT, -EUCLEAN}, {SQLITE_ERROR, -EUCLEAN},
        {SQLITE_MISMATCH, -EUCLEAN},  {SQLITE_READONLY, -EROFS},  {SQLITE_PERM, -EACCES},
        {SQLITE_AUTH, -EACCES},       {SQLITE_CANTOPEN, -EACCES}, {SQLITE_FULL, -ENOSPC},
        {SQLITE_CONSTRAINT, -EEXIST}, {SQLITE_INTERRUPT, -EINTR},
};

int schema_error(int code)
{
        if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if ((code & 0xff) == errors[i].code)
                        return errors[i].error;
        return -EIO;
}

/* First column of the first row. */
static int query_number(sqlite3 *db, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement;
        int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

        if (code != SQLITE_OK)
                return schema_error(code);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EUCLEAN : schema_error(code);
}

/* Migrations done: 0 for a file in which there is nothing yet. */
static int read_version(sqlite3 *db)
{
        int64_t application, version, n_objects;
        int r;

        r = query_number(db, "SELECT count(*) FROM sqlite_schema", &n_objects);
        if (r >= 0)
                r = query_number(db, "PRAGMA application_id", &application);
        if (r >= 0)
                r = query_number(db, "PRAGMA user_version", &version);
        if (r < 0)
                return r;
        if (n_objects == 0 && application == 0 && version == 0)
                return 0;
        if (application != APPLICATION_ID || version < 1)
                return -EUCLEAN;
        if (version > (int64_t) ELEMENTSOF(migrations))
                return -EPROTO;
        return (int) version;
}

/* In one transaction: another process that makes the registry just now would show half of it. */
int schema_check(sqlite3 *db)
{
        int version = schema_error(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));

        if (version >= 0)
                version = read_version(db);
        (void) sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (version < 0)
                return version;
        return version == (int) ELEMENTSOF(migrations) ? 0 : -ENOENT;
}

static int run_migrations(sqlite3 *db)
{
        int version = read_version(db);
        int code;

        if (version < 0)
                return version;
        for (size_t i = (size_t) version; i < ELEMENTSOF(migrations); i++) {
                char sql[64];

                code = sqlite3_exec(db, migrations[i], NULL, NULL, NULL);
                if (code != SQLITE_OK)
                        return schema_error(code);
                snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", i + 1);
                code = sqlite3_exec(db, sql, NULL, NULL, NULL);
                if (code != SQLITE_OK)
                        return schema_error(code);
        }
        return 0;
}

int schema_migrate(sqlite3 *db)
{
        int r = schema_check(db);

        if (r != -ENOENT)
                return r;
        r = schema_error(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        if (r < 0)
                return r;
        r = run_migrations(db);
        if (r >= 0)
                r = schema_error(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
        if (r < 0)
                (void) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}
