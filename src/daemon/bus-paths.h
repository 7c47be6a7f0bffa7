/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The paths to one device on the bus, aa{sv}. */

#include "daemon/manager.h"

/* Appends the array to m: of a held device the paths that evertaped knows, with what became of them; else
 * those that the kernel has. Negative errno. */
int bus_append_paths(sd_bus_message *m, Manager *manager, const DeviceView *view);
