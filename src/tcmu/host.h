/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the host must have before a LUN can be made: modules and configfs. All return -errno and do nothing
 * when it is there already. */

#include "scsi/device-type.h"

/* Runs modprobe unless the module is there and ready. option: NULL, or "name=value". -EOPNOTSUPP if the
 * kernel has no such module. */
int host_load_module(int root, const char *module, const char *option);

/* Mounts configfs at /sys/kernel/config. */
int host_mount_configfs(int root);

/* st for a tape; ch for a changer, with init=0: otherwise it would send INITIALIZE ELEMENT STATUS to every
 * changer it meets (drivers/scsi/ch.c, ch_probe), which moves a real robot for minutes. */
int host_load_driver(int root, DeviceType type);
