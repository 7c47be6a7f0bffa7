/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run: a workload on a kind of drive, with faults that are drawn from a seed or named. */

#include "sim/tape.h"

/* Faults that a seed may draw: all, or those of one theme. */
typedef enum Preset {
        PRESET_ALL,
        PRESET_SWAP, /* one change of cartridge, sooner or later, and path faults */
} Preset;

typedef struct Totals {
        uint64_t n_runs, n_faulted, n_faults, n_failed;
        uint64_t n_told; /* runs in which the program was told of an error, rightly */
        uint64_t n_swapped, n_swaps_told;
        uint64_t failures[_FAILURE_MAX];
} Totals;

typedef struct RunResult {
        unsigned n_commands, n_stores, n_faults;
        unsigned first_command, first_store; /* so many there were when the first fault came */
        bool failed;
        char why[256];
} RunResult;

typedef struct RunPlan {
        const Workload *work;
        const DriveKind *kind;
        Cut cuts[CUTS_MAX];
        uint64_t seed; /* 0: nothing is drawn but contents */
        Preset preset;
        bool verbose;
        int64_t behind;      /* bytes of write-behind, or -1: drawn */
        const bool *without; /* [_FAULT_MAX], may be NULL */
} RunPlan;

/* Workload and drive of a seed. */
void run_draw(RunPlan *plan, const Workload *work, const DriveKind *kind);
void run_play(const RunPlan *plan, Totals *t, RunResult *ret);
void totals_add(Totals *t, const Totals *other);
void totals_print(const Totals *t);
