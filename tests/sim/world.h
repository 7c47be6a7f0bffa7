/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Everything around a Unit in a simulation: the daemon that may be killed, the path that may be cut, a device
 * of the model that may be reset, and a program with one command outstanding, as st and mtx have it. What
 * happens is drawn from a seed, or happens at the commands that a test names. */

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold/unit.h"
#include "sim/faults.h"
#include "util/cleanup.h"

/* What a failure is counted as. */
typedef enum Failure {
        FAIL_OTHER,       /* stuck, an impossible action, a wrong answer */
        FAIL_LOST,        /* an object between others is not on the medium */
        FAIL_DUPLICATED,  /* one is there twice */
        FAIL_MISPLACED,   /* something else is where an object should be */
        FAIL_NOT_ON_TAPE, /* GOOD was told, and the medium ends before it */
        FAIL_UNPROVEN,    /* went on where it could not be proven: another cartridge, after an error */
        FAIL_ERROR,       /* an error, or none, although everything could have been proven */
        _FAILURE_MAX,
} Failure;

const char *failure_name(Failure failure);

typedef struct World World;

typedef struct Device {
        DeviceType type;
        void (*execute)(World *w, ScsiResult *ret); /* w->command */
        /* What a fault does to the device, before it executes the command or after; k: its number, which is
         * drawn if it is FAULT_ANY. False: there is no such fault here. */
        bool (*suffer)(World *w, Fault fault, uint32_t k);
        void (*reset)(World *w, uint16_t code);
        /* The rest may be NULL. */
        bool (*shorten)(World *w, uint32_t k);  /* w->command to its first k objects; false: it has no k */
        void (*noticed)(World *w, Fault fault); /* a fault has happened */
        void (*answered)(World *w, const ScsiResult *r); /* this answer is about to be delivered */
        void (*answer_other)(World *w, ScsiResult *ret); /* w->command to a device that is not the held one */
} Device;

struct World {
        const Device *device;
        void *userdata;
        uint64_t random;
        bool verbose;
        /* drawn faults: one in so many commands, 0: none; of those in kinds */
        unsigned one_in, n_faults_max;
        bool kinds[_FAULT_MAX];
        Cut cuts[CUTS_MAX];

        UnitConfig config;
        uint32_t noted_length; /* HOLD_NOTE_LENGTH */
        unsigned slowness;     /* a program has so many commands for each that the device has behind */
        UnitState *state;
        uint8_t *ring, *scratch;
        Unit *unit;
        usec_t now;
        uint32_t tail; /* of the command ring: how many answers the kernel has */
        jmp_buf death;
        bool mortal; /* death is set */
        bool served; /* there is a LUN, which programs may have used */

        bool path_up, submitted;
        bool impostor, impostor_next; /* the device behind the path is another one */
        Return back;                  /* how soon the path comes when it is lost now */
        usec_t back_at;
        ScsiCommand command;
        unsigned n_commands; /* sent to the device so far */
        unsigned n_stores;
        unsigned first_command, first_store; /* n_commands and n_stores when the first fault came */
        Fault at_answer;                     /* a kill that waits for the next answer, or FAULT_NONE */
        Fault stopping; /* FAULT_STOP.. while the daemon ends in good order, or FAULT_NONE */

        bool outstanding, delivered, answered;
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;
        void *data;
        uint32_t n_data;
        uint8_t status, sense[SCSI_SENSE_MAX], n_sense;
        uint32_t n_read;

        bool failed;
        Failure failure;
        char why[256];
        unsigned n_faults, n_kills;
};

void world_init(World *w, const Device *device, void *userdata, const char *serial, uint64_t seed);
void world_deinit(World *w);

/* The same numbers on every machine. */
uint32_t world_below(World *w, uint32_t n);
_printf_(2, 3) void world_trace(World *w, const char *format, ...);
/* The first failure stays. */
_printf_(3, 4) void world_fail(World *w, Failure failure, const char *format, ...);

/* Runs the command in w->cdb to its answer; true if GOOD. */
bool world_run(World *w, size_t n_cdb, void *data, uint32_t n_data);
/* What was answered before the device had it is with the device, and no fault comes in between. */
void world_settle(World *w);
/* The program does nothing for a while. */
void world_rest(World *w, usec_t span);
/* Of the last answer; zeros if there was none. */
Sense world_sense(const World *w);

/* ---- daemon.c: the process that may die ---- */

void daemon_start(World *w);
/* kill -9: the memory of the dead process is gone, only state and ring stay; the next one starts. */
void daemon_kill(World *w, Fault fault);
/* unit_stop() has done what it can: the process ends, and the next one starts. True if it did. */
bool daemon_end_stop(World *w);
/* The fault that is due at this n-th command or store, or FAULT_NONE. */
Cut world_choose(World *w, Boundary boundary, unsigned n);
void world_count(World *w, Fault fault);
void world_notice(World *w, Fault fault);
void world_lose_path(World *w);
