/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An LTO drive: its table of commands and what happens to it from outside (cartridge in and out, reset,
 * power). The table is also what REPORT SUPPORTED OPERATION CODES reports, so that it cannot claim what it
 * does not do. */

#include "model/drive.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define ANY   SERVICE_ACTION_ANY
#define QUIET COMMAND_QUIET
#define READY COMMAND_NEEDS_READY

/* clang-format off */
static const ModelCommand drive_commands[] = {
        { OP_TEST_UNIT_READY,         ANY,  6, READY, 60,    unit_nothing,             "TEST UNIT READY" },
        { OP_REWIND,                  ANY,  6, READY, 600,   drive_rewind,             "REWIND" },
        { OP_REQUEST_SENSE,           ANY,  6, QUIET, 60,    unit_request_sense,       "REQUEST SENSE" },
        { OP_FORMAT_MEDIUM,           ANY,  6, READY, 3000,  drive_format_medium,      "FORMAT MEDIUM" },
        { OP_READ_BLOCK_LIMITS,       ANY,  6, 0,     60,    drive_read_block_limits,  "READ BLOCK LIMITS" },
        { OP_READ_6,                  ANY,  6, READY, 1200,  drive_read,               "READ(6)" },
        { OP_WRITE_6,                 ANY,  6, READY, 1500,  drive_write,              "WRITE(6)" },
        { OP_WRITE_FILEMARKS_6,       ANY,  6, READY, 1600,  drive_write_filemarks,    "WRITE FILEMARKS(6)" },
        { OP_VERIFY_6,                ANY,  6, READY, 1200,  drive_verify,             "VERIFY(6)" },
        { OP_SPACE_6,                 ANY,  6, READY, 2500,  drive_space,              "SPACE(6)" },
        { OP_INQUIRY,                 ANY,  6, QUIET, 60,    unit_inquiry,             "INQUIRY" },
        { OP_MODE_SELECT_6,           ANY,  6, 0,     60,    drive_mode_select,        "MODE SELECT(6)" },
        { OP_RESERVE_6,               ANY,  6, 0,     60,    unit_reserve,             "RESERVE(6)" },
        { OP_RELEASE_6,               ANY,  6, 0,     60,    unit_release,             "RELEASE(6)" },
        { OP_ERASE_6,                 ANY,  6, READY, 18000, drive_erase,              "ERASE(6)" },
        { OP_MODE_SENSE_6,            ANY,  6, 0,     60,    drive_mode_sense,         "MODE SENSE(6)" },
        { OP_LOAD_UNLOAD,             ANY,  6, 0,     800,   drive_load_unload,        "LOAD UNLOAD" },
        { OP_RECEIVE_DIAGNOSTIC,      ANY,  6, 0,     60,    drive_receive_diagnostic, "RECEIVE DIAGNOSTIC RESULTS" },
        { OP_SEND_DIAGNOSTIC,         ANY,  6, 0,     2100,  unit_nothing,             "SEND DIAGNOSTIC" },
        { OP_PREVENT_ALLOW,           ANY,  6, 0,     60,    unit_prevent_allow,       "PREVENT ALLOW MEDIUM REMOVAL" },
        { OP_LOCATE_10,               ANY, 10, READY, 2500,  drive_locate_10,          "LOCATE(10)" },
        { OP_READ_POSITION,           ANY, 10, READY, 60,    drive_read_position,      "READ POSITION" },
        { OP_REPORT_DENSITY_SUPPORT,  ANY, 10, 0,     60,    drive_report_density,     "REPORT DENSITY SUPPORT" },
        { OP_LOG_SELECT,              ANY, 10, 0,     60,    drive_log_select,         "LOG SELECT" },
        { OP_LOG_SENSE,               ANY, 10, 0,     60,    drive_log_sense,          "LOG SENSE" },
        { OP_MODE_SELECT_10,          ANY, 10, 0,     60,    drive_mode_select,        "MODE SELECT(10)" },
        { OP_RESERVE_10,              ANY, 10, 0,     60,    unit_reserve,             "RESERVE(10)" },
        { OP_RELEASE_10,              ANY, 10, 0,     60,    unit_release,             "RELEASE(10)" },
        { OP_MODE_SENSE_10,           ANY, 10, 0,     60,    drive_mode_sense,         "MODE SENSE(10)" },
        { OP_PERSISTENT_RESERVE_IN,   ANY, 10, 0,     60,    unit_reserve_in,          "PERSISTENT RESERVE IN" },
        { OP_PERSISTENT_RESERVE_OUT,  ANY, 10, 0,     60,    unit_reserve_out,         "PERSISTENT RESERVE OUT" },
        { OP_SECURITY_PROTOCOL_IN,    ANY, 12, 0,     60,    drive_security_in,        "SECURITY PROTOCOL IN" },
        { OP_SECURITY_PROTOCOL_OUT,   ANY, 12, 0,     60,    drive_security_out,       "SECURITY PROTOCOL OUT" },
        { OP_WRITE_FILEMARKS_16,      ANY, 16, READY, 1600,  drive_write_filemarks,    "WRITE FILEMARKS(16)" },
        { OP_READ_16,                 ANY, 16, READY, 1200,  drive_read,               "READ(16)" },
        { OP_WRITE_16,                ANY, 16, READY, 1500,  drive_write,              "WRITE(16)" },
        { OP_READ_ATTRIBUTE,          ANY, 16, READY, 60,    drive_read_attribute,     "READ ATTRIBUTE" },
        { OP_WRITE_ATTRIBUTE,         ANY, 16, READY, 60,    drive_write_attribute,    "WRITE ATTRIBUTE" },
        { OP_SPACE_16,                ANY, 16, READY, 2500,  drive_space,              "SPACE(16)" },
        { OP_LOCATE_16,               ANY, 16, READY, 2500,  drive_locate_16,          "LOCATE(16)" },
        { OP_ERASE_16,                ANY, 16, READY, 18000, drive_erase,              "ERASE(16)" },
        { OP_REPORT_LUNS,             ANY, 12, QUIET, 60,    unit_report_luns,         "REPORT LUNS" },
        { OP_MAINTENANCE_IN,          0xc, 12, 0,     60,    unit_report_opcodes,      "REPORT SUPPORTED OPERATION CODES" },
};
/* clang-format on */

