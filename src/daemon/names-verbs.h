/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person may do to names, refused with a reason where it would break something that is in use. All set
 * *error when they fail. */

#include "daemon/manager.h"

/* 1: it is called so already. */
int names_rename(Manager *m, const char *name, const char *new_name, sd_bus_error *error);

/* The name goes to the device that `with` (a serial number, node or name) is. */
int names_replace(Manager *m, const char *name, const char *with, sd_bus_error *error);

int names_forget(Manager *m, const char *name, sd_bus_error *error);

/* Text for both, free() it. An import that was refused is no error: *ret_done is false and the text says why.
 */
int names_export(Manager *m, char **ret);

/* Writes them to path, all or nothing. */
int names_save(Manager *m, const char *path);
int names_import(Manager *m, const char *text, bool dry_run, bool *ret_done, char **ret_report);
