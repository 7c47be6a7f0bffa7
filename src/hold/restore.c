/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the program had set and a reset has undone, as the program had it; and the serial number of the
 * medium. */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/mam.h"
#include "scsi/mode.h"

#define ATTRIBUTE_LENGTH  1024 /* up to the barcode, behind what programs have written there */
#define PROTECTION_LENGTH 64

/* ---- what a program does that is to be restored ---- */

/* Its data were given back with an abort: what they were is not known any more. */
static void note_unknown_setting(Unit *u, const UnitCommand *c)
{
        UnitRecord *r = &u->record;

        if (c->opcode->opcode == OP_SECURITY_PROTOCOL_OUT) {
                unit_key_unknown(u);
        } else if (c->opcode->opcode == OP_PERSISTENT_RESERVE_OUT) {
                r->persistent = (HeldReservation){};
                r->unrestorable |= UNRESTORABLE_RESERVATION;
        } else {
                r->unrestorable |= UNRESTORABLE_MODE;
        }
}

static void note_release(Unit *u)
{
        if (u->record.reserved)
                unit_key_released(u);
        u->record.reserved = 0;
}

void unit_remember_setting(Unit *u, const UnitCommand *c)
{
        if (c->n_data > 0 && !c->data) {
                note_unknown_setting(u, c);
                return;
        }
        switch (c->opcode->opcode) {
        case OP_MODE_SELECT_6:
        case OP_MODE_SELECT_10:
                unit_remember_mode(u, c);
                break;
        case OP_PREVENT_ALLOW:
                u->record.prevent = c->cdb[4] & 3;
                break;
        case OP_RESERVE_6:
        case OP_RESERVE_10:
                u->record.reserved = 1;
                break;
        case OP_RELEASE_6:
        case OP_RELEASE_10:
                note_release(u);
                break;
        case OP_PERSISTENT_RESERVE_OUT:
                unit_remember_reservation(u, c);
                break;
        case OP_SECURITY_PROTOCOL_OUT:
                if (u->config.type == DEVICE_TAPE)
                        unit_remember_key(u, c);
                break;
        default:
                break;
        }
}

void unit_lose_unrestorable(Unit *u)
{
        u->record.key.lost |= (u->record.unrestorable & UNRESTORABLE_ENCRYPTION) != 0;
}

/* ---- the steps ---- */

void step_prevent_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        if (u->record.prevent == 0)
                unit_goto_step(u, STEP_RESERVE, now);
        else
                unit_submit_bare(u, cdb, scsi_cdb_prevent_allow(cdb, u->record.prevent));
}

void step_prevent_done(Unit *u, const StepResult *r, usec_t now)
{
        unit_goto_step(u, STEP_RESERVE, now);
}

void step_reserve_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        if (!u->record.reserved)
                unit_goto_step(u, STEP_KEYS, now);
        else
                unit_submit_bare(u, cdb, scsi_cdb_reserve_6(cdb));
}

void step_reserve_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!r->good) {
                unit_give_up_position(u, now, "the device could not be reserved again");
                return;
        }
        unit_goto_step(u, STEP_KEYS, now);
}

static const char *unrestorable_text(uint8_t bits)
{
        if (bits & UNRESTORABLE_ENCRYPTION)
                return "its encryption key cannot be set again";
        if (bits & UNRESTORABLE_RESERVATION)
                return "its persistent reservation cannot be restored";
        return "its mode pages cannot be restored";
}

/* Some of them could not be kept, and without a reset they are still set: the others might undo them. */
static const UnitMode *next_mode(const Unit *u)
{
        const UnitModes *all = unit_state_modes(u->state, &u->record);

        return all && u->resume.mode < all->n && !(u->record.unrestorable & UNRESTORABLE_MODE)
                       ? &all->mode[u->resume.mode]
                       : NULL;
}

