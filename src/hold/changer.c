/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A MOVE MEDIUM or EXCHANGE MEDIUM that was in flight is settled by looking where its cartridges are: where
 * they should go (done), where they came from (not begun: sent again), or on the way (finished from there).
 * Never moved twice. What the elements held is looked up before it is sent: an empty source and a full
 * destination mean "done" only if they were full and empty then.
 *
 * A cartridge is known by its volume tag. Where a library has no tags a MOVE MEDIUM is still told by which
 * elements are full, and so is an EXCHANGE MEDIUM that has not begun or is done; one that was interrupted
 * halfway is not. */

#include <errno.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/smc.h"
#include "util/crc32c.h"

#define ELEMENT_STATUS_LENGTH (512 * 1024)
#define PICKERS_MAX           4
#define FINISH_MOVES_MAX      6 /* an EXCHANGE needs three at most */

/* What an element holds. */
typedef struct Holding {
        bool seen, full;
        uint16_t address;
        uint32_t tag; /* CRC-32C of the volume tag, 0: none */
} Holding;

/* second is the first one's source when the two cartridges change places, and not used by MOVE MEDIUM. */
typedef struct Sighting {
        Holding source, first, second;
        Holding pickers[PICKERS_MAX]; /* full ones only */
        unsigned n_pickers;
} Sighting;

/* Where a cartridge of the command in flight is. */
typedef enum Whereabouts {
        AT_SOURCE,
        AT_FIRST,
        AT_SECOND,
        IN_PICKER,
        NOWHERE, /* or in two places */
        _WHEREABOUTS_MAX,
} Whereabouts;

typedef enum Outcome {
        OUTCOME_UNKNOWN,
        OUTCOME_AGAIN,
        OUTCOME_DONE,
        /* one cartridge goes from the picker, or from its place: */
        OUTCOME_MOVE_TO_FIRST,
        OUTCOME_MOVE_BACK, /* the picker is needed for the other one */
        OUTCOME_MOVE_OTHER,
} Outcome;

/* EXCHANGE MEDIUM: by where the cartridge from the source is, and where the other one is, which was in the
 * first destination. */
static const Outcome exchange_outcomes[_WHEREABOUTS_MAX][_WHEREABOUTS_MAX] = {
        [AT_SOURCE] = {[AT_FIRST] = OUTCOME_AGAIN,
                       [AT_SECOND] = OUTCOME_MOVE_TO_FIRST,
                       [IN_PICKER] = OUTCOME_MOVE_OTHER},
        [AT_FIRST] = {[AT_SECOND] = OUTCOME_DONE, [IN_PICKER] = OUTCOME_MOVE_OTHER},
        [IN_PICKER] = {[AT_FIRST] = OUTCOME_MOVE_BACK,
                       [AT_SECOND] = OUTCOME_MOVE_TO_FIRST,
                       [IN_PICKER] = OUTCOME_MOVE_TO_FIRST},
};

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

/* ---- looking ---- */

static Holding holding(const Element *e)
{
        uint32_t tag = e->volume_tag[0] ? crc32c(0, e->volume_tag, strlen(e->volume_tag)) : 0;

        return (Holding){.seen = true, .full = e->full, .address = e->address, .tag = e->full ? tag : 0};
}

static void note(Sighting *s, const MoveMedium *move, const Element *e)
{
        Holding h = holding(e);

        if (e->address == move->source)
                s->source = h;
        if (e->address == move->destination)
                s->first = h;
        if (move->exchange && e->address == move->second_destination)
                s->second = h;
        if (e->type == ELEMENT_TRANSPORT && e->full && e->address != move->source &&
            e->address != move->destination && s->n_pickers < PICKERS_MAX)
                s->pickers[s->n_pickers++] = h;
}

static int look(const uint8_t *data, size_t n_data, const MoveMedium *move, Sighting *ret)
{
        Sighting s = {};
        ElementIter it;
        Element e;
        int r;

        r = smc_elements_init(&it, data, n_data);
        if (r < 0)
                return r;
        while ((r = smc_elements_next(&it, &e)) > 0)
                note(&s, move, &e);
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
        if (k >= 0 && (!ret->source.seen || !ret->first.seen || (ret_move->exchange && !ret->second.seen)))
                k = -ENODATA;
        return k;
}

