/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a device is on its transport, as the port at the other end is called: "fc.0x50014380...:1",
 * "sas.0x5000...:0", "iscsi.iqn.2026-11...:2", and "scsi.2:0:0:1" where the kernel does not say. What follows
 * the ':' is the LUN. It says less than any identifier: a drive that is put in the place of another one has
 * its address. */

#include "identity/sysfs.h"

typedef struct AddressPort {
        const char *transport; /* "fc", "sas", "iscsi" */
        char component[65];    /* of the path: "rport-4:0-2", "end_device-0:1", "session3" */
        char port[256];        /* as the port is called; empty if that cannot be read */
} AddressPort;

/* The port at the other end, by a path as for address_read(). 1; 0: the kernel names none; -errno: it names
 * one, which cannot be read. */
int address_find_port(int root, const char *syspath, AddressPort *ret);

/* syspath: the device's directory or one below it, as the kernel names it ("/sys/devices/..."; a relative one
 * as a link in sys/class has it will do). root: see util/root.h. Writes to dst[IDENTITY_MAX], in characters
 * that are safe in a key; empty when it cannot be read. */
void address_read(int root, const char *syspath, const ScsiAddress *address, char *dst);
