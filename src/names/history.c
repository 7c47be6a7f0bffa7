/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The biography of the devices. A path that flaps must not fill the disk, nor push out what happens once in a
 * year: of each device the last events of each kind are kept, and so many of all. */

#include <errno.h>

#include "names/registry.h"
#include "names/statement.h"

#define N_EVENTS_MAX "100000"
#define N_KIND_MAX   "2000"
#define N_LISTED_MAX "10000"

#define SELECT_LAST(where)                                                                                   \
        "SELECT device, at, event, detail FROM (SELECT * FROM event WHERE " where                            \
        " ORDER BY id DESC LIMIT " N_LISTED_MAX ") ORDER BY id"

static int forget_old_ones(Registry *r, uint32_t id, const char *event)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(
                r,
                "DELETE FROM event WHERE device = ?1 AND event = ?2 AND id <= (SELECT id FROM"
                " event WHERE device = ?1 AND event = ?2 ORDER BY id DESC LIMIT 1 OFFSET " N_KIND_MAX ")",
                &statement);

        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, id);
        (void) statement_bind_text(statement, 2, event);
        error = statement_step_once(statement);
        if (error < 0)
                return error;
        return registry_exec(r, "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - " N_EVENTS_MAX);
}

int registry_add_event(Registry *r, uint32_t id, uint64_t now, const char *event, const char *detail)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(
                r, "INSERT INTO event (device, at, event, detail) VALUES (?1, ?2, ?3, ?4)", &statement);

        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, id);
        (void) sqlite3_bind_int64(statement, 2, (sqlite3_int64) now);
        (void) statement_bind_text(statement, 3, event);
        (void) statement_bind_text(statement, 4, detail);
        error = statement_step_once(statement);
        if (error < 0)
                return error;
        return forget_old_ones(r, id, event);
}

static int read_event_row(sqlite3_stmt *statement, void *ret)
{
        RegistryEvent *event = ret;
        const char *what = (const char *) sqlite3_column_text(statement, 2);
        const char *detail = (const char *) sqlite3_column_text(statement, 3);

        *event = (RegistryEvent){
                .device = (uint32_t) sqlite3_column_int64(statement, 0),
                .at = (uint64_t) sqlite3_column_int64(statement, 1),
        };
        snprintf(event->event, sizeof(event->event), "%s", what ? what : "");
        snprintf(event->detail, sizeof(event->detail), "%s", detail ? detail : "");
        return 0;
}

int registry_list_events(Registry *r, uint32_t id, uint64_t since, RegistryEvent **ret, size_t *ret_n)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        void *rows = NULL;
        int error = registry_prepare(
                r, id != 0 ? SELECT_LAST("device = ?1 AND at >= ?2") : SELECT_LAST("at >= ?2"), &statement);

        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, id);
        (void) sqlite3_bind_int64(statement, 2, (sqlite3_int64) since);
        error = statement_read_rows(statement, sizeof(**ret), read_event_row, &rows, ret_n);
        if (error < 0)
                return error;
        *ret = rows;
        return 0;
}
