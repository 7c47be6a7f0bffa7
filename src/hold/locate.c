/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Going to a place: LOCATE, or REWIND and SPACE for drives without it. And knowing where one is: READ
 * POSITION, as far as this drive's can be trusted. Some answer zeros for ever, some do not know the command.
 * It is believed once it has named a place other than 0 where our own count has it, or, with no count of our
 * own, a place that is not 0; a drive that ever contradicts our count is not asked again. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/ssc.h"

#define SPACE_6_MAX 0x7fffff

/* ---- READ POSITION ---- */

static ReadPositionForm form_of(const Unit *u)
{
        return u->record.position_form == POSITION_FORM_SHORT ? READ_POSITION_SHORT : READ_POSITION_LONG;
}

void unit_submit_read_position(Unit *u)
{
        uint32_t n =
                form_of(u) == READ_POSITION_SHORT ? READ_POSITION_SHORT_LENGTH : READ_POSITION_LONG_LENGTH;
        uint8_t cdb[SCSI_CDB_MAX];

        memset(u->scratch, 0, n);
        unit_submit_step(u, cdb, scsi_cdb_read_position(cdb, form_of(u)), SCSI_DATA_IN, u->scratch, n);
}

/* 1: *ret is where the drive says it is. 0: it does not say now. -EAGAIN: ask again in the form now set. */
static int parse_answer(Unit *u, const StepResult *r, TapePosition *ret)
{
        bool refused = r->sense && r->sense->key == SENSE_ILLEGAL_REQUEST;

        if (refused ||
            (r->good && ssc_parse_position(form_of(u), u->scratch, r->result->n_transferred, ret) < 0)) {
                u->record.position_form = u->record.position_form == POSITION_FORM_SHORT
                                                  ? POSITION_FORM_NONE
                                                  : POSITION_FORM_SHORT;
                return -EAGAIN;
        }
        if (!r->good)
                return 0;
        if (u->record.position_form == POSITION_FORM_UNTRIED)
                u->record.position_form = POSITION_FORM_LONG;
        return 1;
}

/* A first answer that contradicts our own count is a drive that cannot be believed; a drive that was right
 * before is right now, and our count was wrong. */
static void contradicted(Unit *u, const TapePosition *t)
{
        if (!u->record.position_trusted) {
                u->record.position_form = POSITION_FORM_NONE;
                return;
        }
        journal_commit(&u->journal);
        u->record.anchor.valid = 0;
        position_set_object(&u->record.position, (uint8_t) t->partition, t->object);
        u->record.commit = u->record.position;
}

/* Takes an answer into the record where nothing better is known, and judges the drive by it. */
static void learn(Unit *u, const TapePosition *t)
{
        MediumPlace *p = &u->record.position;

        if (!t->object_known) {
                u->record.position_form = POSITION_FORM_NONE;
                return;
        }
        if (p->object_known && p->object != t->object) {
                contradicted(u, t);
                return;
        }
        if (t->object > 0)
                u->record.position_trusted = 1;
        if (p->object_known || (t->object == 0 && !t->bop && !u->record.position_trusted))
                return;
        if (!p->file_known || t->object == 0)
                position_set_object(p, (uint8_t) t->partition, t->object);
        p->object = t->object; /* and the file is known still, for drives without LOCATE */
        p->object_known = 1;
        if (journal_is_empty(&u->journal))
                u->record.commit = *p;
}

void step_position_start(Unit *u, usec_t now)
{
        if (u->record.position_form == POSITION_FORM_NONE) {
                u->want_position = false;
                unit_goto_step(u, u->resume.step == STEP_LEARN_POSITION ? STEP_NONE : STEP_PLAN, now);
                return;
        }
        unit_submit_read_position(u);
}

/* At a medium that nobody has used through us: wherever it stands is where it is. Whether it is another one
 * than before is for the plan to say. */
static bool is_first_look(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return !r->position_used && !position_known(&r->position) && r->in_flight.phase == IN_FLIGHT_NONE &&
               (u->phase == UNIT_PROBING || !r->medium_changed);
}

