/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The oracle is the medium: it must hold what the program was told is written, every object exactly once, and
 * the program must read the same. An error is a failure too, unless nothing could have been proven. */

#include "sim/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scsi/cdb.h"

/* ---- the drive ---- */

static Backup *backup_of(World *w)
{
        return w->userdata;
}

static void drive_execute(World *w, ScsiResult *ret)
{
        const ScsiCommand *c = &w->command;

        model_drive_execute(backup_of(w)->drive, c->cdb, c->n_cdb, c->data, c->n_data, ret);
}

static void drive_reset(World *w, uint16_t code)
{
        model_drive_reset(backup_of(w)->drive, code);
}

static bool drive_suffer(World *w, Fault fault)
{
        Backup *b = backup_of(w);

        switch (fault) {
        case FAULT_POWER_BEFORE:
        case FAULT_POWER_AFTER:
                model_drive_power_cycle(b->drive, world_below(w, b->config.n_buffer + 1));
                return true;
        case FAULT_BECOMING_READY:
                model_drive_becoming_ready(b->drive, 1 + world_below(w, 5));
                return true;
        case FAULT_SWAP:
                if (b->swapped)
                        return true;
                b->swapped = true;
                model_drive_load(b->drive, b->other);
                return true;
        default:
                return false;
        }
}

static const Device drive_device = {
        .type = DEVICE_TAPE,
        .execute = drive_execute,
        .suffer = drive_suffer,
        .reset = drive_reset,
};

static void prepare(Backup *b, uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data)
{
        ScsiResult r;

        model_drive_execute(b->drive, cdb, n_cdb, data, n_data, &r);
}

/* The other cartridge has one block, which must stay alone. */
static void write_label(Backup *b)
{
        static uint8_t label[] = "another cartridge";
        uint8_t cdb[SCSI_CDB_MAX];

        model_drive_load(b->drive, b->other);
        for (int i = 0; i < 5; i++)
                prepare(b, cdb, scsi_cdb_test_unit_ready(cdb), NULL, 0);
        prepare(b, cdb, scsi_cdb_write_6(cdb, false, sizeof(label)), label, sizeof(label));
        prepare(b, cdb, scsi_cdb_rewind(cdb, false), NULL, 0);
}

void backup_init(Backup *b, uint64_t seed, bool old, uint32_t n_buffer)
{
        b->config = (ModelDriveConfig){
                .vendor = "HPE",
                .product = "Ultrium 9-SCSI",
                .revision = "R3G3",
                .serial = "SIM0001",
                .naa = UINT64_C(0x50014380deadbee1),
                .n_buffer = n_buffer,
                .no_mam = old,
                .no_locate = old,
                .no_read_position = old,
                .vague_end_of_data = old,
        };
        b->drive = model_drive_new(&b->config);
        b->medium = model_medium_new("SIM001L9", "MEDIUM-1", UINT64_C(64) << 20, UINT64_C(1) << 20);
        b->other = model_medium_new("SIM002L9", "MEDIUM-2", UINT64_C(64) << 20, UINT64_C(1) << 20);
        write_label(b);
        model_drive_load(b->drive, b->medium);
        world_init(&b->world, &drive_device, b, b->config.serial, seed);
}

void backup_deinit(Backup *b)
{
        world_deinit(&b->world);
        for (size_t i = 0; i < b->n_told; i++)
                free(b->told[i].data);
        model_drive_free(b->drive);
        model_medium_free(b->medium);
        model_medium_free(b->other);
}

/* ---- the oracle ---- */

static bool told_of_blocks(const Backup *b)
{
        for (size_t i = 0; i < b->n_told; i++)
                if (b->told[i].n_data > 0)
                        return true;
        return false;
}

/* The cartridge was swapped, or nothing on it could prove that it is the same: no serial number, and none of
 * what was written survived, or no block of it is known and the drive's unit attention may have been lost; or
 * the program was where only the drive could have told. */
