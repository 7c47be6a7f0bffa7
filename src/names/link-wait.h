/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* udev makes the links of a device some time after the kernel has made its nodes; until then a link leads to
 * what it led to before. */

#include <stddef.h>

#include "util/time.h"

/* Until link ("/dev/tape/by-name/drive1-nst") leads to one of nodes ("nst7"), below root. 0; -ETIMEDOUT if it
 * does not at the time `until` (CLOCK_MONOTONIC); -errno. */
int link_wait(int root, const char *link, const char *const *nodes, size_t n_nodes, usec_t until);
