/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is on the medium: the block by which it is known, and then object by object what the journal has. The
 * journal's words count for nothing here, and filemarks for little: they are where they should be on many a
 * medium. */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "util/crc32c.h"

/* ---- proving the medium ---- */

static void submit_read(Unit *u, bool fixed, uint32_t count, uint32_t n_data)
{
        uint8_t cdb[SCSI_CDB_MAX];

        memset(u->scratch, 0, n_data < 64 ? n_data : 64);
        unit_submit_step(u, cdb, scsi_cdb_read_6(cdb, fixed, false, count), SCSI_DATA_IN, u->scratch, n_data);
}

/* A filemark is looked for by a READ of the smallest block. */
static void submit_read_filemark(Unit *u)
{
        if (u->record.block_fixed)
                submit_read(u, true, 1, u->record.block_length);
        else
                submit_read(u, false, 512, 512);
}

static bool found_filemark(const StepResult *r)
{
        return r->sense && !r->sense->deferred && r->sense->filemark;
}

/* Block length and protection information may be other ones than when it was written or read: then as one
 * block of that length. */
void step_anchor_start(Unit *u, usec_t now)
{
        const UnitAnchor *a = &u->record.anchor;
        uint32_t n = a->length + u->record.n_protection_read;
        bool fixed = a->fixed && u->record.block_length == n;

        submit_read(u, fixed, fixed ? 1 : n, n);
}

/* A WRITE in flight, the first since the commit point, takes it away if it begins before it. */
bool unit_anchor_must_be_there(const Unit *u)
{
        const JournalIndex *j = &u->record.journal;

        return !unit_write_in_flight(u) || j->end - j->first > 1 || unit_anchor_is_before(u);
}

void unit_go_without_anchor(Unit *u, usec_t now)
{
        MediumPlace target = u->record.commit;

        unit_go_to(u, &target, STEP_COMPARE, now);
}

void step_anchor_done(Unit *u, const StepResult *r, usec_t now)
{
        const UnitAnchor *a = &u->record.anchor;

        bool same = r->good && r->result->n_transferred == a->length + u->record.n_protection_read &&
                    crc32c(0, u->scratch, a->length) == a->crc;

        if (!same && !unit_anchor_must_be_there(u)) {
                unit_go_without_anchor(u, now);
                return;
        }
        if (!same) {
                unit_give_up_position(
                        u, now, "the cartridge in the drive is not the one that was there, or has changed");
                return;
        }
        u->resume.medium_proven = u->resume.anchor_found = true;
        unit_plan_return(u, now);
}

/* ---- comparing ---- */

/* Bytes of a block without its protection information. */
static uint32_t bare_length(const Unit *u, const JournalRecord *r)
{
        uint32_t n = u->record.n_protection_written;

        return r->length > n ? r->length - n : r->length;
}

/* As it comes back. */
static uint32_t read_length(const Unit *u, const JournalRecord *r)
{
        return bare_length(u, r) + u->record.n_protection_read;
}

/* Several at once, which are as long as they were when they were written. */
static bool reads_fixed(const Unit *u, const JournalRecord *r)
{
        return r->fixed && read_length(u, r) == r->length;
}

/* The drive has said that it had written this, and what was before it is nowhere else any more. Half of what
 * was kept for that has to be there: the other half may still have been on its way through the drive's heads.
 */
static bool has_claimed_in_vain(const Unit *u)
{
        const JournalIndex *j = &u->record.journal;

        return !journal_begin_is_proven(&u->journal) &&
               (!u->resume.block_found || u->resume.compare < j->first + (j->claimed - j->first + 1) / 2);
}

static void give_up_claimed(Unit *u, usec_t now)
{
        unit_give_up_position(u, now, "what the drive has said to have written is not on the cartridge");
}

/* A drive that was reset may not have written where the data end, and some then show what was there before;
 * and what is found of a WRITE in flight may have been there before, with more behind it: the last object is
 * written once more, so that the data end there. */
static void all_is_there(Unit *u, usec_t now)
{
        const JournalRecord *last = journal_record(&u->journal, u->record.journal.end - 1);
        MediumPlace place;

        if (!u->resume.medium_proven) {
                unit_give_up_position(u, now, "the cartridge cannot be proven to be the same");
                return;
        }
        if (has_claimed_in_vain(u)) {
                give_up_claimed(u, now);
                return;
        }
        if (!u->record.reset_seen && !u->record.answer_lost && !unit_write_in_flight(u)) {
                unit_goto_step(u, STEP_REWRITE, now);
                return;
        }
        u->resume.compare = u->record.journal.end - 1;
        u->resume.compare_object = last->n_objects - 1;
        place = unit_place_of_compare(u);
        unit_go_to(u, &place, STEP_REWRITE, now);
}

