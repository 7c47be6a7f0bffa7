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

#include "hold/unit-internal.h"

/* ---- the plan ---- */

void unit_pass_objects(MediumPlace *p, const JournalRecord *r, uint64_t n)
{
        if (r->length > 0)
                position_pass_blocks(p, n);
        else
                position_pass_filemarks(p, n);
}

MediumPlace unit_place_of_record(const Unit *u, uint64_t number)
{
        MediumPlace p = u->record.commit;

        for (uint64_t i = u->record.journal.first; i < number; i++) {
                const JournalRecord *r = journal_record(&u->journal, i);

                unit_pass_objects(&p, r, r->n_objects);
        }
        return p;
}

/* The place of the journal's object now under comparison. */
MediumPlace unit_place_of_compare(const Unit *u)
{
        MediumPlace p = unit_place_of_record(u, u->resume.compare);

        if (u->resume.compare_object > 0)
                unit_pass_objects(&p, journal_record(&u->journal, u->resume.compare),
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

bool unit_write_in_flight(const Unit *u)
{
        return u->record.in_flight.phase == IN_FLIGHT_SENT && u->record.in_flight.journalled;
}

/* The end of the journal may not have reached the device: a WRITE in flight, or what was to follow behind. */
static bool is_end_open(const Unit *u)
{
        return unit_write_in_flight(u) || journal_n_unsent(&u->journal) > 0;
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
        return here >= unit_place_of_record(u, r->journal.sent).object &&
               compare_skip(u, here - r->commit.object);
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

/* A block known to be there, by which to know the medium; and, of a D that only the drive has named, the
 * block before it. */
static bool wants_anchor(const Unit *u)
{
        return u->record.anchor.valid && !u->resume.anchor_found &&
               (!u->resume.medium_proven || !journal_begin_is_proven(&u->journal));
}

/* Back to D, by way of the anchor if that is needed. */
void unit_plan_return(Unit *u, usec_t now)
{
        MediumPlace target = u->record.commit;
        Step then = journal_is_empty(&u->journal) ? STEP_DONE : STEP_COMPARE;

        u->resume.compare = u->record.journal.first;
        u->resume.compare_object = 0;
        if (wants_anchor(u))
                unit_go_to(u, &u->record.anchor.place, STEP_ANCHOR, now);
        else if (u->resume.medium_proven || then == STEP_COMPARE)
                unit_go_to(u, &target, then, now);
        else
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
                unit_plan_return(u, now);
}
