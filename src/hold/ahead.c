/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Read-ahead: what a program that reads block after block will ask for next is read while it works on the
 * last.
 *
 * The drive is then further than the program believes to be. The record says where the program is, so a
 * resume goes there, whatever was read ahead; and before a command for which the place counts, LOCATE goes
 * back to it. So this is done only on a drive that is known to have LOCATE (it has done one, or says so), and
 * whose READ POSITION has proven to be right, and not before two READs in a row were the same. What is not
 * plainly a block (a filemark, an error, the end of the data) is kept as the answer to the READ that will
 * meet it, and nothing is read beyond.
 *
 * Where the program waits for each of them all the same, the line is long, and several are read by one READ
 * with FIXED = 1 (group.c). One that does not end plainly gives no answer to any READ: the drive goes back to
 * where the program is, and what there is to say it says to the program's own.
 *
 * The blocks are kept in the memory of the journal, which is empty while a program reads. */

#include "hold/unit-internal.h"

#include <string.h>

#include "scsi/cdb.h"
#include "scsi/ssc.h"

#define STREAK        2 /* equal READs after which the next one is expected */
#define REPORT_LENGTH 64
#define RING_SHARE    2 /* of the journal's memory */

static unsigned count_slots(const Unit *u)
{
        uint64_t limit = u->config.pipeline, n;

        if (limit > u->journal.n_ring / RING_SHARE)
                limit = u->journal.n_ring / RING_SHARE;
        n = u->ahead.n_data > 0 ? limit / u->ahead.n_data : 0;
        return n < UNIT_AHEAD_MAX ? (unsigned) n : UNIT_AHEAD_MAX;
}

/* Of the number-th answer. */
static uint8_t *slot(const Unit *u, unsigned number)
{
        return u->journal.ring + (uint64_t) (number % u->ahead.n_slots) * u->ahead.n_data;
}

void unit_drop_ahead(Unit *u)
{
        memset(&u->ahead, 0, offsetof(UnitAhead, read)); /* at every WRITE; of read[] only n count */
}

/* ---- a stream ---- */

/* A block, of the length that was asked for or shorter; another one may follow it. */
static bool is_block(const uint8_t *cdb, const ScsiResult *result, const Sense *sense)
{
        bool fixed = cdb[1] & 1;

        if (result->delivery != SCSI_ANSWERED || result->n_transferred == 0)
                return false;
        if (result->status == SCSI_GOOD)
                return true;
        return !fixed && sense && !sense->deferred && sense->key == SENSE_NO_SENSE && sense->ili &&
               !sense->filemark && !sense->eom && sense->information_valid && sense->information > 0;
}

void unit_note_reading(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        UnitAhead *a = &u->ahead;

        if (!unit_is_ordered(c->opcode))
                return;
        if (c->opcode->opcode != OP_READ_6 || !is_block(c->cdb, result, sense)) {
                unit_drop_ahead(u);
                return;
        }
        if (a->streak == 0 || a->n_data != c->n_data || memcmp(a->cdb, c->cdb, sizeof(a->cdb)) != 0) {
                unit_drop_ahead(u);
                memcpy(a->cdb, c->cdb, sizeof(a->cdb));
                a->n_data = c->n_data;
                a->n_slots = count_slots(u);
        }
        a->ended = a->ended && a->n > 0;
        if (a->streak < STREAK)
                a->streak++;
        u->want_locate =
                a->streak >= STREAK && a->n_slots > 0 && !u->record.locates && !u->record.locate_asked;
}

/* ---- reading ahead ---- */

static bool may_read_ahead(const Unit *u)
{
        const UnitRecord *r = &u->record;
        const UnitAhead *a = &u->ahead;

        return a->streak >= STREAK && !r->position_lost && !a->ended && !a->strayed && a->n < a->n_slots &&
               u->phase == UNIT_HELD && journal_is_empty(&u->journal) && r->position.object_known &&
               r->position_trusted && r->locates && !r->unjournalled && !u->want_position &&
               !u->want_medium && !u->want_commit;
}

/* As many as fit into the memory in one piece, if they can be read at once. */
static unsigned count_group(const Unit *u)
{
        const UnitAhead *a = &u->ahead;
        unsigned to_end = a->n_slots - (a->next + a->n) % a->n_slots, n = a->n_slots - a->n;
        unsigned limit = u->grouping.limit / a->n_data;

        if (u->record.group_length == 0)
                return 1;
        n = n < to_end ? n : to_end;
        n = n < limit ? n : limit;
        return n > 0 ? n : 1;
}

