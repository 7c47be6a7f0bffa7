/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The persistent reservation of the program, kept through losses: a registration belongs to one initiator
 * port and one port of the device, and may be gone (power), still there (reset, APTPL), or there under the
 * name of another path. So first it is asked what there is, then the key is registered, and then what the
 * program held is reserved again, or taken over from the path that is gone, which has the same key. What
 * another host has taken meanwhile, or has taken away on purpose (PREEMPT, CLEAR), it keeps: the program is
 * told. */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/reserve.h"

#define KEYS_LENGTH        4096
#define RESERVATION_LENGTH 24
#define REGISTER_WAYS      3
#define NOT_RESERVED_AGAIN "the device could not be reserved again"
#define TAKEN_BY_ANOTHER   "another host has taken its persistent reservation"

/* ---- what the program did ---- */

static void note_registration(HeldReservation *p, const ReserveOut *out)
{
        if (out->action_key == 0) {
                *p = (HeldReservation){};
                return;
        }
        p->key = out->action_key;
        p->registered = 1;
        p->flags = out->flags & (RESERVE_OUT_APTPL | RESERVE_OUT_ALL_TG_PT);
        p->taken = 0;
}

/* GOOD says that the other one is out. The reservation is the program's now if that one had it; who preempts
 * himself changes its type. */
static void note_preempt(HeldReservation *p, const ReserveOut *out)
{
        p->unsure = !p->held;
        if (!p->held || out->action_key == p->key)
                p->scope_type = out->scope_type;
}

void unit_remember_reservation(Unit *u, const UnitCommand *c)
{
        HeldReservation *p = &u->record.persistent;
        bool was_held = p->held;
        ReserveOut out;

        if (reserve_out_parse(c->cdb, c->data, c->n_data, &out) < 0 || out.flags & RESERVE_OUT_SPEC_I_PT) {
                u->record.unrestorable |= UNRESTORABLE_RESERVATION;
                return;
        }
        switch (out.action) {
        case RESERVE_OUT_REGISTER:
        case RESERVE_OUT_REGISTER_AND_IGNORE:
                note_registration(p, &out);
                break;
        case RESERVE_OUT_RESERVE:
        case RESERVE_OUT_REPLACE_LOST:
                p->held = 1;
                p->unsure = 0;
                p->scope_type = out.scope_type;
                break;
        case RESERVE_OUT_RELEASE:
                p->held = p->unsure = 0;
                break;
        case RESERVE_OUT_CLEAR:
                *p = (HeldReservation){};
                u->record.unrestorable &= (uint8_t) ~UNRESTORABLE_RESERVATION;
                break;
        case RESERVE_OUT_PREEMPT:
        case RESERVE_OUT_PREEMPT_AND_ABORT:
                note_preempt(p, &out);
                break;
        case RESERVE_OUT_REGISTER_AND_MOVE:
                p->held = p->unsure = 0;
                if (out.unregisters)
                        *p = (HeldReservation){};
                break;
        default:
                u->record.unrestorable |= UNRESTORABLE_RESERVATION;
        }
        if (was_held && !p->held)
                unit_key_released(u);
}

/* A PERSISTENT RESERVE OUT of which nobody knows whether it was executed; its service action, or -1. */
static int action_in_flight(const Unit *u)
{
        const InFlight *f = &u->record.in_flight;

        return f->phase == IN_FLIGHT_SENT && f->cdb[0] == OP_PERSISTENT_RESERVE_OUT ? f->cdb[1] & 0x1f : -1;
}

static bool preempts(int action)
{
        return action == RESERVE_OUT_PREEMPT || action == RESERVE_OUT_PREEMPT_AND_ABORT;
}

/* After it the program holds the reservation: on a path that is gone, perhaps. */
static bool reserves(const Unit *u)
{
        int action = action_in_flight(u);

        return action == RESERVE_OUT_RESERVE || action == RESERVE_OUT_REPLACE_LOST || preempts(action);
}

