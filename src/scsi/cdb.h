/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* CDBs that evertape itself sends. Each function fills cdb, zeroes the rest of it and returns its length; a
 * value too wide for its field is a programming error and is cut to the field. SSC-4, SMC-3, SPC-4. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/command.h"

/* READ POSITION service actions, SSC-4 table 61. */
typedef enum ReadPositionForm {
        READ_POSITION_SHORT = 0x00,
        READ_POSITION_LONG = 0x06,
        READ_POSITION_EXTENDED = 0x08,
} ReadPositionForm;

/* Lengths of their replies; also what the allocation length has to be (extended form). */
#define READ_POSITION_SHORT_LENGTH 20
#define READ_POSITION_LONG_LENGTH  32

/* DEST_TYPE of LOCATE(16), SSC-4 table 47. */
typedef enum LocateDestination {
        LOCATE_OBJECT = 0,
        LOCATE_FILE = 1,
        LOCATE_END_OF_DATA = 3,
} LocateDestination;

/* CODE of SPACE, SSC-4 table 79. */
typedef enum SpaceCode {
        SPACE_BLOCKS = 0,
        SPACE_FILEMARKS = 1,
        SPACE_SEQUENTIAL_FILEMARKS = 2,
        SPACE_END_OF_DATA = 3,
} SpaceCode;

/* SPC */
size_t scsi_cdb_test_unit_ready(uint8_t cdb[static SCSI_CDB_MAX]);
size_t scsi_cdb_request_sense(uint8_t cdb[static SCSI_CDB_MAX], uint8_t n_alloc);
/* evpd false: standard INQUIRY data, page is ignored. */
size_t scsi_cdb_inquiry(uint8_t cdb[static SCSI_CDB_MAX], bool evpd, uint8_t page, uint16_t n_alloc);
/* All logical units, SELECT REPORT 00h. */
size_t scsi_cdb_report_luns(uint8_t cdb[static SCSI_CDB_MAX], uint32_t n_alloc);
/* Page control: 0 current, 1 changeable, 2 default, 3 saved values. */
size_t scsi_cdb_mode_sense_6(uint8_t cdb[static SCSI_CDB_MAX], bool no_descriptors, uint8_t control,
                             uint8_t page, uint8_t subpage, uint8_t n_alloc);
size_t scsi_cdb_mode_sense_10(uint8_t cdb[static SCSI_CDB_MAX], bool no_descriptors, uint8_t control,
                              uint8_t page, uint8_t subpage, uint16_t n_alloc);
/* PF is set, SP is not. */
size_t scsi_cdb_mode_select_6(uint8_t cdb[static SCSI_CDB_MAX], uint8_t n_parameters);
size_t scsi_cdb_mode_select_10(uint8_t cdb[static SCSI_CDB_MAX], uint16_t n_parameters);
size_t scsi_cdb_reserve_6(uint8_t cdb[static SCSI_CDB_MAX]);
size_t scsi_cdb_release_6(uint8_t cdb[static SCSI_CDB_MAX]);
/* prevent: the PREVENT field, 0 allow, 1 prevent. */
size_t scsi_cdb_prevent_allow(uint8_t cdb[static SCSI_CDB_MAX], uint8_t prevent);
/* action: ReserveInAction, ReserveOutAction. */
size_t scsi_cdb_persistent_reserve_in(uint8_t cdb[static SCSI_CDB_MAX], uint8_t action, uint16_t n_alloc);
size_t scsi_cdb_persistent_reserve_out(uint8_t cdb[static SCSI_CDB_MAX], uint8_t action, uint8_t scope_type,
                                       uint32_t n_parameters);
/* specific: with tape data encryption, the page. */
size_t scsi_cdb_security_protocol_in(uint8_t cdb[static SCSI_CDB_MAX], uint8_t protocol, uint16_t specific,
                                     uint32_t n_alloc);
/* REPORT SUPPORTED OPERATION CODES, for one that has no service action. */
size_t scsi_cdb_report_opcode(uint8_t cdb[static SCSI_CDB_MAX], uint8_t opcode, uint32_t n_alloc);
/* Page control: 1 cumulative values. */
size_t scsi_cdb_log_sense(uint8_t cdb[static SCSI_CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                          uint16_t n_alloc);
/* Attribute values of the medium in the drive from id first on. */
size_t scsi_cdb_read_attribute(uint8_t cdb[static SCSI_CDB_MAX], uint8_t partition, uint16_t first,
                               uint32_t n_alloc);

/* SSC. Counts are blocks with fixed set and bytes without it, up to 2^24 - 1. */
size_t scsi_cdb_read_block_limits(uint8_t cdb[static SCSI_CDB_MAX]);
size_t scsi_cdb_read_position(uint8_t cdb[static SCSI_CDB_MAX], ReadPositionForm form);
size_t scsi_cdb_read_6(uint8_t cdb[static SCSI_CDB_MAX], bool fixed, bool sili, uint32_t count);
size_t scsi_cdb_write_6(uint8_t cdb[static SCSI_CDB_MAX], bool fixed, uint32_t count);
size_t scsi_cdb_write_filemarks_6(uint8_t cdb[static SCSI_CDB_MAX], bool immed, uint32_t count);
size_t scsi_cdb_rewind(uint8_t cdb[static SCSI_CDB_MAX], bool immed);
/* count: -2^23 .. 2^23 - 1; negative is towards the beginning. */
size_t scsi_cdb_space_6(uint8_t cdb[static SCSI_CDB_MAX], SpaceCode code, int32_t count);
size_t scsi_cdb_space_16(uint8_t cdb[static SCSI_CDB_MAX], SpaceCode code, int64_t count);
/* partition is used with change_partition only. Objects beyond 2^32 - 1 need LOCATE(16). */
size_t scsi_cdb_locate_10(uint8_t cdb[static SCSI_CDB_MAX], bool change_partition, uint8_t partition,
                          uint32_t object);
/* number: a logical object or a logical file identifier, as destination says. */
size_t scsi_cdb_locate_16(uint8_t cdb[static SCSI_CDB_MAX], bool change_partition, uint8_t partition,
                          LocateDestination destination, uint64_t number);

/* SMC */
typedef struct ElementStatusRequest {
        uint8_t type; /* ElementType, 0: all */
        uint16_t start, count;
        bool volume_tags;
        bool device_ids;   /* DVCID */
        bool current_data; /* CURDATA: answer without moving anything */
        uint32_t n_alloc;
} ElementStatusRequest;

size_t scsi_cdb_read_element_status(uint8_t cdb[static SCSI_CDB_MAX], const ElementStatusRequest *request);
size_t scsi_cdb_initialize_element_status(uint8_t cdb[static SCSI_CDB_MAX]);
size_t scsi_cdb_move_medium(uint8_t cdb[static SCSI_CDB_MAX], uint16_t transport, uint16_t source,
                            uint16_t destination);
