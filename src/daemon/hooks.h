/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs of the site that are told of events. One at a time, beside the loop: what happens to a device
 * never waits for them. */

#include <systemd/sd-event.h>

#include "util/cleanup.h"
#include "util/time.h"

typedef struct Hooks Hooks;

/* What a hook gets in its environment, as EVERTAPE_EVENT and so on. NULL is empty. */
typedef struct HookEvent {
        const char *event, *name, *kind;
        const char *node, *generic_node, *changer_node; /* as man/org.evertape1.5.scd has them */
        const char *library, *bay;
        const char *barcode; /* of the cartridge that was in it */
        const char *loss;    /* "yes": what a program has written may not be on it */
        const char *serial;  /* for the log alone */
        const char *text;
} HookEvent;

/* How long one may run, how long it takes until one that failed is started again, the first time, and how
 * often it is started at all. Each wait is four times the one before. */
typedef struct HookLimits {
        usec_t timeout, retry;
        unsigned attempts;
} HookLimits;

/* A minute; again after 10 s, 40 s, 160 s, and no more. */
extern const HookLimits hook_limits;

/* Executables are those of folder, which need not be there. */
int hooks_new(sd_event *event, const char *folder, const HookLimits *limits, Hooks **ret);
/* Those that run are killed; those that wait are forgotten. */
Hooks *hooks_free(Hooks *h);
DEFINE_CLEANUP(Hooks *, hooks_free)

/* Starts every executable of the folder, in the order of their names, after those of earlier events. Returns
 * at once. Copies. An event that hooks are not told of is no error. */
void hooks_event(Hooks *h, const HookEvent *e);
