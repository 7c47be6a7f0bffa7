/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All names as text, to be kept elsewhere, read by people, and brought back. */

#include <stdio.h>

#include "names/registry.h"

#define PORTABLE_SIZE_MAX (16u << 20)

/* Writes every device, bay and reserved name. -errno. */
int portable_export(Registry *r, FILE *out);

/* Adds what the registry does not have, all or nothing, and says of each name on report, one a line, what is
 * or would be done. A name that is another device's, or a device that has another name, is a conflict:
 * nothing is done then, -EEXIST. dry_run: nothing is done at all. -EBADMSG: this is no export; what and in
 * which line is said on report. 1: something was (or would be) added; 0: all of it was there. */
int portable_import(Registry *r, const char *text, size_t n_text, bool dry_run, FILE *report);
