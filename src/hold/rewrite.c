/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is not on the medium is written again, from the journal, and the WRITE in flight with it: what the
 * program is then told of that one. */

#include "hold/unit-internal.h"
#include "scsi/cdb.h"

/* So many objects of the WRITE in flight are written, and the program will know it. */
static void pass_in_flight(Unit *u, const JournalRecord *last, uint32_t done)
{
        if (done > 0 && u->record.journal.end - u->record.journal.first <= 1)
                unit_overwrite_anchor(u);
        unit_pass_objects(&u->record.position, last, done);
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
}

/* A program takes a filemark for a proof that all before it is on the medium. */
static bool is_promise(const Unit *u)
{
        const InFlight *f = &u->record.in_flight;
        Transfer t;

        return unit_decode_transfer(u, f->cdb, f->n_data, &t) >= 0 && t.length == 0 && !t.immed;
}

static bool is_at_position(const Unit *u)
{
        MediumPlace here = unit_place_of_compare(u), p = u->record.position;

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
                if (unit_write_in_flight(u) && is_promise(u)) {
                        unit_goto_step(u, STEP_PROVE, now);
                        return;
                }
                if (unit_write_in_flight(u)) {
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
               unit_write_in_flight(u) && u->resume.compare + 1 == u->record.journal.end;
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

/* ---- before a filemark is answered ---- */

void step_prove_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_bare(u, cdb, scsi_cdb_write_filemarks_6(cdb, false, 0));
}

void step_prove_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!r->good && !is_early_warning(r)) {
                unit_give_up_position(u, now, "the drive could not write its buffer");
                return;
        }
        u->resume.early_warning |= !r->good && r->sense->eom;
        settle_write(u);
        unit_commit(u);
        unit_store(u);
        unit_goto_step(u, STEP_DONE, now);
}
