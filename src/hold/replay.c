/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the medium stands, what is on it, and the rest again.
 *
 * Let D be the commit point (everything before it is proven to be on the medium), P where the program
 * believes to be, and N what is really there; the journal holds the objects from D to P and, behind them,
 * those of the command in flight.
 *
 *  - Nothing is lost if a READ POSITION that can be trusted names a place other than 0 between P and the end
 * of the command in flight, and no reset was seen: a drive that was reset stands at the beginning. N is
 * known.
 *  - Otherwise go to D and read forward, comparing with the journal, up to the first difference, blank or
 * end. That is right on every drive, also when old data lies beyond the point of loss.
 *  - Before anything is written the medium must be proven to be the same: its serial number (READ ATTRIBUTE),
 * or the object before D read back, or objects of the journal found on it.
 *  - Go to N and write the journal's objects from N on.
 *
 * Whatever of this cannot be done ends in unit_give_up_position(). */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "util/crc32c.h"

/* ---- the plan ---- */

static void place_after_objects(MediumPlace *p, const JournalRecord *r, uint64_t n)
{
        if (r->length > 0)
                position_pass_blocks(p, n);
        else
                position_pass_filemarks(p, n);
}

/* Where a record of the journal begins. */
static MediumPlace place_of_record(const Unit *u, uint64_t number)
{
        MediumPlace p = u->record.commit;

        for (uint64_t i = u->record.journal.first; i < number; i++) {
                const JournalRecord *r = journal_record(&u->journal, i);

                place_after_objects(&p, r, r->n_objects);
        }
        return p;
}

/* The place of the journal's object now under comparison. */
static MediumPlace place_of_compare(const Unit *u)
{
        MediumPlace p = place_of_record(u, u->resume.compare);

        if (u->resume.compare_object > 0)
                place_after_objects(&p, journal_record(&u->journal, u->resume.compare),
                                    u->resume.compare_object);
        return p;
}

/* The drive is at its old place: n objects of the journal, from D, are there. Points compare behind them. */
static bool compare_skip(Unit *u, uint64_t n)
{
        u->resume.compare = u->record.journal.first;
        u->resume.compare_object = 0;
        while (n > 0) {
                const JournalRecord *r = journal_record(&u->journal, u->resume.compare);

                if (!r)
                        return false;
                if (n < r->n_objects) {
                        u->resume.compare_object = (uint32_t) n;
                        return true;
                }
                n -= r->n_objects;
                u->resume.compare++;
        }
        return true;
}

static bool is_write_in_flight(const Unit *u)
{
        return u->record.in_flight.phase == IN_FLIGHT_SENT && u->record.in_flight.journalled;
}

/* The end of the journal may not have reached the device: a WRITE in flight, or what was to follow behind. */
static bool is_end_open(const Unit *u)
{
        return is_write_in_flight(u) || journal_n_unsent(&u->journal) > 0;
}

/* Nothing was lost: READ POSITION says so, and nothing says otherwise. */
static bool is_where_it_was(Unit *u)
{
        const UnitResume *s = &u->resume;
        const UnitRecord *r = &u->record;
        uint64_t here = s->reported_object;

        if (s->reported_partition != r->position.partition)
                return false;

        if (!s->reported || r->strayed || r->reset_seen || r->medium_changed || !r->position.object_known ||
            here == 0 || !r->commit.object_known)
                return false;
        if (!is_end_open(u))
                return here == r->position.object;
        return here >= place_of_record(u, r->journal.sent).object && compare_skip(u, here - r->commit.object);
}

static void go_on_from_here(Unit *u, usec_t now)
{
        unit_goto_step(u, is_end_open(u) ? STEP_REWRITE : STEP_DONE, now);
}

/* Without proof: a reset takes the unit attention of a change away with it. */
static bool may_be_another(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return (r->medium_changed || r->answer_lost || r->reset_seen) && !u->resume.medium_proven;
}

void unit_note_new_medium(Unit *u)
{
        if (!may_be_another(u))
                return;
        unit_forget_medium(u, MEDIUM_PRESENT);
        if (u->phase != UNIT_PROBING)
                u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
}

