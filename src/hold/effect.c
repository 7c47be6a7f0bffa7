/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a command that the device has answered did: to the position, to the medium, to what is known to be on
 * it. The rules are those of SSC-4 for GOOD and for CHECK CONDITION with its residue; where the standard
 * leaves the position open, it becomes unknown, and READ POSITION is asked before the next command. */

#include <errno.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/ssc.h"
#include "util/crc32c.h"

/* ---- what kind of command ---- */

int unit_decode_transfer(const Unit *u, const uint8_t *cdb, uint32_t n_data, Transfer *ret)
{
        Transfer t = {};
        TapeCommand c;

        if (ssc_parse_command(cdb, SCSI_CDB_MAX, &c) < 0 || c.count < 0)
                return -EINVAL;
        t.count = (uint32_t) c.count;
        t.fixed = c.fixed;
        t.immed = c.immed;
        if (c.opcode == OP_WRITE_FILEMARKS_6 || c.opcode == OP_WRITE_FILEMARKS_16) {
                t.n_objects = t.count;
        } else if (t.fixed) {
                t.n_objects = t.count;
                t.length = u->record.block_length;
                if (t.length == 0 || (uint64_t) t.n_objects * t.length != n_data)
                        return t.n_objects == 0 && n_data == 0 ? (*ret = t, 0) : -EINVAL;
        } else {
                t.n_objects = t.count > 0;
                t.length = t.count;
                if (t.count != n_data)
                        return -EINVAL;
        }
        if (n_data > SCSI_TRANSFER_MAX)
                return -EINVAL;
        *ret = t;
        return 0;
}

bool unit_depends_on_position(const ScsiOpcode *opcode, const uint8_t *cdb)
{
        switch (opcode->effect) {
        case POSITION_READ:
        case POSITION_WRITTEN:
        case POSITION_SPACED:
        case POSITION_LOST:
                return !unit_repositions(opcode, cdb);
        case POSITION_KEPT:
        case POSITION_BEGINNING:
        case POSITION_LOADED:
        case POSITION_LOCATED:
        case _POSITION_EFFECT_MAX:
                break;
        }
        return opcode->opcode == OP_ERASE_6 || opcode->opcode == OP_ERASE_16 ||
               opcode->opcode == OP_READ_POSITION;
}

/* Goes to a place that does not depend on where it starts. */
bool unit_repositions(const ScsiOpcode *opcode, const uint8_t *cdb)
{
        TapeCommand c;

        switch (opcode->effect) {
        case POSITION_BEGINNING:
        case POSITION_LOADED:
        case POSITION_LOCATED:
                return true;
        case POSITION_SPACED:
                return ssc_parse_command(cdb, SCSI_CDB_MAX, &c) >= 0 && c.code == SPACE_END_OF_DATA;
        case POSITION_KEPT:
        case POSITION_READ:
        case POSITION_WRITTEN:
        case POSITION_LOST:
        case _POSITION_EFFECT_MAX:
                break;
        }
        return false;
}

/* An error of a WRITE is about that WRITE. That what was acknowledged before is lost is told by the error of
 * a command whose success would have promised that it is on the medium. */
bool unit_reports_loss(const Unit *u, const ScsiOpcode *opcode)
{
        bool transfers = opcode->effect == POSITION_READ || opcode->opcode == OP_WRITE_6 ||
                         opcode->opcode == OP_WRITE_16;

        return u->record.loss_unreported && opcode->effect != POSITION_KEPT && !transfers;
}

void unit_report_loss(Unit *u, const ScsiOpcode *opcode)
{
        if (unit_reports_loss(u, opcode))
                u->record.loss_unreported = 0;
}

/* A program is in the middle of using the medium. */
bool unit_session_open(const Unit *u)
{
        const UnitRecord *r = &u->record;

        if (u->config.type != DEVICE_TAPE || r->medium == MEDIUM_ABSENT)
                return false;
        if (!journal_is_empty(&u->journal) || r->in_flight.phase == IN_FLIGHT_SENT)
                return true;
        return position_known(&r->position) ? !position_at_beginning(&r->position) : r->position_used;
}

/* ---- the place ---- */