static bool error_is_right(const Backup *b)
{
        const char *why = b->world.unit->record.reason;

        if (b->swapped || (b->at_end && strstr(why, "the position was not known")))
                return true;
        if (b->config.no_mam && !b->world.unit->record.anchor.valid &&
            world_sense(&b->world).key == SENSE_UNIT_ATTENTION)
                return true;
        return b->config.no_mam &&
               (strstr(why, "nothing of what was written") ||
                (strstr(why, "cannot be proven to be the same") && (!told_of_blocks(b) || b->appended)));
}

static void check_object(Backup *b, size_t i)
{
        const uint8_t *data;
        uint32_t n;

        model_medium_object(b->medium, i, &data, &n);
        if (n != b->told[i].n_data || (n > 0 && memcmp(data, b->told[i].data, n) != 0))
                world_fail(&b->world, "object %zu on the medium is not what was written there", i);
}

/* complete: the program was never told of an error, so the medium holds all of it. */
static void check_medium(Backup *b, bool complete)
{
        size_t n = model_medium_count(b->medium);

        if (complete && n != b->n_told)
                world_fail(&b->world, "%zu objects on the medium, %zu written", n, b->n_told);
        if (!complete && !b->swapped && n > b->n_told + 1)
                world_fail(&b->world, "%zu objects on the medium, only %zu written", n, b->n_told);
        for (size_t i = 0; i < n && i < b->n_told; i++)
                check_object(b, i);
        if (model_medium_count(b->other) != 1)
                world_fail(&b->world, "something was written to the wrong cartridge");
}

/* ---- the program ---- */

static bool command_rewind(Backup *b)
{
        return world_run(&b->world, scsi_cdb_rewind(b->world.cdb, false), NULL, 0);
}

/* After an error the position cannot be relied on, until the program goes to a place of its own. */
static void start_again(Backup *b)
{
        static uint8_t block[] = "after the error";
        World *w = &b->world;

        if (world_run(w, scsi_cdb_write_6(w->cdb, false, sizeof(block)), block, sizeof(block)))
                world_fail(w, "a WRITE went through after the position was lost");
        for (int i = 0; i < (int) w->n_faults_max + 3 && !w->failed; i++)
                if (command_rewind(b))
                        return;
        world_fail(w, "no REWIND after an error");
}

/* The program was told of an error. False: it is over. */
static bool take_error(Backup *b, const char *what)
{
        World *w = &b->world;

        if (!w->failed && !error_is_right(b))
                world_fail(w, "%s, after %zu objects: the program got an error: %s", what, b->n_told,
                           w->unit->record.reason);
        check_medium(b, false);
        if (!w->failed &&
            world_sense(w).key != SENSE_UNIT_ATTENTION) /* which tells it of the other cartridge */
                start_again(b);
        return false;
}

/* Content that names its place, some of it the same in many blocks (zeros), as backups are. */
static void fill(Backup *b, Object *o)
{
        bool zeros = world_below(&b->world, 4) == 0;

        o->data = malloc(o->n_data);
        if (!o->data)
                abort();
        for (uint32_t i = 0; i < o->n_data; i++)
                o->data[i] = zeros ? 0 : (uint8_t) (b->n_told * 31 + i * 7 + (i >> 8));
}

static bool early_warning(const World *w)
{
        Sense s = world_sense(w);

        return w->status == SCSI_CHECK_CONDITION && s.key == SENSE_NO_SENSE && s.eom;
}

static bool write_object(Backup *b, uint32_t n_block)
{
        Object *o = &b->told[b->n_told];
        World *w = &b->world;
        bool good;

        *o = (Object){.n_data = world_below(w, 10) == 0 ? 0 : 1 + world_below(w, n_block)};
        if (o->n_data > 0) {
                fill(b, o);
                good = world_run(w, scsi_cdb_write_6(w->cdb, false, o->n_data), o->data, o->n_data);
        } else {
                good = world_run(w, scsi_cdb_write_filemarks_6(w->cdb, false, 1), NULL, 0);
        }
        if (!good && !early_warning(w)) {
                free(o->data);
                return false;
        }
        b->at_end = b->at_end && b->config.no_read_position;
        b->n_told++;
        return true;
}

