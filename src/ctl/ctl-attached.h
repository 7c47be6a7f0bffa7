/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is attached, as evertaped describes it (aa{sv}, man/org.evertape1.5.scd). */

#include <systemd/sd-bus.h>

#include "doctor/doctor.h"

/* Asks. free() *ret. -EBADMSG for an answer of another form; *error may be set. Does not complain. */
int attached_ask(sd_bus *bus, DoctorTarget **ret, size_t *ret_n, sd_bus_error *error);
