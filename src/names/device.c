/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices and their names. A row is a name; the identity in it is who has it now. */

#include <errno.h>
#include <string.h>

#include "names/name.h"
#include "names/registry.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

#define LAST_SEEN_EXACT_TO 60 /* seconds: a scan must not cost a sync of the disk for every device */

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

        for (unsigned rank = 0; text && rank <= IDENTITY_NONE; rank++)
                if (text_equal(text, identity_rank_name(rank))) {
                        *ret = rank;
                        return 0;
                }
        return -EUCLEAN;
}

static int read_identity(sqlite3_stmt *statement, Identity *ret)
{
        Identity id = {.type = (DeviceType) sqlite3_column_int(statement, 2)};
        const struct {
                char *dst;
                size_t n_dst;
        } texts[] = {
                {id.key, sizeof(id.key)},         {id.vendor, sizeof(id.vendor)},
                {id.product, sizeof(id.product)}, {id.revision, sizeof(id.revision)},
                {id.serial, sizeof(id.serial)},   {id.address, sizeof(id.address)},
        };
        int r;

        if (id.type != DEVICE_TAPE && id.type != DEVICE_CHANGER)
                return -EUCLEAN;
        r = read_rank(statement, 3, &id.rank);
        for (size_t i = 0; i < ELEMENTSOF(texts) && r >= 0; i++)
                r = read_text(statement, 4 + (int) i, texts[i].dst, texts[i].n_dst);
        if (r < 0)
                return r;
        if (id.rank == IDENTITY_NONE)
                id.key[0] = '\0';
        *ret = id;
        return 0;
}

int device_read_row(sqlite3_stmt *statement, void *ret)
{
        RegistryDevice d = {
                .id = (uint32_t) sqlite3_column_int64(statement, 0),
                .hold = sqlite3_column_int(statement, 10) != 0,
                .first_seen = (uint64_t) sqlite3_column_int64(statement, 11),
                .last_seen = (uint64_t) sqlite3_column_int64(statement, 12),
                .library = (uint32_t) sqlite3_column_int64(statement, 13),
                .element = (uint16_t) sqlite3_column_int(statement, 14),
        };
        int r;

        r = read_text(statement, 1, d.name, sizeof(d.name));
        if (r >= 0)
                r = read_identity(statement, &d.identity);
        if (r >= 0)
                *(RegistryDevice *) ret = d;
        return r;
}

/* How well a row that is equal fits: what says more than its absence. */
static unsigned how_exact(const Identity *row, const Identity *found)
{
        return (text_equal(row->serial, found->serial) ? 2 : 0) + (row->address[0] != '\0' ? 1 : 0);
}

int registry_find(Registry *r, const Identity *identity, RegistryDevice *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        RegistryDevice found = {0}, d;
        unsigned n_found = 0, best = 0;
        int code, error;

        if (identity->rank >= IDENTITY_NONE)
                return -ENOENT;
        error = registry_prepare(r, DEVICE_SELECT "WHERE d.type = ?1 AND d.key = ?2", &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int(statement, 1, identity->type);
        (void) statement_bind_text(statement, 2, identity->key);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                unsigned exact;

                error = device_read_row(statement, &d);
                if (error < 0)
                        return error;
                if (!identity_equal(&d.identity, identity))
                        continue;
                exact = how_exact(&d.identity, identity);
                if (n_found > 0 && exact < best)
                        continue;
                n_found = n_found > 0 && exact == best ? n_found + 1 : 1;
                best = exact;
                found = d;
        }
        if (code != SQLITE_DONE)
                return schema_error(code);
        if (n_found != 1)
                return n_found == 0 ? -ENOENT : -ENOTUNIQ;
        *ret = found;
        return 0;
}

static int find_one(Registry *r, const char *sql, uint32_t id, const char *name, RegistryDevice *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, sql, &statement);
        if (error < 0)
                return error;
        if (name)
                (void) statement_bind_text(statement, 1, name);
        else
                (void) sqlite3_bind_int64(statement, 1, id);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return code == SQLITE_DONE ? -ENOENT : schema_error(code);
        return device_read_row(statement, ret);
}

