/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The drive: what faults do to it, and the facts by which an error is right. The engine's own words count for
 * nothing here. An error is right if a fault came
 *
 *  - where neither counting nor the drive could have told the place (EXCUSE_PLACE);
 *  - to a cartridge whose serial number the drive has not told, of which no block is known that is still on
 * it (EXCUSE_PROOF);
 *  - that nobody can make up for: another cartridge, a write that failed, or that the drive had said to have
 * done, the time that was over.
 *
 * And some things may never happen, whatever is told: a byte on another cartridge, a write between an error
 * and the program's next known place, a transfer with other settings than the program's. */

#include <stdlib.h>
#include <string.h>

#include "scsi/cdb.h"
#include "sim/tape.h"
#include "util/bytes.h"

static const char serial[] = "SIM0001";

static Tape *tape_of(World *w)
{
        return w->userdata;
}

/* ---- what may never happen ---- */

static bool is_write(const uint8_t *cdb)
{
        switch (cdb[0]) {
        case OP_WRITE_6:
        case OP_WRITE_16:
        case OP_WRITE_FILEMARKS_6:
                return get_be(cdb + 2, 3) > 0;
        case OP_ERASE_6:
        case OP_FORMAT_MEDIUM:
                return true;
        default:
                return false;
        }
}

static void watch(Tape *t, const ScsiCommand *c, const ScsiResult *r)
{
        World *w = &t->world;

        if (r->status != SCSI_GOOD || !is_write(c->cdb))
                return;
        if (model_drive_medium(t->drive) == t->stranger)
                world_fail(w, FAIL_UNPROVEN, "command %02x was executed on the wrong cartridge", c->cdb[0]);
        else if (t->lost_position)
                world_fail(w, FAIL_UNPROVEN, "command %02x was executed after the position was lost",
                           c->cdb[0]);
        else if (model_drive_prevented(t->drive) != t->prevent && !t->swapped && !t->over &&
                 w->cdb[0] != OP_PREVENT_ALLOW)
                world_fail(w, FAIL_OTHER, "command %02x was executed with removal %s", c->cdb[0],
                           t->prevent ? "allowed" : "prevented");
}

/* A command that matters is on its way: at the beginning, too, the program is in the middle of something. */
static bool is_in_use(const Tape *t)
{
        const World *w = &t->world;

        return w->outstanding && scsi_opcode_find(DEVICE_TAPE, w->cdb, w->n_cdb)->settle != SETTLE_REPEAT;
}

/* What the drive has told is known when the next command is sent: until then it may be forgotten again. A
 * number that is told for the first time after a loss, in the middle of the tape, proves nothing. */
static void learn(Tape *t)
{
        t->object_known |= t->asked == OP_READ_POSITION && !t->kind->zero_position;
        t->serial_known |= t->asked == OP_READ_ATTRIBUTE && (!t->fresh || (t->at == 0 && !is_in_use(t)));
        t->asked = 0;
}

static void drive_execute(World *w, ScsiResult *ret)
{
        const ScsiCommand *c = &w->command;

        learn(tape_of(w));
        model_drive_execute(tape_of(w)->drive, c->cdb, c->n_cdb, c->data, c->n_data, ret);
        watch(tape_of(w), c, ret);
}

/* Another drive answers: it may be asked who it is. */
static void other_answers(World *w, ScsiResult *ret)
{
        const ScsiCommand *c = &w->command;

        if (c->cdb[0] != OP_INQUIRY)
                world_fail(w, FAIL_UNPROVEN, "command %02x was sent to another drive", c->cdb[0]);
        model_drive_execute(tape_of(w)->other_drive, c->cdb, c->n_cdb, c->data, c->n_data, ret);
}

/* ---- what faults do ---- */

static void drive_reset(World *w, uint16_t code)
{
        model_drive_reset(tape_of(w)->drive, code);
}

