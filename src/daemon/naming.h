/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives what a scan has found its names, and asks libraries which drives are in their bays. */

#include <stdbool.h>

#include "daemon/manager.h"
#include "names/bay.h"

typedef struct Naming Naming;

int naming_new(Manager *m, Naming **ret);
Naming *naming_free(Naming *n);
DEFINE_CLEANUP(Naming *, naming_free)

/* After every scan; old: what the scan before has found. */
void naming_update(Naming *n, const DevicePath *old, size_t n_old);

/* A library will be asked, or a device waits for its name. */
bool naming_is_pending(const Naming *n);

/* A device was forgotten, or its LUN goes: nothing more is asked over it. */
void naming_drop_library(Naming *n, uint32_t library);
