/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Everything around a Unit in a simulation: the daemon that may be killed, the path that may be cut, a device
 * of the model that may be reset, and a program with one command outstanding, as st and mtx have it. What
 * happens is drawn from a seed, or happens at the commands that a test names. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold/unit.h"
#include "util/cleanup.h"

#define CUTS_MAX 2

typedef enum Fault {
        FAULT_NONE,
        FAULT_LOST_BEFORE,
        FAULT_LOST_AFTER,
        FAULT_NEVER_SENT,
        FAULT_NOT_SENT_NOW,
        FAULT_BUSY,
        FAULT_DOUBT_BEFORE,
        FAULT_DOUBT_AFTER,
        FAULT_RESET_BEFORE,
        FAULT_RESET_AFTER,
        FAULT_LOST_AND_RESET,
        FAULT_POWER_BEFORE,
        FAULT_POWER_AFTER,
        FAULT_BECOMING_READY,
        FAULT_SWAP,
        FAULT_DROP,
        FAULT_DROP_AND_LOST,
        FAULT_KILL_BEFORE,
        FAULT_KILL_AFTER,
        FAULT_KILL_BEFORE_NOTE,
        FAULT_KILL_BEFORE_ANSWER,
        FAULT_KILL_AFTER_ANSWER,
        _FAULT_MAX,
} Fault;

const char *fault_name(Fault fault);
/* FAULT_NONE: there is none of this name. */
Fault fault_from_name(const char *name);

/* A fault at the n-th command to the device, counted from 1; 0: none. */
typedef struct Cut {
        unsigned at;
        Fault fault;
} Cut;

typedef struct World World;

typedef struct Device {
        DeviceType type;
        void (*execute)(World *w, ScsiResult *ret); /* w->command */
        /* What a fault does to the device, before it executes the command or after. False: not in this run.
         */
        bool (*suffer)(World *w, Fault fault);
        void (*reset)(World *w, uint16_t code);
} Device;

struct World {
        const Device *device;
        void *userdata;
        uint64_t random;
        bool verbose;
        /* drawn faults: one in so many commands, 0: none; of those in kinds */
        unsigned one_in, n_faults_max;
        bool kinds[_FAULT_MAX];
        Cut cuts[CUTS_MAX]; /* by ascending command */

        UnitConfig config;
        UnitState *state;
        uint8_t *ring, *scratch;
        Unit *unit;
        usec_t now;
        uint32_t tail; /* of the command ring: how many answers the kernel has */

        bool path_up, submitted;
        ScsiCommand command;
        unsigned n_commands; /* sent to the device so far */
        Fault at_answer;     /* a kill that waits for the next answer, or FAULT_NONE */

        bool outstanding, delivered, answered;
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;
        void *data;
        uint32_t n_data;
        uint8_t status, sense[SCSI_SENSE_MAX], n_sense;
        uint32_t n_read;

        bool failed;
        char failure[256];
        unsigned n_faults, n_kills;
};

void world_init(World *w, const Device *device, void *userdata, const char *serial, uint64_t seed);
void world_deinit(World *w);

/* The same numbers on every machine. */
uint32_t world_below(World *w, uint32_t n);
_printf_(2, 3) void world_trace(World *w, const char *format, ...);
/* The first failure stays. */
_printf_(2, 3) void world_fail(World *w, const char *format, ...);

/* Runs the command in w->cdb to its answer; true if GOOD. */
bool world_run(World *w, size_t n_cdb, void *data, uint32_t n_data);
/* Of the last answer; zeros if there was none. */
Sense world_sense(const World *w);
