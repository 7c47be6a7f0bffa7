/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of the registry share: a folder of its own for each, and devices from a few words. */

#include "names/test-files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

int files_setup(void **state)
{
        Files *f = calloc(1, sizeof(*f));

        strcpy(f->dir, "/tmp/evertape-registry-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        snprintf(f->db, sizeof(f->db), "%s/evertape.db", f->dir);
        snprintf(f->journal, sizeof(f->journal), "%s-journal", f->db);
        *state = f;
        return 0;
}

int files_teardown(void **state)
{
        Files *f = *state;

        (void) unlink(f->db);
        (void) unlink(f->journal);
        assert_int_equal(rmdir(f->dir), 0); /* nothing else was left behind */
        free(f);
        return 0;
}

Identity make_identity(DeviceType type, const char *key, const char *serial)
{
        Identity id = {
                .type = type, .rank = IDENTITY_NAA, .vendor = "HP", .product = "Ultrium", .revision = "1"};

        snprintf(id.key, sizeof(id.key), "naa.%s", key);
        snprintf(id.serial, sizeof(id.serial), "%s", serial);
        return id;
}

Registry *open_registry(const char *path)
{
        Registry *r;

        assert_int_equal(registry_open(path, &r), 0);
        return r;
}

RegistryDevice add(Registry *r, const Identity *id, uint64_t now)
{
        RegistryDevice d;

        memset(&d, 0xaa, sizeof(d));
        assert_int_equal(registry_add(r, id, now, &d), 0);
        return d;
}

void execute(const char *path, const char *sql)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}