static bool power_cycle(Tape *t, uint32_t k)
{
        uint32_t n = model_drive_unflushed(t->drive);

        if (k == FAULT_ANY)
                k = world_below(&t->world, n + 1);
        if (k > n)
                return false;
        model_drive_power_cycle(t->drive, k);
        return true;
}

static bool fail_writes(Tape *t, uint32_t k)
{
        uint32_t n = model_drive_unflushed(t->drive);

        if (n == 0)
                return false;
        return model_drive_fail_writes(t->drive, k == FAULT_ANY ? 1 + world_below(&t->world, n) : k + 1);
}

static bool swap(Tape *t)
{
        if (t->swapped || !model_drive_medium(t->drive))
                return false;
        t->swapped = true;
        model_drive_load(t->drive, t->stranger);
        return true;
}

static bool drive_suffer(World *w, Fault fault, uint32_t k)
{
        Tape *t = tape_of(w);

        switch (fault) {
        case FAULT_POWER_BEFORE:
        case FAULT_POWER_AFTER:
                return power_cycle(t, k);
        case FAULT_POWER_MIDDLE: /* k is what was executed; half of the buffer goes */
                return power_cycle(t, model_drive_unflushed(t->drive) / 2);
        case FAULT_DEFERRED:
                return fail_writes(t, k);
        case FAULT_NEXUS_BEFORE:
        case FAULT_NEXUS_AFTER:
        case FAULT_LOST_AND_NEXUS:
                model_drive_lose_nexus(t->drive);
                return true;
        case FAULT_FAILOVER_FALSE_READY:
                model_drive_false_ready(t->drive, 2);
                return true;
        case FAULT_BECOMING_READY:
                model_drive_becoming_ready(t->drive, 1 + world_below(w, 5));
                return true;
        case FAULT_SWAP:
        case FAULT_SWAP_AFTER:
                return swap(t);
        default:
                return false;
        }
}

/* A WRITE of fixed blocks, or of filemarks. */
static bool drive_shorten(World *w, uint32_t k)
{
        ScsiCommand *c = &w->command;
        uint32_t n = (uint32_t) get_be(c->cdb + 2, 3);
        bool fixed = c->cdb[0] == OP_WRITE_6 && c->cdb[1] & 1;

        if ((!fixed && c->cdb[0] != OP_WRITE_FILEMARKS_6) || n < 2)
                return false;
        k = k == FAULT_ANY ? world_below(w, n - 1) : k;
        if (k + 1 >= n)
                return false;
        put_be(c->cdb + 2, k + 1, 3);
        c->n_data = c->n_data / n * (k + 1);
        return true;
}

/* ---- facts ---- */

bool tape_place_known(const Tape *t)
{
        return (t->object_known && (!t->kind->no_locate || t->at == 0)) ||
               (t->file_known && t->partition == 0);
}

static bool is_unproven(Tape *t)
{
        return !t->serial_known && !tape_anchor_stands(t) && !tape_survives(t);
}

/* Stopped before the drive could be asked to write its buffer out. */
static bool loses_journal(const Tape *t, Fault fault)
{
        return fault == FAULT_STOP_JOURNAL_LOST && !journal_is_empty(&t->world.unit->journal);
}

static void note_facts(Tape *t, Fault fault)
{
        t->fresh = true;
        if (!tape_place_known(t))
                t->excuses |= EXCUSE_PLACE;
        if (is_unproven(t))
                t->excuses |= EXCUSE_PROOF;
        if (fault == FAULT_DEFERRED || t->kind->optimistic_report)
                t->excuses |= EXCUSE_DEFERRED;
        if (fault == FAULT_LONG_OUTAGE)
                t->excuses |= EXCUSE_TIMEOUT;
        if (fault == FAULT_STATE_LOST)
                t->excuses |= EXCUSE_STATE;
        if (loses_journal(t, fault))
                t->excuses |= EXCUSE_JOURNAL;
}

