/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a process that holds a device. Either a successor goes on: then nothing is begun any more, and
 * what is written is committed, so that the journal may go with the process. Or the device is given up: then
 * nobody may wait for an answer that never comes, and the device gets back what a program took of it, as the
 * kernel's driver would when a program is killed. */

#include <stdio.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"

static bool has_to_commit(const Unit *u)
{
        return u->config.type == DEVICE_TAPE && !u->record.position_lost && unit_has_unproven(u);
}

static bool has_to_allow(const Unit *u)
{
        return u->leaving && u->record.prevent != 0;
}

void step_allow_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_bare(u, cdb, scsi_cdb_prevent_allow(cdb, 0));
}

/* It was asked; more cannot be done. */
void step_allow_done(Unit *u, const StepResult *r, usec_t now)
{
        u->record.prevent = 0;
        unit_store(u);
        unit_goto_step(u, STEP_NONE, now);
}

void unit_pump_stop(Unit *u, usec_t now)
{
        if (unit_must_return(u, NULL))
                unit_goto_step(u, STEP_RETURN, now);
        else if (unit_must_ungroup(u, NULL))
                unit_goto_step(u, STEP_UNGROUP, now);
        else if (has_to_commit(u))
                unit_goto_step(u, STEP_COMMIT, now);
        else if (has_to_allow(u))
                unit_goto_step(u, STEP_ALLOW, now);
        else if (u->leaving)
                unit_fail_queue(u);
}

void unit_stop(Unit *u, usec_t now)
{
        u->stopping = true;
        unit_pump(u, now);
}

void unit_leave(Unit *u, usec_t now)
{
        u->leaving = true;
        if (unit_waits(u))
                unit_abandon(u);
        unit_stop(u, now);
}

void unit_abandon(Unit *u)
{
        if (u->submitted != SUBMITTED_STEP)
                u->submitted = SUBMITTED_NOTHING;
        unit_lose_what_waits(u);
        snprintf(u->record.reason, sizeof(u->record.reason), "evertaped was stopped");
        unit_fail_queue(u);
        unit_store(u);
}

bool unit_stopped(const Unit *u)
{
        if (u->submitted != SUBMITTED_NOTHING || u->awaiting_answer || u->n_actions > 0)
                return false;
        return !u->path_open || unit_is_resuming(u) ||
               !(u->ahead.n > 0 || unit_must_ungroup(u, NULL) || has_to_commit(u) || has_to_allow(u));
}
