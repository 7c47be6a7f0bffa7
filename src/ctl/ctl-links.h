/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program that is started behind `evertape hold` or `evertape wait` opens links. One that still leads to
 * the real device of a held changer would keep it waiting for as long as the device is held: evertaped has
 * that open alone. */

#include "ctl/ctl-device.h"
#include "util/time.h"

/* Until all links of the device lead to its nodes: what udev has to do for it is done. Waits some seconds,
 * and not longer than until `until` (CLOCK_MONOTONIC); then it complains, -ETIMEDOUT. 0 at once where udev
 * does not run. */
int links_wait(const Device *d, usec_t until);
