/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Findings quote files and devices, and are printed on a terminal and as JSON: whatever is not printable
 * ASCII goes here, once. */

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "doctor/check.h"

#define TEXT_MAX 1024

static const char *const names[_SEVERITY_MAX] = {
        [SEVERITY_OK] = "ok",           [SEVERITY_NOTE] = "note",       [SEVERITY_UNCHECKED] = "unchecked",
        [SEVERITY_WARNING] = "warning", [SEVERITY_PROBLEM] = "problem",
};

const char *severity_name(Severity severity)
{
        return names[severity];
}

static void finding_deinit(Finding *f)
{
        free(f->what);
        free(f->where);
        free(f->why);
        free(f->fix);
}

void report_deinit(Report *r)
{
        for (size_t i = 0; i < r->n_items; i++)
                finding_deinit(&r->items[i]);
        free(r->items);
        *r = (Report){0};
}

size_t report_count(const Report *r, Severity severity)
{
        size_t n = 0;

        for (size_t i = 0; i < r->n_items; i++)
                n += r->items[i].severity == severity;
        return n;
}

/* lines: new lines stay. */
static char *clean_copy(Report *r, const char *text, bool lines)
{
        char *copy = strndup(text, TEXT_MAX);

        if (!copy) {
                r->error = -ENOMEM;
                return NULL;
        }
        for (char *p = copy; *p; p++)
                if ((*p < 0x20 || *p > 0x7e) && !(lines && *p == '\n'))
                        *p = '?';
        return copy;
}

void report_add(Report *r, Severity severity, const char *where, const char *what, ...)
{
        Finding *grown = reallocarray(r->items, r->n_items + 1, sizeof(*grown));
        char text[TEXT_MAX] = "";
        va_list ap;

        if (!grown) {
                r->error = -ENOMEM;
                return;
        }
        va_start(ap, what);
        (void) vsnprintf(text, sizeof(text), what, ap);
        va_end(ap);
        r->items = grown;
        r->items[r->n_items++] = (Finding){
                .check = r->check,
                .severity = severity,
                .what = clean_copy(r, text, false),
                .where = where ? clean_copy(r, where, false) : NULL,
        };
}

void report_why(Report *r, const char *why)
{
        if (r->error < 0)
                return;
        r->items[r->n_items - 1].why = clean_copy(r, why, false);
}

void report_fix(Report *r, const char *fix, ...)
{
        char text[TEXT_MAX] = "";
        va_list ap;

        if (r->error < 0)
                return;
        va_start(ap, fix);
        (void) vsnprintf(text, sizeof(text), fix, ap);
        va_end(ap);
        r->items[r->n_items - 1].fix = clean_copy(r, text, true);
}

void report_unread(Report *r, const char *where, int error)
{
        report_add(r, SEVERITY_UNCHECKED, where, "cannot be read: %s", strerror(-error));
        if (error == -EACCES || error == -EPERM)
                report_fix(r, "run it as root");
}
