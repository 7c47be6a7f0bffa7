/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is on a cartridge, for the drive that has it. */

#include "model/model.h"

#define MEDIUM_TEXT_MAX       33
#define MEDIUM_ATTRIBUTE_MAX  161
#define MEDIUM_PARTITIONS_MAX 2

typedef struct MediumObject {
        uint8_t *data; /* NULL: a filemark */
        uint32_t n_data;
        uint64_t bytes_before; /* of data, from the beginning of the partition */
        uint64_t filemarks_before;
        uint64_t key; /* it is encrypted with; 0: it is not */
} MediumObject;

/* A host attribute of the medium auxiliary memory. n_value 0: not there. */
typedef struct MediumAttribute {
        uint16_t id;
        uint8_t format;
        uint16_t n_max;
        uint16_t n_value;
        uint8_t value[MEDIUM_ATTRIBUTE_MAX];
} MediumAttribute;

#define MEDIUM_N_ATTRIBUTES 9

/* One partition. */
typedef struct MediumTape {
        uint64_t capacity, early_warning;
        MediumObject *objects;
        size_t n_objects, n_allocated;
        MediumObject *old; /* overwritten, but not yet by anything that has reached the medium */
        size_t n_old, old_base;
        bool no_data; /* all blocks are the one that is shared */
} MediumTape;

struct ModelMedium {
        char barcode[MEDIUM_TEXT_MAX], serial[MEDIUM_TEXT_MAX];
        uint64_t capacity, early_warning;
        MediumTape tapes[MEDIUM_PARTITIONS_MAX];
        size_t n_partitions;
        uint64_t n_loads, bytes_written, bytes_read;
        MediumAttribute attributes[MEDIUM_N_ATTRIBUTES];
};

/* Puts an object at position, 0..n_objects; whatever was from there on is gone, or with keep_old only set
 * aside until medium_forget_old. data NULL: a filemark. -ENOMEM. */
int medium_write(MediumTape *m, size_t position, const uint8_t *data, uint32_t n_data, uint64_t key,
                 bool keep_old);
void medium_truncate(MediumTape *m, size_t position, bool keep_old);
void medium_forget_old(MediumTape *m);
/* The last n objects never got to the medium: end of data is after the survivors, or, where old objects were
 * set aside, after those. */
void medium_lose(MediumTape *m, size_t n);

uint64_t medium_bytes_before(const MediumTape *m, size_t position);
uint64_t medium_filemarks_before(const MediumTape *m, size_t position);
bool medium_in_early_warning(const MediumTape *m, size_t position);
/* Everything is gone; n partitions of equal size, 1..MEDIUM_PARTITIONS_MAX. */
void medium_format(ModelMedium *m, size_t n_partitions);
MediumAttribute *medium_attribute(ModelMedium *m, uint16_t id);
