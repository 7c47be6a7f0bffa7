/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether who sent a call may have it done: root may, others are asked of polkit, and where there is no
 * polkit nobody else may. Nothing waits for an answer: the call goes on from the loop when it has come, and
 * is dropped when its sender leaves the bus. An answer counts for one call. */

#include <systemd/sd-bus.h>

#include "util/cleanup.h"

typedef struct Authorizer Authorizer;

/* The call, which is to be answered as a method handler does it. */
typedef int (*AuthorizeDone)(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* done(call, userdata) for each call that is allowed. */
int authorizer_new(sd_bus *bus, AuthorizeDone done, void *userdata, Authorizer **ret);
/* Drops what waits. */
Authorizer *authorizer_free(Authorizer *a);
DEFINE_CLEANUP(Authorizer *, authorizer_free)

/* action: of polkit, a constant. device: which one is meant, for the question to the person; may be "". 1, as
 * a handler returns for a call that is answered later. One sender, one user and all together can have only so
 * many calls waiting: then -EBUSY and *error. */
int authorize(Authorizer *a, sd_bus_message *call, const char *action, const char *device,
              sd_bus_error *error);
