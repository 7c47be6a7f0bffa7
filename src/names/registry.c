/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The registry in SQLite. With a rollback journal and not WAL: a reader of a WAL database must be able to
 * write its -shm file or find one that somebody else keeps; here the udev helper and a plain user read one
 * file that has no companions while nobody writes. Writes are few and small, so that readers wait for
 * milliseconds.
 *
 * A name that was given must outlive a power failure (synchronous = EXTRA, which also syncs the directory
 * that the journal is removed from). */

#include "names/registry.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "names/name.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

#define WRITER_PATIENCE    5000 /* milliseconds */
#define READER_PATIENCE    2000
#define LAST_SEEN_EXACT_TO 60 /* seconds: a scan must not cost a sync of the disk for every device */

#define COLUMNS "id, name, type, rank, key, vendor, product, revision, serial, hold, first_seen, last_seen"

Registry *registry_close(Registry *r)
{
        if (!r)
                return NULL;
        (void) sqlite3_close(r->db);
        free(r);
        return NULL;
}

/* sqlite3_open_v2() itself reads nothing: what is wrong with the file shows at the first query. */
static int registry_connect(const char *path, int flags, int patience, Registry **ret)
{
        _cleanup_(registry_closep) Registry *r = calloc(1, sizeof(*r));
        int code;

        if (!r)
                return -ENOMEM;
        code = sqlite3_open_v2(path, &r->db, flags | SQLITE_OPEN_EXRESCODE, NULL);
        if (code != SQLITE_OK && sqlite3_system_errno(r->db) == ENOENT)
                return -ENOENT;
        if (code != SQLITE_OK)
                return schema_error(code);
        (void) sqlite3_busy_timeout(r->db, patience);
        *ret = TAKE_PTR(r);
        return 0;
}

int registry_open(const char *path, Registry **ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        r = registry_connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, WRITER_PATIENCE, &registry);
        if (r < 0)
                return r;
        r = registry_exec(registry, "PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF");
        if (r >= 0)
                r = schema_migrate(registry->db);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(registry);
        return 0;
}

/* A writer that was killed in the middle of a commit leaves a journal that says how to undo the half of it. A
 * reader may not; who has the right to write does it by opening the file for writing. */
static int registry_recover(const char *path)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        r = registry_connect(path, SQLITE_OPEN_READWRITE, READER_PATIENCE, &registry);
        return r < 0 ? r : registry_exec(registry, "SELECT count(*) FROM sqlite_schema");
}

