/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's side of a model device in configfs: a target_core_user backstore of HBA user_3600 and a
 * tcm_loop host of its own, with a WWN that evertape does not take for one of its own LUNs. root as from
 * root_open("/"). All return -errno. */

#include <stdbool.h>
#include <stdint.h>

/* name: "drive1"; number: 1.., one per device. */
int fabric_create_backstore(int root, const char *name);
int fabric_remove_backstore(int root, const char *name);
int fabric_find_uio(int root, const char *name, unsigned *ret_uio, uint64_t *ret_size);

/* Both wait for the ring's owner: link for the answers of the scan, unlink for every command in flight. */
int fabric_link(int root, unsigned number, const char *name);
int fabric_unlink(int root, unsigned number);

/* Offline: the kernel fails every command with DID_TRANSPORT_DISRUPTED and the device stays. */
int fabric_set_transport(int root, unsigned number, bool online);
