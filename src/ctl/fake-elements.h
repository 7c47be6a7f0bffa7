/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What Elements() of the fake daemon answers. */

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "ctl/fake-daemon.h"

int fake_append_elements(sd_bus_message *m, FakeMode mode, uint64_t since);
