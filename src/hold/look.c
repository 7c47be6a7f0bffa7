/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What whoever watches may know. Nothing here changes anything. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"

const UnitPage *unit_page(const Unit *u, int page)
{
        return unit_state_page(u->state, page);
}

char *unit_format_position(const Unit *u, char *dst, size_t n_dst)
{
        const MediumPlace *p = &u->record.position;

        if (u->config.type == DEVICE_CHANGER || u->record.medium == MEDIUM_ABSENT)
                snprintf(dst, n_dst, "%s", "");
        else if (u->record.position_lost || !position_known(p))
                snprintf(dst, n_dst, "unknown");
        else if (position_at_beginning(p))
                snprintf(dst, n_dst, "beginning of medium");
        else if (p->object_known && p->file_known)
                snprintf(dst, n_dst, "block %" PRIu64 ", file %" PRIu64, p->object, p->file);
        else if (p->object_known)
                snprintf(dst, n_dst, "block %" PRIu64, p->object);
        else
                snprintf(dst, n_dst, "file %" PRIu64 ", block %" PRIu64, p->file, p->block);
        return dst;
}

char *unit_format_medium(const Unit *u, char *dst, size_t n_dst)
{
        snprintf(dst, n_dst, "%.*s", u->record.n_medium_id, (const char *) u->record.medium_id);
        for (char *p = dst; *p; p++) /* a device may say anything */
                if (*p < ' ' || *p > '~')
                        *p = '?';
        return dst;
}

const UnitCommand *unit_at_device(const Unit *u)
{
        return u->submitted == SUBMITTED_PROGRAM && u->n_queue > 0 ? &u->queue[0] : NULL;
}

const char *unit_step(const Unit *u)
{
        return u->resume.step == STEP_NONE ? NULL : unit_step_name(u->resume.step);
}

bool unit_resume_progress(const Unit *u, uint64_t *ret_done, uint64_t *ret_total)
{
        const JournalIndex *j = &u->record.journal;

        if ((u->resume.step != STEP_COMPARE && u->resume.step != STEP_REWRITE) ||
            u->resume.compare < j->first)
                return false;
        *ret_done = u->resume.compare - j->first;
        *ret_total = j->end - j->first;
        return true;
}
