/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One run from nothing to the last look at the cartridges, and what is counted of it. */

#include "sim/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL      8 /* objects, where every command is cut */
#define FAULTS_MAX 50
#define CAPACITY   (UINT64_C(64) << 20)
#define TIMEOUT    (15 * 60 * USEC_PER_SEC)

/* ---- drawn from a seed ---- */

static uint64_t scramble(uint64_t x)
{
        x ^= x >> 31;
        x *= UINT64_C(0xbf58476d1ce4e5b9);
        return x ^ x >> 27;
}

void run_draw(RunPlan *plan, const Workload *work, const DriveKind *kind)
{
        uint64_t x = scramble(plan->seed * UINT64_C(0x9e3779b97f4a7c15));

        do {
                x = scramble(x + 1);
                plan->work = work ? work : &workloads[x % n_workloads];
                plan->kind = kind ? kind : &drive_kinds[(x >> 20) % n_drive_kinds];
        } while (!workload_fits(plan->work, plan->kind));
}

static void allow(World *w, Fault first, Fault last, bool yes)
{
        for (unsigned i = first; i <= last; i++)
                w->kinds[i] = yes && fault_is_for_drive((Fault) i);
}

static void draw_trouble(World *w, const RunPlan *plan)
{
        static const unsigned rates[] = {10, 25, 60, 150};

        w->one_in = rates[world_below(w, ELEMENTSOF(rates))];
        w->n_faults_max = FAULTS_MAX;
        allow(w, FAULT_LOST_BEFORE, FAULT_LOST_AND_NEXUS, true);
        allow(w, FAULT_POWER_BEFORE, FAULT_POWER_MIDDLE, world_below(w, 2));
        w->kinds[FAULT_DEFERRED] = world_below(w, 8) == 0;
        w->kinds[FAULT_BECOMING_READY] = true;
        w->kinds[FAULT_LONG_OUTAGE] = world_below(w, 16) == 0;
        allow(w, FAULT_SWAP, FAULT_SWAP_AFTER, world_below(w, 16) == 0 || plan->preset == PRESET_SWAP);
        allow(w, FAULT_KILL_BEFORE, FAULT_KILL_AFTER_STORE, world_below(w, 2));
        allow(w, FAULT_STOP, FAULT_STOP_JOURNAL_LOST, world_below(w, 4) == 0);
        w->kinds[FAULT_STATE_LOST] = world_below(w, 16) == 0;
        for (unsigned i = 0; plan->without && i < _FAULT_MAX; i++)
                w->kinds[i] = w->kinds[i] && !plan->without[i];
}

/* The cartridge is changed at a command that is drawn; other faults come as they come. */
static void draw_swap(World *w)
{
        w->cuts[0] = (Cut){.at = 20 + world_below(w, 60),
                           .fault = world_below(w, 2) ? FAULT_SWAP : FAULT_SWAP_AFTER};
        allow(w, FAULT_SWAP, FAULT_SWAP_AFTER, false);
        w->kinds[FAULT_LONG_OUTAGE] = w->kinds[FAULT_STATE_LOST] = w->kinds[FAULT_DEFERRED] = false;
}

static void draw_size(Tape *t)
{
        World *w = &t->world;

        t->n_objects = world_below(w, 10) == 0 ? 20 + world_below(w, 100) : 4 + world_below(w, 20);
        t->n_block_max = world_below(w, 4) == 0 ? TAPE_BLOCK_MAX - 1 : 900;
}

/* ---- one run ---- */

static bool may_time_out(const World *w)
{
        return w->kinds[FAULT_LONG_OUTAGE] || w->cuts[0].fault == FAULT_LONG_OUTAGE ||
               w->cuts[1].fault == FAULT_LONG_OUTAGE;
}

static void draw_behind(Tape *t, int64_t behind)
{
        static const uint32_t sizes[] = {0, 1000, 9000, 50000};
        World *w = &t->world;

        w->config.pipeline = behind < 0 ? sizes[world_below(w, ELEMENTSOF(sizes))] : (uint32_t) behind;
        w->slowness = world_below(w, 2) ? 2 : 10;
        w->config.group_after = w->unit->config.group_after = world_below(w, 4);
        unit_set_pipeline(w->unit, w->config.pipeline);
}

