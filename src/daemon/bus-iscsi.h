/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Methods of the bus, with the Manager as userdata. */
int method_attach(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_look(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_detach(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_discover(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_attached(sd_bus_message *call, void *userdata, sd_bus_error *error);
