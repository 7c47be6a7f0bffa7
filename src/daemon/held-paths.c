/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One path at a time carries commands: a tape has one position, and two commands on two ways to it could
 * overtake each other. The one in use is kept for as long as it works, since every change of path is a
 * resume.
 *
 * Three clocks decide about a path that does not work. `next_try` keeps an attempt that came to nothing from
 * being repeated at once, for ever. `rest_until` grows with every failure and only matters while there is
 * another path: a lone path that fails in service is used again at once. Good service, or time, makes both
 * small again. */

#include "daemon/held-paths.h"

#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define GOOD_SERVICE  (60 * USEC_PER_SEC)
#define REST_FIRST    (1 * USEC_PER_SEC)
#define REST_MOST     (60 * USEC_PER_SEC)
#define HALF_LIFE     (600 * USEC_PER_SEC) /* of what is held against a path */
#define FLAPPING      3
#define TRY_FIRST     (50 * USEC_PER_MSEC)
#define TRY_MOST      (1 * USEC_PER_SEC)
#define LOOK_INTERVAL (250 * USEC_PER_MSEC) /* iSCSI and FC begin to run again without a uevent */
#define GONE_MAX      4

static const char *const state_names[_HELD_PATH_STATE_MAX] = {
        [HELD_PATH_STANDBY] = "standby",
        [HELD_PATH_ACTIVE] = "active",
        [HELD_PATH_FAILED] = "failed",
        [HELD_PATH_FLAPPING] = "flapping",
};

const char *path_state_name(HeldPathState state)
{
        return state < _HELD_PATH_STATE_MAX ? state_names[state] : "invalid";
}

bool path_is_running(const HeldPath *path)
{
        return path->present && (path->device.state[0] == '\0' || text_equal(path->device.state, "running"));
}

static usec_t grown(usec_t first, unsigned times, usec_t most)
{
        return times >= 16 ? most : usec_min(first << times, most);
}

static void set_error(HeldPath *path, const char *why)
{
        snprintf(path->last_error, sizeof(path->last_error), "%s", why);
}

/* ---- what there is ---- */

static bool same_address(const DevicePath *a, const DevicePath *b)
{
        if (device_path_is_iscsi(a) || device_path_is_iscsi(b))
                return device_path_same(a, b);
        return a->host == b->host && a->channel == b->channel && a->target == b->target && a->lun == b->lun;
}

void paths_begin_update(HeldPaths *paths)
{
        for (size_t i = 0; i < paths->n_items; i++)
                paths->items[i].seen = false;
}

/* The entry of the same address; else of the same place behind another host number. */
static HeldPath *find_entry(HeldPaths *paths, const DevicePath *device, const char *transport)
{
        HeldPath *found = NULL;

        for (size_t i = 0; i < paths->n_items; i++) {
                HeldPath *p = &paths->items[i];

                if (same_address(&p->device, device))
                        return p;
                if (!p->present && transport[0] && text_equal(p->transport, transport))
                        found = p;
        }
        return found;
}

static void remove_entry(HeldPaths *paths, size_t i)
{
        memmove(&paths->items[i], &paths->items[i + 1], (paths->n_items - i - 1) * sizeof(paths->items[0]));
        paths->n_items--;
        if (paths->active > (int) i)
                paths->active--;
}

/* Paths that are gone are remembered, with what they did, but not for ever: many hosts count on. */
static void forget_oldest(HeldPaths *paths, size_t n_most)
{
        size_t n_gone = 0, oldest = 0;

        for (size_t i = 0; i < paths->n_items; i++) {
                const HeldPath *p = &paths->items[i];

                if (p->present || (int) i == paths->active)
                        continue;
                if (n_gone++ == 0 || p->since < paths->items[oldest].since)
                        oldest = i;
        }
        if (n_gone > n_most)
                remove_entry(paths, oldest);
}

static HeldPath *new_entry(HeldPaths *paths)
{
        HeldPath *p;

        if (paths->n_items >= HELD_PATHS_MAX)
                forget_oldest(paths, 0);
        if (paths->n_items >= HELD_PATHS_MAX)
                return NULL;
        p = &paths->items[paths->n_items++];
        *p = (HeldPath){};
        return p;
}

/* It is new there, or works again, whatever it did before. */
static void arrive(HeldPath *path, usec_t now)
{
        path->came_at = path->since = now;
        path->next_try = 0;
        path->n_tries = 0;
}

HeldPath *paths_found(HeldPaths *paths, const DevicePath *device, const char *transport, usec_t came_at)
{
        HeldPath *p = find_entry(paths, device, transport);
        bool was_running;

        if (!p)
                p = new_entry(paths);
        if (!p)
                return NULL;
        was_running = path_is_running(p) && text_equal(p->device.sg, device->sg);
        /* what we have open is another node */
        p->replaced |= p == paths_active(paths) && !text_equal(p->device.sg, device->sg);
        p->device = *device;
        p->present = p->seen = true;
        snprintf(p->transport, sizeof(p->transport), "%s", transport);
        if (!was_running && path_is_running(p))
                arrive(p, came_at);
        return p;
}

