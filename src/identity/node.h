/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "identity/hwid.h"

/* The INQUIRY data of the device behind a node of the kernel, "nst0", "st0l", "sg3" or "sch0", from sysfs and
 * without a command to the device. root: see util/root.h. -EINVAL: no name of such a node; -ENOENT: there is
 * none; -ENODEV: neither tape nor changer; -EBADMSG, -errno. */
int node_inquiry(int root, const char *node, HwidInquiry *ret);