int registry_open_readonly(const char *path, Registry **ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        r = registry_connect(path, SQLITE_OPEN_READONLY, READER_PATIENCE, &registry);
        if (r < 0)
                return r;
        r = schema_check(registry->db);
        if (r == -EROFS) {
                r = registry_recover(path);
                if (r >= 0)
                        r = schema_check(registry->db);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(registry);
        return 0;
}

static int read_text(sqlite3_stmt *statement, int column, char *dst, size_t n_dst)
{
        const char *text = (const char *) sqlite3_column_text(statement, column);

        if (!text || strlen(text) >= n_dst)
                return -EUCLEAN;
        memcpy(dst, text, strlen(text) + 1);
        return 0;
}

static int read_rank(sqlite3_stmt *statement, int column, IdentityRank *ret)
{
        const char *text = (const char *) sqlite3_column_text(statement, column);

        for (unsigned rank = 0; text && rank < IDENTITY_NONE; rank++)
                if (text_equal(text, identity_rank_name(rank))) {
                        *ret = rank;
                        return 0;
                }
        return -EUCLEAN;
}

/* One row of COLUMNS. */
static int read_device(sqlite3_stmt *statement, RegistryDevice *ret)
{
        RegistryDevice d = {
                .id = (uint32_t) sqlite3_column_int64(statement, 0),
                .identity.type = (DeviceType) sqlite3_column_int(statement, 2),
                .hold = sqlite3_column_int(statement, 9) != 0,
                .first_seen = (uint64_t) sqlite3_column_int64(statement, 10),
                .last_seen = (uint64_t) sqlite3_column_int64(statement, 11),
        };

        if ((d.identity.type != DEVICE_TAPE && d.identity.type != DEVICE_CHANGER) ||
            read_text(statement, 1, d.name, sizeof(d.name)) < 0 ||
            read_rank(statement, 3, &d.identity.rank) < 0 ||
            read_text(statement, 4, d.identity.key, sizeof(d.identity.key)) < 0 ||
            read_text(statement, 5, d.identity.vendor, sizeof(d.identity.vendor)) < 0 ||
            read_text(statement, 6, d.identity.product, sizeof(d.identity.product)) < 0 ||
            read_text(statement, 7, d.identity.revision, sizeof(d.identity.revision)) < 0 ||
            read_text(statement, 8, d.identity.serial, sizeof(d.identity.serial)) < 0)
                return -EUCLEAN;
        *ret = d;
        return 0;
}

int registry_find(Registry *r, const Identity *identity, RegistryDevice *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        RegistryDevice found = {0}, d;
        unsigned n_found = 0;
        int code, error;

        if (identity->rank >= IDENTITY_NONE)
                return -ENOENT;
        error = registry_prepare(r, "SELECT " COLUMNS " FROM device WHERE type = ?1 AND key = ?2",
                                 &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int(statement, 1, identity->type);
        (void) statement_bind_text(statement, 2, identity->key);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                error = read_device(statement, &d);
                if (error < 0)
                        return error;
                if (!identity_equal(&d.identity, identity))
                        continue;
                found = d;
                n_found++;
                if (text_equal(d.identity.serial, identity->serial)) { /* no better one can follow */
                        n_found = 1;
                        code = SQLITE_DONE;
                        break;
                }
        }
        if (code != SQLITE_DONE)
                return schema_error(code);
        if (n_found != 1)
                return n_found == 0 ? -ENOENT : -ENOTUNIQ;
        *ret = found;
        return 0;
}

int registry_find_name(Registry *r, const char *name, RegistryDevice *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, "SELECT " COLUMNS " FROM device WHERE name = ?1", &statement);
        if (error < 0)
                return error;
        (void) statement_bind_text(statement, 1, name);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return code == SQLITE_DONE ? -ENOENT : schema_error(code);
        return read_device(statement, ret);
}

/* 1, 0, -errno */
static int name_is_used(Registry *r, const char *name)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, "SELECT 1 FROM used_name WHERE name = ?1", &statement);
        if (error < 0)
                return error;
        (void) statement_bind_text(statement, 1, name);
        code = sqlite3_step(statement);
        return code == SQLITE_ROW ? 1 : schema_error(code);
}

static int find_free_name(Registry *r, DeviceType type, char *dst, size_t n_dst)
{
        int used = 1;

        for (uint32_t n = 1; used > 0; n++)
                used = name_is_used(r, name_format(dst, n_dst, type, n));
        return used;
}

static int insert_used_name(Registry *r, const char *name, uint32_t id)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(r, "INSERT INTO used_name (name, device) VALUES (?1, ?2)", &statement);

        if (error < 0)
                return error;
        (void) statement_bind_text(statement, 1, name);
        (void) sqlite3_bind_int64(statement, 2, id);
        return statement_step_once(statement);
}

static int insert_device(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        RegistryDevice d = {.identity = *identity, .first_seen = now, .last_seen = now};
        const char *const texts[] = {d.name,
                                     identity_rank_name(identity->rank),
                                     identity->key,
                                     identity->vendor,
                                     identity->product,
                                     identity->revision,
                                     identity->serial};
        int error;

        error = find_free_name(r, identity->type, d.name, sizeof(d.name));
        if (error >= 0)
                error = registry_prepare(
                        r,
                        "INSERT INTO device (name, rank, key, vendor, product, revision, serial,"
                        " type, first_seen, last_seen)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
                        &statement);
        for (size_t i = 0; error >= 0 && i < ELEMENTSOF(texts); i++)
                error = statement_bind_text(statement, (int) i + 1, texts[i]);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int(statement, 8, identity->type);
        (void) sqlite3_bind_int64(statement, 9, (sqlite3_int64) now);
        error = statement_step_once(statement);
        if (error < 0)
                return error;
        d.id = (uint32_t) sqlite3_last_insert_rowid(r->db);
        error = insert_used_name(r, d.name, d.id);
        if (error < 0)
                return error;
        *ret = d;
        return 0;
}

