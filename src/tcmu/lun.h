/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The held LUN in configfs: a target_core_user device and its own tcm_loop host, one per unit. Steps that
 * link or unlink wait for commands that the ring's owner must answer, so the owner of the ring never calls
 * them itself: evertape-lun, a process of its own, does. */

#include <stdbool.h>
#include <stdint.h>

/* Two WWNs a unit must fit behind LUN_WWN_PREFIX (util/wwn.h): target 2 * unit, initiator 2 * unit + 1. */
#define LUN_UNIT_MAX INT32_MAX

typedef struct LunAddress {
        unsigned host, channel, target, lun;
} LunAddress;

/* root: "/" as root_open gives it, or a test's tree. unit: the registry's number of the
 * device, 1..LUN_UNIT_MAX, else -EINVAL. All return -errno; -EOPNOTSUPP when the kernel has no configfs,
 * target_core_user or tcm_loop (or not yet: see host.h). All may be repeated after any interruption. */

/* Backstore up to enable; *ret_existed if it was enabled already (a predecessor's: reset the ring). */
int lun_create_backstore(int root, uint32_t unit, bool *ret_existed);
/* Number N of the /dev/uioN that belongs to it, and the size of its map, which must be mapped whole. -ENOENT.
 */
int lun_find_uio(int root, uint32_t unit, unsigned *ret_uio, uint64_t *ret_size);
/* Nexus and LUN link; blocks until the owner has answered the scan's INQUIRYs. */
int lun_create_nexus(int root, uint32_t unit, LunAddress *ret);
/* The whole of it away again; blocks until every held command has been answered. */
int lun_remove(int root, uint32_t unit);

/* H:C:T:L of a unit's LUN; -ENOENT if it has none. */
int lun_address(int root, uint32_t unit, LunAddress *ret);
/* The text of tpgt_1/address, "H:C:T", strictly; lun is 0. -EBADMSG. */
int lun_parse_address(const char *text, LunAddress *ret);

/* action/block_dev and action/reset_ring of the backstore. Blocked, new commands are answered BUSY by the
 * kernel and come again. how: 1 = what is in the ring ends BUSY, is delivered again and no program sees it; 2
 * = the programs get an error. The owner must tcmu_ring_init again after a reset. */
int lun_block(int root, uint32_t unit, bool block);
int lun_reset_ring(int root, uint32_t unit, unsigned how);

/* For a LUN whose owner is dead: ends with an error what is held in its ring and lets nothing new in, so that
 * lun_remove does not wait for ever. -EBUSY, and nothing done, if someone owns the ring; 0 if there is none.
 */
int lun_abandon(int root, uint32_t unit);
