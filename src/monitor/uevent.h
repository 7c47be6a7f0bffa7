/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "monitor/monitor.h"

/* Is this uevent, n bytes as the kernel sends them ("add@/devices/...", then KEY=value, each ended by a NUL;
 * see lib/kobject_uevent.c), one after which a scan could give something else? */
/* A sg node came or went: the whole of a device is there, or nothing of it. */
bool uevent_is_of_sg_node(const char *message, size_t n);
bool uevent_is_relevant(const char *message, size_t n);

/* As monitor_new, on a datagram socket that is already there; it is closed with the monitor and on failure.
 */
int monitor_new_from_socket(sd_event *event, int fd, MonitorCallback callback, void *userdata, Monitor **ret);
