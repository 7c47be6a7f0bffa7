/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One backup onto a tape drive of the model: write, read back, append, read again; and what has to be on the
 * medium and on no other one. */

#include "model/model.h"
#include "sim/world.h"

#define OBJECTS_MAX 420

typedef struct Object {
        uint32_t n_data; /* 0: filemark */
        uint8_t *data;
} Object;

typedef struct Backup {
        World world;
        ModelDriveConfig config;
        ModelDrive *drive;
        ModelMedium *medium, *other;
        Object told[OBJECTS_MAX]; /* what the program was told is on the medium */
        size_t n_told;
        bool swapped;
        bool appended; /* from a place that nobody knew, so that no block may be known any more */
        bool at_end;   /* by SPACE to end of data, and nobody has asked the drive yet where that is */
} Backup;

/* old: knows neither LOCATE nor READ POSITION nor a medium's memory. n_buffer: objects that a power cycle
 * loses. */
void backup_init(Backup *b, uint64_t seed, bool old, uint32_t n_buffer);
void backup_deinit(Backup *b);
/* n objects, of up to n_block bytes, and n_appended more. */
void backup_run(Backup *b, size_t n, size_t n_appended, uint32_t n_block);
