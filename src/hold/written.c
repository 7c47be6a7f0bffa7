/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How far the drive has written. Without it a journal that is full has to be committed, by a WRITE FILEMARKS
 * that ends when the drive's buffer is empty: the program waits, the tape stops, and a drive that streams has
 * to go back and take up speed again. So a drive that can say what is still in its buffer is asked before
 * that, and what is on the medium leaves the journal while the tape runs.
 *
 * READ POSITION, short form, has the next object to go from the buffer to the medium (SSC-4 7.7, LAST LOGICAL
 * OBJECT LOCATION). Several drives always say there what they say of the host's position, as if their buffer
 * were empty. So an answer counts only if the drive is where it must be and says in the same answer that
 * something is not on the medium yet: then it keeps count.
 *
 * And even then it is no proof. So a part of what it says to be on the medium stays in the journal: a drive
 * may say so of what it has written and not yet read back. And a resume that compares has to find the block
 * before that part, and half of the part (plan.c, compare.c). Who writes one object after the other has then
 * written all before; from a drive that has not, the program gets an error. */

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/ssc.h"

#define ASKED_FROM   4                                         /* times the reserve */
#define RECORDS_KEPT (UNIT_JOURNAL_RECORDS / (2 * ASKED_FROM)) /* or, of small blocks, so many of them */

/* ---- when ---- */

static bool may_ask(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return u->config.journal_reserve > 0 && u->config.type == DEVICE_TAPE && u->phase == UNIT_HELD &&
               !u->stopping && !u->written.silent && r->position_trusted && r->commit.object_known &&
               !r->unjournalled && !u->want_commit && !u->want_position;
}

bool unit_must_ask_written(const Unit *u)
{
        const JournalIndex *j = &u->record.journal;
        uint64_t reserve = u->config.journal_reserve;

        if (journal_bytes(&u->journal) < ASKED_FROM * reserve &&
            j->end - j->first < ASKED_FROM * RECORDS_KEPT)
                return false;
        return (j->data_end - u->written.data_end >= reserve || j->end - u->written.end >= RECORDS_KEPT) &&
               may_ask(u);
}

void step_learn_written_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        u->written.data_end = u->record.journal.data_end;
        u->written.end = u->record.journal.end;
        unit_submit_in(u, cdb, scsi_cdb_read_position(cdb, READ_POSITION_SHORT), READ_POSITION_SHORT_LENGTH);
}

/* ---- what it says ---- */

/* It is where it must be after what it was sent. */
static bool is_in_place(const Unit *u, const TapePosition *t)
{
        MediumPlace sent = unit_place_of_record(u, u->record.journal.sent);

        return t->object_known && t->object == sent.object && t->partition == sent.partition &&
               t->last_object <= t->object && t->last_object >= u->record.commit.object;
}

/* The first record of which not every object is on the medium. */
static uint64_t first_not_written(const Unit *u, uint64_t last_object)
{
        uint64_t object = u->record.commit.object, i;

        for (i = u->record.journal.first; i < u->record.journal.sent; i++) {
                object += journal_record(&u->journal, i)->n_objects;
                if (object > last_object)
                        break;
        }
        return i;
}

/* Before which enough is kept of what is on the medium. */
static uint64_t first_to_keep(const Unit *u, uint64_t not_written)
{
        const JournalRecord *r = journal_record(&u->journal, not_written);
        uint64_t end = r ? r->offset : u->record.journal.data_end, i;

        for (i = u->record.journal.first; i < not_written; i++) {
                const JournalRecord *next = journal_record(&u->journal, i + 1);

                if (!next ||
                    (end - next->offset < u->config.journal_reserve && not_written - (i + 1) < RECORDS_KEPT))
                        break;
        }
        return i;
}

static void commit_until(Unit *u, uint64_t number, uint64_t claimed)
{
        if (number == u->record.journal.first)
                return;
        unit_anchor_from_journal(u, number);
        u->record.commit = unit_place_of_record(u, number);
        journal_commit_until(&u->journal, number, claimed);
        unit_store(u);
}

void step_learn_written_done(Unit *u, const StepResult *r, usec_t now)
{
        TapePosition t;
        uint64_t claimed;

        if (!r->good ||
            ssc_parse_position(READ_POSITION_SHORT, u->scratch, r->result->n_transferred, &t) < 0 ||
            !is_in_place(u, &t)) {
                u->written.silent = true;
        } else if (t.last_object < t.object) {
                claimed = first_not_written(u, t.last_object);
                commit_until(u, first_to_keep(u, claimed), claimed);
        }
        unit_goto_step(u, STEP_NONE, now);
}
