/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the medium stands, as far as it can be known: by logical object number (blocks and filemarks counted
 * from the beginning of the partition, SSC-5 4.2.7) and by file and block within the file. Either may be
 * unknown while the other is not: after LOCATE nobody knows the file, after SPACE over filemarks on a drive
 * without READ POSITION nobody knows the object. */

#include <stdbool.h>
#include <stdint.h>

typedef struct MediumPlace {
        uint64_t object; /* valid if object_known */
        uint64_t file;   /* filemarks before this place; valid if file_known */
        uint64_t block;  /* objects since the last of them */
        uint8_t partition;
        uint8_t object_known;
        uint8_t file_known;
        uint8_t reserved[5];
} MediumPlace;

static inline bool position_known(const MediumPlace *p)
{
        return p->object_known || p->file_known;
}

bool position_at_beginning(const MediumPlace *p);
void position_set_unknown(MediumPlace *p);
void position_set_beginning(MediumPlace *p, uint8_t partition);
void position_set_object(MediumPlace *p, uint8_t partition, uint64_t object);
void position_pass_blocks(MediumPlace *p, uint64_t n);
void position_pass_filemarks(MediumPlace *p, uint64_t n);

/* Backwards over one block, as far as that is known: the place before the last block. False when it cannot
 * be. */
bool position_back_block(MediumPlace *p);
