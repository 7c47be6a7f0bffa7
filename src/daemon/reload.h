/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"
#include "daemon/manager.h"

/* From now on SIGHUP reads path again into *config, which the manager was made with. Both must outlive event.
 */
int reload_on_signal(sd_event *event, Manager *manager, const char *path, Config *config);
