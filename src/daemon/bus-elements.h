/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods about what is where in a library, for the vtable of bus.c. */

#include <systemd/sd-bus.h>

int method_elements(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_read_elements(sd_bus_message *call, void *userdata, sd_bus_error *error);
