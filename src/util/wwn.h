/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every WWN that we give to a tcm_loop host begins so: NAA 3h, locally assigned (SPC-5 7.7.6.6.4). It tells
 * held LUNs from the loopback devices of others. */
#define LUN_WWN_PREFIX "naa.3e7e7a9e"