int registry_find_name(Registry *r, const char *name, RegistryDevice *ret)
{
        return find_one(r, DEVICE_SELECT "WHERE d.name = ?1", 0, name, ret);
}

int registry_find_id(Registry *r, uint32_t id, RegistryDevice *ret)
{
        return find_one(r, DEVICE_SELECT "WHERE d.id = ?1", id, NULL, ret);
}

int name_is_given(Registry *r, const char *name)
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

static int count_given(Registry *r, const char *prefix, uint32_t *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, "SELECT given FROM counter WHERE prefix = ?1", &statement);
        if (error < 0)
                return error;
        (void) statement_bind_text(statement, 1, prefix);
        code = sqlite3_step(statement);
        *ret = code == SQLITE_ROW ? (uint32_t) sqlite3_column_int64(statement, 0) : 0;
        return schema_error(code);
}

int device_find_free_name(Registry *r, const char *prefix, char *name, size_t n_name)
{
        uint32_t given;
        int error, used = 1;

        error = count_given(r, prefix, &given);
        if (error < 0)
                return error;
        while (used > 0) {
                if (snprintf(name, n_name, "%s%u", prefix, ++given) >= (int) n_name)
                        return -ENAMETOOLONG;
                used = name_is_given(r, name);
        }
        if (used < 0)
                return used;
        return registry_run(r, "INSERT OR REPLACE INTO counter (given, prefix) VALUES (?1 + ?2, ?3)", given,
                            0, prefix);
}

int registry_run(Registry *r, const char *sql, uint32_t a, uint32_t b, const char *text)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(r, sql, &statement), n;

        if (error < 0)
                return error;
        n = sqlite3_bind_parameter_count(statement);
        if (n >= 1)
                (void) sqlite3_bind_int64(statement, 1, a);
        if (n >= 2)
                (void) sqlite3_bind_int64(statement, 2, b);
        if (n >= 3)
                (void) statement_bind_text(statement, 3, text);
        return statement_step_once(statement);
}

int device_insert(Registry *r, RegistryDevice *d, const char *place)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        const Identity *id = &d->identity;
        const char *const texts[] = {d->name,     identity_rank_name(id->rank),
                                     id->key,     id->vendor,
                                     id->product, id->revision,
                                     id->serial,  id->address,
                                     place};
        int error;

        error = registry_prepare(
                r,
                "INSERT INTO device (name, rank, key, vendor, product, revision, serial, address,"
                " place, type, first_seen, last_seen, hold, id)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                &statement);
        for (size_t i = 0; error >= 0 && i < ELEMENTSOF(texts); i++)
                error = statement_bind_text(statement, (int) i + 1, texts[i]);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int(statement, 10, id->type);
        (void) sqlite3_bind_int64(statement, 11, (sqlite3_int64) d->first_seen);
        (void) sqlite3_bind_int64(statement, 12, (sqlite3_int64) d->last_seen);
        (void) sqlite3_bind_int(statement, 13, d->hold);
        if (d->id != 0)
                (void) sqlite3_bind_int64(statement, 14, d->id);
        error = statement_step_once(statement);
        if (error < 0)
                return error;
        d->id = (uint32_t) sqlite3_last_insert_rowid(r->db);
        error = registry_run(r, "INSERT OR REPLACE INTO used_name (device, name) VALUES (?1, ?3)", d->id, 0,
                             d->name);
        return error < 0 || id->rank != IDENTITY_NONE ? error : device_vacate(r, d->id);
}

/* What may change without its being another device: the firmware, the place, and a serial number that was not
 * known. */
static bool device_is_current(const RegistryDevice *d, const Identity *identity, uint64_t now)
{
        return d->last_seen <= now && now - d->last_seen < LAST_SEEN_EXACT_TO &&
               text_equal(d->identity.revision, identity->revision) &&
               (d->identity.serial[0] != '\0' || identity->serial[0] == '\0');
}

