/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SQL for the files of the registry. All return 0 or -errno. */

#include <sqlite3.h>

#include "names/registry.h"

struct Registry {
        sqlite3 *db;
        bool spare;
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

/* body between BEGIN IMMEDIATE and COMMIT, or nothing of it if it fails. What body returned, or -errno. */
int registry_transaction(Registry *r, int (*body)(Registry *, void *), void *userdata);

/* ---- device.c, for the other files of the registry ---- */

#define DEVICE_SELECT                                                                                        \
        "SELECT d.id, d.name, d.type, d.rank, d.key, d.vendor, d.product, d.revision, d.serial, d.address,"  \
        " d.hold, d.first_seen, d.last_seen, b.library, b.element"                                           \
        " FROM device d LEFT JOIN bay b ON b.device = d.id "

/* A row of DEVICE_SELECT. */
int device_read_row(sqlite3_stmt *statement, void *ret);

/* 1, 0, -errno */
int name_is_given(Registry *r, const char *name);

/* Within a transaction: inserts d->identity under d->name, which is not given yet; d->id if it is not 0, else
 * a new one, goes into d. place: where it was found. */
int device_insert(Registry *r, RegistryDevice *d, const char *place);

/* Within a transaction: prefix and the lowest number not given yet into name. */
int device_find_free_name(Registry *r, const char *prefix, char *name, size_t n_name);

/* Within a transaction: nothing is what the name stands for, or it is this. */
int device_vacate(Registry *r, uint32_t id);
int device_set_identity(Registry *r, uint32_t id, const Identity *identity, uint64_t now);

/* One statement with up to two numbers (0 is bound too) and a text (or NULL), ?1 ?2 ?3. */
int registry_run(Registry *r, const char *sql, uint32_t a, uint32_t b, const char *text);
