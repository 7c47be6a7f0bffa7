/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is to be done with a configuration: findings for a person, and edits beside its files. Which places of
 * it name devices is found by bacula.c and amanda.c; what is right there is decided here, for both. */

#include <stdio.h>

#include "configure/conf.h"
#include "configure/place.h"

#define INDEX_NONE (-1)
#define GROUP_NONE (-1)

/* One path of a device in the configuration. */
typedef struct PlanUse {
        PlaceRole role;
        unsigned file;
        Span span; /* of the path's bytes */
        char *path;
        char *label;    /* what a person calls the place: "Drive-0", "changer lib" */
        int group;      /* index of the changer that it belongs to, or GROUP_NONE */
        long index;     /* which drive of it the program takes it for, or INDEX_NONE */
        bool has_index; /* it is written there, in index_span; else it would be inserted there */
        Span index_span;
        char *index_before, *index_after; /* what stands around an inserted one */
        int follows;                      /* a drive's sg node: the use that is its drive; else -1 */
        bool added;                       /* not in the text yet, device is set */
        Place place;
        const TapeFact *device; /* which it should be, NULL if that cannot be said */
} PlanUse;

/* A changer and its drives. */
typedef struct PlanGroup {
        char *label;
        int changer; /* index of its use, or -1 */
} PlanGroup;

typedef enum FindingLevel {
        FINDING_GOOD,
        FINDING_NOTE, /* to be known, nothing to be done */
        FINDING_TODO,
        _FINDING_LEVEL_MAX,
} FindingLevel;

typedef struct Finding {
        FindingLevel level;
        int file; /* -1: of none */
        size_t line;
        char *text;
} Finding;

typedef struct Plan {
        Conf *conf;
        const TapeFacts *facts;
        PlanUse *uses;
        size_t n_uses;
        PlanGroup *groups;
        size_t n_groups;
        Finding *findings;
        size_t n_findings;
} Plan;

/* Reads the configuration at path and plans. Files are had by load, paths of devices followed by resolve.
 * Uses facts as long as the plan lives. -errno as conf_parse(). */
typedef struct PlanWorld {
        ConfLoad load;
        PlaceResolve resolve;
        void *userdata;
        const TapeFacts *facts;
} PlanWorld;

int plan_bacula(const PlanWorld *w, const char *path, Plan **ret);
int plan_amanda(const PlanWorld *w, const char *path, Plan **ret);
Plan *plan_free(Plan *p);
DEFINE_CLEANUP(Plan *, plan_free)

/* How much there is to do that edits do not do, and that they do. */
size_t plan_n_todo(const Plan *p);
bool plan_changes(const Plan *p);

/* Whether the configuration will name this device. */
bool plan_uses(const Plan *p, const TapeFact *device);

/* ---- for bacula.c and amanda.c ---- */

/* What a program's file does: find_uses() adds what is in p->conf; begin_fresh() appends what there should be
 * if there is no tape device in it. */
typedef struct PlanFinder {
        int (*find_uses)(Plan *p);
        int (*begin_fresh)(Plan *p);
} PlanFinder;

int plan_make(Dialect dialect, const PlanWorld *w, const char *path, const PlanFinder *finder, Plan **ret);
/* Copies; *ret is valid until the next call. */
int plan_add_use(Plan *p, PlaceRole role, unsigned file, Span span, const char *path, const char *label,
                 PlanUse **ret);
int plan_add_group(Plan *p, const char *label); /* its index */
_printf_(5, 6) int plan_find(Plan *p, FindingLevel level, int file, size_t at, const char *format, ...);
/* A device that is not in the configuration yet. */
int plan_add_device(Plan *p, PlaceRole role, const TapeFact *device, const char *label, int group);
/* The drive that is at this place, among those that a fresh configuration should have; NULL at the end.
 * Stand-alone ones: library "". */
const TapeFact *plan_fresh_drive(const Plan *p, const char *library, long index);
/* Appends what write() prints to the first file, with that file's own ends of line. Nothing but a finding if
 * there is no device. */
int plan_append(Plan *p, int (*write)(Plan *p, FILE *f));
