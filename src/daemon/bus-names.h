/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods about names, for the vtable of bus.c. */

#include <systemd/sd-bus.h>

int method_rename(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_replace(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_forget(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_export(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_import(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_history(sd_bus_message *call, void *userdata, sd_bus_error *error);