/* Writes n objects; a REWIND, or a filemark of its own when the program stays there, proves them. */
static bool write_objects(Backup *b, size_t n, uint32_t n_block)
{
        for (size_t i = 0; i < n; i++)
                if (!write_object(b, n_block))
                        return take_error(b, "WRITE");
        if (!command_rewind(b))
                return take_error(b, "REWIND after writing");
        b->at_end = false;
        check_medium(b, true);
        return !b->world.failed;
}

static void check_read(Backup *b, size_t i, bool good, const uint8_t *data)
{
        const Object *o = &b->told[i];
        World *w = &b->world;
        Sense sense = world_sense(w);

        if (o->n_data == 0 && !sense.filemark)
                world_fail(w, "object %zu: no filemark", i);
        else if (o->n_data > 0 && !good)
                world_fail(w, "object %zu: error %x %04x while reading", i, sense.key, sense.code);
        else if (o->n_data > 0 && (w->n_read != o->n_data || memcmp(data, o->data, o->n_data) != 0))
                world_fail(w, "object %zu: %u bytes read of %u, or other data", i, w->n_read, o->n_data);
}

/* Object i, at which the program stands. */
static bool read_object(Backup *b, size_t i, uint8_t *buffer, uint32_t n_block)
{
        World *w = &b->world;
        bool good = world_run(w, scsi_cdb_read_6(w->cdb, false, true, n_block), buffer, n_block);
        Sense sense = world_sense(w);

        if (!good && !w->failed && !sense.filemark && error_is_right(b))
                return take_error(b, "READ");
        check_read(b, i, good, buffer);
        return !w->failed;
}

static bool read_back(Backup *b, uint32_t n_block)
{
        _cleanup_free_ uint8_t *buffer = malloc(n_block);

        for (size_t i = 0; i < b->n_told; i++)
                if (!read_object(b, i, buffer, n_block))
                        return false;
        return true;
}

/* One object in the middle, reached in the way the drive knows. */
static bool read_one(Backup *b, uint32_t n_block)
{
        _cleanup_free_ uint8_t *buffer = malloc(n_block);
        World *w = &b->world;
        size_t i = b->n_told / 2;

        if (b->config.no_locate)
                return true;
        if (!world_run(w, scsi_cdb_locate_10(w->cdb, false, 0, (uint32_t) i), NULL, 0))
                return take_error(b, "LOCATE");
        return read_object(b, i, buffer, n_block);
}

static bool append(Backup *b, size_t n, uint32_t n_block)
{
        World *w = &b->world;

        if (n == 0)
                return true;
        if (!world_run(w, scsi_cdb_space_6(w->cdb, SPACE_END_OF_DATA, 0), NULL, 0))
                return take_error(b, "SPACE");
        b->at_end = true;
        b->appended = b->config.no_read_position;
        return write_objects(b, n, n_block) && read_back(b, n_block);
}

static bool begin(Backup *b)
{
        World *w = &b->world;

        for (int i = 0; i < 200 && !w->failed; i++) {
                if (world_run(w, scsi_cdb_test_unit_ready(w->cdb), NULL, 0))
                        break;
                w->now += USEC_PER_SEC;
        }
        /* every lost answer may have been a unit attention, which such a drive's program is told of */
        for (int i = 0; i < (int) w->n_faults_max + 3 && !w->failed; i++)
                if (command_rewind(b) || b->swapped)
                        return !w->failed && !b->swapped;
        world_fail(w, "REWIND failed");
        return false;
}

void backup_run(Backup *b, size_t n, size_t n_appended, uint32_t n_block)
{
        bool good = begin(b) && write_objects(b, n, n_block) && read_back(b, n_block) &&
                    read_one(b, n_block) && append(b, n_appended, n_block);

        check_medium(b, good && !b->swapped);
}
