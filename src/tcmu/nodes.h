/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The device nodes of a held LUN, and the time limits of the kernel's tape driver on it. */

#include "scsi/device-type.h"
#include "tcmu/lun.h"
#include "util/time.h"

/* Names below /dev: "sg4", "nst1", "sch0"; empty if there is none of that kind. */
typedef struct LunNodes {
        char sg[16];
        char tape[16];
        char changer[16];
} LunNodes;

/* root: "/" or a test's tree. -ENOENT until there are all that a device of that type has: sg and nst, or sg
 * and sch, in sysfs and in /dev. */
int nodes_find(int root, const LunAddress *address, DeviceType type, LunNodes *ret);

/* Waits for them. -ETIMEDOUT. */
int nodes_wait(int root, const LunAddress *address, DeviceType type, usec_t timeout, LunNodes *ret);

/* 48 h for both time limits of st (st_probe() sets 900 s and 14000 s): a command may be held for long. Opens
 * the tape, for which st sends TEST UNIT READY, READ BLOCK LIMITS and MODE SENSE: the ring must be served.
 * -EBUSY if a program has the tape open. */
int nodes_raise_tape_timeouts(int root, const char *tape);
