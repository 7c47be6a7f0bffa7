/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between attached.c (what is attached), attached-target.c (asks the targets), attached-paths.c (paths over
 * them) and attached-ask.c (what the bus asks). */

#include "daemon/attached.h"
#include "daemon/lun-reader.h"
#include "util/time.h"

#define TARGETS_MAX 64
#define ASKS_MAX    16

typedef enum TargetState {
        TARGET_OFFLINE, /* it does not answer, or has not yet */
        TARGET_ONLINE,
        TARGET_REFUSED, /* it does not let us in, or there is nothing right to log in with */
        _TARGET_STATE_MAX,
} TargetState;

/* One target at one portal: what the URLs that name it have in common. */
typedef struct Target {
        Attached *attached;
        IscsiUrl url; /* its lun is of no interest */
        LunFound *units;
        size_t n_units;
        TargetState state;
        usec_t since; /* of the state, CLOCK_REALTIME */
        bool complained;
        LunReader *reader;
        usec_t next; /* when to ask it again */
        unsigned n_failed;
        char why[200];
} Target;

typedef struct Ask Ask;

struct Attached {
        Manager *manager;
        sd_event_source *timer;
        IscsiUrl *urls;
        size_t n_urls;
        Target *targets[TARGETS_MAX];
        size_t n_targets;
        Ask *asks[ASKS_MAX];
        size_t n_asks;
};

/* ---- attached.c ---- */

/* Remembers it, with the units that are known to be there. */
int attached_add(Attached *a, const IscsiUrl *url, const LunFound *units, size_t n_units);
bool attached_has(const Attached *a, const IscsiUrl *url);

/* ---- attached-target.c ---- */

/* At the same portal, whichever the LUN. */
bool attached_same_target(const IscsiUrl *a, const IscsiUrl *b);
/* Not for what is open: a session with the same one would take its place. */
uint16_t attached_probe_qualifier(const IscsiUrl *url);
/* That of a URL, or NULL. */
Target *attached_target(const Attached *a, const IscsiUrl *url);
/* The one that is there, or a new one; NULL: no memory, or too many. */
Target *attached_add_target(Attached *a, const IscsiUrl *url);
/* It has just said which units it has, to somebody who asked for those of url. */
void attached_target_answered(Target *t, const IscsiUrl *url, const LunFound *units, size_t n_units);
void attached_ask_soon(Target *t);
/* Those that no URL names. */
void attached_drop_unused(Attached *a);
/* For the next target that is to be asked; after every change. */
void attached_set_timer(Attached *a);
int attached_on_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* ---- attached-paths.c ---- */

bool attached_leads_to(const Attached *a, const IscsiUrl *url, const Identity *identity);
/* Tape drives and changers that a URL leads to, as far as is known, and how many of them are held. */
void attached_count(const Attached *a, const IscsiUrl *url, uint32_t *ret_n_devices, uint32_t *ret_n_held);

/* ---- attached-ask.c ---- */

void attached_drop_asks(Attached *a);
