/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the device is ready, which a resume asks first, and whether it has written its buffer, which is
 * asked between two commands of a program. */

#include <stdio.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"

#define READY_ANSWERS 3

/* ---- is it ready ---- */

void step_ready_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_bare(u, cdb, scsi_cdb_test_unit_ready(cdb));
}

void unit_ask_again(Unit *u, usec_t now, usec_t pause)
{
        if (pause == 0)
                unit_goto_step(u, STEP_READY, now);
        else
                u->wake = now + pause;
}

/* With a session open it is for the plan to say what a medium that is gone means. */
static void note_medium(Unit *u, bool no_medium)
{
        if (no_medium && !unit_session_open(u))
                unit_forget_medium(u, MEDIUM_ABSENT);
        else if (!no_medium && u->record.medium == MEDIUM_ABSENT)
                unit_forget_medium(u, MEDIUM_PRESENT);
        else if (!no_medium)
                u->record.medium = MEDIUM_PRESENT;
}

static void ready_count(Unit *u, bool no_medium, usec_t now)
{
        if (u->resume.n_ready > 0 && u->resume.ready_no_medium != no_medium)
                u->resume.n_ready = 0;
        u->resume.ready_no_medium = no_medium;
        if (++u->resume.n_ready < READY_ANSWERS) {
                unit_goto_step(u, STEP_READY, now);
                return;
        }
        if (u->config.type == DEVICE_TAPE)
                note_medium(u, no_medium);
        unit_goto_step(u, STEP_PREVENT, now);
}

void step_ready_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->result->status == SCSI_RESERVATION_CONFLICT && u->record.persistent.registered &&
            !u->resume.conflict) {
                /* by another path of ours, perhaps: then it is taken over first */
                u->resume.conflict = true;
                unit_goto_step(u, STEP_KEYS, now);
                return;
        }
        if (r->result->status == SCSI_RESERVATION_CONFLICT && u->resume.conflict_over) {
                unit_give_up_position(u, now, "another host has reserved the device");
                return;
        }
        if (r->good ||
            (r->sense && r->sense->key != SENSE_NOT_READY && r->sense->key != SENSE_UNIT_ATTENTION))
                ready_count(u, false, now);
        else if (r->sense && r->sense->key == SENSE_NOT_READY &&
                 (sense_asc(r->sense) == 0x3a || r->sense->code == 0x0402 || r->sense->code == 0x0403))
                ready_count(u, true, now);
        else {
                u->resume.n_ready = 0;
                unit_ask_again(u, now, UNIT_READY_INTERVAL);
        }
}

/* ---- between two commands ---- */

void step_commit_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        u->want_commit = false;
        unit_submit_bare(u, cdb, scsi_cdb_write_filemarks_6(cdb, false, 0));
}

/* A failure is about objects that the program has already been told are good: it must hear it now. */
void step_commit_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good || (r->sense && !r->sense->deferred && r->sense->key <= SENSE_RECOVERED_ERROR)) {
                unit_commit(u);
                unit_store(u);
        } else {
                journal_commit(&u->journal);
                u->record.anchor.valid = 0;
                u->record.position_lost = u->record.loss_unreported = 1;
                snprintf(u->record.reason, sizeof(u->record.reason), "the drive could not write its buffer");
                unit_store(u);
                unit_push_failed(u);
                unit_set_phase(u, UNIT_FAILED);
        }
        unit_goto_step(u, STEP_NONE, now);
}
