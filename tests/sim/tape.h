/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A drive of the model with its cartridges, held by an engine, and a program that works on it by the verbs
 * below. Each verb knows from what the program was told how a drive that nothing happens to would answer, and
 * the answer has to be that: the program sees only a pause. What must be on the cartridges is image.c; which
 * errors are right is tape-device.c. */

#include "model/model.h"
#include "sim/world.h"

#define OBJECTS_MAX    420
#define ATTEMPT_MAX    16
#define TRACKS_MAX     2
#define CARTRIDGES_MAX 4
#define TAPE_BUFFER    65536
#define TAPE_BLOCK_MAX 6000

/* Its content follows from id; n_data 0: a filemark. */
typedef struct Object {
        uint32_t n_data, id;
} Object;

/* One partition of one cartridge. */
typedef struct Track {
        Object told[OBJECTS_MAX]; /* what the program was told is on it */
        size_t n_told;
        size_t n_proven;         /* of those, by an answer that promises so */
        Object old[OBJECTS_MAX]; /* what was there before it was overwritten, until that is proven */
        size_t n_old;
        bool dirty; /* written to since the last proof */
} Track;

typedef struct Cartridge {
        ModelMedium *medium;
        Track tracks[TRACKS_MAX];
        uint64_t capacity, early_warning;
} Cartridge;

typedef struct DriveKind {
        const char *name, *description;
        bool no_locate, no_read_position, zero_position, no_mam, vague_end_of_data, old_data_visible,
                no_buffer_report, optimistic_report;
        uint32_t n_buffer;
} DriveKind;

/* Why an error may be right: facts about what has happened, not what the engine says of it. */
typedef enum Excuse {
        EXCUSE_PLACE = 1 << 0,    /* lost where only the drive could have told where it was */
        EXCUSE_PROOF = 1 << 1,    /* lost with nothing on the medium by which to know it */
        EXCUSE_DEFERRED = 1 << 2, /* the drive failed to write what it had acknowledged */
        EXCUSE_TIMEOUT = 1 << 3,  /* away for longer than Timeout= */
        EXCUSE_JOURNAL = 1 << 4,  /* the journal was lost with something in it */
        EXCUSE_STATE = 1 << 5,    /* the state was */
} Excuse;

typedef struct Tape {
        World world;
        const DriveKind *kind;
        ModelDrive *drive, *other_drive;
        ModelMedium *stranger; /* what a swap puts into the drive; its one block must stay alone */
        Cartridge cartridges[CARTRIDGES_MAX];
        size_t n_cartridges, loaded, n_partitions;

        size_t n_objects; /* how much a workload should do */
        uint32_t n_block_max;

        size_t partition, at; /* where the program believes to be */
        uint32_t block_size, next_id;
        bool prevent;
        Object attempt[ATTEMPT_MAX]; /* what the command that is outstanding would write */
        size_t n_attempt;
        bool erasing, formatting; /* or take away */

        bool object_known, file_known; /* what can be counted, without asking the drive */
        bool serial_known;             /* of the cartridge, since it was loaded */
        uint8_t asked;                 /* the drive has just answered one that tells of these, or 0 */
        bool anchored;                 /* a block is known to be on the medium: */
        size_t anchor_partition, anchor;
        unsigned excuses;     /* Excuse bits */
        bool fresh;           /* one of them came with this command */
        uint64_t late_faults; /* bits; after the answer: their facts are those of the next command */
        bool swapped, swap_told, lost_position, over;
        unsigned n_errors;
        uint8_t buffer[TAPE_BUFFER];
} Tape;

/* ---- tape-device.c ---- */

void tape_init(Tape *t, const DriveKind *kind, uint64_t seed);
void tape_deinit(Tape *t);
bool tape_place_known(const Tape *t);
void tape_late_facts(Tape *t);

/* ---- image.c ---- */

static inline Track *tape_track(Tape *t)
{
        return &t->cartridges[t->loaded].tracks[t->partition];
}

