/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ring holds transfers, not blocks: one WRITE is one contiguous piece, so that it can be sent to the
 * drive again straight from here. A piece that would cross the end of the ring starts at its beginning
 * instead. */

#include "hold/journal.h"

#include <errno.h>

#include "util/crc32c.h"

/* Ring offset at which n_data bytes would start: skips to the next lap rather than cross the end. */
static uint64_t place_for(const Journal *j, uint64_t n_data)
{
        uint64_t end = j->index->data_end, in_lap = end % j->n_ring;

        return in_lap + n_data > j->n_ring ? end + (j->n_ring - in_lap) : end;
}

bool journal_has_room(const Journal *j, uint32_t n_data)
{
        if (j->index->end - j->index->first >= UNIT_JOURNAL_RECORDS || n_data > journal_max_transfer(j))
                return false;
        return place_for(j, n_data) + n_data - j->index->data_begin <= j->n_ring;
}

int journal_append(Journal *j, uint32_t n_objects, uint32_t length, bool fixed, const void *data)
{
        uint64_t n_data = (uint64_t) n_objects * length;
        JournalRecord *r;
        uint64_t offset;

        if (n_data > UINT32_MAX || !journal_has_room(j, (uint32_t) n_data))
                return -ENOSPC;
        offset = place_for(j, n_data);
        r = &j->records[j->index->end % UNIT_JOURNAL_RECORDS];
        *r = (JournalRecord){
                .offset = offset,
                .n_objects = n_objects,
                .length = length,
                .crc = n_data > 0 ? crc32c_copy(0, j->ring + offset % j->n_ring, data, n_data) : 0,
                .fixed = fixed,
        };
        j->index->end++;
        j->index->data_end = offset + n_data;
        return 0;
}

void journal_all_sent(Journal *j)
{
        j->index->sent = j->index->end;
}

void journal_truncate_last(Journal *j, uint32_t n_objects)
{
        JournalRecord *r, kept;

        if (journal_is_empty(j))
                return;
        r = &j->records[(j->index->end - 1) % UNIT_JOURNAL_RECORDS];
        kept = *r;
        if (n_objects == 0) {
                j->index->end--;
                j->index->data_end = r->offset;
                if (j->index->sent > j->index->end)
                        journal_all_sent(j);
        } else if (n_objects < r->n_objects) {
                kept.n_objects = n_objects;
                kept.crc = crc32c(0, journal_data(j, r), (size_t) n_objects * r->length);
                r->n_objects_and_crc = kept.n_objects_and_crc;
                j->index->data_end = r->offset + (uint64_t) n_objects * r->length;
        }
}

/* The next lap starts at the ring's beginning, so that a journal which is committed often touches few pages.
 */
void journal_commit(Journal *j)
{
        uint64_t in_lap = j->index->data_end % j->n_ring;

        j->index->first = j->index->sent = j->index->end;
        j->index->data_end += in_lap > 0 ? j->n_ring - in_lap : 0;
        j->index->data_begin = j->index->data_end;
}

void journal_commit_until(Journal *j, uint64_t number, uint64_t claimed)
{
        const JournalRecord *r = journal_record(j, number);

        if (!r)
                return;
        j->index->first = number;
        j->index->data_begin = r->offset;
        j->index->claimed = claimed;
}

const JournalRecord *journal_record(const Journal *j, uint64_t number)
{
        return number >= j->index->first && number < j->index->end
                       ? &j->records[number % UNIT_JOURNAL_RECORDS]
                       : NULL;
}

const uint8_t *journal_data(const Journal *j, const JournalRecord *r)
{
        return j->ring + r->offset % j->n_ring;
}

uint64_t journal_count_objects(const Journal *j)
{
        uint64_t n = 0;

        for (uint64_t i = j->index->first; i < j->index->end; i++)
                n += journal_record(j, i)->n_objects;
        return n;
}

uint64_t journal_bytes(const Journal *j)
{
        return j->index->data_end - j->index->data_begin;
}

uint64_t journal_bytes_unsent(const Journal *j)
{
        const JournalRecord *r = journal_record(j, j->index->sent);

        return r ? j->index->data_end - r->offset : 0;
}

static bool record_fits(const Journal *j, const JournalRecord *r)
{
        uint64_t n_data = (uint64_t) r->n_objects * r->length;

        return n_data <= j->n_ring && r->offset % j->n_ring + n_data <= j->n_ring &&
               r->offset >= j->index->data_begin && r->offset + n_data <= j->index->data_end;
}

bool journal_verify(const Journal *j)
{
        for (uint64_t i = j->index->first; i < j->index->end; i++) {
                const JournalRecord *r = journal_record(j, i);

                if (!record_fits(j, r) ||
                    crc32c(0, journal_data(j, r), (size_t) r->n_objects * r->length) != r->crc)
                        return false;
        }
        return true;
}