void step_compare_start(Unit *u, usec_t now)
{
        const JournalRecord *r = journal_record(&u->journal, u->resume.compare);
        uint32_t n;

        if (!r) {
                all_is_there(u, now);
                return;
        }
        n = r->n_objects - u->resume.compare_object;
        if (r->length == 0)
                submit_read_filemark(u);
        else if (reads_fixed(u, r))
                submit_read(u, true, n, n * r->length);
        else
                submit_read(u, false, read_length(u, r), read_length(u, r));
}

/* How many objects a READ gave. */
static uint32_t count_read(const Unit *u, const JournalRecord *r, const StepResult *result)
{
        uint32_t wanted = r->n_objects - u->resume.compare_object;
        uint32_t got = r->length > 0 ? result->result->n_transferred / read_length(u, r) : 0;
        const Sense *sense = result->sense;

        if (result->good)
                return got < wanted ? got : wanted;
        if (!reads_fixed(u, r) || !sense || (sense->ili && !sense->information_valid))
                return 0;
        if (sense->information_valid && sense->information >= 0 && sense->information <= (int64_t) wanted &&
            wanted - (uint32_t) sense->information < got)
                got = wanted - (uint32_t) sense->information;
        return got < wanted ? got : wanted;
}

/* How many of them are those of the journal. */
static uint32_t count_equal(const Unit *u, const JournalRecord *r, uint32_t got)
{
        const uint8_t *expected =
                journal_data(&u->journal, r) + (size_t) u->resume.compare_object * r->length;
        uint32_t n = 0;

        while (n < got && memcmp(u->scratch + (size_t) n * read_length(u, r),
                                 expected + (size_t) n * r->length, bare_length(u, r)) == 0)
                n++;
        return n;
}

/* Named outcomes of reading the journal's objects back. */
static bool means_end_of_written(const StepResult *r)
{
        if (r->good || found_filemark(r))
                return true; /* something else is there */
        return r->sense &&
               (r->sense->key == SENSE_BLANK_CHECK || r->sense->key == SENSE_MEDIUM_ERROR || r->sense->ili ||
                r->sense->key == SENSE_NO_SENSE || r->sense->key == SENSE_RECOVERED_ERROR);
}

/* stands_there: nothing was read that is not the journal's. */
static void compare_ended(Unit *u, const StepResult *r, bool stands_there, usec_t now)
{
        MediumPlace n = unit_place_of_compare(u);
        bool at_end = r->sense && (r->sense->key == SENSE_BLANK_CHECK || r->sense->code == ASC_END_OF_DATA);

        if (!means_end_of_written(r)) {
                unit_place_not_reached(u, r, now);
        } else if (!u->resume.medium_proven) {
                unit_give_up_position(u, now,
                                      "nothing of what was written is on the cartridge now in the drive");
        } else if (has_claimed_in_vain(u)) {
                give_up_claimed(u, now);
        } else if (at_end && stands_there) {
                /* a READ at end of data leaves the medium there, SSC-4 6.4; some drives without LOCATE cannot
                 * SPACE to it */
                u->resume.target = n;
                u->resume.after_locate = STEP_REWRITE;
                unit_goto_step(u, STEP_CHECK_POSITION, now);
        } else {
                unit_go_to(u, &n, STEP_REWRITE, now);
        }
}

/* A filemark is where it should be on many a medium: only blocks prove one. */
void step_compare_done(Unit *u, const StepResult *r, usec_t now)
{
        const JournalRecord *record = journal_record(&u->journal, u->resume.compare);
        uint32_t got = count_read(u, record, r), n;

        if (record->length > 0) {
                n = count_equal(u, record, got);
                u->resume.block_found |= n > 0;
                u->resume.medium_proven |= n > 0;
        } else {
                n = found_filemark(r);
        }
        u->resume.compare_object += n;
        u->resume.n_compared += n;
        if (u->resume.compare_object >= record->n_objects) {
                u->resume.compare++;
                u->resume.compare_object = 0;
                unit_goto_step(u, STEP_COMPARE, now);
        } else if (n > 0 && (record->length == 0 || (r->good && n == got && !reads_fixed(u, record)))) {
                unit_goto_step(u, STEP_COMPARE, now);
        } else {
                compare_ended(u, r, got == n || record->length == 0, now);
        }
}