static bool is_possible(const MoveMedium *move, const Sighting *s)
{
        if (!move->exchange)
                return s->source.full && !s->first.full;
        return s->source.full && s->first.full &&
               (move->second_destination == move->source || !s->second.full);
}

void step_look_done(Unit *u, const StepResult *r, usec_t now)
{
        const UnitCommand *c = &u->queue[0];
        MoveMedium move;
        Sighting s;

        u->want_look = false;
        u->looked = (MoveBefore){.outlook = MOVE_UNKNOWN};
        if (u->n_queue > 0 && look_at_move(u, r, c->cdb, c->n_cdb, &move, &s) >= 0)
                u->looked = (MoveBefore){.outlook = is_possible(&move, &s) ? MOVE_POSSIBLE : MOVE_IMPOSSIBLE,
                                         .tag = s.source.tag,
                                         .other_tag = s.first.tag};
        unit_goto_step(u, STEP_NONE, now);
}

/* ---- concluding ---- */

static bool may_be(const Holding *h, uint32_t tag)
{
        return h->full && (h->tag == tag || h->tag == 0 || tag == 0);
}

/* The one cartridge of a MOVE MEDIUM; *ret_picker where it is IN_PICKER. The destination was empty before. */
static Whereabouts find_moved(const Sighting *s, uint32_t tag, uint16_t *ret_picker)
{
        unsigned n = 0;

        for (unsigned i = 0; i < s->n_pickers; i++)
                if (may_be(&s->pickers[i], tag)) {
                        *ret_picker = s->pickers[i].address;
                        n++;
                }
        if (s->source.full)
                return may_be(&s->source, tag) ? AT_SOURCE : NOWHERE;
        if (s->first.full)
                return may_be(&s->first, tag) ? AT_FIRST : NOWHERE;
        return n == 1 ? IN_PICKER : NOWHERE;
}

static Outcome move_outcome(const Sighting *s, const MoveBefore *before, uint16_t *ret_picker)
{
        static const Outcome outcomes[_WHEREABOUTS_MAX] = {
                [AT_SOURCE] = OUTCOME_AGAIN,
                [AT_FIRST] = OUTCOME_DONE,
                [IN_PICKER] = OUTCOME_MOVE_TO_FIRST,
        };

        if (before->outlook != MOVE_POSSIBLE)
                return s->source.full ? OUTCOME_AGAIN : OUTCOME_UNKNOWN;
        return outcomes[find_moved(s, before->tag, ret_picker)];
}

/* By its tag, which is known. */
static Whereabouts find_tagged(const Sighting *s, bool swap, uint32_t tag, bool other, uint16_t *ret_picker)
{
        Whereabouts w = NOWHERE;
        unsigned n = 0;

        if (s->source.tag == tag) {
                w = other && swap ? AT_SECOND : AT_SOURCE;
                n++;
        }
        if (s->first.tag == tag) {
                w = AT_FIRST;
                n++;
        }
        if (!swap && s->second.tag == tag) {
                w = AT_SECOND;
                n++;
        }
        for (unsigned i = 0; i < s->n_pickers; i++)
                if (s->pickers[i].tag == tag) {
                        w = IN_PICKER;
                        *ret_picker = s->pickers[i].address;
                        n++;
                }
        return n == 1 ? w : NOWHERE;
}

/* Without tags, and with a place for each cartridge of its own, the ends can be told from what is full. */
static Outcome untagged_outcome(const Sighting *s, const MoveMedium *move)
{
        if (move->second_destination == move->source || s->n_pickers > 0 || !s->first.full)
                return OUTCOME_UNKNOWN;
        if (s->source.full && !s->second.full)
                return OUTCOME_AGAIN;
        return !s->source.full && s->second.full ? OUTCOME_DONE : OUTCOME_UNKNOWN;
}

