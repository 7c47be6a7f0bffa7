/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every command is, in one table keyed by (device type, opcode, service action): several opcodes mean
 * one thing to a tape drive and another to a changer. */

#include <stdint.h>

#include "scsi/command.h"
#include "scsi/device-type.h"

enum {
        OP_TEST_UNIT_READY = 0x00,
        OP_REWIND = 0x01,
        OP_REQUEST_SENSE = 0x03,
        OP_FORMAT_MEDIUM = 0x04,
        OP_READ_BLOCK_LIMITS = 0x05,
        OP_INITIALIZE_ELEMENT_STATUS = 0x07, /* changer */
        OP_READ_6 = 0x08,
        OP_WRITE_6 = 0x0a,
        OP_SET_CAPACITY = 0x0b,
        OP_READ_REVERSE_6 = 0x0f,
        OP_WRITE_FILEMARKS_6 = 0x10,
        OP_SPACE_6 = 0x11,
        OP_INQUIRY = 0x12,
        OP_VERIFY_6 = 0x13,
        OP_RECOVER_BUFFERED_DATA = 0x14,
        OP_MODE_SELECT_6 = 0x15,
        OP_RESERVE_6 = 0x16,
        OP_RELEASE_6 = 0x17,
        OP_COPY = 0x18,
        OP_ERASE_6 = 0x19,
        OP_MODE_SENSE_6 = 0x1a,
        OP_LOAD_UNLOAD = 0x1b, /* changer: OPEN/CLOSE IMPORT/EXPORT ELEMENT */
        OP_RECEIVE_DIAGNOSTIC = 0x1c,
        OP_SEND_DIAGNOSTIC = 0x1d,
        OP_PREVENT_ALLOW = 0x1e,
        OP_LOCATE_10 = 0x2b, /* changer: POSITION TO ELEMENT */
        OP_READ_POSITION = 0x34,
        OP_INITIALIZE_ELEMENT_STATUS_WITH_RANGE = 0x37, /* changer */
        OP_COMPARE = 0x39,
        OP_COPY_AND_VERIFY = 0x3a,
        OP_WRITE_BUFFER = 0x3b,
        OP_READ_BUFFER = 0x3c,
        OP_CHANGE_DEFINITION = 0x40,
        OP_REPORT_DENSITY_SUPPORT = 0x44, /* changer: REPORT VOLUME TYPES SUPPORTED */
        OP_LOG_SELECT = 0x4c,
        OP_LOG_SENSE = 0x4d,
        OP_MODE_SELECT_10 = 0x55,
        OP_RESERVE_10 = 0x56,
        OP_RELEASE_10 = 0x57,
        OP_MODE_SENSE_10 = 0x5a,
        OP_PERSISTENT_RESERVE_IN = 0x5e,
        OP_PERSISTENT_RESERVE_OUT = 0x5f,
        OP_WRITE_FILEMARKS_16 = 0x80,
        OP_READ_REVERSE_16 = 0x81,
        OP_ALLOW_OVERWRITE = 0x82,
        OP_EXTENDED_COPY = 0x83,
        OP_RECEIVE_COPY_RESULTS = 0x84,
        OP_READ_16 = 0x88,
        OP_WRITE_16 = 0x8a,
        OP_READ_ATTRIBUTE = 0x8c,
        OP_WRITE_ATTRIBUTE = 0x8d,
        OP_VERIFY_16 = 0x8f,
        OP_SPACE_16 = 0x91,
        OP_LOCATE_16 = 0x92,
        OP_ERASE_16 = 0x93,
        OP_READ_BUFFER_16 = 0x9b,
        OP_SERVICE_ACTION_IN_16 = 0x9e,
        OP_SERVICE_ACTION_OUT_16 = 0x9f,
        OP_REPORT_LUNS = 0xa0,
        OP_SECURITY_PROTOCOL_IN = 0xa2,
        OP_MAINTENANCE_IN = 0xa3,
        OP_MAINTENANCE_OUT = 0xa4,
        OP_MOVE_MEDIUM = 0xa5,
        OP_EXCHANGE_MEDIUM = 0xa6,
        OP_MOVE_MEDIUM_ATTACHED = 0xa7,
        OP_SERVICE_ACTION_OUT_12 = 0xa9,
        OP_SERVICE_ACTION_IN_12 = 0xab,
        OP_READ_ELEMENT_STATUS_ATTACHED = 0xb4,
        OP_SECURITY_PROTOCOL_OUT = 0xb5, /* tape; changer: REQUEST VOLUME ELEMENT ADDRESS */
        OP_SEND_VOLUME_TAG = 0xb6,
        OP_READ_ELEMENT_STATUS = 0xb8,
};

