/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which files of rules there are, and which of them are ours. */

#include <stdbool.h>

#include "doctor/files.h"

#define UDEV_IDENTITY_RULES "59-evertape.rules"
#define UDEV_NAME_RULES     "61-evertape.rules"

#define N_UDEV_RULE_DIRS 5
extern const char *const udev_rule_dirs[N_UDEV_RULE_DIRS];

bool udev_file_is_ours(const ConfFile *file);
