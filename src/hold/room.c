/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How much a medium can still take. What was answered before the drive has it must fit, and early warning
 * comes too late for that: nothing says how much there is behind it. The drive knows what is left
 * (SPC-4 7.4.2.2.1), and without compression no more is used up than was written. So it is asked at the
 * beginning of a stream, and again when half of what it said is written; no more than a quarter of it is ever
 * on its way. One that does not know, or says the same again, is not written behind. */

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/mam.h"
#include "util/bytes.h"

#define ATTRIBUTE_LENGTH 64
#define ROOM_MIN         (UINT64_C(4) << 20) /* with less a stream is over */
#define ROOM_MAX         (UINT64_C(1) << 40) /* MiB; nobody's */

uint64_t unit_room_limit(const Unit *u)
{
        return u->room.remaining >= ROOM_MIN ? u->room.remaining / 4 : 0;
}

bool unit_has_medium_room(const Unit *u, uint32_t n_data)
{
        return u->room.written + n_data <= u->room.remaining / 2;
}

void unit_note_written(Unit *u, uint32_t n_data)
{
        UnitRoom *r = &u->room;

        r->written += n_data;
        u->want_room = u->config.pipeline > 0 && !u->record.no_mam &&
                       (!r->asked || (r->remaining >= ROOM_MIN && r->written > r->remaining / 2));
}

void unit_end_stream(Unit *u)
{
        u->n_streaming = 0;
        u->room = (UnitRoom){};
        u->grouping = (UnitGrouping){.limit = SCSI_TRANSFER_MAX};
        u->want_room = false;
}

void step_learn_room_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        u->want_room = false;
        unit_submit_in(u, cdb,
                       scsi_cdb_read_attribute(cdb, u->record.position.partition, MAM_REMAINING_CAPACITY,
                                               ATTRIBUTE_LENGTH),
                       ATTRIBUTE_LENGTH);
}

static uint64_t parse_room(const Unit *u, const StepResult *r)
{
        MamAttribute a;
        uint64_t mib;

        if (!r->good || mam_find(u->scratch, r->result->n_transferred, MAM_REMAINING_CAPACITY, &a) <= 0 ||
            a.n_bytes != 8)
                return 0;
        mib = get_be(a.bytes, 8);
        return mib < ROOM_MAX ? mib << 20 : 0;
}

void step_learn_room_done(Unit *u, const StepResult *r, usec_t now)
{
        uint64_t remaining = parse_room(u, r);

        if (u->room.asked && remaining == u->room.remaining)
                remaining = 0; /* it does not keep count */
        u->room = (UnitRoom){.asked = true, .remaining = remaining};
        unit_goto_step(u, STEP_NONE, now);
}
