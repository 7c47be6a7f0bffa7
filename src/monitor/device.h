/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/monitor.h"

/* Classes of the nodes below a SCSI device. */
#define N_DEVICE_CLASSES 4
extern const char *const device_classes[N_DEVICE_CLASSES];

/* The device's directory in sysfs, opened O_PATH. -ENODEV when sg's number or the address now belong to
 * another device. */
int device_open(int root, const DevicePath *path);