static void drive_noticed(World *w, Fault fault)
{
        const FaultRow *row = &fault_rows[fault];

        if (fault == FAULT_BUSY || fault == FAULT_NOT_SENT_NOW)
                return;
        if (w->answered || row->boundary != AT_COMMAND ||
            (row->suffers == AFTER && row->report == REPORT_ANSWER))
                tape_of(w)->late_faults |= UINT64_C(1) << fault;
        if (!w->answered)
                note_facts(tape_of(w), fault);
}

void tape_late_facts(Tape *t)
{
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                if (t->late_faults & UINT64_C(1) << i)
                        note_facts(t, (Fault) i);
        t->late_faults = 0;
}

static void drive_answered(World *w, const ScsiResult *r)
{
        tape_of(w)->asked = r->status == SCSI_GOOD ? w->command.cdb[0] : 0;
}

static const Device drive_device = {
        .type = DEVICE_TAPE,
        .execute = drive_execute,
        .suffer = drive_suffer,
        .reset = drive_reset,
        .shorten = drive_shorten,
        .noticed = drive_noticed,
        .answered = drive_answered,
        .answer_other = other_answers,
};

/* ---- life ---- */

static void prepare(ModelDrive *d, uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data)
{
        ScsiResult r;

        model_drive_execute(d, cdb, n_cdb, data, n_data, &r);
}

static ModelMedium *make_stranger(ModelDrive *d)
{
        static uint8_t label[] = "another cartridge";
        ModelMedium *m = model_medium_new("SIM999L9", "STRANGER", UINT64_C(64) << 20, UINT64_C(1) << 20);
        uint8_t cdb[SCSI_CDB_MAX];

        model_drive_load(d, m);
        for (int i = 0; i < 5; i++)
                prepare(d, cdb, scsi_cdb_test_unit_ready(cdb), NULL, 0);
        prepare(d, cdb, scsi_cdb_write_6(cdb, false, sizeof(label)), label, sizeof(label));
        prepare(d, cdb, scsi_cdb_rewind(cdb, false), NULL, 0);
        return m;
}

static ModelDrive *make_drive(const DriveKind *k, const char *its_serial)
{
        ModelDriveConfig config = {
                .vendor = "HPE",
                .product = "Ultrium 9-SCSI",
                .revision = "R3G3",
                .serial = its_serial,
                .naa = UINT64_C(0x50014380deadbee1),
                .n_buffer = k->n_buffer,
                .no_mam = k->no_mam,
                .no_locate = k->no_locate,
                .no_read_position = k->no_read_position,
                .zero_position = k->zero_position,
                .no_buffer_report = k->no_buffer_report,
                .optimistic_report = k->optimistic_report,
                .vague_end_of_data = k->vague_end_of_data,
                .old_data_visible = k->old_data_visible,
        };

        return model_drive_new(&config);
}

void tape_init(Tape *t, const DriveKind *kind, uint64_t seed)
{
        static const char *const names[CARTRIDGES_MAX] = {"SIM001L9", "SIM002L9", "SIM003L9", "SIM004L9"};

        t->kind = kind;
        t->drive = make_drive(kind, serial);
        t->other_drive = make_drive(kind, "SIM0002");
        t->stranger = make_stranger(t->drive);
        for (size_t i = 0; i < t->n_cartridges; i++)
                t->cartridges[i].medium = model_medium_new(names[i], names[i], t->cartridges[i].capacity,
                                                           t->cartridges[i].early_warning);
        t->n_partitions = 1;
        t->object_known = t->file_known = true;
        model_drive_load(t->drive, t->cartridges[0].medium);
        world_init(&t->world, &drive_device, t, serial, seed);
}

void tape_deinit(Tape *t)
{
        world_deinit(&t->world);
        model_drive_free(t->drive);
        model_drive_free(t->other_drive);
        model_medium_free(t->stranger);
        for (size_t i = 0; i < t->n_cartridges; i++)
                model_medium_free(t->cartridges[i].medium);
}
