/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects below /org/evertape1: one a device, and one a library. What a client was told of each is
 * compared with what it is now at the end of a turn of the loop, so that a signal has what is other, and a
 * turn has one. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/manager.h"

#define BUS_OBJECT     "/org/evertape1"
#define BUS_OBJECT_MAX 64

typedef enum BusObjectKind {
        BUS_OBJECT_DEVICE,
        BUS_OBJECT_LIBRARY,
        _BUS_OBJECT_KIND_MAX,
} BusObjectKind;

/* By the registry's number, so that a path is that of one device for ever. */
void bus_object_format(char path[BUS_OBJECT_MAX], BusObjectKind kind, uint32_t id);
/* The number in a path of this kind; -ENOENT. */
int bus_object_parse(const char *path, BusObjectKind kind, uint32_t *ret);

typedef struct BusObjects BusObjects;

/* on_call(call, userdata) for the methods of devices. */
int bus_objects_new(sd_bus *bus, sd_event *event, Manager *m, sd_bus_message_handler_t on_call,
                    void *userdata, BusObjects **ret);
/* After the bus was closed, which has its vtables until then. */
BusObjects *bus_objects_free(BusObjects *o);
DEFINE_CLEANUP(BusObjects *, bus_objects_free)

/* Something may be other than it was told. */
void bus_objects_look_again(BusObjects *o);
