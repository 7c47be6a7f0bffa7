/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of `evertape inf` have in common. argv[0] is "evertape inf" for all of them. */

#include "identity/inf-table.h"

int inf_list(int argc, char **argv);
int inf_check(int argc, char **argv);
int inf_match(int argc, char **argv);

/* The files named, or with n = 0 those that count on this machine. Complains, also about files that have
 * errors. -errno when a file cannot be read. */
int inf_open_table(InfTable *t, char *const *paths, size_t n);

/* A line "Label:   text" as `evertape show` has it; no text of a file or device can command a terminal.
 * Without a label it goes on from the line before. */
void inf_print(const char *label, const char *text);