static bool drive_check_ready(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);

        if (d->becoming_ready > 0) {
                d->becoming_ready--;
                call_check(call, SENSE_NOT_READY, ASC_BECOMING_READY);
                return false;
        }
        if (!d->loaded)
                call_check(call, SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT);
        return d->loaded;
}

static const DriveMode default_mode = {.buffered = true, .compression = true};

static void disable_commands(ModelUnit *u, const ModelDriveConfig *config)
{
        if (config->no_locate) {
                u->disabled[0] = OP_LOCATE_10;
                u->disabled[1] = OP_LOCATE_16;
        }
        if (config->no_read_position)
                u->disabled[2] = OP_READ_POSITION;
        if (config->no_mam)
                u->disabled[3] = OP_READ_ATTRIBUTE;
}

ModelDrive *model_drive_new(const ModelDriveConfig *config)
{
        ModelDrive *d = calloc(1, sizeof(*d));
        ModelUnit *u;

        if (!d)
                return NULL;
        u = &d->unit;
        u->type = DEVICE_TAPE;
        snprintf(u->vendor, sizeof(u->vendor), "%s", config->vendor);
        snprintf(u->product, sizeof(u->product), "%s", config->product);
        snprintf(u->revision, sizeof(u->revision), "%s", config->revision);
        snprintf(u->serial, sizeof(u->serial), "%s", config->serial);
        u->naa = config->naa;
        u->commands = drive_commands;
        u->n_commands = ELEMENTSOF(drive_commands);
        u->check_ready = drive_check_ready;
        disable_commands(u, config);
        d->n_buffer = config->n_buffer;
        d->vague_end_of_data = config->vague_end_of_data;
        d->old_data_visible = config->old_data_visible;
        d->no_buffer_report = config->no_buffer_report;
        d->optimistic_report = config->optimistic_report;
        d->zero_position = config->zero_position;
        d->mode = default_mode;
        d->counts.power_cycles = 1;
        unit_attention(u, ASC_POWER_ON_RESET);
        return d;
}

ModelDrive *model_drive_free(ModelDrive *d)
{
        free(d);
        return NULL;
}

/* TEST UNIT READY says GOOD while nothing that needs the medium would be done. */
static bool lie_of_readiness(ModelDrive *d, const uint8_t *cdb, ScsiResult *ret)
{
        ModelCall call = {.result = ret};
        const ModelCommand *row = unit_find_command(&d->unit, cdb);

        if (!row || !(row->flags & COMMAND_NEEDS_READY))
                return false;
        *ret = (ScsiResult){.delivery = SCSI_ANSWERED, .status = SCSI_GOOD};
        if (row->opcode == OP_TEST_UNIT_READY)
                d->becoming_ready = --d->false_ready == 0 ? 3 : 0;
        else
                call_check(&call, SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT);
        return true;
}

