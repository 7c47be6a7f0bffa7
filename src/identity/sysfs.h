/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What sysfs and configfs know of a SCSI device, read without sending it a command. root: see util/root.h. */

#include <stdbool.h>

#include "identity/identity.h"

typedef struct ScsiAddress {
        unsigned host, channel, target, lun;
} ScsiAddress;

/* "5:0:0:1" and nothing else. -EINVAL, also for a LUN of more than 32 bits. */
int scsi_address_parse(const char *text, ScsiAddress *ret);

/* device: its directory in sysfs, opened O_PATH, so that what is read is of one device even when its number
 * is given to another one meanwhile. state takes the text of its state attribute. -ENODEV when the device is
 * being removed or is neither tape nor changer, -EBADMSG, -errno. */
int identity_from_sysfs(int device, char *state, size_t n_state, Identity *ret);

/* Is the host with this address one that evertape made (LUN_WWN_PREFIX)? */
bool scsi_address_is_held_lun(int root, const ScsiAddress *address);
