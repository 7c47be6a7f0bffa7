/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.evertape1 on the system bus, as man/org.evertape1.5.scd describes it. */

#include "daemon/manager.h"

#define BUS_ERROR_NO_SUCH_DEVICE    "org.evertape1.Error.NoSuchDevice"
#define BUS_ERROR_IN_USE            "org.evertape1.Error.InUse"
#define BUS_ERROR_NOT_PRESENT       "org.evertape1.Error.NotPresent"
#define BUS_ERROR_NOT_UNIQUE        "org.evertape1.Error.NotUnique"
#define BUS_ERROR_NOT_HELD          "org.evertape1.Error.NotHeld"
#define BUS_ERROR_ALREADY_HELD      "org.evertape1.Error.AlreadyHeld"
#define BUS_ERROR_NOTHING_WAITS     "org.evertape1.Error.NothingWaits"
#define BUS_ERROR_NO_KERNEL_SUPPORT "org.evertape1.Error.NoKernelSupport"
#define BUS_ERROR_INVALID_NAME      "org.evertape1.Error.InvalidName"
#define BUS_ERROR_NAME_TAKEN        "org.evertape1.Error.NameTaken"
#define BUS_ERROR_NOT_ATTACHED      "org.evertape1.Error.NotAttached"
#define BUS_ERROR_ALREADY_ATTACHED  "org.evertape1.Error.AlreadyAttached"
#define BUS_ERROR_NOT_BUILT         "org.evertape1.Error.NotBuilt"
#define BUS_ERROR_FAILED            "org.evertape1.Error.Failed"

typedef struct Bus Bus;

/* The bus of EVERTAPE_BUS (an address, for tests), else the system bus. -EEXIST: another evertaped has the
 * name. */
int bus_open(sd_event *event, Manager *m, Bus **ret);
Bus *bus_free(Bus *b);
DEFINE_CLEANUP(Bus *, bus_free)
/* Lent, for calls of our own. */
sd_bus *bus_connection(Bus *b);

/* The signal Changed, now. Objects follow by themselves. */
void bus_emit_changed(Bus *b, const DeviceView *view);
/* Something may be other than the objects were told to be. */
void bus_look_again(Bus *b);