/* SPC-5 4.4.7: the command that gets a deferred error is not executed. */
static bool tell_of_failure(ModelDrive *d, const uint8_t *cdb, size_t n_cdb, ScsiResult *ret)
{
        ModelCall call = {.result = ret};
        const ModelCommand *row = unit_find_command(&d->unit, cdb);
        Sense sense = {.deferred = true, .key = SENSE_MEDIUM_ERROR, .code = ASC_WRITE_ERROR};

        if (d->unit.n_attentions > 0 || (row && row->flags & COMMAND_QUIET))
                return false;
        d->write_failed = false;
        *ret = (ScsiResult){.delivery = SCSI_ANSWERED};
        call_sense(&call, &sense);
        return true;
}

void model_drive_execute(ModelDrive *d, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                         ScsiResult *ret)
{
        if (d->false_ready > 0 && lie_of_readiness(d, cdb, ret))
                return;
        if (d->write_failed && tell_of_failure(d, cdb, n_cdb, ret))
                return;
        unit_execute(&d->unit, cdb, n_cdb, data, n_data, ret);
}

void drive_flush(ModelDrive *d)
{
        d->n_unflushed = 0;
        if (d->medium)
                medium_forget_old(drive_tape(d));
}

static void drive_thread(ModelDrive *d)
{
        d->loaded = true;
        d->partition = d->position = 0;
        d->counts.loads++;
        d->counts.bytes_written = d->counts.bytes_read = 0;
        d->medium->n_loads++;
}

void drive_unload(ModelDrive *d)
{
        drive_flush(d);
        drive_key_demounted(d);
        d->loaded = false;
        d->partition = d->position = 0;
}

void drive_load_unload(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        bool load = call->cdb[4] & 1, end_of_tape = call->cdb[4] & 4;

        if (load && end_of_tape) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        } else if (!load) {
                if (u->prevented && d->loaded)
                        call_check(call, SENSE_ILLEGAL_REQUEST, ASC_REMOVAL_PREVENTED);
                else
                        drive_unload(d);
        } else if (!d->medium) {
                call_check(call, SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT);
        } else if (d->loaded) {
                drive_flush(d);
                d->partition = d->position = 0;
        } else {
                drive_thread(d);
        }
}

void model_drive_load(ModelDrive *d, ModelMedium *m)
{
        drive_unload(d);
        d->medium = m;
        if (!m)
                return;
        drive_thread(d);
        unit_attention(&d->unit, ASC_MEDIUM_MAY_HAVE_CHANGED);
}

ModelMedium *model_drive_medium(const ModelDrive *d)
{
        return d->medium;
}

void model_drive_reset(ModelDrive *d, uint16_t code)
{
        drive_flush(d);
        d->partition = d->position = 0;
        d->mode = default_mode;
        drive_clear_key(d);
        d->write_failed = false;
        unit_reset(&d->unit, code);
}

void model_drive_power_cycle(ModelDrive *d, uint32_t n_lost)
{
        bool loaded = d->loaded;

        if (loaded) {
                medium_lose(drive_tape(d), n_lost < d->n_unflushed ? n_lost : d->n_unflushed);
                drive_thread(d);
        }
        model_drive_reset(d, ASC_POWER_ON_OCCURRED);
        d->counts.power_cycles++;
}

void model_drive_lose_nexus(ModelDrive *d)
{
        d->unit.prevented = false;
        drive_key_nexus_lost(d);
        unit_attention(&d->unit, ASC_NEXUS_LOSS);
}

void model_drive_use_nexus(ModelDrive *d, size_t nexus)
{
        d->unit.nexus = nexus % UNIT_NEXUS_MAX;
}

uint64_t model_drive_holder(const ModelDrive *d)
{
        const UnitReservation *r = &d->unit.reservation;

        return r->reserved && r->type < 7 ? r->registrants[r->holder].key : 0;
}

bool model_drive_fail_writes(ModelDrive *d, uint32_t n_lost)
{
        if (n_lost == 0 || n_lost > d->n_unflushed)
                return false;
        medium_lose(drive_tape(d), n_lost);
        d->position -= n_lost;
        d->n_unflushed = 0;
        d->write_failed = true;
        return true;
}

uint32_t model_drive_unflushed(const ModelDrive *d)
{
        return d->n_unflushed;
}

bool model_drive_prevented(const ModelDrive *d)
{
        return d->unit.prevented;
}

void model_drive_false_ready(ModelDrive *d, uint32_t n)
{
        d->false_ready = n;
}

void model_drive_becoming_ready(ModelDrive *d, uint32_t n)
{
        d->becoming_ready = n;
}

void model_drive_inject(ModelDrive *d, uint8_t opcode, uint8_t key, uint16_t code)
{
        unit_inject(&d->unit, opcode, key, code);
}