/* What may change without its being another device: the firmware, and a serial number that was not known. */
static bool device_is_current(const RegistryDevice *d, const Identity *identity, uint64_t now)
{
        return d->last_seen <= now && now - d->last_seen < LAST_SEEN_EXACT_TO &&
               text_equal(d->identity.revision, identity->revision) &&
               (d->identity.serial[0] != '\0' || identity->serial[0] == '\0');
}

static int update_device(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *d)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(
                r, "UPDATE device SET last_seen = ?1, revision = ?2, serial = ?3 WHERE id = ?4", &statement);

        if (error < 0)
                return error;
        if (d->identity.serial[0] == '\0')
                memcpy(d->identity.serial, identity->serial, sizeof(identity->serial));
        memcpy(d->identity.revision, identity->revision, sizeof(identity->revision));
        d->last_seen = now;
        (void) sqlite3_bind_int64(statement, 1, (sqlite3_int64) now);
        (void) statement_bind_text(statement, 2, d->identity.revision);
        (void) statement_bind_text(statement, 3, d->identity.serial);
        (void) sqlite3_bind_int64(statement, 4, d->id);
        return statement_step_once(statement);
}

/* Within a transaction. */
static int find_or_insert(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret)
{
        int error = registry_find(r, identity, ret);

        if (error >= 0)
                return update_device(r, identity, now, ret);
        return error == -ENOENT ? insert_device(r, identity, now, ret) : error;
}

int registry_add(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret)
{
        RegistryDevice d;
        int error;

        if (identity->rank >= IDENTITY_NONE)
                return -ENODATA;
        error = registry_find(r, identity, &d);
        if (error < 0 && error != -ENOENT)
                return error;
        if (error == -ENOENT || !device_is_current(&d, identity, now)) {
                error = registry_exec(r, "BEGIN IMMEDIATE");
                if (error < 0)
                        return error;
                error = find_or_insert(r, identity, now, &d);
                if (error >= 0)
                        error = registry_exec(r, "COMMIT");
                if (error < 0) {
                        (void) registry_exec(r, "ROLLBACK");
                        return error;
                }
        }
        *ret = d;
        return 0;
}

int registry_set_hold(Registry *r, uint32_t id, bool hold)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(r, "UPDATE device SET hold = ?1 WHERE id = ?2", &statement);

        if (error < 0)
                return error;
        (void) sqlite3_bind_int(statement, 1, hold);
        (void) sqlite3_bind_int64(statement, 2, id);
        error = statement_step_once(statement);
        if (error < 0)
                return error;
        return sqlite3_changes(r->db) == 0 ? -ENOENT : 0;
}

static int compare_devices(const void *a, const void *b)
{
        const RegistryDevice *d = a, *e = b;

        return name_compare(d->name, e->name);
}

static int read_device_row(sqlite3_stmt *statement, void *ret)
{
        return read_device(statement, ret);
}

int registry_list(Registry *r, RegistryDevice **ret, size_t *ret_n)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        void *rows = NULL;
        size_t n = 0;
        int error = registry_prepare(r, "SELECT " COLUMNS " FROM device", &statement);

        if (error >= 0)
                error = statement_read_rows(statement, sizeof(**ret), read_device_row, &rows, &n);
        if (error < 0)
                return error;
        if (n > 1)
                qsort(rows, n, sizeof(**ret), compare_devices);
        *ret = rows;
        *ret_n = n;
        return 0;
}