static int update_device(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *d)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(r,
                                     "UPDATE device SET last_seen = ?1, revision = ?2, serial = ?3, place = "
                                     "?4, address = ?5 WHERE id = ?6",
                                     &statement);

        if (error < 0)
                return error;
        if (d->identity.serial[0] == '\0')
                memcpy(d->identity.serial, identity->serial, sizeof(identity->serial));
        memcpy(d->identity.revision, identity->revision, sizeof(identity->revision));
        d->last_seen = now;
        (void) sqlite3_bind_int64(statement, 1, (sqlite3_int64) now);
        (void) statement_bind_text(statement, 2, d->identity.revision);
        (void) statement_bind_text(statement, 3, d->identity.serial);
        (void) statement_bind_text(statement, 4, identity->address);
        (void) statement_bind_text(statement, 5, d->identity.address);
        (void) sqlite3_bind_int64(statement, 6, d->id);
        return statement_step_once(statement);
}

static int insert_new(Registry *r, const Identity *identity, bool apart, uint64_t now, RegistryDevice *ret)
{
        RegistryDevice d = {.identity = *identity, .first_seen = now, .last_seen = now};
        int error;

        if (!apart)
                d.identity.address[0] = '\0';
        error = device_find_free_name(r, name_prefix(identity->type), d.name, sizeof(d.name));
        if (error >= 0)
                error = device_insert(r, &d, identity->address);
        if (error >= 0)
                *ret = d;
        return error;
}

/* Was the device last seen where this one is? Of one that was never seen anywhere nothing speaks against it.
 */
static int was_seen_there(Registry *r, const RegistryDevice *d, const char *place)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, "SELECT 1 FROM device WHERE id = ?1 AND place IN ('', ?2)", &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, d->id);
        (void) statement_bind_text(statement, 2, place);
        code = sqlite3_step(statement);
        return code == SQLITE_ROW ? 1 : schema_error(code);
}

typedef struct Addition {
        const Identity *identity;
        bool apart;
        uint64_t now;
        RegistryDevice device;
} Addition;

static int find_or_insert(Registry *r, void *userdata)
{
        Addition *a = userdata;
        int error = registry_find(r, a->identity, &a->device), same = 1;

        if (error >= 0 && a->apart && a->device.identity.address[0] == '\0') {
                same = was_seen_there(r, &a->device, a->identity->address);
                if (same < 0)
                        return same;
                memcpy(a->device.identity.address, a->identity->address, sizeof(a->identity->address));
        }
        if (error >= 0 && same)
                return update_device(r, a->identity, a->now, &a->device);
        return error >= 0 || error == -ENOENT ? insert_new(r, a->identity, a->apart, a->now, &a->device)
                                              : error;
}

static int add(Registry *r, const Identity *identity, bool apart, uint64_t now, RegistryDevice *ret)
{
        Addition a = {.identity = identity, .apart = apart, .now = now};
        int error;

        if (identity->rank >= IDENTITY_NONE)
                return -ENODATA;
        error = registry_find(r, identity, &a.device);
        if (error < 0 && error != -ENOENT)
                return error;
        if (error == -ENOENT || !device_is_current(&a.device, identity, now) ||
            (apart && a.device.identity.address[0] == '\0'))
                error = registry_transaction(r, find_or_insert, &a);
        if (error >= 0)
                *ret = a.device;
        return error;
}

int registry_add(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret)
{
        return add(r, identity, false, now, ret);
}

int registry_add_apart(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret)
{
        return add(r, identity, true, now, ret);
}

int registry_set_hold(Registry *r, uint32_t id, bool hold)
{
        int error = registry_run(r, "UPDATE device SET hold = ?2 WHERE id = ?1", id, hold, NULL);

        if (error < 0)
                return error;
        return sqlite3_changes(r->db) == 0 ? -ENOENT : 0;
}

static int compare_devices(const void *a, const void *b)
{
        const RegistryDevice *d = a, *e = b;

        return name_compare(d->name, e->name);
}

int registry_list(Registry *r, RegistryDevice **ret, size_t *ret_n)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        void *rows = NULL;
        size_t n = 0;
        int error = registry_prepare(r, DEVICE_SELECT, &statement);

        if (error >= 0)
                error = statement_read_rows(statement, sizeof(**ret), device_read_row, &rows, &n);
        if (error < 0)
                return error;
        if (n > 1)
                qsort(rows, n, sizeof(**ret), compare_devices);
        *ret = rows;
        *ret_n = n;
        return 0;
}
