/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be asked of the manager, and of one device: the same verb, which the manager's method gets the
 * name of a device for and the device's object has it. */

#include <systemd/sd-bus.h>

#include "daemon/manager.h"

typedef struct BusCall {
        Manager *manager;
        const char *name;        /* of the device; "" if the verb is none of a device's */
        sd_bus_message *message; /* read up to the arguments behind the name */
} BusCall;

/* Answers, or keeps the message to answer it later; then >= 0. -errno and maybe *error: it is refused. */
typedef int (*BusVerbRun)(const BusCall *call, sd_bus_error *error);

typedef struct BusVerb {
        const char *member;
        bool named;                             /* the manager's method has the name of a device in front */
        bool of_device;                         /* and the device has it too */
        const char *manager_in, *manager_names; /* arguments, and the names of all with the results' */
        const char *device_in, *device_names;
        const char *out;
        const char *action; /* of polkit; NULL: everybody may */
        BusVerbRun run;
} BusVerb;

extern const BusVerb bus_verbs[];
extern const size_t n_bus_verbs;

/* NULL if there is none. */
const BusVerb *bus_verb_find(const char *member);

/* ---- bus-elements.c ---- */

int verb_elements(const BusCall *c, sd_bus_error *error);
int verb_read_elements(const BusCall *c, sd_bus_error *error);

/* ---- bus-iscsi.c ---- */

int verb_attach(const BusCall *c, sd_bus_error *error);
int verb_look(const BusCall *c, sd_bus_error *error);
int verb_detach(const BusCall *c, sd_bus_error *error);
int verb_discover(const BusCall *c, sd_bus_error *error);
int verb_attached(const BusCall *c, sd_bus_error *error);

/* ---- bus-names.c ---- */

int verb_rename(const BusCall *c, sd_bus_error *error);
int verb_replace(const BusCall *c, sd_bus_error *error);
int verb_forget(const BusCall *c, sd_bus_error *error);
int verb_export(const BusCall *c, sd_bus_error *error);
int verb_import(const BusCall *c, sd_bus_error *error);
int verb_history(const BusCall *c, sd_bus_error *error);