void step_position_done(Unit *u, const StepResult *r, usec_t now)
{
        TapePosition t;
        int k = parse_answer(u, r, &t);

        if (k == -EAGAIN) {
                unit_goto_step(u, STEP_POSITION, now);
                return;
        }
        if (k > 0 && t.object_known &&
            (u->record.position_trusted || (t.object > 0 && !position_known(&u->record.position)))) {
                u->resume.reported = true;
                u->resume.reported_object = t.object;
                u->resume.reported_partition = (uint8_t) t.partition;
        }
        if (k > 0 && is_first_look(u)) {
                learn(u, &t);
                if (position_known(&u->record.position)) {
                        unit_goto_step(u, STEP_DONE, now);
                        return;
                }
        }
        unit_goto_step(u, STEP_PLAN, now);
}

void step_learn_position_done(Unit *u, const StepResult *r, usec_t now)
{
        TapePosition t;
        int k = parse_answer(u, r, &t);

        if (k == -EAGAIN) {
                unit_goto_step(u, STEP_LEARN_POSITION, now);
                return;
        }
        u->want_position = false;
        if (k > 0) {
                learn(u, &t);
                unit_store(u);
        }
        unit_goto_step(u, STEP_NONE, now);
}

/* After a LOCATE: where it says it is must be where it was sent. */
void step_check_position_start(Unit *u, usec_t now)
{
        if (!u->record.position_trusted || !u->resume.target.object_known)
                unit_goto_step(u, (Step) u->resume.after_locate, now);
        else
                unit_submit_read_position(u);
}

bool unit_reports_place(Unit *u, const StepResult *r, const MediumPlace *place)
{
        TapePosition t;

        return parse_answer(u, r, &t) > 0 && t.object_known && t.object == place->object &&
               t.partition == place->partition;
}

void step_check_position_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!unit_reports_place(u, r, &u->resume.target)) {
                unit_give_up_position(u, now, "the drive did not go where it was sent");
                return;
        }
        unit_goto_step(u, (Step) u->resume.after_locate, now);
}

/* ---- going to a place ---- */

void unit_go_to(Unit *u, const MediumPlace *target, Step then, usec_t now)
{
        u->resume.target = *target;
        u->resume.after_locate = then;
        u->resume.space_short = false;
        if (!u->record.strayed) {
                u->record.strayed = 1;
                unit_store(u);
        }
        unit_goto_step(u, STEP_LOCATE, now);
}

/* The drive may stand in another partition than 0, where REWIND would leave it: as it says, as the program
 * went there, since the anchor was looked at, or by a LOCATE that was in flight. */
static bool may_be_elsewhere(const Unit *u)
{
        const InFlight *f = &u->record.in_flight;
        bool located = f->phase == IN_FLIGHT_SENT && (f->cdb[0] == OP_LOCATE_10 || f->cdb[0] == OP_LOCATE_16);

        return (u->resume.reported && u->resume.reported_partition != 0) ||
               u->record.position.partition != 0 ||
               (u->record.anchor.valid && u->record.anchor.place.partition != 0) ||
               (located && f->cdb[1] & 2);
}

void step_locate_start(Unit *u, usec_t now)
{
        const MediumPlace *t = &u->resume.target;
        bool change = t->partition != 0 || may_be_elsewhere(u);
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;

        if (position_at_beginning(t) && !change) {
                unit_goto_step(u, STEP_REWIND, now);
                return;
        }
        if (u->record.no_locate || !t->object_known) {
                if (t->file_known && t->partition == 0)
                        unit_goto_step(u, STEP_REWIND, now);
                else
                        unit_give_up_position(u, now,
                                              "the drive has no LOCATE and the file number is not known");
                return;
        }
        if (t->object <= UINT32_MAX)
                n_cdb = scsi_cdb_locate_10(cdb, change, t->partition, (uint32_t) t->object);
        else
                n_cdb = scsi_cdb_locate_16(cdb, change, t->partition, LOCATE_OBJECT, t->object);
        unit_submit_step(u, cdb, n_cdb, SCSI_NO_DATA, NULL, 0);
}

static bool is_illegal(const StepResult *r)
{
        return r->sense && r->sense->key == SENSE_ILLEGAL_REQUEST;
}

