/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How evertaped ends. */

#include "daemon/manager.h"

/* Before sd_event_default(): signals come through the loop. */
int stop_block_signals(void);
/* SIGTERM and SIGINT end the loop in good order. bus: to ask systemd why; may be NULL. */
int stop_on_signals(sd_event *event, Manager *manager, sd_bus *bus);