void step_mode_start(Unit *u, usec_t now)
{
        const UnitMode *m = next_mode(u);
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;

        if (u->resume.mode == 0 && u->record.reset_seen && u->record.unrestorable) {
                u->record.loss_unreported = u->config.type == DEVICE_TAPE;
                unit_lose_unrestorable(u);
                unit_give_up_position(u, now, "the device was reset and %s",
                                      unrestorable_text(u->record.unrestorable));
                return;
        }
        if (!m) {
                unit_goto_step(u, u->config.type == DEVICE_TAPE ? STEP_ENCRYPT : STEP_PLAN, now);
                return;
        }
        n_cdb = m->opcode == OP_MODE_SELECT_6 ? scsi_cdb_mode_select_6(cdb, (uint8_t) m->n_data)
                                              : scsi_cdb_mode_select_10(cdb, m->n_data);
        cdb[1] = m->cdb1;
        memcpy(u->scratch, m->data, m->n_data);
        unit_submit_step(u, cdb, n_cdb, SCSI_DATA_OUT, u->scratch, m->n_data);
}

void step_mode_done(Unit *u, const StepResult *r, usec_t now)
{
        if (!r->good && unit_session_open(u)) {
                unit_give_up_position(u, now,
                                      "what the program set by MODE SELECT was refused the second time");
                return;
        }
        u->resume.mode++;
        unit_goto_step(u, STEP_MODE, now);
}

/* A MODE SELECT that was in flight may have changed how blocks end: it is not known, and nothing that is sent
 * again undoes it. */
void step_protection_start(Unit *u, usec_t now)
{
        const InFlight *f = &u->record.in_flight;
        bool open = f->phase == IN_FLIGHT_SENT &&
                    (f->cdb[0] == OP_MODE_SELECT_6 || f->cdb[0] == OP_MODE_SELECT_10);
        uint8_t cdb[SCSI_CDB_MAX];

        if (u->record.group_length > 0)
                unit_goto_step(u, STEP_UNGROUP, now);
        else if (!open)
                unit_goto_step(u, STEP_MODE_SENSE, now);
        else
                unit_submit_in(u, cdb,
                               scsi_cdb_mode_sense_10(cdb, true, 0, MODE_PAGE_CONTROL,
                                                      MODE_SUBPAGE_DATA_PROTECTION, PROTECTION_LENGTH),
                               PROTECTION_LENGTH);
}

void step_protection_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                unit_learn_protection(u, u->scratch, r->result->n_transferred);
        unit_goto_step(u, STEP_MODE_SENSE, now);
}

/* The block length is needed to make objects of fixed-block transfers. */
void step_mode_sense_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        if (u->resume.ready_no_medium && u->record.suspect_length == 0)
                unit_goto_step(u, STEP_PLAN, now);
        else
                unit_submit_in(u, cdb, scsi_cdb_mode_sense_6(cdb, false, 0, 0, 0, 12), 12);
}

void step_mode_sense_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                unit_learn_header(u, u->scratch, r->result->n_transferred);
        if (r->good && unit_finds_suspect_length(u))
                unit_goto_step(u, STEP_UNGROUP, now);
        else
                unit_goto_step(u, u->resume.ready_no_medium ? STEP_PLAN : STEP_MEDIUM, now);
}

/* ---- which medium ---- */

void step_medium_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        if (u->record.no_mam)
                unit_goto_step(u, STEP_POSITION, now);
        else
                unit_submit_in(u, cdb,
                               scsi_cdb_read_attribute(cdb, 0, MAM_MEDIUM_SERIAL_NUMBER, ATTRIBUTE_LENGTH),
                               ATTRIBUTE_LENGTH);
}

/* The medium's serial number into id; its length, or 0 if the drive or the medium has none. */
static size_t parse_medium_id(Unit *u, const StepResult *r, uint8_t id[static UNIT_MEDIUM_ID_MAX])
{
        MamAttribute a;
        size_t n;

        if (!r->good) {
                if (r->sense && r->sense->key == SENSE_ILLEGAL_REQUEST)
                        u->record.no_mam = 1;
                return 0;
        }
        if (mam_find(u->scratch, r->result->n_transferred, MAM_MEDIUM_SERIAL_NUMBER, &a) <= 0)
                return 0;
        n = a.n_bytes;
        while (n > 0 && (a.bytes[n - 1] == ' ' || a.bytes[n - 1] == '\0'))
                n--;
        if (n > UNIT_MEDIUM_ID_MAX)
                return 0;
        memcpy(id, a.bytes, n);
        return n;
}

