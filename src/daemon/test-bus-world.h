/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A message bus, an evertaped on it whose manager is of paper and whose registry is real, and a polkit that
 * says what the test wants: for test-bus.c. */

#include <systemd/sd-bus.h>

#include "daemon/bus.h"

typedef enum PolkitMode {
        POLKIT_ABSENT,
        POLKIT_YES,
        POLKIT_NO,
        POLKIT_CHALLENGE,
        POLKIT_SILENT, /* keeps who asks waiting */
} PolkitMode;

struct Manager {
        sd_event *event;
        Bus *bus;
        Registry *registry;
        bool named;
        DevicePath paths[16]; /* [id]: where the device is, if it is there */
        bool present[16];
        unsigned n_holds, n_lists;
        PolkitMode polkit;
        sd_bus *polkit_bus;
        unsigned n_asked, n_cancelled, polkit_flags;
        char asked_action[64], asked_device[64];
};

/* False where there is no dbus-daemon. Ends with the process. */
bool world_start(void);
/* A new evertaped with nothing in its registry, and a client of it. */
sd_bus *world_open(PolkitMode polkit);
void world_close(sd_bus *bus);
/* After every test: whatever a failed one has left. */
int world_end(void **state);

/* Runs op(manager, argument) in evertaped's loop, in a turn of its own when it has nothing else to do, and
 * gives what it returns. */
typedef int (*WorldOp)(Manager *m, int argument);
int world_do(WorldOp op, int argument);

/* Ops. The first changer is device 1; each gives the number of the device. */
int world_add_changer(Manager *m, int argument);
int world_add_drive(Manager *m, int letter); /* in the next bay of device 1 */

/* Calls a method of evertaped without other arguments than a text, if it is not NULL, as another user, and
 * gives the name of the error, or "". answered: waits for it; else the caller leaves as soon as polkit was
 * asked. */
const char *world_call_as_nobody(const char *path, const char *interface, const char *member,
                                 const char *text, bool interactive);