static void plan_untouched(Unit *u, usec_t now)
{
        unit_note_new_medium(u);
        if (u->resume.reported && u->resume.reported_object == 0 &&
            u->resume.reported_partition == u->record.position.partition)
                unit_goto_step(u, STEP_DONE, now);
        else
                unit_go_to(u, &u->record.position, STEP_DONE, now);
}

/* Back to D, by way of a block known to be there if the medium has yet to be proven. */
static void plan_return(Unit *u, usec_t now)
{
        MediumPlace target = u->record.commit;
        Step then = journal_is_empty(&u->journal) ? STEP_DONE : STEP_COMPARE;

        u->resume.compare = u->record.journal.first;
        u->resume.compare_object = 0;
        if (u->resume.medium_proven) {
                unit_go_to(u, &target, then, now);
                return;
        }
        if (u->record.anchor.valid) {
                unit_go_to(u, &u->record.anchor.place, STEP_ANCHOR, now);
                return;
        }
        if (then == STEP_COMPARE) {
                unit_go_to(u, &target, then, now);
                return;
        }
        unit_give_up_position(u, now, "the cartridge cannot be proven to be the same");
}

static void plan_no_medium(Unit *u, usec_t now)
{
        const InFlight *f = &u->record.in_flight;

        if (f->phase == IN_FLIGHT_SENT && f->cdb[0] == OP_LOAD_UNLOAD && !(f->cdb[4] & 1) &&
            journal_is_empty(&u->journal)) {
                unit_forget_medium(u, MEDIUM_ABSENT);
                unit_settle(u, SCSI_GOOD, NULL, 0);
                unit_goto_step(u, STEP_DONE, now);
                return;
        }
        if (unit_session_open(u)) {
                unit_give_up_position(u, now, "the cartridge is gone from the drive");
                return;
        }
        unit_goto_step(u, STEP_DONE, now);
}

static void plan_unknown_place(Unit *u, usec_t now)
{
        const InFlight *f = &u->record.in_flight;
        bool relied = f->phase == IN_FLIGHT_SENT &&
                      unit_depends_on_position(scsi_opcode_find(u->config.type, f->cdb, f->n_cdb), f->cdb);

        if (u->record.position_used || relied) {
                unit_give_up_position(u, now, "the position was not known when the device was lost");
                return;
        }
        unit_note_new_medium(u);
        unit_goto_step(u, STEP_DONE, now);
}

/* At its beginning, and there is nothing more to prove it by. */
static bool is_untouched(const Unit *u)
{
        return journal_is_empty(&u->journal) && position_at_beginning(&u->record.position) &&
               (u->resume.medium_proven || !u->record.anchor.valid);
}

/* At the beginning, where a drive that was reset stands too, nothing tells whether it was. */
static void plan_without_key(Unit *u, usec_t now)
{
        u->record.loss_unreported = 1;
        unit_lose_unrestorable(u);
        unit_give_up_position(u, now, "the device may have been reset, and what was set cannot be set again");
}

/* The program knows that it has to go to a place of its own, but not whether it is still the same medium. */
static void plan_lost(Unit *u, usec_t now)
{
        if (may_be_another(u) && u->phase != UNIT_PROBING)
                u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
        unit_goto_step(u, STEP_DONE, now);
}

/* The program went where only the drive can tell, to the end of the data for instance, and nothing says that
 * the tape has moved since: it would be at the beginning. */
static bool drive_tells_place(Unit *u)
{
        const UnitResume *s = &u->resume;
        UnitRecord *r = &u->record;

        if (!s->reported || s->reported_object == 0 || !s->medium_proven || r->strayed || r->reset_seen ||
            r->medium_changed || r->unjournalled || r->in_flight.phase == IN_FLIGHT_SENT ||
            !journal_is_empty(&u->journal))
                return false;
        position_set_object(&r->position, s->reported_partition, s->reported_object);
        r->commit = r->position;
        return true;
}

