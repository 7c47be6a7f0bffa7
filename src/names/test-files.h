/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the tests of the registry. Everything asserts. */

#include "names/registry.h"

typedef struct Files {
        char dir[64], db[96], journal[112];
} Files;

/* For cmocka: *state is a Files. */
int files_setup(void **state);
int files_teardown(void **state);

/* Of rank NAA, with a key made of `key`. */
Identity make_identity(DeviceType type, const char *key, const char *serial);
Registry *open_registry(const char *path);
RegistryDevice add(Registry *r, const Identity *id, uint64_t now);
/* SQL behind the registry's back. */
void execute(const char *path, const char *sql);
