/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking evertaped, man/org.evertape1.5.scd. */

#include <systemd/sd-bus.h>

#include "view/site.h"

#define CLIENT_SERVICE   "org.evertape1"
#define CLIENT_PATH      "/org/evertape1"
#define CLIENT_INTERFACE "org.evertape1.Manager"

/* What EVERTAPE_BUS says: "system" (the default), "user" or a D-Bus address. */
const char *client_where(void);
int client_connect(sd_bus **ret);

/* All that evertaped knows now: devices and their paths, libraries and what is in them. -EBADMSG: it answers
 * in a form that is not known here. Does not complain: error says why. It is not one moment's: each library
 * and device is asked for on its own, and one that is forgotten meanwhile is left out. */
int client_read_site(sd_bus *bus, Site *ret, sd_bus_error *error);

/* Whether that is because no evertaped is there. */
bool client_error_is_absent(const sd_bus_error *error);
