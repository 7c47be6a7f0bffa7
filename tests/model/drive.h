/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of a drive, for its own files and for the changer that moves its cartridges. */

#include "model/medium.h"
#include "model/unit.h"

#define DRIVE_BLOCK_MAX  8388608
#define DRIVE_DENSITY    0x5c /* LTO-7 */
#define DRIVE_DENSITY_RO 0x5a /* LTO-6 */

typedef struct DriveMode {
        uint32_t block_size;
        bool buffered, compression;
        uint8_t n_extra_partitions; /* that the next FORMAT MEDIUM makes */
        uint8_t protection_method, protection_bits;
} DriveMode;

/* What the Set Data Encryption page has set. */
typedef struct DriveEncryption {
        uint8_t scope, bits, encryption, decryption, algorithm;
        uint64_t key; /* its name */
        uint32_t instance;
} DriveEncryption;

/* Log counters, never reset by a reset. */
typedef struct DriveCounts {
        uint64_t power_cycles, loads;
        uint64_t bytes_written, bytes_read; /* of the mounted medium */
} DriveCounts;

struct ModelDrive {
        ModelUnit unit; /* first: handlers get it and cast */
        uint32_t n_buffer;
        bool old_data_visible, no_buffer_report, optimistic_report, vague_end_of_data;
        ModelMedium *medium; /* in the drive, loaded or ejected */
        bool loaded;
        size_t partition, position;
        uint32_t n_unflushed; /* objects before position that a power cycle can lose */
        uint32_t becoming_ready, false_ready;
        bool write_failed; /* to be told by a deferred error */
        bool zero_position;
        DriveMode mode;
        DriveEncryption encryption;
        DriveCounts counts;
};

static inline ModelDrive *drive_of(ModelUnit *u)
{
        return (ModelDrive *) u;
}

static inline MediumTape *drive_tape(const ModelDrive *d)
{
        return &d->medium->tapes[d->partition];
}

/* Everything written so far is on the medium. */
void drive_flush(ModelDrive *d);
/* Rewinds and unthreads; the cartridge stays in the drive's mouth. */
void drive_unload(ModelDrive *d);
/* The object at the position; NULL at end of data. */
const MediumObject *drive_object(const ModelDrive *d);
/* BLANK CHECK, END-OF-DATA; residue < 0: without INFORMATION. */
void drive_end_of_data(ModelDrive *d, ModelCall *call, int64_t residue);
/* Flushes and goes to an object of a partition; false after ending the call. */
bool drive_locate(ModelDrive *d, ModelCall *call, uint64_t partition, uint64_t object);

void drive_read(ModelUnit *u, ModelCall *call);
void drive_write(ModelUnit *u, ModelCall *call);
void drive_write_filemarks(ModelUnit *u, ModelCall *call);
void drive_erase(ModelUnit *u, ModelCall *call);
void drive_verify(ModelUnit *u, ModelCall *call);
void drive_format_medium(ModelUnit *u, ModelCall *call);

void drive_rewind(ModelUnit *u, ModelCall *call);
void drive_load_unload(ModelUnit *u, ModelCall *call);
void drive_space(ModelUnit *u, ModelCall *call);
void drive_locate_10(ModelUnit *u, ModelCall *call);
void drive_locate_16(ModelUnit *u, ModelCall *call);
void drive_read_position(ModelUnit *u, ModelCall *call);

void drive_mode_sense(ModelUnit *u, ModelCall *call);
void drive_mode_select(ModelUnit *u, ModelCall *call);

void drive_security_in(ModelUnit *u, ModelCall *call);
void drive_security_out(ModelUnit *u, ModelCall *call);
void drive_clear_key(ModelDrive *d);
/* The cartridge, or the nexus, goes: so may the key. */
void drive_key_demounted(ModelDrive *d);
void drive_key_nexus_lost(ModelDrive *d);
/* Its name; 0: in the clear. */
uint64_t drive_key_to_write(const ModelDrive *d);
/* False after ending the call: this block cannot be read with what is set. */
bool drive_may_read(ModelDrive *d, ModelCall *call, const MediumObject *o);

#define DRIVE_PROTECTION_PAGE 28 /* bytes behind the header of mode page 0A/F0 */
bool drive_protection_select(DriveMode *mode, const uint8_t *p, size_t n);
void drive_protection_sense(const DriveMode *mode, uint8_t *p);
/* Bytes of a block that are protection, as it is written and as it is read. */
uint32_t drive_protection_written(const ModelDrive *d);
uint32_t drive_protection_read(const ModelDrive *d);
/* A block as it came is as its protection says. */
bool drive_protection_holds(const ModelDrive *d, const uint8_t *data, uint32_t n);
/* A block as it is read, cut to room; its length. */
size_t drive_copy_block(const ModelDrive *d, const MediumObject *o, uint8_t *dst, size_t room);

void drive_read_block_limits(ModelUnit *u, ModelCall *call);
void drive_report_density(ModelUnit *u, ModelCall *call);
void drive_receive_diagnostic(ModelUnit *u, ModelCall *call);
void drive_read_attribute(ModelUnit *u, ModelCall *call);
void drive_write_attribute(ModelUnit *u, ModelCall *call);
void drive_log_sense(ModelUnit *u, ModelCall *call);
void drive_log_select(ModelUnit *u, ModelCall *call);
