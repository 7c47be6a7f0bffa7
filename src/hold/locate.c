/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* READ POSITION, as far as this drive's can be trusted. Some answer zeros for ever, some do not know the
 * command. It is believed once it has named a place other than 0 where our own count has it, or, with no count
 * of our own, a place that is not 0; a drive that ever contradicts our count is not asked again. */

#include <errno.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/ssc.h"

static ReadPositionForm form_of(const Unit *u)
{
        return u->record.position_form == POSITION_FORM_SHORT ? READ_POSITION_SHORT : READ_POSITION_LONG;
}

static void submit_read_position(Unit *u)
{
        uint32_t n = form_of(u) == READ_POSITION_SHORT ? READ_POSITION_SHORT_LENGTH : READ_POSITION_LONG_LENGTH;
        uint8_t cdb[SCSI_CDB_MAX];

        memset(u->scratch, 0, n);
        unit_submit_step(u, cdb, scsi_cdb_read_position(cdb, form_of(u)), SCSI_DATA_IN, u->scratch, n);
}

/* 1: *ret is where the drive says it is. 0: it does not say now. -EAGAIN: ask again in the form now set. */
static int parse_answer(Unit *u, const StepResult *r, TapePosition *ret)
{
        bool refused = r->sense && r->sense->key == SENSE_ILLEGAL_REQUEST;

        if (refused || (r->good && ssc_parse_position(form_of(u), u->scratch, r->result->n_transferred, ret) < 0)) {
                u->record.position_form =
                        u->record.position_form == POSITION_FORM_SHORT ? POSITION_FORM_NONE : POSITION_FORM_SHORT;
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
        position_set_object(p, (uint8_t) t->partition, t->object);
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
        submit_read_position(u);
}

void step_position_done(Unit *u, const StepResult *r, usec_t now)
{
        TapePosition t;
        int k = parse_answer(u, r, &t);

        if (k == -EAGAIN) {
                unit_goto_step(u, STEP_POSITION, now);
                return;
        }
        if (k > 0 && u->record.position_trusted && t.object_known) {
                u->resume.reported = true;
                u->resume.reported_object = t.object;
        }
        if (k > 0 && !u->record.position_used && !position_known(&u->record.position))
                learn(u, &t); /* the first look at a medium that nobody has used through us */
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
                submit_read_position(u);
}

void step_check_position_done(Unit *u, const StepResult *r, usec_t now)
{
        TapePosition t;

        if (parse_answer(u, r, &t) <= 0 || !t.object_known || t.object != u->resume.target.object) {
                unit_give_up_position(u, now, "the drive did not go where it was sent");
                return;
        }
        unit_goto_step(u, (Step) u->resume.after_locate, now);
}
