/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The engine with the iscsi transport below it, on real time, and a program above it that has one command
 * outstanding and knows what it was told. What evertaped does with a path, held-path.c, is done here in
 * small. */

#include "hold/unit.h"
#include "transport/iscsi.h"

#define RIG_PORTALS_MAX 2
#define RIG_BLOCK_MAX   (1024 * 1024)

typedef struct RigObject {
        uint32_t n_data; /* 0: a filemark */
        uint64_t id;     /* its content */
} RigObject;

typedef struct Rig {
        IscsiLogin login;
        char portals[RIG_PORTALS_MAX][ISCSI_PORTAL_MAX];
        size_t n_portals, portal; /* the next path goes over */
        unsigned lun;
        bool searches; /* for the unit before each session, as evertaped does after a path has failed */
        Unit *unit;
        UnitMemory memory;
        Transport *transport;
        bool searching;
        usec_t retry_at;
        unsigned n_tries;
        char last_reason[200];

        bool answered;
        uint8_t status, sense[SCSI_SENSE_MAX], n_sense;
        uint32_t n_read;
        bool failed;
        char why[256];

        RigObject *told;
        size_t n_told, n_told_max;
        uint64_t next_id;
        uint8_t *block;
        uint64_t n_sessions, n_lost, n_in_doubt, n_not_sent;
        usec_t patience; /* for one command */
} Rig;

#define RIG_JOURNAL (4u << 20) /* the least: often committed, and soon compared */

/* login and what it points to are lent. */
void rig_init(Rig *r, const IscsiLogin *login, unsigned lun, size_t n_journal);
void rig_add_portal(Rig *r, const char *address, unsigned port);
void rig_deinit(Rig *r);

/* The engine's loop for a moment, with no command outstanding. */
void rig_rest(Rig *r, usec_t span);
/* A command to its answer; true if GOOD. Fails the rig if none comes within patience. */
bool rig_run(Rig *r, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data);

/* The program: false, and rig->failed, if it was not told what it should be. */
bool rig_begin(Rig *r);
bool rig_write(Rig *r, uint32_t n_data);
bool rig_write_filemark(Rig *r);
bool rig_rewind(Rig *r);
/* Everything that was told, read over the held drive. */
bool rig_read_all(Rig *r);
/* The file of the cartridge holds all that was told, each once, and nothing else. */
bool rig_check_medium(Rig *r, const char *file);
void rig_fill(uint64_t id, uint8_t *dst, uint32_t n);
