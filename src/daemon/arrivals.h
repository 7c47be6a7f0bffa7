/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "monitor/monitor.h"

typedef struct Manager Manager;

/* What is there now and what was before: events of devices that have a name and are not held. Before new ones
 * are named. */
void arrivals_tell(Manager *m, const DevicePath *old, size_t n_old);
