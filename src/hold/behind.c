/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Write-behind: a WRITE to a drive that streams is answered as soon as it is in the journal, and sent then.
 *
 * A drive in buffered mode says GOOD before a block is on the medium, so a program may not build on more than
 * that, and the journal holds whatever has not been proven. What the drive has not even been sent is lost in
 * the same way as what was in its buffer, and comes back in the same way: a resume compares the medium with
 * the journal and writes the rest. So nothing here has a recovery of its own. Any answer but GOOD, and early
 * warning, ends in one.
 *
 * It is done only in the middle of a stream, after a WRITE or WRITE FILEMARKS that the device itself has
 * answered with GOOD. So a cartridge that is write protected, one that is full, a drive that is not ready say
 * so to the command that met it. Everything but the next WRITE waits until the device has answered for all
 * (SSC-4 4.2.13 asks that of a drive's own buffer), and early warning ends the stream: the program hears it
 * from the device with its next WRITE.
 *
 * One WRITE at a time is with the device, here too. After a reset, which leaves a medium at its beginning,
 * the unit attention goes to one command and the one queued behind it is executed: over the first blocks of
 * the cartridge. Only a drive that interlocks unit attentions (SPC-4 7.5.8, UA_INTLCK_CTRL) would be safe to
 * queue for, and a kernel that sends again what was BUSY would have to keep the order. */

#include "hold/unit-internal.h"
#include "scsi/cdb.h"

#define RECORDS_MAX 1024 /* behind; small blocks would take long */

/* ---- taking one ---- */

void unit_note_stream(Unit *u, const UnitCommand *c, const ScsiResult *result)
{
        const UnitRecord *r = &u->record;

        if (c->opcode->opcode == OP_TEST_UNIT_READY)
                unit_end_stream(u); /* the device was opened */
        if (!unit_is_ordered(c->opcode))
                return;
        if (c->opcode->effect != POSITION_WRITTEN || result->status != SCSI_GOOD || !r->buffered ||
            !position_known(&r->position)) {
                unit_end_stream(u);
                return;
        }
        if (c->n_data > u->n_streaming)
                u->n_streaming = c->n_data;
        unit_note_written(u, c->n_data);
}

static bool is_streaming(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return u->n_streaming > 0 && u->phase == UNIT_HELD && u->path_open && !u->path_condemned &&
               u->resume.step == STEP_NONE && !u->stopping && !u->awaiting_answer && !u->redelivery &&
               (u->submitted == SUBMITTED_NOTHING || u->submitted == SUBMITTED_BEHIND) && !u->want_commit &&
               !u->want_position && !u->want_medium && !u->want_room && !r->position_lost &&
               !r->loss_unreported && !r->key.lost && r->attention == 0 && r->buffered;
}

/* No larger than one that the device has taken: what the adapter cannot carry is for its sender to know. */
static bool has_room(const Unit *u, uint32_t n_data)
{
        uint64_t limit = u->config.pipeline;

        if (limit > u->journal.n_ring / 4)
                limit = u->journal.n_ring / 4;
        if (limit > unit_room_limit(u))
                limit = unit_room_limit(u);
        return n_data <= u->n_streaming && unit_has_medium_room(u, n_data) &&
               journal_bytes_unsent(&u->journal) + n_data <= limit &&
               journal_n_unsent(&u->journal) < RECORDS_MAX && journal_has_room(&u->journal, n_data);
}

bool unit_take_behind(Unit *u)
{
        UnitCommand c = u->queue[0];
        Transfer t;

        if (u->n_queue == 0 || c.opcode->opcode != OP_WRITE_6 || !is_streaming(u) || !has_room(u, c.n_data) ||
            unit_decode_transfer(u, c.cdb, c.n_data, &t) < 0 || t.n_objects == 0)
                return false;
        if (journal_append(&u->journal, t.n_objects, t.length, t.fixed, c.data) < 0)
                return false;
        unit_queue_pop(u);
        u->record.in_flight = (InFlight){.journalled = 1};
        unit_note_in_flight(u, &c);
        if (u->record.journal.end - u->record.journal.first <= 1)
                unit_overwrite_anchor(u);
        position_pass_blocks(&u->record.position, t.n_objects);
        u->record.position_used = 1;
        u->record.n_bytes_written += c.n_data;
        unit_note_written(u, c.n_data);
        unit_settle(u, SCSI_GOOD, NULL, 0);
        u->awaiting_answer = true;
        unit_complete(u, &c, SCSI_GOOD, NULL, 0, 0, true);
        return true;
}

/* ---- sending it ---- */

bool unit_is_behind(const Unit *u)
{
        return journal_n_unsent(&u->journal) > 0;
}

/* As the program has sent it, or several as one. */
void unit_send_behind(Unit *u)
{
        const JournalRecord *r = journal_record(&u->journal, u->record.journal.sent);
        UnitGroup g = unit_next_group(u);
        bool fixed = r->fixed || u->record.group_length > 0;
        uint8_t cdb[SCSI_CDB_MAX];

        u->grouping.streak = unit_more_wait(u) ? u->grouping.streak + 1 : 0;
        u->grouping.n_records = g.n_records;
        u->grouping.n_data = g.n_data;
        unit_submit_step(u, cdb, scsi_cdb_write_6(cdb, fixed, fixed ? g.n_objects : g.n_data), SCSI_DATA_OUT,
                         (void *) journal_data(&u->journal, r), g.n_data);
        u->submitted = SUBMITTED_BEHIND;
        unit_ask_to_note_behind(u);
}

/* ---- the device's answer ---- */

static bool is_written(const ScsiResult *result, const Sense *sense)
{
        if (result->delivery != SCSI_ANSWERED)
                return false;
        return result->status == SCSI_GOOD ||
               (sense && !sense->deferred && sense->key <= SENSE_RECOVERED_ERROR && !sense->ili &&
                (!sense->information_valid || sense->information == 0));
}

static bool is_to_be_sent_again(const Unit *u, const ScsiResult *result)
{
        if (u->path_condemned)
                return false;
        if (result->delivery == SCSI_ANSWERED)
                return result->status == SCSI_BUSY || result->status == SCSI_TASK_SET_FULL;
        return result->delivery == SCSI_NOT_SENT && !result->path_gone;
}

/* A group that the adapter cannot carry, or for which the kernel has no memory, is sent as smaller ones. */
static bool is_too_large(const Unit *u, const ScsiResult *result)
{
        return u->grouping.n_records > 1 && result->delivery == SCSI_NOT_SENT && !result->path_gone &&
               !u->path_condemned;
}

void unit_behind_result(Unit *u, const ScsiResult *result, usec_t now)
{
        Sense parsed;
        const Sense *sense = unit_parse_sense(result, &parsed);

        if (is_written(result, sense)) {
                u->record.journal.sent += u->grouping.n_records;
                if (sense && sense->eom)
                        unit_end_stream(u);
                unit_store(u);
        } else if (is_too_large(u, result)) {
                u->grouping.limit = u->grouping.n_data / 2;
                if (!unit_cannot_be_sent(result))
                        u->wake = now + UNIT_RETRY_AFTER;
        } else if (is_to_be_sent_again(u, result)) {
                u->wake = now + UNIT_RETRY_AFTER;
        } else {
                unit_note_refused_group(u, sense);
                unit_recover(u, result, sense, now);
        }
}