/* After it the program does not hold the reservation: if it is gone, it was executed, or does not matter. */
static bool gives_up(const Unit *u)
{
        int action = action_in_flight(u);

        return action == RESERVE_OUT_RELEASE || action == RESERVE_OUT_CLEAR ||
               action == RESERVE_OUT_REGISTER_AND_MOVE ||
               ((action == RESERVE_OUT_REGISTER || action == RESERVE_OUT_REGISTER_AND_IGNORE) &&
                u->record.in_flight.action_key == 0);
}

/* ---- the steps ---- */

static void done_with_it(Unit *u, usec_t now)
{
        u->record.persistent.taken = 0;
        if (u->resume.conflict && !u->resume.conflict_over) { /* TEST UNIT READY is answered now */
                u->resume.conflict_over = true;
                unit_goto_step(u, STEP_READY, now);
                return;
        }
        unit_goto_step(u, STEP_MODE, now);
}

static void taken_by_another(Unit *u, usec_t now)
{
        u->record.persistent = (HeldReservation){};
        unit_give_up_position(u, now, TAKEN_BY_ANOTHER);
}

static void submit_out(Unit *u, const ReserveOut *out)
{
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb = reserve_out_build(out, cdb, u->scratch);

        unit_submit_step(u, cdb, n_cdb, SCSI_DATA_OUT, u->scratch, RESERVE_OUT_LENGTH);
}

/* Who is registered. Nothing to restore, and nothing in flight that may be half of a beginning: no steps. */
void step_keys_start(Unit *u, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;
        uint8_t cdb[SCSI_CDB_MAX];

        u->resume.n_registered = 0;
        u->resume.preempted = u->resume.key_registered = u->resume.holder = u->resume.reserved = false;
        if (!p->registered) {
                unit_goto_step(u, STEP_REGISTER, now);
                return;
        }
        unit_submit_in(u, cdb, scsi_cdb_persistent_reserve_in(cdb, RESERVE_IN_KEYS, KEYS_LENGTH),
                       KEYS_LENGTH);
}

/* The program's key is not there, and neither a reset nor the program itself has taken it away. After a loss
 * of power nobody has registered, until the first does. */
static bool was_taken_away(const Unit *u, int registered, int64_t generation)
{
        int action = action_in_flight(u);
        bool own = action == RESERVE_OUT_REGISTER || action == RESERVE_OUT_REGISTER_AND_IGNORE ||
                   action == RESERVE_OUT_CLEAR || action == RESERVE_OUT_REGISTER_AND_MOVE;

        return registered == 0 && generation != 0 && (u->record.persistent.taken || !u->record.reset_seen) &&
               !own;
}

void step_keys_done(Unit *u, const StepResult *r, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;
        uint64_t victim = u->record.in_flight.action_key;
        uint32_t n = r->result->n_transferred;
        int ours = r->good ? reserve_find_key(u->scratch, n, p->key) : -1;

        if (was_taken_away(u, ours, reserve_parse_generation(u->scratch, n))) {
                taken_by_another(u, now);
                return;
        }
        u->resume.key_registered = ours > 0;
        u->resume.preempted = ours > 0 && preempts(action_in_flight(u)) && victim != p->key && victim != 0 &&
                              reserve_find_key(u->scratch, n, victim) == 0;
        unit_goto_step(u, STEP_REGISTER, now);
}

/* Ignoring what is registered is what not every device can; then with the key that may be, or with none. A
 * REGISTER in flight that was the first is undone, or it would conflict with itself. */
void step_register_start(Unit *u, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;
        unsigned way = u->resume.n_registered;
        ReserveOut out = {
                .action = way == 0 ? RESERVE_OUT_REGISTER_AND_IGNORE : RESERVE_OUT_REGISTER,
                .key = way == 1 ? (p->registered ? p->key : u->record.in_flight.action_key) : 0,
                .action_key = p->key,
                .flags = p->flags,
        };

        if (p->registered || action_in_flight(u) == RESERVE_OUT_REGISTER)
                submit_out(u, &out);
        else
                done_with_it(u, now);
}