void object_fill(const Object *o, uint8_t *dst);
/* The next object of n_data bytes, 0: a filemark, to be written. */
void tape_attempt(Tape *t, uint32_t n_data);
/* The first n of those that were attempted are told; the rest never was. */
void tape_told(Tape *t, size_t n);
/* Everything told so far is promised to be on the medium. */
void tape_proven(Tape *t);
/* The program has erased from here on, or all. */
void tape_erased(Tape *t);
void tape_formatted(Tape *t, size_t n_partitions);
uint64_t tape_bytes_before(Tape *t);
uint64_t tape_capacity(const Tape *t);
/* No error was told: everything is there, once, in order, and nowhere anything else. */
void tape_check(Tape *t, bool thorough);
/* After an error: what is there has to be what was promised, and then some of what was told and attempted,
 * and then nothing or what was there before. adopt: from now on that is what the program goes by. */
void tape_check_after_error(Tape *t, bool adopt);
bool tape_survives(Tape *t);
/* There is a block on the medium by which it is known. */
bool tape_anchor_stands(const Tape *t);

/* ---- program.c: true if it ended as it should, and the program goes on ---- */

bool tape_begin(Tape *t);
bool tape_write(Tape *t, uint32_t n_data);
bool tape_write_some(Tape *t);              /* drawn: a block, or now and then a filemark */
bool tape_write_objects(Tape *t, size_t n); /* so many of them */
bool tape_write_fixed(Tape *t, uint32_t n_blocks);
bool tape_write_filemarks(Tape *t, uint32_t n, bool immed);
bool tape_rewind(Tape *t);
bool tape_read(Tape *t);
/* In a buffer of n bytes; sili: a shorter block is no error. */
bool tape_read_as(Tape *t, uint32_t n, bool sili);
bool tape_read_fixed(Tape *t, uint32_t n_blocks);
bool tape_read_all(Tape *t); /* from here to the end of data */
bool tape_verify(Tape *t, uint32_t n);
bool tape_space(Tape *t, bool filemarks, int32_t n);
bool tape_space_end(Tape *t);
bool tape_locate(Tape *t, size_t partition, size_t object);
bool tape_locate_16(Tape *t, size_t partition, size_t object);
bool tape_locate_file(Tape *t, size_t file);
bool tape_erase(Tape *t);
bool tape_format(Tape *t, size_t n_partitions);
bool tape_set_block_size(Tape *t, uint32_t n);
/* It is what the program has set. */
bool tape_sense_block_size(Tape *t);
bool tape_set_prevent(Tape *t, bool prevent);
bool tape_read_position(Tape *t);
bool tape_unload(Tape *t);
bool tape_load(Tape *t);
/* The cartridge in the drive's mouth is changed for this one, which is loaded. */
bool tape_insert(Tape *t, size_t cartridge);
/* Full, as far as the program has been told. */
bool tape_is_early(Tape *t);
/* The last look at everything. */
void tape_finish(Tape *t);

/* ---- workload.c ---- */

typedef struct Workload {
        const char *name, *description;
        bool (*fits)(const DriveKind *kind); /* NULL: all */
        bool (*run)(Tape *t);
        size_t n_cartridges;
        uint64_t capacity; /* of each; 0: more than is needed */
} Workload;

extern const Workload workloads[];
extern const size_t n_workloads;
extern const DriveKind drive_kinds[];
extern const size_t n_drive_kinds;

bool workload_fits(const Workload *work, const DriveKind *kind);

bool work_backup(Tape *t);
bool work_append(Tape *t);
bool work_fixed(Tape *t);
bool work_stream(Tape *t);
bool work_overwrite(Tape *t);
bool work_long(Tape *t);
bool work_verify(Tape *t);
bool work_space(Tape *t);
bool work_locate(Tape *t);
bool work_volumes(Tape *t);
bool work_partitions(Tape *t);
bool work_erase(Tape *t);
bool work_reload(Tape *t);