bool unit_send_ahead(Unit *u, usec_t now)
{
        UnitAhead *a = &u->ahead;
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;
        Step before;

        if (!may_read_ahead(u))
                return false;
        before = unit_step_before_ahead(u);
        if (before != STEP_NONE) {
                unit_goto_step(u, before, now);
                return true;
        }
        a->n_asked = count_group(u);
        n_cdb = scsi_cdb_read_6(cdb, true, false, a->n_asked);
        if (u->record.group_length == 0)
                memcpy(cdb, a->cdb, sizeof(a->cdb));
        unit_submit_step(u, cdb, n_cdb, SCSI_DATA_IN, slot(u, a->next + a->n), a->n_asked * a->n_data);
        u->submitted = SUBMITTED_AHEAD;
        return true;
}

static void keep(Unit *u, const ScsiResult *result, bool more)
{
        UnitAhead *a = &u->ahead;
        UnitRead *r = &a->read[(a->next + a->n) % UNIT_AHEAD_MAX];

        *r = (UnitRead){.status = result->status, .n_transferred = result->n_transferred};
        if (r->n_transferred > a->n_data)
                r->n_transferred = a->n_data;
        r->n_sense = (uint8_t) (result->n_sense < sizeof(r->sense) ? result->n_sense : sizeof(r->sense));
        memcpy(r->sense, result->sense, r->n_sense);
        a->n++;
        a->ended = !more;
}

/* It was not executed, and the program's own READ will say what there is to say. */
static bool is_for_later(const ScsiResult *result, const Sense *sense)
{
        if (result->delivery == SCSI_NOT_SENT)
                return !result->path_gone;
        return result->delivery == SCSI_ANSWERED &&
               (result->status == SCSI_BUSY || result->status == SCSI_TASK_SET_FULL ||
                (sense && !sense->deferred && sense->key == SENSE_ILLEGAL_REQUEST));
}

static bool is_answer(const ScsiResult *result, const Sense *sense)
{
        return result->delivery == SCSI_ANSWERED && result->status == SCSI_CHECK_CONDITION && sense &&
               !sense->deferred && sense->key != SENSE_UNIT_ATTENTION && sense->key != SENSE_NOT_READY &&
               sense->key != SENSE_ABORTED_COMMAND;
}

/* ---- several at once ---- */

static void keep_blocks(Unit *u, unsigned n)
{
        const ScsiResult block = {.status = SCSI_GOOD, .n_transferred = u->ahead.n_data};

        for (unsigned i = 0; i < n; i++)
                keep(u, &block, true);
}

/* What a READ of one block would have been told there: nothing of what it asked for was read. */
static void keep_end(Unit *u, const Sense *sense)
{
        ScsiResult end = {.status = SCSI_CHECK_CONDITION};
        Sense s = *sense;

        s.information = u->ahead.n_data;
        end.n_sense = (uint8_t) sense_build(&s, end.sense, sizeof(end.sense));
        keep(u, &end, false);
}

/* So many blocks, and then a filemark or the end of the data: the residue and what was transferred say the
 * same. */
static bool ends_plainly(const Unit *u, const ScsiResult *result, const Sense *s, uint32_t *ret_n)
{
        const UnitAhead *a = &u->ahead;

        if (!s || s->deferred || s->ili || !s->information_valid || s->information < 0 ||
            s->information > (int64_t) a->n_asked ||
            !((s->filemark && s->key == SENSE_NO_SENSE) || s->key == SENSE_BLANK_CHECK))
                return false;
        *ret_n = a->n_asked - (uint32_t) s->information;
        return result->n_transferred == *ret_n * a->n_data;
}

/* The drive is somewhere else than the blocks that are kept tell. */
static void stray(Unit *u)
{
        u->ahead.strayed = true;
}

static void group_result(Unit *u, const ScsiResult *result, const Sense *sense, usec_t now)
{
        UnitAhead *a = &u->ahead;
        bool good = result->delivery == SCSI_ANSWERED && result->status == SCSI_GOOD;
        uint32_t n;

        if (good && result->n_transferred == a->n_asked * a->n_data) {
                keep_blocks(u, a->n_asked);
        } else if (is_for_later(result, sense)) {
                unit_note_refused_group(u, sense);
                a->ended = true;
        } else if (result->delivery == SCSI_ANSWERED && ends_plainly(u, result, sense, &n)) {
                keep_blocks(u, n);
                keep_end(u, sense);
        } else if (good || is_answer(result, sense)) {
                stray(u);
        } else {
                unit_recover(u, result, sense, now);
        }
}

/* ---- the device's answer ---- */

