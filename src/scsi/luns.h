/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* REPORT LUNS parameter data, SPC-4 6.33. */

#include <stddef.h>
#include <stdint.h>

#define LUNS_MAX 256

/* The logical units of one level, as the first two bytes name them (SAM-5 4.7: peripheral addressing, and
 * flat with its bits, as the kernel counts them), up to n_most, in ret. Others are left out. -EBADMSG: no
 * such data. */
int luns_parse(const uint8_t *data, size_t n_data, uint16_t *ret, size_t n_most, size_t *ret_n);
