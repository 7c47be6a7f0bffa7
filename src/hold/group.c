/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several blocks that wait behind go to the drive in one WRITE, and several are read ahead by one READ.
 *
 * One command at a time is with the drive (behind.c), so over a long line every block costs a round trip. A
 * command with FIXED = 1 carries many blocks of one length, and what is on the medium does not tell how they
 * were sent. So a program that writes or reads variable blocks, all of one length and faster than the drive
 * takes or gives them, has them sent together, and the drive is given that block length for as long as this
 * goes on.
 *
 * The block length is a setting of the program's. So it is set back before anything of the program's is sent
 * but a few commands to which it certainly means nothing, and at the beginning of every resume. The record
 * says that the drive may have it before it is set, and until the drive itself has said that it has the
 * program's again. A machine that stops at once leaves the drive with it and
 * forgets the record, so that it is also noted on disk, the first time that it is used.
 *
 * To a resume a group is nothing new: its blocks are records of the journal that were not answered for, and
 * the drive may have any number of them. */

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/mode.h"

#define GROUP_OBJECTS_MAX 0xffffff /* TRANSFER LENGTH has 24 bits */
#define MODE_LENGTH       12       /* header and one block descriptor */
#define TRIES             2        /* to set what the drive then does not have */

/* ---- whether ---- */

static bool may_group(const Unit *u)
{
        return u->config.group_after > 0 && !u->record.no_groups;
}

static bool is_grouped(const Unit *u, const JournalRecord *r)
{
        return may_group(u) &&
               (r->fixed || (u->record.group_length > 0 && r->length == u->record.group_length));
}

/* The drive may be given a block length. Protection information is part of a block, and a drive may count it
 * or not. */
static bool may_set_length(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return may_group(u) && r->block_length == 0 && r->group_length == 0 && r->n_protection_written == 0 &&
               r->n_protection_read == 0;
}

/* The block length that was worth to be set: after so many WRITEs in a row with others of that length behind
 * them, or READs for which the program had to wait. 0: none is. */
static uint32_t length_behind(const Unit *u)
{
        const JournalRecord *r = journal_record(&u->journal, u->record.journal.sent);

        return r && !r->fixed && may_set_length(u) && u->grouping.streak >= u->config.group_after ? r->length
                                                                                                  : 0;
}

static uint32_t length_ahead(const Unit *u)
{
        const UnitAhead *a = &u->ahead;

        return a->waited >= u->config.group_after && a->n_slots > 1 && !(a->cdb[1] & 1) && may_set_length(u)
                       ? a->n_data
                       : 0;
}

static Step step_for(const Unit *u, uint32_t length)
{
        return length > 0 && u->noted_length == length ? STEP_GROUP : STEP_NONE;
}

Step unit_step_before_behind(const Unit *u)
{
        const JournalRecord *r = journal_record(&u->journal, u->record.journal.sent);

        if (u->record.group_length > 0)
                return is_grouped(u, r) ? STEP_NONE : STEP_UNGROUP;
        return step_for(u, length_behind(u));
}

Step unit_step_before_ahead(const Unit *u)
{
        if (u->record.group_length > 0)
                return may_group(u) && u->record.group_length == u->ahead.n_data ? STEP_NONE : STEP_UNGROUP;
        return step_for(u, length_ahead(u));
}

static void ask_to_note(Unit *u, uint32_t length)
{
        if (length == 0 || u->noted_length == length || u->asked_length == length)
                return;
        u->asked_length = length;
        unit_push_action(u, HOLD_NOTE_LENGTH)->length = length;
}

void unit_ask_to_note_behind(Unit *u)
{
        ask_to_note(u, length_behind(u));
}

void unit_ask_to_note_ahead(Unit *u)
{
        ask_to_note(u, length_ahead(u));
}

void unit_length_noted(Unit *u, uint32_t length)
{
        u->noted_length = length;
}

/* The program's own from now on. */
void unit_note_own_length(Unit *u, uint32_t length)
{
        if (length == 0 || length != u->noted_length)
                return;
        u->noted_length = u->asked_length = 0;
        unit_push_action(u, HOLD_NOTE_LENGTH);
}

void unit_suspect_length(Unit *u, uint32_t length)
{
        u->record.suspect_length = length;
}

bool unit_finds_suspect_length(Unit *u)
{
        uint32_t length = u->record.suspect_length;

        u->record.suspect_length = 0;
        if (length == 0 || u->record.block_length != length)
                return false;
        u->record.group_length = length;
        u->record.block_length = u->record.block_fixed = 0;
        unit_store(u);
        return true;
}

void unit_note_refused_group(Unit *u, const Sense *sense)
{
        if ((u->record.group_length > 0 || u->grouping.n_records > 1) && sense && !sense->deferred &&
            sense->key == SENSE_ILLEGAL_REQUEST)
                u->record.no_groups = 1;
}

/* ---- how many ---- */

static bool joins(const Unit *u, const JournalRecord *first, const JournalRecord *r, const UnitGroup *so_far)
{
        uint64_t n_data = (uint64_t) r->n_objects * r->length;

        return r->length == first->length && r->fixed == first->fixed &&
               r->offset == first->offset + so_far->n_data &&
               first->offset % u->journal.n_ring + so_far->n_data + n_data <= u->journal.n_ring &&
               so_far->n_data + n_data <= u->grouping.limit &&
               so_far->n_objects + r->n_objects <= GROUP_OBJECTS_MAX;
}