/* A program that waits for every block could have more of them at once. */
static void note_waiting(Unit *u, const ScsiResult *result)
{
        bool whole = result->status == SCSI_GOOD && result->n_transferred == u->ahead.n_data;

        u->ahead.waited = whole && u->n_queue > 0 ? u->ahead.waited + 1 : 0;
        unit_ask_to_note_ahead(u);
}

void unit_ahead_result(Unit *u, const ScsiResult *result, usec_t now)
{
        Sense parsed;
        const Sense *sense = unit_parse_sense(result, &parsed);

        if (u->path_condemned)
                return; /* the path is closed now, and all of it forgotten */
        if (u->record.group_length > 0) {
                group_result(u, result, sense, now);
                return;
        }
        if (result->delivery == SCSI_ANSWERED)
                note_waiting(u, result);
        if (is_block(u->ahead.cdb, result, sense))
                keep(u, result, true);
        else if (is_for_later(result, sense))
                u->ahead.ended = true;
        else if (is_answer(result, sense))
                keep(u, result, false);
        else
                unit_recover(u, result, sense, now);
}

/* ---- giving it to the program ---- */

static bool is_expected(const Unit *u, const UnitCommand *c)
{
        const UnitAhead *a = &u->ahead;

        return c->n_data == a->n_data && memcmp(c->cdb, a->cdb, sizeof(a->cdb)) == 0 &&
               u->phase == UNIT_HELD && u->resume.step == STEP_NONE && !u->awaiting_answer && !u->stopping &&
               !u->redelivery && u->record.attention == 0;
}

bool unit_take_ahead(Unit *u)
{
        UnitCommand c = u->queue[0];
        UnitAhead *a = &u->ahead;
        const UnitRead *r = &a->read[a->next % UNIT_AHEAD_MAX];
        ScsiResult result;
        Sense sense;

        if (u->n_queue == 0 || a->n == 0 || !is_expected(u, &c))
                return false;
        result = (ScsiResult){.delivery = SCSI_ANSWERED,
                              .status = r->status,
                              .n_sense = r->n_sense,
                              .n_transferred = r->n_transferred};
        memcpy(result.sense, r->sense, r->n_sense);
        memcpy(c.data, slot(u, a->next), r->n_transferred);
        a->next++;
        a->n--;
        u->record.in_flight = (InFlight){};
        unit_note_in_flight(u, &c);
        unit_finish_head(u, &result, unit_parse_sense(&result, &sense));
        return true;
}

bool unit_waits_for_ahead(const Unit *u)
{
        return u->record.group_length > 0 && u->ahead.n == 0 && is_expected(u, &u->queue[0]) &&
               may_read_ahead(u);
}

/* ---- back to where the program is ---- */

void step_learn_locate_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        u->want_locate = false;
        unit_submit_in(u, cdb, scsi_cdb_report_opcode(cdb, OP_LOCATE_10, REPORT_LENGTH), REPORT_LENGTH);
}

void step_learn_locate_done(Unit *u, const StepResult *r, usec_t now)
{
        u->record.locate_asked = 1;
        u->record.locates = r->good && scsi_opcode_parse_report(u->scratch, r->result->n_transferred) > 0;
        unit_store(u);
        unit_goto_step(u, STEP_NONE, now);
}

bool unit_must_return(const Unit *u, const UnitCommand *c)
{
        if ((u->ahead.n == 0 && !u->ahead.strayed) || (c && unit_repositions(c->opcode, c->cdb)))
                return false;
        return !c || unit_is_ordered(c->opcode) || unit_depends_on_position(c->opcode, c->cdb);
}

void step_return_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];
        const MediumPlace *p = &u->record.position;
        size_t n_cdb;

        unit_drop_ahead(u);
        if (p->object <= UINT32_MAX)
                n_cdb = scsi_cdb_locate_10(cdb, false, 0, (uint32_t) p->object);
        else
                n_cdb = scsi_cdb_locate_16(cdb, false, 0, LOCATE_OBJECT, p->object);
        unit_submit_bare(u, cdb, n_cdb);
}

void step_return_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                unit_goto_step(u, STEP_RETURNED, now);
        else
                unit_start_recovery(u, STEP_INQUIRY, now);
}

void step_returned_start(Unit *u, usec_t now)
{
        unit_submit_read_position(u);
}

void step_returned_done(Unit *u, const StepResult *r, usec_t now)
{
        if (unit_reports_place(u, r, &u->record.position))
                unit_goto_step(u, STEP_NONE, now);
        else
                unit_start_recovery(u, STEP_INQUIRY, now);
}