static void remember_medium_id(Unit *u, const uint8_t *id, size_t n_id)
{
        memset(u->record.medium_id, 0, sizeof(u->record.medium_id));
        memcpy(u->record.medium_id, id, n_id);
        u->record.n_medium_id = (uint8_t) n_id;
}

/* The drive has told of it, as a drive without us would: to a command that builds on nothing that was before,
 * and with nothing written that is not promised. So says whoever opens the device (st sends TEST UNIT READY)
 * and nobody in the middle of reading or writing. */
static bool is_change_between_uses(const Unit *u)
{
        const UnitRecord *r = &u->record;

        return r->medium_changed && !r->reset_seen && !r->answer_lost && !u->device_gone && u->n_queue > 0 &&
               !unit_depends_on_position(u->queue[0].opcode, u->queue[0].cdb) &&
               r->in_flight.phase != IN_FLIGHT_SENT && journal_is_empty(&u->journal) && !r->unjournalled &&
               !r->loss_unreported;
}

/* Others may have the device open still, in the middle of the cartridge that was there: see effect_kept(). */
static void take_change_between_uses(Unit *u, const uint8_t *id, size_t n_id)
{
        unit_key_demounted(u, false);
        unit_forget_medium(u, MEDIUM_PRESENT);
        u->record.position_lost = PLACE_ON_ANOTHER_MEDIUM;
        u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
        remember_medium_id(u, id, n_id);
        u->resume.medium_proven = true;
        u->want_medium = false;
        unit_store(u);
}

void step_medium_done(Unit *u, const StepResult *r, usec_t now)
{
        uint8_t id[UNIT_MEDIUM_ID_MAX];
        size_t n = parse_medium_id(u, r, id);
        bool same = n == u->record.n_medium_id && memcmp(id, u->record.medium_id, n) == 0;

        if (n > 0 && u->record.n_medium_id > 0 && !same) {
                if (unit_session_open(u) && is_change_between_uses(u)) {
                        take_change_between_uses(u, id, n);
                        unit_note_cartridge(u, r, n, id, false);
                        unit_goto_step(u, STEP_POSITION, now);
                        return;
                }
                if (unit_session_open(u)) {
                        unit_give_up_position(u, now, "another cartridge is in the drive");
                        return;
                }
                unit_forget_medium(u, MEDIUM_PRESENT);
                u->record.attention = ASC_MEDIUM_MAY_HAVE_CHANGED;
        }
        u->resume.medium_proven = n > 0 && same;
        unit_note_cartridge(u, r, n, id, same && n > 0);
        if (n > 0 && !unit_session_open(u)) {
                unit_note_new_medium(
                        u); /* before its number is known: the next resume would take it for proof */
                remember_medium_id(u, id, n);
                u->resume.medium_proven = true;
                unit_store(u);
        }
        unit_goto_step(u, STEP_POSITION, now);
}

void step_learn_medium_start(Unit *u, usec_t now)
{
        u->want_medium = false;
        if (u->record.no_mam)
                unit_note_cartridge(u, NULL, 0, NULL, false);
        if (u->record.no_mam)
                unit_goto_step(u, STEP_NONE, now);
        else
                step_medium_start(u, now);
}

void step_learn_medium_done(Unit *u, const StepResult *r, usec_t now)
{
        uint8_t id[UNIT_MEDIUM_ID_MAX];
        size_t n = parse_medium_id(u, r, id);

        unit_note_cartridge(u, r, n, id, false);
        remember_medium_id(u, id, n);
        unit_store(u);
        unit_goto_step(u, STEP_NONE, now);
}
