/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The paths to one device as the daemon describes them (aa{sv}, man/org.evertape1.5.scd). */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-bus.h>

#include "util/cleanup.h"

#define PATH_TEXTS   5
#define PATH_NUMBERS 4

typedef struct Path {
        char *text[PATH_TEXTS]; /* NULL is empty */
        uint64_t number[PATH_NUMBERS];
} Path;

typedef struct PathList {
        Path *items;
        size_t n_items;
} PathList;

/* -EBADMSG for what has another form; keys not known are skipped. */
int path_list_read(sd_bus_message *m, PathList *ret);
void path_list_deinit(PathList *l);

/* A table, or a JSON array on one line. Complains. */
int path_list_print(const PathList *l);
void path_list_print_json(const PathList *l, FILE *f);
