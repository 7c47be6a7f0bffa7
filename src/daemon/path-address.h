/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a path goes, in the words of its transport. */

#include <stddef.h>

#include "monitor/monitor.h"

/* "fc 0x... 0x..." (initiator and target port), "sas 0x...", "iqn... 10.0.0.1", or empty when the kernel does
 * not say. root as from root_open(). Returns dst. */
char *path_read_address(int root, const DevicePath *path, char *dst, size_t n_dst);
