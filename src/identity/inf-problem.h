/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with an INF file, and where. */

#include <stddef.h>

#include "util/cleanup.h"

#define INF_PROBLEMS_MAX 64 /* of a file; what comes after is counted */

typedef enum InfSeverity {
        INF_WARNING, /* understood, but probably not what was meant */
        INF_ERROR,   /* something in the file has no effect */
} InfSeverity;

typedef struct InfProblem {
        InfSeverity severity;
        unsigned line, column; /* from 1; the column in characters. 0: the file as a whole */
        char text[160];        /* one line of UTF-8, without control characters */
} InfProblem;

typedef struct InfProblems {
        InfProblem items[INF_PROBLEMS_MAX];
        size_t n_items;
        size_t n_errors, n_warnings; /* all, also those without an item */
} InfProblems;

_printf_(5, 6) void inf_problem_add(InfProblems *p, InfSeverity severity, unsigned line, unsigned column,
                                    const char *format, ...);

/* By line; those of one line stay in their order. */
void inf_problems_sort(InfProblems *p);

#define inf_error(p, line, column, ...)   inf_problem_add(p, INF_ERROR, line, column, __VA_ARGS__)
#define inf_warning(p, line, column, ...) inf_problem_add(p, INF_WARNING, line, column, __VA_ARGS__)
