/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bays of libraries: a drive in a library is named by the place it is in, so that the one that support
 * puts in its place has its name. docs/NAMES.md has the rules. */

#include "names/registry.h"

#define BAYS_MAX 512

/* What follows a drive that moves from one bay to another: the name stays with the bay, or goes with the
 * drive. */
typedef enum BayFollow {
        FOLLOW_BAY,
        FOLLOW_DRIVE,
} BayFollow;

/* One bay as a library reports it. */
typedef struct BayDrive {
        uint16_t element;      /* address */
        unsigned ordinal;      /* 1.. by element address */
        const Identity *drive; /* NULL: empty, or not known which drive it is */
} BayDrive;

/* Which libraries are there: the name of a drive whose library is gone stays with the drive, since it is the
 * library that is another one (a new controller has a new serial number). */
typedef struct LibrariesThere {
        const uint32_t *ids;
        size_t n_ids;
} LibrariesThere;

typedef enum BayEvent {
        BAY_NAMED,    /* a new drive: it got the bay's name */
        BAY_FOUND,    /* a drive that has a name was found in a bay that has none, and keeps its name */
        BAY_REPLACED, /* a bay's name is another drive's now */
        BAY_MOVED,    /* a drive took its name to another bay (FOLLOW_DRIVE) */
        BAY_LEFT,     /* a name has no drive any more: the one that had it is known by another name */
        BAY_KEPT,     /* nothing was done: the drive is held by a name of its own; text says so */
} BayEvent;

typedef struct BayChange {
        BayEvent event;
        RegistryDevice device; /* as it is now */
        Identity before;       /* BAY_REPLACED, BAY_LEFT: who had the name; rank NONE if nobody */
        char text[192];        /* for a person */
} BayChange;

/* A library was read: names are given and moved by the rules, all or nothing. bays: in order of their
 * addresses, each address and each drive once. What was done is in *ret, to be freed; usually nothing, and
 * then nothing is written. -ENOENT: no such library. -E2BIG. */
int registry_update_bays(Registry *r, uint32_t library, const BayDrive *bays, size_t n_bays,
                         const LibrariesThere *there, BayFollow follow, uint64_t now, BayChange **ret,
                         size_t *ret_n);

/* "bay" or "drive"; -EINVAL. */
int bay_follow_parse(const char *text, BayFollow *ret);
