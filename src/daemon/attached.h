/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tape drives and changers behind iSCSI targets that evertaped reaches by itself (docs/ISCSI.md): which
 * targets are attached, which devices are there, and the sessions of paths. */

#include <stddef.h>
#include <systemd/sd-bus.h>

#include "monitor/monitor.h"
#include "transport/transport.h"
#include "util/cleanup.h"

typedef struct Manager Manager;
typedef struct Attached Attached;

/* Begins to look for what was attached before. */
int attached_new(Manager *m, Attached **ret);
Attached *attached_free(Attached *a);
DEFINE_CLEANUP(Attached *, attached_free)

/* Appends the paths there are to *paths (from malloc). Those to a held device are there for as long as they
 * are attached: whether one works is found out by using it. */
int attached_add_paths(Attached *a, DevicePath **paths, size_t *n_paths);

/* A path over a session of its own. -errno, and why says why. */
int attached_open(Attached *a, const DevicePath *path, TransportDone done, void *userdata, Transport **ret,
                  char *why, size_t n_why);
/* A path that was open does not work any more: perhaps the device is elsewhere. */
void attached_path_failed(Attached *a, const DevicePath *path);

/* ---- what the bus asks; call is answered later, or refused at once: then -errno, and *error is set ---- */

/* What a URL leads to: a(usssbs), LUN, kind, vendor, product, usable, serial number; remember: and attaches
 * it. */
int attached_look(Attached *a, const char *url, bool remember, sd_bus_message *call, sd_bus_error *error);
/* a(ss): target and portal. user may be empty. */
int attached_discover(Attached *a, const char *portal, const char *user, sd_bus_message *call,
                      sd_bus_error *error);
/* By its URL, or by the name of a device that is reached over it alone. */
int attached_detach(Attached *a, const char *what, sd_bus_error *error);
/* aa{sv}, one for each URL: org.evertape1(5). */
int attached_append(Attached *a, sd_bus_message *answer);
