/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs may have held devices open when evertaped starts, and a device that nobody serves stops them. So a
 * registry that is damaged or from a newer evertape does not keep evertaped from starting: it takes the names
 * from the text beside it, into memory, and refuses to change any. The file itself is left alone. */

#include "names/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names/examine.h"
#include "names/portable.h"
#include "names/schema.h"
#include "names/statement.h"

/* registry_open() reads no more than the head of it. */
static int open_sound(const char *path, Registry **ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        RegistryExamination e;
        int r;

        r = registry_open(path, &registry);
        if (r >= 0)
                r = registry_examine(path, &e);
        if (r < 0)
                return r;
        if (e.damage[0] != '\0')
                return -EUCLEAN;
        *ret = TAKE_PTR(registry);
        return 0;
}

/* A file of no bytes too, or one whose maker was killed before he had imported. */
static int was_never_used(Registry *r)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error = registry_prepare(r, "SELECT 1 FROM used_name LIMIT 1", &statement), code;

        if (error < 0)
                return error;
        code = sqlite3_step(statement);
        return code == SQLITE_DONE ? 1 : schema_error(code);
}

/* 1: something was added; 0: there is nothing in it. -ENOENT: there is no file. Other: refused, and the
 * report says why. */
static int import_file(Registry *registry, const char *path, char **ret_report)
{
        _cleanup_free_ char *text = malloc(PORTABLE_SIZE_MAX + 1);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        size_t n_report, n;
        FILE *report;
        int r;

        if (!f)
                return -errno;
        report = open_memstream(ret_report, &n_report);
        if (!text || !report)
                return -ENOMEM;
        n = fread(text, 1, PORTABLE_SIZE_MAX + 1, f);
        r = ferror(f) ? -EIO : portable_import(registry, text, n, false, report);
        if (fclose(report) == EOF && r >= 0)
                r = -ENOMEM;
        return r;
}

int registry_open_text(const char *text, char **ret_report, Registry **ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        r = registry_open(":memory:", &registry);
        if (r >= 0)
                r = import_file(registry, text, ret_report);
        if (r >= 0)
                r = registry_exec(registry, "PRAGMA query_only = ON");
        if (r < 0)
                return r;
        registry->spare = true;
        *ret = TAKE_PTR(registry);
        return 0;
}

static int start_with_spare(const char *text, int error, RegistryStart *ret)
{
        if (registry_open_text(text, &ret->report, &ret->registry) < 0)
                return error;
        ret->source = REGISTRY_SPARE;
        ret->error = error;
        return 0;
}

/* That somebody keeps it locked, or that memory is short, says nothing of the file. */
static bool is_of_the_file(int error)
{
        return error != -EBUSY && error != -ENOMEM && error != -ENOENT;
}

/* Anything else is the registry's: a disk that is full. */
static bool is_of_the_text(int error)
{
        return error == -EBADMSG || error == -EEXIST || error == -E2BIG;
}

int registry_start(const char *path, const char *text, RegistryStart *ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        *ret = (RegistryStart){.source = REGISTRY_AS_IT_IS};
        r = open_sound(path, &registry);
        if (r < 0)
                return is_of_the_file(r) ? start_with_spare(text, r, ret) : r;
        r = was_never_used(registry);
        if (r < 0)
                return r;
        if (r > 0) {
                r = import_file(registry, text, &ret->report);
                if (r < 0 && r != -ENOENT && !is_of_the_text(r)) {
                        free(TAKE_PTR(ret->report));
                        return start_with_spare(text, r, ret);
                }
                if (r != 0 && r != -ENOENT)
                        ret->source = r > 0 ? REGISTRY_RESTORED : REGISTRY_UNUSABLE;
        }
        ret->registry = TAKE_PTR(registry);
        return 0;
}

bool registry_is_spare(const Registry *r)
{
        return r->spare;
}
