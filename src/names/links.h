/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which links a device has under /dev/tape/by-name. Pure. */

#include <stddef.h>

#include "scsi/device-type.h"

#define LINK_LENGTH_MAX 128

/* The link that belongs to a kernel name ("st0", "nst0", "sg3", "sch0") of the device called name, below
 * /dev: "tape/by-name/drive1-nst". dst holds LINK_LENGTH_MAX bytes. -ENOENT when the node gets none
 * ("nst0a"). */
int links_format(char *dst, DeviceType type, const char *node, const char *name);

/* The suffix of a link with which name ends ("-nst"), or NULL. */
const char *links_suffix_of(const char *name);
