/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a drive and a changer have in common: a table of commands, unit attentions, injected errors,
 * reservations, and how a command is answered. */

#include "model/model.h"
#include "scsi/device-type.h"
#include "scsi/opcode.h"
#include "scsi/sense.h"
#include "util/bytes.h"

#define UNIT_ATTENTION_MAX 8
#define UNIT_INJECTION_MAX 16
#define UNIT_TEXT_MAX      64

/* ASC/ASCQ that the models say and sense.h does not name, SPC-5 table F. */
enum {
        ASC_WRITE_ERROR = 0x0c00,
        ASC_MECHANICAL_POSITIONING_ERROR = 0x1501,
        ASC_PARAMETER_LIST_LENGTH_ERROR = 0x1a00,
        ASC_INVALID_ELEMENT_ADDRESS = 0x2101,
        ASC_INVALID_FIELD_IN_PARAMETERS = 0x2600,
        ASC_INVALID_RELEASE = 0x2604,
        ASC_BLOCK_GUARD_CHECK_FAILED = 0x1001,
        ASC_UNABLE_TO_DECRYPT = 0x7401,
        ASC_UNENCRYPTED_DATA = 0x7402,
        ASC_INCORRECT_KEY = 0x7403,
        ASC_POWER_ON_OCCURRED = 0x2901,
        ASC_NEXUS_LOSS = 0x2907,
        ASC_SAVING_NOT_SUPPORTED = 0x3900,
        ASC_POSITION_PAST_BEGINNING = 0x3b0c,
        ASC_DESTINATION_FULL = 0x3b0d,
        ASC_SOURCE_EMPTY = 0x3b0e,
        ASC_DATA_PHASE_ERROR = 0x4b00,
        ASC_REMOVAL_PREVENTED = 0x5302,
};

typedef struct ModelUnit ModelUnit;

/* One command being executed. */
typedef struct ModelCall {
        uint8_t cdb[SCSI_CDB_MAX]; /* zero beyond what was sent */
        uint8_t *data;
        uint32_t n_data;
        ScsiResult *result;
} ModelCall;

enum {
        COMMAND_QUIET = 1 << 0,       /* executed although a unit attention is pending, SAM-5 5.14 */
        COMMAND_NEEDS_READY = 1 << 1, /* NOT READY without a loaded medium */
};

typedef struct ModelCommand {
        uint8_t opcode;
        uint8_t service_action; /* or SERVICE_ACTION_ANY */
        uint8_t n_cdb;
        uint8_t flags;
        uint32_t timeout_s; /* as REPORT SUPPORTED OPERATION CODES recommends it */
        void (*handler)(ModelUnit *u, ModelCall *call);
        const char *name;
} ModelCommand;

typedef struct UnitInjection {
        uint8_t opcode, key;
        uint16_t code;
} UnitInjection;

#define UNIT_NEXUS_MAX 4

typedef struct UnitRegistrant {
        bool registered;
        uint64_t key;
} UnitRegistrant;

typedef struct UnitReservation {
        uint32_t generation;
        bool survives_power;
        UnitRegistrant registrants[UNIT_NEXUS_MAX];
        bool reserved;
        size_t holder;
        uint8_t type;
} UnitReservation;

/* Embedded first in ModelDrive and ModelChanger. */
struct ModelUnit {
        DeviceType type;
        char vendor[9], product[17], revision[5], serial[UNIT_TEXT_MAX];
        uint64_t naa;
        const ModelCommand *commands;
        size_t n_commands;
        uint8_t disabled[4]; /* opcodes that this unit does not have, 0: none */
        bool (*check_ready)(ModelUnit *u, ModelCall *call);
        uint16_t attentions[UNIT_ATTENTION_MAX];
        size_t n_attentions;
        UnitInjection injections[UNIT_INJECTION_MAX];
        size_t n_injections;
        size_t nexus; /* the one that the commands come from, 0..UNIT_NEXUS_MAX-1 */
        UnitReservation reservation;
        bool prevented;
};

void unit_execute(ModelUnit *u, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                  ScsiResult *ret);
/* Queues a unit attention unless the same one is pending. 29h takes the place of all others, SAM-5 5.14.6. */
void unit_attention(ModelUnit *u, uint16_t code);
bool unit_attention_pending(const ModelUnit *u, uint16_t code);
void unit_inject(ModelUnit *u, uint8_t opcode, uint8_t key, uint16_t code);
/* What a reset takes away: PREVENT, pending unit attentions, and (29/01) what power keeps; and code is
 * pending. */
void unit_reset(ModelUnit *u, uint16_t code);
const ModelCommand *unit_find_command(const ModelUnit *u, const uint8_t *cdb);
bool unit_command_disabled(const ModelUnit *u, uint8_t opcode);

/* Ends the call with CHECK CONDITION. */
void call_check(ModelCall *call, uint8_t key, uint16_t code);
void call_sense(ModelCall *call, const Sense *sense);
/* Data-in, cut to the allocation length and to the room there is. */
void call_data_in(ModelCall *call, const void *src, size_t n, size_t allocation);
/* Data-out of n bytes as the CDB says; NULL after ending the call when fewer were sent. */
const uint8_t *call_data_out(ModelCall *call, size_t n);
/* MODE SENSE(6) or (10): header, block descriptor (8 bytes or NULL) and pages. */
void call_mode_sense(ModelCall *call, uint8_t medium_type, uint8_t specific, const uint8_t *descriptor,
                     const void *pages, size_t n_pages);

/* Commands that are the same for both. */
void unit_inquiry(ModelUnit *u, ModelCall *call);
void unit_request_sense(ModelUnit *u, ModelCall *call);
void unit_report_luns(ModelUnit *u, ModelCall *call);
void unit_report_opcodes(ModelUnit *u, ModelCall *call);
void unit_prevent_allow(ModelUnit *u, ModelCall *call);
void unit_reserve(ModelUnit *u, ModelCall *call);
void unit_release(ModelUnit *u, ModelCall *call);
void unit_reserve_lose_power(ModelUnit *u);
/* Another nexus has the unit reserved, so that this command is not done. */
bool unit_reserve_conflicts(const ModelUnit *u, uint8_t opcode);
void unit_reserve_in(ModelUnit *u, ModelCall *call);
void unit_reserve_out(ModelUnit *u, ModelCall *call);
void unit_nothing(ModelUnit *u, ModelCall *call); /* GOOD */
