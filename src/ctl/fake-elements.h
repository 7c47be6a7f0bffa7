/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What Elements() of the fake daemon answers, and what is only shown of devices. */

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "ctl/fake-daemon.h"

/* Numbers of a device that the fake daemon has no use for itself. */
int fake_append_facts(sd_bus_message *m);

int fake_append_elements(sd_bus_message *m, FakeMode mode, uint64_t since);
