/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the manager share: manager.c (scanning, holding, life), manager-view.c (looking),
 * manager-names.c (names that change). */

#include "daemon/hooks.h"
#include "daemon/inventories.h"
#include "daemon/manager.h"
#include "daemon/naming.h"

#define HELD_MAX 256

struct Manager {
        sd_event *event;
        Bus *bus;
        Registry *registry;
        Naming *naming;
        Attached *attached;
        Inventories *inventories;
        Hooks *hooks;
        Monitor *monitor;
        const Config *config;
        InfTable table; /* tape.inf */
        int root;
        DevicePath *paths;
        size_t n_paths;
        bool scanned; /* once */
        DeviceUser *users; /* one a path, as they were at users_at; NULL: not looked for since the scan */
        usec_t users_at;
        sd_event_source *scan_timer, *save_timer;
        Held *helds[HELD_MAX];
        size_t n_helds;
};

void manager_scan(Manager *m);
/* Has udev look at all paths and LUNs of this identity. rights: it is held, was or will be; else only the
 * links may be others. */
void manager_trigger_paths(Manager *m, const Identity *identity, bool rights);

Held *manager_find_held(Manager *m, uint32_t device);
int manager_add_held(Manager *m, const RegistryDevice *device, Held **ret);
void manager_remove_held(Manager *m, Held *h);

/* ---- manager-view.c ---- */

/* Tells the log and the hooks. */
void manager_tell(Manager *m, uint32_t device, const char *event, const char *text);

/* All but the note. */
void manager_fill_view(Manager *m, const RegistryDevice *device, DeviceView *v);

/* ---- manager-names.c ---- */

/* The name of a held device belongs to another one now (Held.rehold): removes its LUN if nobody has it open,
 * else says so in its reason. */
void manager_try_rehold(Manager *m, Held *h);
/* The LUN was removed: holds the device that has the name now. */
void manager_hold_anew(Manager *m, Held *h);

int manager_on_save_timer(sd_event_source *source, uint64_t usec, void *userdata);
void manager_save_names(Manager *m);
/* The registry, or what there is in its place (names/start.h). Says which, if it is not the registry. */
int manager_open_registry(Manager *m);
/* error is what the registry has answered. If it is damaged: true when there is something in its place now. */
bool manager_replace_registry(Manager *m, int error);
