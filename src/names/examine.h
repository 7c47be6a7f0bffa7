/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For a person who asks what is the matter with a registry: registry_open() only says that it is. */

typedef struct RegistryExamination {
        int version;      /* of its schema; 0 if it has none or cannot be read */
        char damage[256]; /* what SQLite finds wrong, or "" */
} RegistryExamination;

/* Reads all of it once (PRAGMA quick_check) and changes nothing. -ENOENT, -EACCES, -ENOMEM,
 * -EBUSY; what is wrong
 * with the file is no error. */
int registry_examine(const char *path, RegistryExamination *ret);