bool paths_end_update(HeldPaths *paths, usec_t now)
{
        const HeldPath *active = paths_active(paths);
        bool gone = active && (!active->seen || active->replaced);

        for (size_t i = 0; i < paths->n_items; i++) {
                HeldPath *p = &paths->items[i];

                if (p->seen || !p->present)
                        continue;
                p->present = false;
                p->since = now;
                set_error(p, "the device is gone from the system");
        }
        forget_oldest(paths, GONE_MAX);
        return !gone;
}

/* ---- which one ---- */

static unsigned recent_failures(const HeldPath *path, usec_t now)
{
        usec_t halvings = now > path->failed_at ? (now - path->failed_at) / HALF_LIFE : 0;

        return halvings >= 32 ? 0 : path->n_recent >> halvings;
}

/* Whether a is to be preferred to b. */
static bool is_better(const HeldPath *a, const HeldPath *b, usec_t now)
{
        bool a_rests = a->rest_until > now, b_rests = b->rest_until > now;
        unsigned a_recent = recent_failures(a, now), b_recent = recent_failures(b, now);

        if (a_rests != b_rests)
                return b_rests;
        if (a_rests && a->rest_until != b->rest_until)
                return a->rest_until < b->rest_until;
        if (a_recent != b_recent)
                return a_recent < b_recent;
        return a->n_outages < b->n_outages;
}

HeldPath *paths_choose(HeldPaths *paths, usec_t now)
{
        HeldPath *best = NULL;

        for (size_t i = 0; i < paths->n_items; i++) {
                HeldPath *p = &paths->items[i];

                if ((int) i == paths->active || !path_is_running(p) || p->next_try > now)
                        continue;
                if (!best || is_better(p, best, now))
                        best = p;
        }
        return best;
}

usec_t paths_deadline(const HeldPaths *paths)
{
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < paths->n_items; i++) {
                const HeldPath *p = &paths->items[i];

                if (p->present && (int) i != paths->active)
                        at = usec_min(at, path_is_running(p) ? p->next_try : p->look_at);
        }
        return at;
}

bool path_is_due_for_look(const HeldPath *path, usec_t now)
{
        return path->present && !path_is_running(path) && path->look_at <= now;
}

void path_looked(HeldPath *path, const char *state, usec_t now)
{
        snprintf(path->device.state, sizeof(path->device.state), "%s", state);
        path->look_at = now + LOOK_INTERVAL;
        if (path_is_running(path))
                arrive(path, now);
}

/* ---- what became of it ---- */

void path_not_opened(HeldPath *path, usec_t first, usec_t most, const char *why, usec_t now)
{
        path->next_try = now + grown(first, path->n_tries++, most);
        set_error(path, why);
}

void paths_opened(HeldPaths *paths, HeldPath *path, usec_t now)
{
        paths->active = (int) (path - paths->items);
        path->served = path->replaced = false;
        path->opened_at = path->since = now;
}

void paths_answered(HeldPaths *paths, uint32_t n_bytes)
{
        HeldPath *p = paths_active(paths);

        if (!p)
                return;
        p->n_commands++;
        p->n_bytes += n_bytes;
}

void paths_served(HeldPaths *paths)
{
        HeldPath *p = paths_active(paths);

        if (!p)
                return;
        p->served = true;
        p->n_tries = 0;
}

void paths_closed(HeldPaths *paths, bool refused, const char *why, usec_t now)
{
        HeldPath *p = paths_active(paths);

        paths->active = -1;
        if (!p)
                return;
        if (p->served && now - p->opened_at >= GOOD_SERVICE)
                p->n_recent = 0;
        p->n_recent = recent_failures(p, now) + 1;
        p->failed_at = p->since = now;
        p->rest_until = now + grown(REST_FIRST, p->n_recent - 1, REST_MOST);
        p->n_outages += p->served;
        if (refused)
                p->next_try = now + TRY_MOST;
        else
                p->next_try = p->served || p->replaced ? now : now + grown(TRY_FIRST, p->n_tries++, TRY_MOST);
        p->served = p->replaced = false;
        set_error(p, why);
}

HeldPathState path_state(const HeldPaths *paths, const HeldPath *path, usec_t now)
{
        if (paths->active == (int) (path - paths->items))
                return HELD_PATH_ACTIVE;
        if (!path_is_running(path))
                return HELD_PATH_FAILED;
        if (path->rest_until > now)
                return recent_failures(path, now) >= FLAPPING ? HELD_PATH_FLAPPING : HELD_PATH_FAILED;
        return path->next_try > now ? HELD_PATH_FAILED : HELD_PATH_STANDBY;
}

size_t paths_n_present(const HeldPaths *paths)
{
        size_t n = 0;

        for (size_t i = 0; i < paths->n_items; i++)
                n += paths->items[i].present;
        return n;
}
