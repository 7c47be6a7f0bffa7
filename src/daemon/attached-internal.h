/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between attached.c (targets that are attached) and attached-ask.c (what the bus asks). */

#include "daemon/attached.h"
#include "daemon/lun-reader.h"
#include "util/time.h"

#define TARGETS_MAX 64
#define ASKS_MAX    16

/* One target at one portal: what the URLs that name it have in common. */
typedef struct Target {
        Attached *attached;
        IscsiUrl url; /* its lun is of no interest */
        LunFound *units;
        size_t n_units;
        bool online, complained;
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

/* Not for what is open: a session with the same one would take its place. */
uint16_t attached_probe_qualifier(const IscsiUrl *url);
/* Remembers it, with the units that are known to be there. */
int attached_add(Attached *a, const IscsiUrl *url, const LunFound *units, size_t n_units);
bool attached_has(const Attached *a, const IscsiUrl *url);

void attached_drop_asks(Attached *a);