void step_plan_start(Unit *u, usec_t now)
{
        if (u->config.type == DEVICE_CHANGER)
                unit_goto_step(u, unit_move_in_flight(u) ? STEP_ELEMENTS : STEP_DONE, now);
        else if (u->resume.ready_no_medium)
                plan_no_medium(u, now);
        else if (u->record.position_lost)
                plan_lost(u, now);
        else if (!position_known(&u->record.position) && !drive_tells_place(u))
                plan_unknown_place(u, now);
        else if (is_where_it_was(u))
                go_on_from_here(u, now);
        else if (u->record.unrestorable && !(u->resume.reported && u->resume.reported_object > 0))
                plan_without_key(u, now);
        else if (is_untouched(u))
                plan_untouched(u, now);
        else
                plan_return(u, now);
}

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

        return !is_write_in_flight(u) || j->end - j->first > 1 || unit_anchor_is_before(u);
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
        u->resume.medium_proven = true;
        plan_return(u, now);
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

/* A drive that was reset may not have written where the data end, and some then show what was there before:
 * the last object is written once more, so that it does. */
static void all_is_there(Unit *u, usec_t now)
{
        const JournalRecord *last = journal_record(&u->journal, u->record.journal.end - 1);
        MediumPlace place;

        if (!u->resume.medium_proven) {
                unit_give_up_position(u, now, "the cartridge cannot be proven to be the same");
                return;
        }
        if (!u->record.reset_seen && !u->record.answer_lost) {
                unit_goto_step(u, STEP_REWRITE, now);
                return;
        }
        u->resume.compare = u->record.journal.end - 1;
        u->resume.compare_object = last->n_objects - 1;
        place = place_of_compare(u);
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
        MediumPlace n = place_of_compare(u);
        bool at_end = r->sense && (r->sense->key == SENSE_BLANK_CHECK || r->sense->code == ASC_END_OF_DATA);

        if (!means_end_of_written(r)) {
                unit_place_not_reached(u, r, now);
        } else if (!u->resume.medium_proven) {
                unit_give_up_position(u, now,
                                      "nothing of what was written is on the cartridge now in the drive");
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

/* ---- writing the rest again ---- */

/* So many objects of the WRITE in flight are written, and the program will know it. */
static void pass_in_flight(Unit *u, const JournalRecord *last, uint32_t done)
{
        if (done > 0 && u->record.journal.end - u->record.journal.first <= 1)
                unit_overwrite_anchor(u);
        place_after_objects(&u->record.position, last, done);
        u->record.n_bytes_written += (uint64_t) done * last->length;
        u->record.in_flight.journalled = 0;
}

/* The command in flight, if it was a WRITE, is done: its objects are on the medium, or in the drive's buffer
 * and in the journal. */
static void settle_write(Unit *u)
{
        InFlight *f = &u->record.in_flight;
        const JournalRecord *last = journal_record(&u->journal, u->record.journal.end - 1);
        uint8_t sense[SCSI_SENSE_MAX];
        Sense s = {.eom = true, .code = ASC_EARLY_WARNING};
        bool filemarks = last->length == 0;
        Transfer t;

        pass_in_flight(u, last, last->n_objects);
        if (unit_decode_transfer(u, f->cdb, f->n_data, &t) >= 0 && t.n_objects > last->n_objects) {
                /* the device took some of them and said so, when the daemon died */
                s.information_valid = true;
                s.information = t.n_objects - last->n_objects;
                u->resume.early_warning = true;
        }
        if (u->resume.early_warning)
                unit_settle(u, SCSI_CHECK_CONDITION, sense, sense_build(&s, sense, sizeof(sense)));
        else
                unit_settle(u, SCSI_GOOD, NULL, 0);
        if (filemarks)
                u->want_commit = true; /* the program takes its filemark for a proof */
}

static bool is_at_position(const Unit *u)
{
        MediumPlace here = place_of_compare(u), p = u->record.position;

        if (here.object_known && p.object_known)
                return here.object == p.object && here.partition == p.partition;
        return here.file_known && p.file_known && here.file == p.file && here.block == p.block &&
               here.partition == p.partition;
}

void step_rewrite_start(Unit *u, usec_t now)
{
        const JournalRecord *r = journal_record(&u->journal, u->resume.compare);
        uint8_t cdb[SCSI_CDB_MAX];
        uint32_t n;

        if (!r) {
                if (is_write_in_flight(u)) {
                        settle_write(u);
                } else if (!is_at_position(u)) { /* REWIND with IMMED = 1 was acknowledged before its flush */
                        u->want_commit = true;
                        unit_go_to(u, &u->record.position, STEP_DONE, now);
                        return;
                }
                unit_goto_step(u, STEP_DONE, now);
                return;
        }
        n = r->n_objects - u->resume.compare_object;
        if (r->length == 0)
                unit_submit_step(u, cdb, scsi_cdb_write_filemarks_6(cdb, false, n), SCSI_NO_DATA, NULL, 0);
        else
                unit_submit_step(u, cdb, scsi_cdb_write_6(cdb, r->fixed, r->fixed ? n : r->length),
                                 SCSI_DATA_OUT,
                                 (void *) (journal_data(&u->journal, r) +
                                           (size_t) u->resume.compare_object * r->length),
                                 n * r->length);
}

static uint32_t objects_left(const JournalRecord *record, const StepResult *r, uint32_t n)
{
        if (!record->fixed && record->length > 0)
                return 1;
        return r->sense->information_valid && r->sense->information >= 0 &&
                               r->sense->information <= (int64_t) n
                       ? (uint32_t) r->sense->information
                       : n;
}

/* The medium ends within the command in flight, as it would have done the first time: this answer is the
 * program's. */
static bool ends_in_flight(const Unit *u, const StepResult *r)
{
        return r->sense && !r->sense->deferred && r->sense->key == SENSE_VOLUME_OVERFLOW &&
               is_write_in_flight(u) && u->resume.compare + 1 == u->record.journal.end;
}

static void settle_overflow(Unit *u, const StepResult *r, usec_t now)
{
        const JournalRecord *last = journal_record(&u->journal, u->resume.compare);
        InFlight *f = &u->record.in_flight;
        uint32_t n = last->n_objects - u->resume.compare_object, done = n - objects_left(last, r, n);
        uint8_t sense[SCSI_SENSE_MAX];
        Sense s = *r->sense;
        Transfer t = {};

        (void) unit_decode_transfer(u, f->cdb, f->n_data, &t);
        u->resume.n_rewritten += done;
        done += u->resume.compare_object;
        s.information_valid = true;
        s.information = (int64_t) t.count - (t.fixed || t.length == 0 ? done : 0);
        pass_in_flight(u, last, done);
        journal_truncate_last(&u->journal, done);
        unit_settle(u, SCSI_CHECK_CONDITION, sense, sense_build(&s, sense, sizeof(sense)));
        unit_goto_step(u, STEP_DONE, now);
}

static bool is_early_warning(const StepResult *r)
{
        return r->sense && !r->sense->deferred && r->sense->key <= SENSE_RECOVERED_ERROR;
}

void step_rewrite_done(Unit *u, const StepResult *r, usec_t now)
{
        const JournalRecord *record = journal_record(&u->journal, u->resume.compare);

        if (ends_in_flight(u, r)) {
                settle_overflow(u, r, now);
                return;
        }
        if (!r->good && !is_early_warning(r)) {
                unit_give_up_position(u, now, "what was lost could not be written again: %s %04x",
                                      r->sense ? sense_key_name(r->sense->key) : "status",
                                      r->sense ? r->sense->code : r->result->status);
                return;
        }
        if (!r->good && r->sense->eom)
                u->resume.early_warning = true;
        if (!r->good && r->sense->information_valid && (record->fixed || record->length == 0) &&
            r->sense->information > 0) {
                int64_t n = record->n_objects - u->resume.compare_object, done = n - r->sense->information;

                if (done <= 0) {
                        unit_give_up_position(u, now, "what was lost does not fit on the medium any more");
                        return;
                }
                u->resume.n_rewritten += (uint64_t) done;
                u->resume.compare_object += (uint32_t) done;
                unit_goto_step(u, STEP_REWRITE, now);
                return;
        }
        u->resume.n_rewritten += record->n_objects - u->resume.compare_object;
        u->resume.compare++;
        u->resume.compare_object = 0;
        unit_goto_step(u, STEP_REWRITE, now);
}