void unit_place_not_reached(Unit *u, const StepResult *r, usec_t now)
{
        if (u->resume.after_locate == STEP_ANCHOR && !unit_anchor_must_be_there(u))
                unit_go_without_anchor(u, now);
        else if (r->sense && r->sense->key == SENSE_BLANK_CHECK)
                unit_give_up_position(u, now, "the medium ends before block %" PRIu64 ", which was written",
                                      u->resume.target.object);
        else
                unit_give_up_position(u, now, "%s failed, %s %04x", unit_step_name(u->resume.step),
                                      r->sense ? sense_key_name(r->sense->key) : "status",
                                      r->sense ? r->sense->code : r->result->status);
}

void step_locate_done(Unit *u, const StepResult *r, usec_t now)
{
        if (is_illegal(r) && r->sense->code == ASC_INVALID_OPCODE) {
                u->record.no_locate = 1;
                u->record.locates = 0;
                unit_goto_step(u, STEP_PLAN, now);
        } else if (!r->good) {
                unit_place_not_reached(u, r, now);
        } else {
                u->record.locates = 1;
                unit_goto_step(u, STEP_CHECK_POSITION, now);
        }
}

void step_rewind_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_step(u, cdb, scsi_cdb_rewind(cdb, false), SCSI_NO_DATA, NULL, 0);
}

void step_rewind_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!r->good) {
                unit_place_not_reached(u, r, now);
                return;
        }
        if (position_at_beginning(&u->resume.target)) {
                unit_goto_step(u, (Step) u->resume.after_locate, now);
                return;
        }
        u->resume.space_left = u->resume.target.file;
        unit_goto_step(u, STEP_SPACE_FILES, now);
}

static uint64_t space_now(const Unit *u)
{
        return u->resume.space_left < SPACE_6_MAX ? u->resume.space_left : SPACE_6_MAX;
}

static void submit_space(Unit *u, SpaceCode code)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_step(u, cdb, scsi_cdb_space_6(cdb, code, (int32_t) space_now(u)), SCSI_NO_DATA, NULL, 0);
}

void step_space_files_start(Unit *u, usec_t now)
{
        if (u->resume.space_left > 0) {
                submit_space(u, SPACE_FILEMARKS);
                return;
        }
        u->resume.space_left = u->resume.target.block - (u->resume.space_short ? 1 : 0);
        unit_goto_step(u, STEP_SPACE_BLOCKS, now);
}

void step_space_files_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!r->good) {
                unit_place_not_reached(u, r, now);
                return;
        }
        u->resume.space_left -= space_now(u);
        unit_goto_step(u, STEP_SPACE_FILES, now);
}

void step_space_blocks_start(Unit *u, usec_t now)
{
        if (u->resume.space_left > 0)
                submit_space(u, SPACE_BLOCKS);
        else
                unit_goto_step(u, u->resume.space_short ? STEP_READ_OVER : STEP_CHECK_POSITION, now);
}

void step_space_blocks_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->sense && r->sense->code == ASC_END_OF_DATA && !u->resume.space_short) {
                u->resume.space_short = true;
                unit_goto_step(u, STEP_REWIND, now);
        } else if (!r->good) {
                unit_place_not_reached(u, r, now);
        } else {
                u->resume.space_left -= space_now(u);
                unit_goto_step(u, STEP_SPACE_BLOCKS, now);
        }
}

void step_read_over_start(Unit *u, usec_t now)
{
        bool fixed = u->record.block_fixed;
        uint32_t n = fixed ? u->record.block_length : SCSI_TRANSFER_MAX;
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_step(u, cdb, scsi_cdb_read_6(cdb, fixed, !fixed, fixed ? 1 : n), SCSI_DATA_IN, u->scratch,
                         n);
}

void step_read_over_done(Unit *u, const StepResult *r, usec_t now)
{
        u->resume.space_short = false;
        if (!r->good && !(r->sense && r->sense->ili))
                unit_place_not_reached(u, r, now);
        else
                unit_goto_step(u, STEP_CHECK_POSITION, now);
}
