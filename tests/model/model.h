/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A tape drive and a media changer as values in memory: a CDB and data in, status, sense and data out. No
 * I/O, no clock: the same model stands behind TCMU in the lab and in the deterministic simulator. It follows
 * SSC-4, SMC-3 and SPC-4 as an LTO drive does; what it leaves out it rejects as the standard says. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/command.h"

/* A cartridge. Owned by whoever made it; a drive or slot borrows it. */
typedef struct ModelMedium ModelMedium;
typedef struct ModelDrive ModelDrive;
typedef struct ModelChanger ModelChanger;

/* capacity: bytes until end of medium; early warning comes at early_warning bytes before it. */
ModelMedium *model_medium_new(const char *barcode, const char *serial, uint64_t capacity,
                              uint64_t early_warning);
ModelMedium *model_medium_free(ModelMedium *m);
/* For measurements: from now on it keeps how long a block is and no bytes, and a READ leaves the buffer as it
 * was. */
void model_medium_keep_no_data(ModelMedium *m);
/* Objects in order, for the oracle. data is NULL for a filemark. Without _in: of partition 0. */
size_t model_medium_partitions(const ModelMedium *m);
size_t model_medium_count(const ModelMedium *m);
size_t model_medium_count_in(const ModelMedium *m, size_t partition);
void model_medium_object(const ModelMedium *m, size_t i, const uint8_t **ret_data, uint32_t *ret_n);
void model_medium_object_in(const ModelMedium *m, size_t partition, size_t i, const uint8_t **ret_data,
                            uint32_t *ret_n);

/* The name of the key that a block is encrypted with; 0: it is in the clear. And the name of a key. */
uint64_t model_medium_key_in(const ModelMedium *m, size_t partition, size_t i);
uint64_t model_key_name(const uint8_t *key, size_t n);
/* What ends a protected block: CRC-32C, sent most significant byte first. */
uint32_t model_block_crc(const uint8_t *data, size_t n);

typedef struct ModelDriveConfig {
        const char *vendor, *product, *revision, *serial;
        uint64_t naa;           /* VPD 83h, NAA 5h; 0: none */
        bool no_locate;         /* LOCATE is an invalid opcode */
        bool no_read_position;  /* READ POSITION is */
        bool no_mam;            /* READ ATTRIBUTE is */
        uint32_t n_buffer;      /* objects that a power cycle can lose: volatile write buffer; 0: none */
        bool optimistic_report; /* READ POSITION says that half of the buffer is on the medium already */
        bool no_buffer_report;  /* READ POSITION says that the buffer is empty, as many drives do */
        bool vague_end_of_data; /* as tgt's drives: NO SENSE 00/05, and a SPACE that ends there fails */
        bool zero_position;     /* READ POSITION says nothing but zeros, for ever */
        bool old_data_visible;  /* after a loss what the lost objects had overwritten is there again */
} ModelDriveConfig;

/* One command. data: data-out as sent, or room for data-in of n_data bytes. Always fills ret: status, sense,
 * n_transferred (data-in: bytes filled; data-out: bytes taken); delivery is SCSI_ANSWERED. */
ModelDrive *model_drive_new(const ModelDriveConfig *config);
ModelDrive *model_drive_free(ModelDrive *d);
void model_drive_execute(ModelDrive *d, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                         ScsiResult *ret);
/* NULL: taken out. Unit attention 28/00 as on a drive. */
void model_drive_load(ModelDrive *d, ModelMedium *m);
ModelMedium *model_drive_medium(const ModelDrive *d);
/* From now on commands come by another path, or from another host: 0..3. Unit attentions are one queue for
 * all. */
void model_drive_use_nexus(ModelDrive *d, size_t nexus);
/* The key (PERSISTENT RESERVE OUT) of who holds the reservation, 0: nobody does, or all registrants do. */
uint64_t model_drive_holder(const ModelDrive *d);
/* Reset with unit attention 29h: medium stays loaded and is rewound; modes, encryption key, PREVENT go; so
 * does with 29/01 a persistent reservation without APTPL. */
void model_drive_reset(ModelDrive *d, uint16_t code);
/* Power cycle: as reset with 29/01, and the last n_lost objects of the volatile buffer never reach
 * the medium. */
void model_drive_power_cycle(ModelDrive *d, uint32_t n_lost);
/* How many objects would be lost at most. */
uint32_t model_drive_unflushed(const ModelDrive *d);
bool model_drive_prevented(const ModelDrive *d);
/* I_T nexus loss, 29/07: PREVENT goes; modes, position and buffer stay. */
void model_drive_lose_nexus(ModelDrive *d);
/* The last n_lost objects of the volatile buffer could not be written, and the next command gets a deferred
 * error. False, and nothing happens, if there are not so many. */
bool model_drive_fail_writes(ModelDrive *d, uint32_t n_lost);
/* TEST UNIT READY says GOOD n times, while all else says NOT READY 3A/00; then it becomes ready. */
void model_drive_false_ready(ModelDrive *d, uint32_t n);
/* The next n TEST UNIT READY and medium commands say 02/04/01. */
void model_drive_becoming_ready(ModelDrive *d, uint32_t n);
/* The next execution of opcode answers with this sense and does nothing. */
void model_drive_inject(ModelDrive *d, uint8_t opcode, uint8_t key, uint16_t code);

/* Elements as in common libraries: transport 1 (picker), storage from 1024 (0x400), import/export from 768,
 * drives from 256. Drives are borrowed, and outlive it; cartridges that were inserted are the changer's until
 * removed, also while in one of its drives: freeing the changer frees them. */
typedef struct ModelChangerConfig {
        const char *vendor, *product, *revision, *serial;
        uint64_t naa;
        size_t n_slots, n_import_export, n_drives;
        size_t n_transports; /* pickers; 0 means 1 */
        ModelDrive **drives;
} ModelChangerConfig;

ModelChanger *model_changer_new(const ModelChangerConfig *config);
ModelChanger *model_changer_free(ModelChanger *c);
void model_changer_execute(ModelChanger *c, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                           ScsiResult *ret);
/* An operator's hand: slots 0..n_slots-1, then the import/export elements. Unit attention 28/00 or 28/01.
 * Insert takes m: -EBUSY if the slot is full, -ENOENT if there is none. Remove gives it back, NULL: empty. */
int model_changer_insert(ModelChanger *c, size_t slot, ModelMedium *m);
ModelMedium *model_changer_remove(ModelChanger *c, size_t slot);
void model_changer_reset(ModelChanger *c, uint16_t code);
/* The next MOVE MEDIUM stops with the cartridge in the picker: step 1. EXCHANGE MEDIUM has three steps to
 * stop before, if there are two pickers: the second cartridge is in one; both are; the first one is in its
 * place. */
void model_changer_drop_in_picker(ModelChanger *c, unsigned step);
void model_changer_inject(ModelChanger *c, uint8_t opcode, uint8_t key, uint16_t code);