/* The place is another one now, reached by a command that flushed the buffer before it moved. */
static void moved(Unit *u, bool known_flushed)
{
        if (known_flushed)
                unit_anchor_from_journal(u, u->record.journal.end);
        if (known_flushed || journal_is_empty(&u->journal)) {
                journal_commit(&u->journal);
                u->record.commit = u->record.position;
        }
        if (known_flushed)
                u->record.unjournalled = 0;
}

static void lose_track(Unit *u)
{
        position_set_unknown(&u->record.position);
        moved(u, false);
        u->want_commit |= !journal_is_empty(&u->journal);
        u->want_position = true;
}

/* ---- residues ---- */

/* The device refused it: nothing was executed, nothing has moved. */
static bool was_refused(const Sense *sense)
{
        return sense &&
               (sense->deferred || sense->key == SENSE_ILLEGAL_REQUEST || sense->key == SENSE_NOT_READY ||
                sense->key == SENSE_UNIT_ATTENTION || sense->key == SENSE_DATA_PROTECT);
}

/* Objects really moved of those asked for; *ret_certain is false when the standard does not say. */
static uint32_t objects_done(const Transfer *t, const ScsiResult *result, const Sense *sense,
                             bool *ret_certain)
{
        bool gentle;

        *ret_certain = true;
        if (result->status == SCSI_GOOD)
                return t->n_objects;
        if (!sense || was_refused(sense))
                return 0; /* RESERVATION CONFLICT: not executed either */
        gentle = sense->key == SENSE_NO_SENSE || sense->key == SENSE_RECOVERED_ERROR;
        if (sense->information_valid && (t->fixed || t->length == 0)) {
                int64_t left = sense->information;

                *ret_certain =
                        gentle || sense->key == SENSE_VOLUME_OVERFLOW || sense->key == SENSE_BLANK_CHECK;
                if (left >= 0 && left <= (int64_t) t->n_objects)
                        return t->n_objects - (uint32_t) left;
                return 0;
        }
        if (gentle)
                return sense->information_valid && sense->information == (int64_t) t->length &&
                                       t->length > 0 && !sense->eom
                               ? 0
                               : t->n_objects;
        *ret_certain = sense->key == SENSE_VOLUME_OVERFLOW || sense->key == SENSE_BLANK_CHECK;
        return 0;
}

/* ---- one function an effect ---- */

/* A WRITE FILEMARKS that ended so has written everything before it; early warning is no failure. */
static bool wrote_buffer(const ScsiResult *result, const Sense *sense)
{
        return result->status == SCSI_GOOD ||
               (sense && !sense->deferred && sense->key <= SENSE_RECOVERED_ERROR);
}

static void effect_written(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        bool certain, deferred = sense && sense->deferred;
        uint32_t done;
        Transfer t;

        if (unit_decode_transfer(u, c->cdb, c->n_data, &t) < 0)
                return;
        done = objects_done(&t, result, sense, &certain);
        if (done > 0 && u->record.journal.end - u->record.journal.first <= 1)
                unit_overwrite_anchor(u);
        if (u->record.in_flight.journalled && done < t.n_objects)
                journal_truncate_last(&u->journal, done);
        journal_all_sent(&u->journal);
        u->record.unjournalled |= done > 0 && !u->record.in_flight.journalled;
        u->record.position_used = 1;
        if (t.length > 0) {
                position_pass_blocks(&u->record.position, done);
                u->record.n_bytes_written += (uint64_t) done * t.length;
        } else {
                position_pass_filemarks(&u->record.position, done);
                if (!t.immed && wrote_buffer(result, sense))
                        unit_commit(u);
        }
        if (deferred || !certain) {
                /* the program hears it from the device itself; what it was told before no longer holds */
                if (deferred)
                        journal_commit(&u->journal);
                lose_track(u);
        } else if (!position_known(&u->record.position) || !u->record.position_trusted) {
                u->want_position = u->record.position_form != POSITION_FORM_NONE;
        }
}

/* All of each block was read, and its length is known by that. With SILI = 1 one that fills the buffer may be
 * longer, SSC-4 6.4; without it one that is shorter says so. */