/* What a command that ended GOOD did to the position of the medium. */
typedef enum PositionEffect {
        POSITION_KEPT,
        POSITION_READ,      /* forward over the objects read */
        POSITION_WRITTEN,   /* forward over the objects written; everything beyond is gone */
        POSITION_BEGINNING, /* beginning of partition: REWIND */
        POSITION_LOADED,    /* LOAD UNLOAD: beginning, or no medium */
        POSITION_LOCATED,   /* where the CDB says */
        POSITION_SPACED,    /* relative by count, or end of data */
        POSITION_LOST,      /* cannot be told from the command: READ REVERSE, VERIFY, FORMAT ... */
        _POSITION_EFFECT_MAX,
} PositionEffect;

/* How a command that was in flight when the path died is settled after the resume. */
typedef enum SettleClass {
        SETTLE_REPEAT,   /* changes nothing, or the same again: issue again */
        SETTLE_READ,     /* back to where it began, issue again */
        SETTLE_WRITE,    /* find out how many objects are on the medium, write the rest */
        SETTLE_ABSOLUTE, /* REWIND, LOCATE, LOAD ...: issue again, wherever the medium stands */
        SETTLE_RELATIVE, /* SPACE, ERASE (from here to the end!), FORMAT: back to where it began, issue again
                          */
        SETTLE_STATE,    /* MODE SELECT, PREVENT, RESERVE ...: issue again after restoring what was before */
        SETTLE_MOVE_MEDIUM,  /* look where the cartridge is */
        SETTLE_NEVER_REPEAT, /* unknown or not repeatable: the program gets a truthful error */
        _SETTLE_CLASS_MAX,
} SettleClass;

#define SERVICE_ACTION_ANY 0xff

typedef struct ScsiOpcode {
        uint16_t device_types; /* bit (1 << DeviceType) set for each that knows it */
        uint8_t opcode;
        uint8_t service_action; /* CDB byte 1 bits 4..0, or SERVICE_ACTION_ANY */
        uint8_t n_cdb;
        ScsiDirection direction; /* when there is data at all */
        PositionEffect effect;
        SettleClass settle;
        uint32_t timeout_s; /* floor of the timeout towards the real device */
        const char *name;   /* as the standard spells it */
} ScsiOpcode;

/* The row for a CDB; a row of its own with SETTLE_NEVER_REPEAT for what is in no table. Never NULL. */
const ScsiOpcode *scsi_opcode_find(DeviceType type, const uint8_t *cdb, size_t n_cdb);

/* Length of a CDB by its group code, as the kernel counts it (scsi_command_size(),
 * include/scsi/scsi_common.h): 60h..7Eh are 12 bytes, C0h..FFh 10; 7Fh by its own length. 0 when n_cdb is too
 * short to tell. */
size_t scsi_cdb_length(const uint8_t *cdb, size_t n_cdb);

/* Whether the device knows a command, from its answer to scsi_cdb_report_opcode(): as the standard has it,
 * SPC-4 6.35.3. 1, 0, or -EBADMSG. */
int scsi_opcode_parse_report(const uint8_t *data, size_t n_data);

/* The table itself, for tests and `evertape decode`. */
const ScsiOpcode *scsi_opcode_table(size_t *ret_n);
