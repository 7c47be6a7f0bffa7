/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which iSCSI targets are attached: a URL a line, in the state directory, so that they are again after a
 * restart. */

#include <stddef.h>

#include "util/iscsi-url.h"

/* A line that is not understood is left out, and counted. A file that is not there is an empty one. */
int attached_file_read(const char *path, IscsiUrl **ret, size_t *ret_n, unsigned *ret_n_bad);
/* In one piece: what was there before stays until the new one is whole and on disk. */
int attached_file_write(const char *path, const IscsiUrl *urls, size_t n);
