/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All devices: what the registry knows, what the kernel has, what is held. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/attached.h"
#include "daemon/config.h"
#include "daemon/held.h"
#include "identity/inf-table.h"
#include "monitor/monitor.h"
#include "names/registry.h"

int manager_new(sd_event *event, const Config *config, Manager **ret);
/* Stops serving; held LUNs stay for a successor. */
Manager *manager_free(Manager *m);
DEFINE_CLEANUP(Manager *, manager_free)

/* Scans, and holds what is to be held. */
int manager_start(Manager *m);
/* What the configuration that was lent to manager_new() says is other than before. Counts for what is held,
 * but for the size of journals that are there. */
void manager_configured(Manager *m);
/* The end, for a successor or for good (stop.c). manager_stopped() carries it on; true when all is done. */
void manager_stop(Manager *m, bool for_good);
bool manager_stopped(Manager *m);
/* What a device is at work on is not waited for any more. */
void manager_abandon(Manager *m);

/* For the watchdog: all that is held is served. */
bool manager_goes_on(Manager *m);

/* Every device has its name, as far as one can be found: no library is being asked for it. */
bool manager_is_named(const Manager *m);

sd_event *manager_event(Manager *m);
usec_t manager_now(const Manager *m); /* CLOCK_MONOTONIC, when this turn of the loop began */
Registry *manager_registry(Manager *m);
BayFollow manager_follow(const Manager *m); /* [Names] Follow= */
Attached *manager_attached(Manager *m);
const Config *manager_config(const Manager *m);
int manager_root(const Manager *m); /* "/" */
usec_t manager_timeout(const Manager *m, const RegistryDevice *device);
uint32_t manager_pipeline(const Manager *m, const RegistryDevice *device);
/* UnitConfig.group_after */
unsigned manager_group_after(const Manager *m, const RegistryDevice *device);
/* The entry of tape.inf(5) for such a device. */
InfMatch manager_match(const Manager *m, const Identity *identity);
uint64_t manager_journal_size(const Manager *m);
/* What the last scan found; valid until the loop goes on. */
size_t manager_paths(const Manager *m, const DevicePath **ret);
/* Of all libraries, what is where. */
struct Inventories *manager_inventories(const Manager *m);
bool manager_holds(const Manager *m, uint32_t device);
typedef struct Bus Bus;
void manager_set_bus(Manager *m, Bus *bus);

/* ---- what held devices report ---- */
void manager_changed(Manager *m, Held *h);
void manager_want_scan(Manager *m);
void manager_add_event(Manager *m, uint32_t device, const char *event, const char *text);
/* The same, of a device that the registry does not know any more. */
void manager_add_forgotten(Manager *m, uint32_t device, const char *name);
void manager_hold_done(Manager *m, Held *h);
void manager_hold_failed(Manager *m, Held *h);
void manager_released(Manager *m, Held *h);
void manager_release_failed(Manager *m, Held *h);

/* ---- what naming reports ---- */

/* device has another name, or its name is another one's than before (identity; NULL: nobody's): links, the
 * bus and what is held follow. */
void manager_name_changed(Manager *m, const RegistryDevice *device, const Identity *before);
/* What the registry has is to be saved as text too. */
void manager_names_changed(Manager *m);
/* The sg node over which a library can be asked now, or "". */
void manager_find_askable(Manager *m, const RegistryDevice *device, char *node, size_t n_node);

/* ---- what the bus asks ---- */

/* Sets *error and returns r. */
_printf_(4, 5) int manager_refuse(sd_bus_error *error, const char *name, int r, const char *format, ...);

/* One device, as man/org.evertape1.5.scd lists it. */
typedef struct DeviceView {
        Manager *manager;
        RegistryDevice device;
        const DevicePath *real;        /* NULL while away */
        const DevicePath *held_lun;    /* NULL if there is none */
        Held *held;                    /* NULL if not held */
        size_t n_real;                 /* paths to the real device */
        char library[NAME_LENGTH_MAX]; /* whose bay the name belongs to, or "" */
        char note[160];                /* what is odd about it, or "" */
} DeviceView;

/* All devices, or the one called name: a name, a node or a serial number (-ENOENT, -ENOTUNIQ). free() the
 * array; what it points to is valid until the loop goes on. */
int manager_list(Manager *m, DeviceView **ret, size_t *ret_n);
int manager_find(Manager *m, const char *name, DeviceView *ret);

/* Who has the nodes open that a program uses. All that ask within a moment are told the same: to look is to
 * go through all processes, and everybody may ask. */
bool manager_find_user(const DeviceView *v, DeviceUser *ret);

/* The same as manager_find(), refusing. */
int manager_find_or_refuse(Manager *m, const char *name, DeviceView *ret, sd_bus_error *error);

/* call is answered when the device is held or released, or refused at once: then -errno and *error is set. */
int manager_hold(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error);
int manager_release(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error);
/* Ends the wait of programs, as unit_fail(): -ENODATA and *error if nothing waits. */
int manager_fail(Manager *m, const char *name, bool once, sd_bus_error *error);
