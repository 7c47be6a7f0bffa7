/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Talking to evertaped, man/org.evertape1.5.scd. */

#include <systemd/sd-bus.h>

#include "client/client.h"
#include "ctl/ctl-device.h"
#include "util/time.h"

#define BUS_SERVICE   CLIENT_SERVICE
#define BUS_PATH      CLIENT_PATH
#define BUS_INTERFACE CLIENT_INTERFACE

static inline void sd_bus_closep(sd_bus **bus)
{
        *bus = sd_bus_flush_close_unref(*bus);
}

static inline void sd_bus_message_releasep(sd_bus_message **m)
{
        *m = sd_bus_message_unref(*m);
}

/* The system bus, or what EVERTAPE_BUS says: "system", "user" or a D-Bus address. Complains. */
int bus_open(sd_bus **ret);

/* Whether the daemon answers within timeout. -ESRCH: it does not run; else -errno: the bus cannot be reached.
 * Does not complain, and does not have the bus start it. */
int bus_ping(usec_t timeout, bool *ret_answers);

/* Every device, or those named (n_names > 0). Complains, once for each name that has no device; then -ENOENT
 * with the others in ret. */
int bus_list(sd_bus *bus, char *const *names, size_t n_names, DeviceList *ret);

/* One device by name, node or serial number. Does not complain: error says why. */
int bus_show(sd_bus *bus, const char *name, Device **ret, sd_bus_error *error);

/* Its paths. Does not complain. */
int bus_paths(sd_bus *bus, const char *name, PathList *ret, sd_bus_error *error);

/* Calls Fail. Does not complain. */
int bus_fail(sd_bus *bus, const char *name, bool once, sd_bus_error *error);

/* Calls a method that takes one or two texts (b may be NULL) and returns nothing. Does not complain. */
int bus_call_names(sd_bus *bus, const char *method, const char *a, const char *b, sd_bus_error *error);

/* Calls a method and gives its reply, with the arguments that types describe, as sd_bus_message_append(3)
 * takes them. Does not complain. */
int bus_ask(sd_bus *bus, const char *method, sd_bus_error *error, sd_bus_message **ret, const char *types,
            ...);

/* Calls Hold or Release for one device; takes as long as the daemon needs, and shows
 * meanwhile, to a person at a terminal, what it is about. Does not complain. */
int bus_change(sd_bus *bus, const char *method, const char *name, sd_bus_error *error);

/* Calls changed() for every signal of the daemon, and owner() when the daemon comes and goes (argument 3 of
 * NameOwnerChanged is empty then); both until the bus is closed. Has taken effect on return. Complains. */
int bus_subscribe(sd_bus *bus, sd_bus_message_handler_t changed, sd_bus_message_handler_t owner,
                  void *userdata);

/* Says what went wrong in a call that returned r, for a person. */
void bus_complain(int r, const sd_bus_error *error);
