/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What hold and release have in common: one call and one line for each device. */

#include "ctl/ctl-bus.h"

typedef struct Change {
        const char *method;
        const char *already_error;                 /* error name that means: it is so already */
        const char *already;                       /* what to say then */
        const char *nothing;                       /* what to say when --all finds no device */
        bool (*applies)(const Device *d);          /* --all: whether to do it to this one */
        int (*say)(sd_bus *bus, const char *name); /* that it has been done; -errno if it is not complete */
} Change;

/* Parses "NAME... | --all" and does it. Returns the exit status. */
int change_run(const Change *change, int argc, char **argv);
