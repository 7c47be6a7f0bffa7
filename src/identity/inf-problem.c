/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bounded list: a file that is wrong from end to end must not fill the memory or the log. */

#include "identity/inf-problem.h"

#include <stdarg.h>
#include <string.h>

/* Cuts at a whole character, and takes away what could command a terminal: C0, DEL and, in UTF-8, C1. */
static void make_safe(char *text, size_t n_max)
{
        size_t n = strlen(text);

        if (n + 1 == n_max) {
                while (n > 0 && ((unsigned char) text[n - 1] & 0xc0) == 0x80)
                        n--;
                if (n > 0 && (unsigned char) text[n - 1] >= 0xc0)
                        n--;
                text[n] = '\0';
        }
        for (unsigned char *p = (unsigned char *) text; *p; p++) {
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
                else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
                        p[0] = p[1] = '?';
        }
}

void inf_problem_add(InfProblems *p, InfSeverity severity, unsigned line, unsigned column, const char *format,
                     ...)
{
        InfProblem *item;
        va_list ap;

        if (severity == INF_ERROR)
                p->n_errors++;
        else
                p->n_warnings++;
        if (p->n_items == INF_PROBLEMS_MAX)
                return;
        item = &p->items[p->n_items++];
        *item = (InfProblem){.severity = severity, .line = line, .column = column};
        va_start(ap, format);
        (void) vsnprintf(item->text, sizeof(item->text), format, ap);
        va_end(ap);
        make_safe(item->text, sizeof(item->text));
}

void inf_problems_sort(InfProblems *p)
{
        for (size_t i = 1; i < p->n_items; i++) {
                InfProblem item = p->items[i];
                size_t j = i;

                for (; j > 0 && p->items[j - 1].line > item.line; j--)
                        p->items[j] = p->items[j - 1];
                p->items[j] = item;
        }
}