void step_register_done(Unit *u, const StepResult *r, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;

        if (!r->good && u->resume.n_registered + 1 < REGISTER_WAYS) {
                u->resume.n_registered++;
                unit_goto_step(u, STEP_REGISTER, now);
        } else if (!r->good && p->registered) {
                unit_give_up_position(u, now, NOT_RESERVED_AGAIN);
        } else if (p->held || p->unsure || reserves(u)) {
                unit_goto_step(u, STEP_HOLDER, now);
        } else {
                done_with_it(u, now);
        }
}

void step_holder_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb,
                       scsi_cdb_persistent_reserve_in(cdb, RESERVE_IN_RESERVATION, RESERVATION_LENGTH),
                       RESERVATION_LENGTH);
}

/* What a PREEMPT has brought. False: that is not to be known any more. */
static bool learn_from_preempt(Unit *u, const Reservation *found)
{
        HeldReservation *p = &u->record.persistent;

        if (!u->resume.holder && !u->resume.key_registered)
                return false;
        p->held = u->resume.holder;
        p->unsure = 0;
        if (p->held)
                p->scope_type = found->scope_type;
        if (u->resume.preempted)
                unit_settle(u, SCSI_GOOD, NULL, 0);
        unit_store(u);
        return true;
}

void step_holder_done(Unit *u, const StepResult *r, usec_t now)
{
        HeldReservation *p = &u->record.persistent;
        Reservation found = {};
        int k = r->good ? reserve_parse_reservation(u->scratch, r->result->n_transferred, &found) : -1;

        u->resume.holder = k > 0 && (reserve_is_all_registrants(found.scope_type) || found.key == p->key);
        if (u->resume.reserved) {
                if (k < 0 || (u->resume.holder && found.scope_type == p->scope_type))
                        done_with_it(u, now);
                else
                        unit_give_up_position(u, now, NOT_RESERVED_AGAIN);
                return;
        }
        if ((p->unsure || u->resume.preempted) && (k < 0 || !learn_from_preempt(u, &found))) {
                u->record.unrestorable |= UNRESTORABLE_RESERVATION;
                done_with_it(u, now);
        } else if (!p->held && reserves(u) && u->resume.holder) {
                p->scope_type = found.scope_type;
                unit_goto_step(u, STEP_HOLD, now);
        } else if (!p->held || (k >= 0 && !u->resume.holder && gives_up(u))) {
                done_with_it(u, now);
        } else if (k >= 0 && !u->resume.holder && (k > 0 || p->taken)) {
                taken_by_another(u, now);
        } else {
                unit_goto_step(u, STEP_HOLD, now);
        }
}

void step_hold_start(Unit *u, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;

        submit_out(u,
                   &(ReserveOut){.action = RESERVE_OUT_RESERVE, .scope_type = p->scope_type, .key = p->key});
}

/* A conflict with our own key is with another path of ours. */
void step_hold_done(Unit *u, const StepResult *r, usec_t now)
{
        u->resume.reserved = r->good;
        if (r->good)
                unit_goto_step(u, STEP_HOLDER, now);
        else if (r->result->status == SCSI_RESERVATION_CONFLICT && u->resume.holder)
                unit_goto_step(u, STEP_PREEMPT, now);
        else
                unit_give_up_position(u, now, NOT_RESERVED_AGAIN);
}

/* By its own key: all other nexuses with it are out, and the reservation is this one's, SPC-4 5.12.11.4. */
void step_preempt_start(Unit *u, usec_t now)
{
        const HeldReservation *p = &u->record.persistent;

        submit_out(u, &(ReserveOut){.action = RESERVE_OUT_PREEMPT,
                                    .scope_type = p->scope_type,
                                    .key = p->key,
                                    .action_key = p->key});
}

void step_preempt_done(Unit *u, const StepResult *r, usec_t now)
{
        u->resume.reserved = r->good;
        if (r->good)
                unit_goto_step(u, STEP_HOLDER, now);
        else
                unit_give_up_position(u, now, NOT_RESERVED_AGAIN);
}
