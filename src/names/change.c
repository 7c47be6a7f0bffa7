/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person may do to names: give another one, give one to another device, give one free. used_name keeps
 * every name that was given, so that a configuration that still has it never finds another device there. */

#include <errno.h>
#include <stdio.h>

#include "names/name.h"
#include "names/registry.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

typedef struct Change {
        uint32_t id, with;
        const char *name;
} Change;

int registry_find_owner(Registry *r, const char *name, uint32_t *ret)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r, "SELECT device FROM used_name WHERE name = ?1", &statement);
        if (error < 0)
                return error;
        (void) statement_bind_text(statement, 1, name);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return code == SQLITE_DONE ? -ENOENT : schema_error(code);
        *ret = (uint32_t) sqlite3_column_int64(statement, 0);
        return 0;
}

int registry_last_name(Registry *r, uint32_t id, char *name, size_t n_name)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r,
                                 "SELECT name, 1 FROM device WHERE id = ?1"
                                 " UNION ALL SELECT name, 0 FROM used_name WHERE device = ?1"
                                 " ORDER BY 2 DESC, 1 LIMIT 1",
                                 &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, id);
        code = sqlite3_step(statement);
        snprintf(name, n_name, "%s",
                 code == SQLITE_ROW ? (const char *) sqlite3_column_text(statement, 0) : "");
        return schema_error(code);
}

static int rename_device(Registry *r, void *userdata)
{
        const Change *c = userdata;
        RegistryDevice d;
        uint32_t owner;
        int error;

        error = registry_find_id(r, c->id, &d);
        if (error < 0)
                return error;
        if (text_equal(d.name, c->name))
                return 1;
        error = registry_find_owner(r, c->name, &owner);
        if (error >= 0 && owner != c->id)
                return -EEXIST;
        if (error == -ENOENT)
                error = registry_run(r, "INSERT INTO used_name (device, name) VALUES (?1, ?3)", c->id, 0,
                                     c->name);
        return error < 0 ? error
                         : registry_run(r, "UPDATE device SET name = ?3 WHERE id = ?1", c->id, 0, c->name);
}

int registry_rename(Registry *r, uint32_t id, const char *name)
{
        Change c = {.id = id, .name = name};

        return name_is_valid(name) ? registry_transaction(r, rename_device, &c) : -EINVAL;
}

int device_vacate(Registry *r, uint32_t id)
{
        return registry_run(r,
                            "UPDATE device SET rank = 'none', key = 'none.' || ?1, vendor = '', product = '',"
                            " revision = '', serial = '', address = '', place = '' WHERE id = ?1",
                            id, 0, NULL);
}

int device_set_identity(Registry *r, uint32_t id, const Identity *identity, uint64_t now)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        const char *const texts[] = {identity_rank_name(identity->rank),
                                     identity->key,
                                     identity->vendor,
                                     identity->product,
                                     identity->revision,
                                     identity->serial};
        int error = registry_prepare(r,
                                     "UPDATE device SET rank = ?1, key = ?2, vendor = ?3, product = ?4,"
                                     " revision = ?5, serial = ?6, address = '', place = '', last_seen = ?7"
                                     " WHERE id = ?8",
                                     &statement);

        for (size_t i = 0; error >= 0 && i < ELEMENTSOF(texts); i++)
                error = statement_bind_text(statement, (int) i + 1, texts[i]);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 7, (sqlite3_int64) now);
        (void) sqlite3_bind_int64(statement, 8, id);
        return statement_step_once(statement);
}

/* In an order in which no two rows ever have one identity. */
static int replace_device(Registry *r, void *userdata)
{
        const Change *c = userdata;
        RegistryDevice old, new;
        int error;

        error = registry_find_id(r, c->id, &old);
        if (error >= 0)
                error = registry_find_id(r, c->with, &new);
        if (error < 0)
                return error;
        if (old.identity.type != new.identity.type || c->id == c->with || new.identity.rank >= IDENTITY_NONE)
                return -EINVAL;
        if (old.library == 0) /* the name goes where the drive is */
                error = registry_run(r, "UPDATE bay SET device = ?1 WHERE device = ?2", c->id, c->with, NULL);
        else
                error = registry_run(r, "UPDATE bay SET device = NULL WHERE device = ?1", c->with, 0, NULL);
        if (error >= 0)
                error = registry_run(r, "DELETE FROM device WHERE id = ?1", c->with, 0, NULL);
        return error < 0 ? error : device_set_identity(r, c->id, &new.identity, new.last_seen);
}

int registry_replace(Registry *r, uint32_t id, uint32_t with)
{
        Change c = {.id = id, .with = with};

        return registry_transaction(r, replace_device, &c);
}

static int forget_name(Registry *r, void *userdata)
{
        static const char *const rows[] = {
                "UPDATE bay SET device = NULL WHERE device = ?1",
                "DELETE FROM bay WHERE library = ?1",
                "DELETE FROM used_name WHERE device = ?1",
                "DELETE FROM counter",
                "DELETE FROM device WHERE id = ?1",
        };
        const Change *c = userdata;
        RegistryDevice d;
        int error;

        error = registry_find_name(r, c->name, &d);
        if (error == -ENOENT) {
                error = registry_run(r, "DELETE FROM used_name WHERE name = ?3 AND ?1 = ?2", 0, 0, c->name);
                if (error < 0 || sqlite3_changes(r->db) == 0)
                        return error < 0 ? error : -ENOENT;
                return registry_exec(r, "DELETE FROM counter");
        }
        for (size_t i = 0; i < ELEMENTSOF(rows) && error >= 0; i++)
                error = registry_run(r, rows[i], d.id, 0, NULL);
        return error;
}

int registry_forget(Registry *r, const char *name)
{
        Change c = {.name = name};

        return registry_transaction(r, forget_name, &c);
}
