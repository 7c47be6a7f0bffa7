/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What all verbs of the command line have in common. */

#include <stdbool.h>

#include "util/cleanup.h"

#define EXIT_USAGE 2 /* the command line is wrong; nothing was done */

/* One verb: everything that the dispatcher and --help need to know about it. */
typedef struct Verb {
        const char *name;
        const char *arguments;             /* synopsis behind the name */
        const char *summary;               /* one line */
        const char *options;               /* lines of --help, or "" */
        bool lists_columns;                /* --help lists the columns */
        int (*run)(int argc, char **argv); /* argv[0] is "evertape VERB"; returns the exit status */
} Verb;

int verb_list(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_hold(int argc, char **argv);
int verb_release(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_fail(int argc, char **argv);
int verb_rename(int argc, char **argv);
int verb_replace(int argc, char **argv);
int verb_forget(int argc, char **argv);
int verb_names(int argc, char **argv);
int verb_history(int argc, char **argv);
int verb_map(int argc, char **argv);
int verb_metrics(int argc, char **argv);
int verb_wait(int argc, char **argv);
int verb_inf(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_attach(int argc, char **argv);
int verb_detach(int argc, char **argv);
int verb_discover(int argc, char **argv);
int verb_configure(int argc, char **argv);

/* "evertape: ..." on stderr. */
_printf_(1, 2) void complain(const char *format, ...);

/* complain() and "See: COMMAND --help"; command is argv[0]. Returns EXIT_USAGE. */
_printf_(2, 3) int usage_error(const char *command, const char *format, ...);

/* What to do with an option that the verb does not know itself: prints the help of the verb for -h, and for
 * what getopt_long(3) has complained about where help is. Returns the exit status. */
int verb_other_option(const char *command, int option);