static bool read_whole_blocks(const Transfer *t, const UnitCommand *c, const ScsiResult *result,
                              const Sense *sense)
{
        bool sili = c->cdb[1] & 2;

        if (result->n_transferred == 0)
                return false;
        if (t->fixed)
                return result->status == SCSI_GOOD &&
                       (uint64_t) t->length * t->n_objects == result->n_transferred;
        if (result->status == SCSI_GOOD)
                return sili ? result->n_transferred < t->length : result->n_transferred == t->length;
        return sense && !sense->deferred && sense->ili && sense->information_valid &&
               sense->information > 0 && sense->information + result->n_transferred == t->length;
}

static void effect_read(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        UnitRecord *r = &u->record;
        Transfer t = {};
        TapeCommand tape;
        uint32_t done;
        bool certain, filemark = sense && !sense->deferred && sense->filemark;

        if (ssc_parse_command(c->cdb, SCSI_CDB_MAX, &tape) < 0)
                return;
        t.fixed = tape.fixed;
        t.n_objects = tape.fixed ? (uint32_t) tape.count : tape.count > 0;
        t.length = tape.fixed ? r->block_length : (uint32_t) tape.count;
        r->n_bytes_read += result->n_transferred;
        r->position_used = 1;
        if (filemark || (sense && (sense->key == SENSE_BLANK_CHECK || sense->code == ASC_END_OF_DATA))) {
                done = t.fixed && sense->information_valid && sense->information >= 0 &&
                                       sense->information <= (int64_t) t.n_objects
                               ? t.n_objects - (uint32_t) sense->information
                               : 0;
                certain = true;
        } else {
                done = objects_done(&t, result, sense, &certain);
                if (sense && sense->ili)
                        done = t.fixed ? done + 1 : 1;
        }
        if (done > 0 || filemark)
                moved(u, true);
        position_pass_blocks(&r->position, done);
        position_pass_filemarks(&r->position, filemark);
        if (done > 0 && read_whole_blocks(&t, c, result, sense)) {
                if (!t.fixed)
                        t.length = result->n_transferred;
                unit_remember_anchor(u, &t, c->data, r->n_protection_read, &r->position);
        }
        r->commit = journal_is_empty(&u->journal) ? r->position : r->commit;
        if (!certain)
                lose_track(u);
        else if (!r->position_trusted)
                u->want_position = r->position_form != POSITION_FORM_NONE;
}

static void effect_beginning(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        TapeCommand tape;
        bool immed = ssc_parse_command(c->cdb, SCSI_CDB_MAX, &tape) >= 0 && tape.immed;

        if (result->status != SCSI_GOOD) {
                if (!was_refused(sense))
                        lose_track(u);
                return;
        }
        position_set_beginning(&u->record.position, u->record.position.partition);
        if (!immed || journal_is_empty(&u->journal))
                moved(u, true);
        else
                u->want_commit = true;
        u->record.position_used = u->record.position_lost = 0;
}

static void effect_loaded(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        TapeCommand tape;

        if (result->status != SCSI_GOOD) {
                if (!was_refused(sense))
                        lose_track(u);
                return;
        }
        if (ssc_parse_command(c->cdb, SCSI_CDB_MAX, &tape) >= 0 && tape.load)
                unit_forget_medium(u, MEDIUM_PRESENT);
        else
                unit_forget_medium(u, MEDIUM_ABSENT);
}

static void effect_located(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        UnitRecord *r = &u->record;
        TapeCommand tape;

        r->position_used = 1;
        if (result->status != SCSI_GOOD || ssc_parse_command(c->cdb, SCSI_CDB_MAX, &tape) < 0) {
                if (!was_refused(sense))
                        lose_track(u);
                return;
        }
        r->position_lost = 0;
        r->locates = 1;
        /* BT = 1 names a place in the drive's own numbers, as st does by default */
        if (tape.destination == LOCATE_OBJECT && !(tape.opcode == OP_LOCATE_10 && (c->cdb[1] & 4))) {
                position_set_object(&r->position,
                                    tape.change_partition ? tape.partition : r->position.partition,
                                    tape.object);
                moved(u, true);
                u->want_position = r->position_trusted; /* for the file number */
        } else {
                if (tape.change_partition)
                        r->position.partition = tape.partition;
                lose_track(u);
        }
}

