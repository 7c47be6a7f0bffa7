/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The held LUN in configfs: a target_core_user device and its own tcm_loop host, one per unit, recipe and
 * order as in kernel.md 10.1. Steps that link or unlink wait for commands that the ring's owner must answer,
 * so the owner of the ring never calls them itself: evertape-lun, a process of its own, does. */

#include <stdbool.h>
#include <stdint.h>

/* Every WWN of ours begins so: NAA 3h, locally assigned. It tells held LUNs from real tcm_loop devices. */
#define LUN_WWN_PREFIX "naa.3e7e7a9e"

typedef struct LunAddress {
        unsigned host, channel, target, lun;
} LunAddress;

/* root: "/" as root_open gives it, or a test's tree. unit: the registry's number of the device, 1.. .
 * All are idempotent and return -errno. */

/* Backstore up to enable; *ret_existed if it was enabled already (a predecessor's: reset the ring). */
int lun_create_backstore(int root, uint32_t unit, bool *ret_existed);
/* Number N of the /dev/uioN that belongs to it, and the size of its map. */
int lun_find_uio(int root, uint32_t unit, unsigned *ret_uio, uint64_t *ret_size);
/* Nexus and LUN link; blocks until the owner has answered the scan's INQUIRYs. */
int lun_create_nexus(int root, uint32_t unit, LunAddress *ret);
/* The whole of it away again; blocks until every held command has been answered. */
int lun_remove(int root, uint32_t unit);

/* H:C:T:L of a unit's LUN; -ENOENT if it has none. */
int lun_address(int root, uint32_t unit, LunAddress *ret);

/* action/block_dev and action/reset_ring of the backstore, kernel.md 2.2. how: 1 = BUSY, redelivered unseen;
 * 2 = the programs get an error. */
int lun_block(int root, uint32_t unit, bool block);
int lun_reset_ring(int root, uint32_t unit, unsigned how);
