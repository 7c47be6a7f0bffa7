/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A MOVE MEDIUM that was in flight is settled by looking where the cartridge is: where it should go (done),
 * where it came from (not begun: sent again), or in the picker (finished from there). Never moved twice. What
 * the elements held before is looked up before it is sent: an empty source and a full destination mean "done"
 * only if they were full and empty then. */

#include <errno.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/smc.h"

#define ELEMENT_STATUS_LENGTH (512 * 1024)

bool unit_move_in_flight(const Unit *u)
{
        const InFlight *f = &u->record.in_flight;

        if (f->phase != IN_FLIGHT_SENT)
                return false;
        return scsi_opcode_find(u->config.type, f->cdb, f->n_cdb)->settle == SETTLE_MOVE_MEDIUM;
}

void step_elements_start(Unit *u, usec_t now)
{
        ElementStatusRequest request = {
                .type = ELEMENT_ALL, .count = 0xffff, .volume_tags = true, .n_alloc = ELEMENT_STATUS_LENGTH};
        uint8_t cdb[SCSI_CDB_MAX];

        memset(u->scratch, 0, ELEMENT_STATUS_LENGTH);
        unit_submit_step(u, cdb, scsi_cdb_read_element_status(cdb, &request), SCSI_DATA_IN, u->scratch,
                         ELEMENT_STATUS_LENGTH);
}

typedef struct Sighting {
        bool source_seen, source_full;
        bool destination_seen, destination_full;
        unsigned n_pickers_full;
        uint16_t picker;
} Sighting;

static int look(const uint8_t *data, size_t n_data, const MoveMedium *move, Sighting *ret)
{
        Sighting s = {};
        ElementIter it;
        Element e;
        int r;

        r = smc_elements_init(&it, data, n_data);
        if (r < 0)
                return r;
        while ((r = smc_elements_next(&it, &e)) > 0) {
                if (e.address == move->source) {
                        s.source_seen = true;
                        s.source_full = e.full;
                } else if (e.address == move->destination) {
                        s.destination_seen = true;
                        s.destination_full = e.full;
                } else if (e.type == ELEMENT_TRANSPORT && e.full) {
                        s.n_pickers_full++;
                        s.picker = e.address;
                }
        }
        if (r < 0)
                return r;
        *ret = s;
        return 0;
}

static int look_at_move(const Unit *u, const StepResult *r, const uint8_t *cdb, size_t n_cdb,
                        MoveMedium *ret_move, Sighting *ret)
{
        int k;

        if (!r->good)
                return -ENODATA;
        k = smc_parse_move(cdb, n_cdb, ret_move);
        if (k >= 0)
                k = look(u->scratch, r->result->n_transferred, ret_move, ret);
        if (k >= 0 && (!ret->source_seen || !ret->destination_seen))
                k = -ENODATA;
        return k;
}

void step_look_done(Unit *u, const StepResult *r, usec_t now)
{
        const UnitCommand *c = &u->queue[0];
        MoveMedium move;
        Sighting s;

        u->want_look = false;
        u->looked = MOVE_UNKNOWN;
        if (u->n_queue > 0 && look_at_move(u, r, c->cdb, c->n_cdb, &move, &s) >= 0)
                u->looked = s.source_full && !s.destination_full ? MOVE_POSSIBLE : MOVE_IMPOSSIBLE;
        unit_goto_step(u, STEP_NONE, now);
}

static void settle_unknown(Unit *u, usec_t now, const char *why)
{
        uint8_t sense[SCSI_SENSE_MAX];
        Sense s = {.key = SENSE_HARDWARE_ERROR, .code = ASC_INTERNAL_TARGET_FAILURE};

        unit_push_event(u, "failed", "%s", why);
        unit_settle(u, SCSI_CHECK_CONDITION, sense, sense_build(&s, sense, sizeof(sense)));
        unit_goto_step(u, STEP_DONE, now);
}

void step_elements_done(Unit *u, const StepResult *r, usec_t now)
{
        const InFlight *f = &u->record.in_flight;
        MoveMedium move;
        Sighting s;

        if (look_at_move(u, r, f->cdb, f->n_cdb, &move, &s) < 0) {
                settle_unknown(u, now, "the library does not say where the cartridge is");
        } else if (move.exchange) {
                settle_unknown(u, now, "an EXCHANGE MEDIUM was interrupted, see the library's inventory");
        } else if (s.source_full || f->looked == MOVE_IMPOSSIBLE) {
                u->record.in_flight = (InFlight){}; /* not begun, or to be refused: the library says which */
                unit_goto_step(u, STEP_DONE, now);
        } else if (s.destination_full && f->looked == MOVE_POSSIBLE) {
                unit_settle(u, SCSI_GOOD, NULL, 0);
                unit_goto_step(u, STEP_DONE, now);
        } else if (s.n_pickers_full == 1 && !s.destination_full) {
                u->resume.target.object = s.picker;
                unit_goto_step(u, STEP_FINISH_MOVE, now);
        } else {
                settle_unknown(u, now, "it cannot be told where the cartridge of a MOVE MEDIUM is");
        }
}

void step_finish_move_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];
        MoveMedium move = {};

        (void) smc_parse_move(u->record.in_flight.cdb, u->record.in_flight.n_cdb, &move);
        unit_submit_step(u, cdb,
                         scsi_cdb_move_medium(cdb, move.transport, (uint16_t) u->resume.target.object,
                                              move.destination),
                         SCSI_NO_DATA, NULL, 0);
}

void step_finish_move_done(Unit *u, const StepResult *r, usec_t now)
{
        unit_settle(u, r->result->status, r->result->sense, r->result->n_sense);
        unit_goto_step(u, STEP_DONE, now);
}
