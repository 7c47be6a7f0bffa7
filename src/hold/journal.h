/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every object written since the last commit point: its data in a ring, its shape in a record. Borrowed
 * memory that outlives the process; JournalIndex, which says what of it counts, is part of the unit's record
 * and is stored by the unit after the data are in place. */

#include "hold/state.h"

typedef struct Journal {
        JournalIndex *index;    /* in the unit's record */
        JournalRecord *records; /* UNIT_JOURNAL_RECORDS of them, used as a ring */
        uint8_t *ring;
        uint64_t n_ring;
} Journal;

/* Largest piece that can ever be appended: a transfer must be contiguous and may have to skip the ring's end.
 */
static inline uint64_t journal_max_transfer(const Journal *j)
{
        return j->n_ring / 2;
}

static inline bool journal_is_empty(const Journal *j)
{
        return j->index->first == j->index->end;
}

/* Records that the device has not answered for. */
static inline uint64_t journal_n_unsent(const Journal *j)
{
        return j->index->end - j->index->sent;
}

/* True if n_data more bytes fit without a commit. */
bool journal_has_room(const Journal *j, uint32_t n_data);

/* Copies one transfer in: n_objects blocks of length bytes each, or filemarks (length 0, data NULL).
 * 0, -ENOSPC. */
int journal_append(Journal *j, uint32_t n_objects, uint32_t length, bool fixed, const void *data);

/* The device has answered for all of them. */
void journal_all_sent(Journal *j);

/* Takes the last record back, or all but its first n_objects. */
void journal_truncate_last(Journal *j, uint32_t n_objects);

/* Everything is on the medium: forget it. */
void journal_commit(Journal *j);
/* Everything before this record, of which there is one, is no longer needed: the drive claims to have written
 * as far as to `claimed`, which is behind it. */
void journal_commit_until(Journal *j, uint64_t number, uint64_t claimed);

/* That the first record begins where the medium is proven to be written. */
static inline bool journal_begin_is_proven(const Journal *j)
{
        return j->index->claimed <= j->index->first;
}

/* By number from index->first; NULL past the end. */
const JournalRecord *journal_record(const Journal *j, uint64_t number);
const uint8_t *journal_data(const Journal *j, const JournalRecord *r);
uint64_t journal_count_objects(const Journal *j);
uint64_t journal_bytes(const Journal *j);
uint64_t journal_bytes_unsent(const Journal *j);

/* False if the data of any record do not match its CRC: nothing may be written from such a journal. */
bool journal_verify(const Journal *j);
