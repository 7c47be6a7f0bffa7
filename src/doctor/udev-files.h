/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which files of rules there are, and which of them are ours. */

#include <stdbool.h>

#include "doctor/files.h"

#define UDEV_IDENTITY_RULES "59-evertape.rules"
#define UDEV_NAME_RULES     "61-evertape.rules"

/* Has udev treat tapes and changers as if they had just come, and no other device. */
#define UDEV_TRIGGER                                                                                         \
        "udevadm trigger --action=add --settle --subsystem-match=scsi_tape --subsystem-match=scsi_generic "  \
        "--subsystem-match=scsi_changer"
/* After a change of rules. */
#define UDEV_RELOAD "udevadm control --reload\n" UDEV_TRIGGER

#define N_UDEV_RULE_DIRS 5
extern const char *const udev_rule_dirs[N_UDEV_RULE_DIRS];

bool udev_file_is_ours(const ConfFile *file);
