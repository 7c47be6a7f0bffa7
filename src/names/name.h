/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The form of names. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/device-type.h"

/* What the names of stand-alone devices of this type begin with: "lib", "drive". */
const char *name_prefix(DeviceType type);

/* Letters, digits, '.', '_' and '-', the first of them a letter or digit, shorter than NAME_LENGTH_MAX, and
 * not ending like a link of another name (names/links.h), and no name of a node ("sg3"). */
bool name_is_valid(const char *name);

/* Natural order, for qsort: digits by their value, so that drive2 is before drive10. 0 only for equal names.
 */
int name_compare(const char *a, const char *b);
