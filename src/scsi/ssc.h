/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a tape drive is asked and answers: positions, block limits, the CDBs that move the tape. SSC-4. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/cdb.h"

/* READ POSITION data, all forms. What a form does not say is false or 0. */
typedef struct TapePosition {
        bool bop, eop; /* at the beginning, between early warning and the end of the partition */
        bool bpew;     /* beyond programmable early warning */
        bool object_known;
        bool file_known; /* long form only */
        uint32_t partition;
        uint64_t object; /* logical object number of the next object, 0 based; valid with object_known */
        uint64_t file;   /* filemarks before it; valid with file_known */
        bool buffer_objects_known, buffer_bytes_known;
        uint64_t last_object; /* the next object to go from the buffer to the medium */
        uint64_t n_buffer_objects, n_buffer_bytes;
} TapePosition;

/* -EBADMSG: fewer bytes than the form has. */
int ssc_parse_position(ReadPositionForm form, const uint8_t *data, size_t n_data, TapePosition *ret);

typedef struct BlockLimits {
        uint8_t granularity; /* block lengths are multiples of 2^granularity */
        uint32_t max;        /* 0: no limit is given */
        uint16_t min;
} BlockLimits;

/* READ BLOCK LIMITS data (MLOI 0). -EBADMSG: fewer than 6 bytes. */
int ssc_parse_block_limits(const uint8_t *data, size_t n_data, BlockLimits *ret);

/* Rewrites the reply to this READ BLOCK LIMITS CDB in place so that the maximum is at most max (below 2^24)
 * and a reply that gives no limit gives max. The reply to MLOI 1 holds no block length and stays as it is.
 * -EBADMSG: too short for a maximum; nothing was changed. */
int ssc_clamp_block_limits(const uint8_t *cdb, size_t n_cdb, uint8_t *data, size_t n_data, uint32_t max);

/* The fields of a CDB that moves the tape or what is on it. What an opcode does not have is false or 0. */
typedef struct TapeCommand {
        uint8_t opcode;
        bool immed;
        bool fixed, sili;
        bool load, eot;  /* LOAD UNLOAD */
        bool long_erase; /* ERASE */
        uint8_t code;    /* SPACE: SpaceCode */
        int64_t count; /* READ, WRITE, VERIFY: blocks if fixed, else bytes; SPACE: signed; WRITE FILEMARKS */
        bool change_partition;
        uint8_t partition;   /* LOCATE with change_partition; the (16) forms that carry one */
        uint8_t destination; /* LOCATE: LocateDestination */
        uint64_t object; /* LOCATE: object or file; the (16) forms of READ, WRITE, WRITE FILEMARKS, ERASE */
} TapeCommand;

/* -EOPNOTSUPP: not a command that moves the tape (REWIND, LOAD UNLOAD, READ, READ REVERSE, VERIFY, WRITE,
 * WRITE FILEMARKS, SPACE, LOCATE, ERASE). -EBADMSG: CDB too short. */
int ssc_parse_command(const uint8_t *cdb, size_t n_cdb, TapeCommand *ret);