/* Fills in *ret_finish for the OUTCOME_MOVEs. */
static Outcome exchange_outcome(const Sighting *s, const MoveMedium *move, const MoveBefore *before,
                                MoveMedium *ret_finish)
{
        bool swap = move->second_destination == move->source;
        uint16_t picker = 0, other_picker = 0;
        Whereabouts own, other;
        Outcome outcome;

        if (before->outlook == MOVE_UNKNOWN)
                return OUTCOME_UNKNOWN;
        if (before->tag == 0 || before->other_tag == 0 || before->tag == before->other_tag)
                return untagged_outcome(s, move);
        own = find_tagged(s, swap, before->tag, false, &picker);
        other = find_tagged(s, swap, before->other_tag, true, &other_picker);
        outcome = exchange_outcomes[own][other];
        *ret_finish = (MoveMedium){.transport = move->transport,
                                   .source = own == IN_PICKER ? picker : move->source,
                                   .destination = move->destination};
        if (outcome == OUTCOME_MOVE_BACK)
                ret_finish->destination = move->source;
        if (outcome == OUTCOME_MOVE_OTHER) {
                ret_finish->source = other_picker;
                /* two that change places: back, since the other one has not left its own */
                ret_finish->destination =
                        swap && own == AT_SOURCE ? move->destination : move->second_destination;
        }
        return outcome;
}

static void settle_unknown(Unit *u, usec_t now, const char *why)
{
        uint8_t sense[SCSI_SENSE_MAX];
        Sense s = {.key = SENSE_HARDWARE_ERROR, .code = ASC_INTERNAL_TARGET_FAILURE};

        u->tally.n_failures++;
        unit_push_event(u, "failed", "%s", why);
        unit_settle(u, SCSI_CHECK_CONDITION, sense, sense_build(&s, sense, sizeof(sense)));
        unit_goto_step(u, STEP_DONE, now);
}

static void conclude(Unit *u, Outcome outcome, const MoveMedium *move, const MoveMedium *finish, usec_t now)
{
        if (outcome == OUTCOME_AGAIN || u->record.in_flight.move.outlook == MOVE_IMPOSSIBLE) {
                u->record.in_flight = (InFlight){}; /* not begun, or to be refused: the library says which */
                unit_goto_step(u, STEP_DONE, now);
        } else if (outcome == OUTCOME_DONE) {
                unit_settle(u, SCSI_GOOD, NULL, 0);
                unit_goto_step(u, STEP_DONE, now);
        } else if (outcome == OUTCOME_UNKNOWN || u->resume.n_finish >= FINISH_MOVES_MAX) {
                settle_unknown(u, now,
                               move->exchange
                                       ? "it cannot be told where the cartridges of an EXCHANGE MEDIUM are"
                                       : "it cannot be told where the cartridge of a MOVE MEDIUM is");
        } else {
                u->resume.finish = *finish;
                u->resume.n_finish++;
                unit_goto_step(u, STEP_FINISH_MOVE, now);
        }
}

void step_elements_done(Unit *u, const StepResult *r, usec_t now)
{
        const InFlight *f = &u->record.in_flight;
        MoveMedium move, finish = {};
        Sighting s;
        Outcome outcome;

        if (look_at_move(u, r, f->cdb, f->n_cdb, &move, &s) < 0) {
                settle_unknown(u, now, "the library does not say where the cartridge is");
                return;
        }
        if (move.exchange) {
                outcome = exchange_outcome(&s, &move, &f->move, &finish);
        } else {
                finish = move;
                outcome = move_outcome(&s, &f->move, &finish.source);
        }
        conclude(u, outcome, &move, &finish, now);
}

void step_finish_move_start(Unit *u, usec_t now)
{
        const MoveMedium *m = &u->resume.finish;
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_step(u, cdb, scsi_cdb_move_medium(cdb, m->transport, m->source, m->destination),
                         SCSI_NO_DATA, NULL, 0);
}

/* One more look after each step of an EXCHANGE MEDIUM: it says what is left to be done. */
void step_finish_move_done(Unit *u, const StepResult *r, usec_t now)
{
        const InFlight *f = &u->record.in_flight;

        if (r->good && f->phase == IN_FLIGHT_SENT && f->cdb[0] == OP_EXCHANGE_MEDIUM) {
                unit_goto_step(u, STEP_ELEMENTS, now);
                return;
        }
        unit_settle(u, r->result->status, r->result->sense, r->result->n_sense);
        unit_goto_step(u, STEP_DONE, now);
}