/* Over n filemarks, either way. */
static void pass_files(Unit *u, int64_t n)
{
        MediumPlace *p = &u->record.position;

        if (n == 0)
                return;
        p->object_known = 0;
        if (n > 0) {
                p->file += (uint64_t) n;
                p->block = 0;
        } else {
                p->file_known = 0; /* on the near side of a filemark: the block number is not known */
        }
}

static void pass_blocks(Unit *u, int64_t n)
{
        MediumPlace *p = &u->record.position;

        if (n >= 0) {
                position_pass_blocks(p, (uint64_t) n);
                return;
        }
        p->object_known = p->object_known && p->object >= (uint64_t) -n;
        p->file_known = p->file_known && p->block >= (uint64_t) -n;
        p->object -= p->object_known ? (uint64_t) -n : 0;
        p->block -= p->file_known ? (uint64_t) -n : 0;
}

static void effect_spaced(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        UnitRecord *r = &u->record;
        TapeCommand tape;

        r->position_used = 1;
        if (result->status != SCSI_GOOD || ssc_parse_command(c->cdb, SCSI_CDB_MAX, &tape) < 0) {
                if (sense && sense->code == ASC_BEGINNING_OF_PARTITION && sense->eom) {
                        position_set_beginning(&r->position, r->position.partition);
                        moved(u, true);
                } else if (!was_refused(sense)) {
                        lose_track(u);
                }
                return;
        }
        if (tape.code == SPACE_BLOCKS) {
                pass_blocks(u, tape.count);
        } else if (tape.code == SPACE_FILEMARKS) {
                pass_files(u, tape.count);
        } else {
                position_set_unknown(&r->position);
                r->position_lost = 0;
        }
        moved(u, true);
        u->want_position = r->position_form != POSITION_FORM_NONE;
}

static void effect_lost(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        if (was_refused(sense))
                return;
        if (c->opcode->opcode == OP_FORMAT_MEDIUM && result->status == SCSI_GOOD)
                unit_forget_partitioning(u);
        u->record.position_used = 1;
        lose_track(u);
}

/* st sends READ BLOCK LIMITS when a program opens the device, of which it lets in one at a time, and at no
 * other time (drivers/scsi/st.c, check_tape()): nobody is in the middle of the cartridge that was there
 * before. */
static void note_open(Unit *u)
{
        if (u->record.position_lost != PLACE_ON_ANOTHER_MEDIUM)
                return;
        u->record.position_lost = PLACE_SOUND;
        unit_store(u);
}

static void effect_kept(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        if (c->opcode->settle == SETTLE_STATE && result->status == SCSI_GOOD)
                unit_remember_setting(u, c);
        if (u->config.type == DEVICE_TAPE && c->opcode->opcode == OP_MODE_SENSE_6 &&
            result->status == SCSI_GOOD && c->cdb[2] >> 6 == 0)
                unit_learn_header(u, c->data, result->n_transferred);
        if (u->config.type == DEVICE_TAPE && c->opcode->opcode == OP_READ_BLOCK_LIMITS)
                note_open(u);
        if (u->config.type != DEVICE_TAPE || c->opcode->opcode != OP_TEST_UNIT_READY)
                return;
        if (sense && !sense->deferred && sense->key == SENSE_NOT_READY && sense_asc(sense) == 0x3a) {
                if (u->record.medium != MEDIUM_ABSENT)
                        unit_forget_medium(u, MEDIUM_ABSENT);
                unit_store(u);
        } else if (result->status == SCSI_GOOD) {
                if (u->record.medium == MEDIUM_ABSENT)
                        unit_forget_medium(u, MEDIUM_PRESENT);
                u->record.medium = MEDIUM_PRESENT;
                unit_store(u);
        }
}

typedef void (*Effect)(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense);

static const Effect effects[_POSITION_EFFECT_MAX] = {
        [POSITION_KEPT] = effect_kept,       [POSITION_READ] = effect_read,
        [POSITION_WRITTEN] = effect_written, [POSITION_BEGINNING] = effect_beginning,
        [POSITION_LOADED] = effect_loaded,   [POSITION_LOCATED] = effect_located,
        [POSITION_SPACED] = effect_spaced,   [POSITION_LOST] = effect_lost,
};

void unit_apply_effect(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense)
{
        if (u->config.type == DEVICE_TAPE)
                effects[c->opcode->effect](u, c, result, sense);
        else
                effect_kept(u, c, result, sense);
}