/* Without a seed such that it matters with few objects. */
static void draw_reserve(World *w, bool seeded)
{
        static const uint64_t sizes[] = {0, 1, 300, 2000};

        w->config.journal_reserve = w->unit->config.journal_reserve =
                seeded ? sizes[world_below(w, ELEMENTSOF(sizes))] : 300;
}

static void prepare(Tape *t, const RunPlan *plan)
{
        World *w = &t->world;

        w->verbose = plan->verbose;
        t->n_objects = SMALL;
        t->n_block_max = 600;
        memcpy(w->cuts, plan->cuts, sizeof(w->cuts));
        if (plan->behind != 0)
                draw_behind(t, plan->behind);
        draw_reserve(w, plan->seed > 0);
        if (plan->seed > 0) {
                draw_size(t);
                draw_trouble(w, plan);
        }
        if (plan->preset == PRESET_SWAP)
                draw_swap(w);
        if (!may_time_out(w))
                return;
        w->config.timeout = w->unit->config.timeout = TIMEOUT;
        allow(w, FAULT_HANG_BEFORE, FAULT_HANG_AFTER, false); /* which takes longer than that */
}

static void count(const Tape *t, Totals *totals)
{
        const World *w = &t->world;

        totals->n_runs++;
        totals->n_faults += w->n_faults;
        totals->n_faulted += w->n_faults > 0;
        totals->n_failed += w->failed;
        totals->n_told += t->n_errors > 0;
        totals->n_swapped += t->swapped;
        totals->n_swaps_told += t->swapped && !w->failed;
        if (w->failed)
                totals->failures[w->failure]++;
}

void run_play(const RunPlan *plan, Totals *totals, RunResult *ret)
{
        _cleanup_free_ Tape *t = calloc(1, sizeof(*t));
        World *w;

        if (!t)
                abort();
        w = &t->world;
        t->n_cartridges = plan->work->n_cartridges;
        for (size_t i = 0; i < t->n_cartridges; i++) {
                t->cartridges[i].capacity = plan->work->capacity ? plan->work->capacity : CAPACITY;
                t->cartridges[i].early_warning = t->cartridges[i].capacity / 4;
        }
        tape_init(t, plan->kind, plan->seed + 1);
        prepare(t, plan);
        world_trace(w, "workload %s, drive %s, pipeline %u", plan->work->name, plan->kind->name,
                    w->config.pipeline);
        if (tape_begin(t))
                (void) plan->work->run(t);
        tape_finish(t);
        count(t, totals);
        *ret = (RunResult){.n_commands = w->n_commands,
                           .n_stores = w->n_stores,
                           .n_faults = w->n_faults,
                           .first_command = w->first_command,
                           .first_store = w->first_store,
                           .failed = w->failed};
        memcpy(ret->why, w->why, sizeof(ret->why));
        tape_deinit(t);
}

/* ---- counting ---- */

void totals_add(Totals *t, const Totals *other)
{
        uint64_t *to = (uint64_t *) t;
        const uint64_t *from = (const uint64_t *) other;

        for (size_t i = 0; i < sizeof(*t) / sizeof(*to); i++)
                to[i] += from[i];
}

void totals_print(const Totals *t)
{
        printf("%" PRIu64 " runs, %" PRIu64 " faulted, %" PRIu64 " faults, %" PRIu64
               " told of an error that was right, %" PRIu64 " cartridges changed (%" PRIu64 " told)\n",
               t->n_runs, t->n_faulted, t->n_faults, t->n_told, t->n_swapped, t->n_swaps_told);
        for (size_t i = 1; i < _FAILURE_MAX; i++)
                printf("%s %" PRIu64 ", ", failure_name((Failure) i), t->failures[i]);
        printf("%s %" PRIu64 "\n%" PRIu64 " failed\n", failure_name(FAIL_OTHER), t->failures[FAIL_OTHER],
               t->n_failed);
}