static UnitGroup group_of(const JournalRecord *r)
{
        return (UnitGroup){1, r->n_objects, r->n_objects * r->length};
}

bool unit_more_wait(const Unit *u)
{
        const JournalRecord *first = journal_record(&u->journal, u->record.journal.sent);
        const JournalRecord *second = journal_record(&u->journal, u->record.journal.sent + 1);
        UnitGroup g = group_of(first);

        return second && joins(u, first, second, &g);
}

UnitGroup unit_next_group(const Unit *u)
{
        const JournalRecord *first = journal_record(&u->journal, u->record.journal.sent), *r;
        UnitGroup g = group_of(first);

        if (!is_grouped(u, first))
                return g;
        while ((r = journal_record(&u->journal, u->record.journal.sent + g.n_records)) &&
               joins(u, first, r, &g)) {
                g.n_records++;
                g.n_objects += r->n_objects;
                g.n_data += r->n_objects * r->length;
        }
        return g;
}

/* ---- for the program ---- */

/* Commands that mean the same whatever the block length is. */
static bool is_harmless(const ScsiOpcode *opcode)
{
        return opcode->opcode == OP_WRITE_FILEMARKS_6 || opcode->opcode == OP_WRITE_FILEMARKS_16 ||
               opcode->opcode == OP_TEST_UNIT_READY || opcode->opcode == OP_READ_POSITION ||
               opcode->opcode == OP_LOG_SENSE;
}

bool unit_must_ungroup(const Unit *u, const UnitCommand *c)
{
        return u->record.group_length > 0 && !(c && is_harmless(c->opcode));
}

/* ---- the block length of the drive: it is asked for, set, and asked for again ---- */

static uint32_t wanted_length(const Unit *u)
{
        return u->grouping.wanted > 0 ? u->grouping.wanted : u->record.block_length;
}

static void begin(Unit *u, uint32_t wanted, usec_t now)
{
        u->grouping.wanted = wanted;
        u->grouping.n_tries = 0;
        unit_goto_step(u, STEP_GROUP_SENSE, now);
}

void step_group_start(Unit *u, usec_t now)
{
        begin(u, unit_is_behind(u) ? length_behind(u) : length_ahead(u), now);
}

void step_ungroup_start(Unit *u, usec_t now)
{
        begin(u, 0, now);
}

void step_group_sense_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb, scsi_cdb_mode_sense_6(cdb, false, 0, 0, 0, MODE_LENGTH), MODE_LENGTH);
}

void step_group_select_start(Unit *u, usec_t now)
{
        u->grouping.n_tries--; /* it was not sent */
        unit_goto_step(u, STEP_GROUP_SENSE, now);
}

/* As it was sensed, with another length. Number of blocks and medium type are 0, as st has them: for all of
 * the medium, whatever it is. */
static void select_length(Unit *u, ModeHeader h)
{
        ByteWriter w = byte_writer(u->scratch, MODE_LENGTH);
        uint8_t cdb[SCSI_CDB_MAX];

        h.n_blocks = h.medium_type = 0;
        h.block_length = wanted_length(u);
        mode_begin(&w, MODE_FORM_SELECT_6, &h);
        if (u->grouping.wanted > 0) {
                u->record.group_length = u->grouping.wanted;
                unit_store(u);
        }
        u->grouping.n_tries++;
        u->resume.step = STEP_GROUP_SELECT;
        unit_submit_step(u, cdb, scsi_cdb_mode_select_6(cdb, MODE_LENGTH), SCSI_DATA_OUT, u->scratch,
                         MODE_LENGTH);
}

static void length_is_set(Unit *u, usec_t now)
{
        if (u->grouping.wanted == 0) {
                u->record.group_length = 0;
                u->grouping.streak = 0;
                unit_store(u);
        }
        unit_goto_step(u, unit_is_resuming(u) ? STEP_PROTECTION : STEP_NONE, now);
}

/* A drive that does not take ours has to say that it has the program's. One that had neither before is left
 * as it is. */
static void length_is_not_set(Unit *u, usec_t now)
{
        u->record.no_groups = 1;
        if (u->record.group_length == 0) {
                unit_goto_step(u, STEP_NONE, now);
        } else if (u->grouping.wanted > 0) {
                unit_goto_step(u, STEP_UNGROUP, now);
        } else {
                u->record.group_length = 0;
                unit_give_up_position(u, now, "the drive's block length could not be set back");
        }
}

void step_group_sense_done(Unit *u, const StepResult *r, usec_t now)
{
        ByteReader pages;
        ModeHeader h;
        bool known = r->good &&
                     mode_parse(MODE_FORM_SENSE_6, u->scratch, r->result->n_transferred, &h, &pages) >= 0 &&
                     h.has_descriptor;

        bool others = u->record.group_length == 0 && known && h.block_length != u->record.block_length;

        if (known && h.block_length == wanted_length(u) && u->record.group_length > 0)
                length_is_set(u, now);
        else if (known && !others && u->grouping.n_tries < TRIES)
                select_length(u, h);
        else
                length_is_not_set(u, now);
}

void step_group_select_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                unit_goto_step(u, STEP_GROUP_SENSE, now);
        else
                length_is_not_set(u, now);
}
