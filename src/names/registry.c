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
#include <sys/stat.h>
#include <unistd.h>

#include "names/schema.h"
#include "names/statement.h"

#define WRITER_PATIENCE 5000 /* milliseconds */
#define READER_PATIENCE 2000

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
        bool is_new = access(path, F_OK) < 0;
        int r;

        r = registry_connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, WRITER_PATIENCE, &registry);
        if (r < 0)
                return r;
        if (is_new)
                (void) chmod(path, 0644); /* there is none of ":memory:" */
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

const char *registry_explain(int error)
{
        switch (error) {
        case -EPROTO:
                return "it was made by a newer evertape; install that one, or move the file away and import "
                       "the names "
                       "(evertape names import)";
        case -EUCLEAN:
                return "it is damaged, or no registry; move it away and import the names (evertape names "
                       "import)";
        case -EACCES:
        case -EPERM:
                return "it cannot be opened, or not be written to; `evertape doctor` says why";
        case -EROFS:
                return "it cannot be written to; `evertape doctor` says why";
        case -EBUSY:
                return "another program keeps it locked";
        case -ENOENT:
                return "there is none yet; evertaped makes it";
        default:
                return strerror(-error);
        }
}

int registry_transaction(Registry *r, int (*body)(Registry *, void *), void *userdata)
{
        int error, result;

        error = registry_exec(r, "BEGIN IMMEDIATE");
        if (error < 0)
                return error;
        result = body(r, userdata);
        error = result < 0 ? result : registry_exec(r, "COMMIT");
        if (error < 0)
                (void) registry_exec(r, "ROLLBACK");
        return error < 0 ? error : result;
}
