/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The paths to one held device: which there are, which one carries commands, which one is next. Pure: what
 * the kernel has and `now` (CLOCK_MONOTONIC) go in. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/monitor.h"
#include "util/time.h"

#define HELD_PATHS_MAX 16

typedef enum HeldPathState {
        HELD_PATH_STANDBY,  /* there, and would be used */
        HELD_PATH_ACTIVE,   /* carries the commands */
        HELD_PATH_FAILED,   /* gone, not running, or given up a moment ago */
        HELD_PATH_FLAPPING, /* failed again and again: used only if there is no other */
        _HELD_PATH_STATE_MAX,
} HeldPathState;

typedef struct HeldPath {
        DevicePath device;  /* as last seen */
        char transport[96]; /* where it goes: WWPN, iSCSI target; empty if the kernel does not say */
        bool present, seen;
        bool replaced;     /* another node has taken the address of the one in use */
        bool in_use;       /* a program has its tape or changer node open */
        bool served;       /* a resume has ended on it since it was opened */
        unsigned n_recent; /* failures without good service between them */
        unsigned n_tries;  /* that led to nothing, one after the other */
        usec_t came_at, opened_at, failed_at;
        usec_t rest_until; /* others are preferred until then */
        usec_t next_try;   /* not before, whatever else there is */
        usec_t look_at;    /* not running: when to ask the kernel again */
        usec_t since;      /* of its present state */
        uint64_t n_outages, n_commands, n_bytes;
        char last_error[128];
} HeldPath;

typedef struct HeldPaths {
        HeldPath items[HELD_PATHS_MAX];
        size_t n_items;
        int active; /* index, or -1 */
} HeldPaths;

static inline HeldPath *paths_active(HeldPaths *paths)
{
        return paths->active >= 0 ? &paths->items[paths->active] : NULL;
}

/* Begins an update: nothing is there until paths_found() says so. paths_end_update() returns false if the
 * active path was not among what was found. */
void paths_begin_update(HeldPaths *paths);
/* came_at: when the kernel told of it. NULL when there is no room. */
HeldPath *paths_found(HeldPaths *paths, const DevicePath *device, const char *transport, usec_t came_at);
bool paths_end_update(HeldPaths *paths, usec_t now);

/* The path to try next, NULL if none may be tried now. The one in use is not among them. */
HeldPath *paths_choose(HeldPaths *paths, usec_t now);
/* When to call paths_choose() again, or to look at a path that is not running (path_is_due_for_look). */
usec_t paths_deadline(const HeldPaths *paths);
bool path_is_due_for_look(const HeldPath *path, usec_t now);
/* The kernel's state of it, asked for just now. */
void path_looked(HeldPath *path, const char *state, usec_t now);

/* It could not be opened: again after `first`, twice that, and so on up to `most`. */
void path_not_opened(HeldPath *path, usec_t first, usec_t most, const char *why, usec_t now);
void paths_opened(HeldPaths *paths, HeldPath *path, usec_t now);
/* The active one has answered a command. */
void paths_answered(HeldPaths *paths, uint32_t n_bytes);
/* Commands of programs flow over the active one. */
void paths_served(HeldPaths *paths);
/* The active one was closed: it failed, or (refused) leads to another device. */
void paths_closed(HeldPaths *paths, bool refused, const char *why, usec_t now);

bool path_is_running(const HeldPath *path);
HeldPathState path_state(const HeldPaths *paths, const HeldPath *path, usec_t now);
const char *path_state_name(HeldPathState state);
size_t paths_n_present(const HeldPaths *paths);
