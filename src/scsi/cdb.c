/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Builders of the CDBs that evertape sends on its own account: probing, resume, inventory. What a program
 * sends is forwarded as it came and never built here. */

#include "scsi/cdb.h"

#include <string.h>

#include "scsi/opcode.h"
#include "util/bytes.h"

static size_t begin(uint8_t *cdb, uint8_t opcode)
{
        memset(cdb, 0, SCSI_CDB_MAX);
        cdb[0] = opcode;
        return scsi_cdb_length(cdb, SCSI_CDB_MAX);
}

size_t scsi_cdb_test_unit_ready(uint8_t cdb[static SCSI_CDB_MAX])
{
        return begin(cdb, OP_TEST_UNIT_READY);
}

size_t scsi_cdb_request_sense(uint8_t cdb[static SCSI_CDB_MAX], uint8_t n_alloc)
{
        size_t n = begin(cdb, OP_REQUEST_SENSE);

        cdb[4] = n_alloc;
        return n;
}

size_t scsi_cdb_inquiry(uint8_t cdb[static SCSI_CDB_MAX], bool evpd, uint8_t page, uint16_t n_alloc)
{
        size_t n = begin(cdb, OP_INQUIRY);

        cdb[1] = evpd;
        cdb[2] = evpd ? page : 0;
        put_be(cdb + 3, n_alloc, 2);
        return n;
}

size_t scsi_cdb_report_luns(uint8_t cdb[static SCSI_CDB_MAX], uint32_t n_alloc)
{
        size_t n = begin(cdb, OP_REPORT_LUNS);

        put_be(cdb + 6, n_alloc, 4);
        return n;
}

/* What MODE SENSE (6) and (10) have in common: bytes 1 to 3. */
static void set_mode_page(uint8_t *cdb, bool no_descriptors, uint8_t control, uint8_t page, uint8_t subpage)
{
        cdb[1] = no_descriptors ? 0x08 : 0;
        cdb[2] = (uint8_t) (control << 6 | (page & 0x3f));
        cdb[3] = subpage;
}

size_t scsi_cdb_mode_sense_6(uint8_t cdb[static SCSI_CDB_MAX], bool no_descriptors, uint8_t control,
                             uint8_t page, uint8_t subpage, uint8_t n_alloc)
{
        size_t n = begin(cdb, OP_MODE_SENSE_6);

        set_mode_page(cdb, no_descriptors, control, page, subpage);
        cdb[4] = n_alloc;
        return n;
}

size_t scsi_cdb_mode_sense_10(uint8_t cdb[static SCSI_CDB_MAX], bool no_descriptors, uint8_t control,
                              uint8_t page, uint8_t subpage, uint16_t n_alloc)
{
        size_t n = begin(cdb, OP_MODE_SENSE_10);

        set_mode_page(cdb, no_descriptors, control, page, subpage);
        put_be(cdb + 7, n_alloc, 2);
        return n;
}

size_t scsi_cdb_mode_select_6(uint8_t cdb[static SCSI_CDB_MAX], uint8_t n_parameters)
{
        size_t n = begin(cdb, OP_MODE_SELECT_6);

        cdb[1] = 0x10;
        cdb[4] = n_parameters;
        return n;
}

size_t scsi_cdb_mode_select_10(uint8_t cdb[static SCSI_CDB_MAX], uint16_t n_parameters)
{
        size_t n = begin(cdb, OP_MODE_SELECT_10);

        cdb[1] = 0x10;
        put_be(cdb + 7, n_parameters, 2);
        return n;
}

size_t scsi_cdb_reserve_6(uint8_t cdb[static SCSI_CDB_MAX])
{
        return begin(cdb, OP_RESERVE_6);
}

size_t scsi_cdb_release_6(uint8_t cdb[static SCSI_CDB_MAX])
{
        return begin(cdb, OP_RELEASE_6);
}

size_t scsi_cdb_prevent_allow(uint8_t cdb[static SCSI_CDB_MAX], uint8_t prevent)
{
        size_t n = begin(cdb, OP_PREVENT_ALLOW);

        cdb[4] = prevent & 0x03;
        return n;
}

size_t scsi_cdb_persistent_reserve_in(uint8_t cdb[static SCSI_CDB_MAX], uint8_t action, uint16_t n_alloc)
{
        size_t n = begin(cdb, OP_PERSISTENT_RESERVE_IN);

        cdb[1] = action & 0x1f;
        put_be(cdb + 7, n_alloc, 2);
        return n;
}

size_t scsi_cdb_persistent_reserve_out(uint8_t cdb[static SCSI_CDB_MAX], uint8_t action, uint8_t scope_type,
                                       uint32_t n_parameters)
{
        size_t n = begin(cdb, OP_PERSISTENT_RESERVE_OUT);

        cdb[1] = action & 0x1f;
        cdb[2] = scope_type;
        put_be(cdb + 5, n_parameters, 4);
        return n;
}

size_t scsi_cdb_security_protocol_in(uint8_t cdb[static SCSI_CDB_MAX], uint8_t protocol, uint16_t specific,
                                     uint32_t n_alloc)
{
        size_t n = begin(cdb, OP_SECURITY_PROTOCOL_IN);

        cdb[1] = protocol;
        put_be(cdb + 2, specific, 2);
        put_be(cdb + 6, n_alloc, 4);
        return n;
}

size_t scsi_cdb_log_sense(uint8_t cdb[static SCSI_CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                          uint16_t n_alloc)
{
        size_t n = begin(cdb, OP_LOG_SENSE);

        cdb[2] = (uint8_t) (control << 6 | (page & 0x3f));
        cdb[3] = subpage;
        put_be(cdb + 7, n_alloc, 2);
        return n;
}

size_t scsi_cdb_read_attribute(uint8_t cdb[static SCSI_CDB_MAX], uint8_t partition, uint16_t first,
                               uint32_t n_alloc)
{
        size_t n = begin(cdb, OP_READ_ATTRIBUTE);

        cdb[7] = partition;
        put_be(cdb + 8, first, 2);
        put_be(cdb + 10, n_alloc, 4);
        return n;
}

size_t scsi_cdb_read_block_limits(uint8_t cdb[static SCSI_CDB_MAX])
{
        return begin(cdb, OP_READ_BLOCK_LIMITS);
}

size_t scsi_cdb_report_opcode(uint8_t cdb[static SCSI_CDB_MAX], uint8_t opcode, uint32_t n_alloc)
{
        size_t n = begin(cdb, OP_MAINTENANCE_IN);

        cdb[1] = 0x0c; /* service action */
        cdb[2] = 0x01; /* reporting options: one command */
        cdb[3] = opcode;
        put_be(cdb + 6, n_alloc, 4);
        return n;
}

size_t scsi_cdb_read_position(uint8_t cdb[static SCSI_CDB_MAX], ReadPositionForm form)
{
        size_t n = begin(cdb, OP_READ_POSITION);

        cdb[1] = (uint8_t) form;
        /* The other forms have no allocation length, and drives reject one that is not zero. */
        if (form == READ_POSITION_EXTENDED)
                put_be(cdb + 7, READ_POSITION_LONG_LENGTH, 2);
        return n;
}

size_t scsi_cdb_read_6(uint8_t cdb[static SCSI_CDB_MAX], bool fixed, bool sili, uint32_t count)
{
        size_t n = begin(cdb, OP_READ_6);

        cdb[1] = (uint8_t) ((sili ? 0x02 : 0) | (fixed ? 0x01 : 0));
        put_be(cdb + 2, count, 3);
        return n;
}

size_t scsi_cdb_write_6(uint8_t cdb[static SCSI_CDB_MAX], bool fixed, uint32_t count)
{
        size_t n = begin(cdb, OP_WRITE_6);

        cdb[1] = fixed;
        put_be(cdb + 2, count, 3);
        return n;
}

size_t scsi_cdb_write_filemarks_6(uint8_t cdb[static SCSI_CDB_MAX], bool immed, uint32_t count)
{
        size_t n = begin(cdb, OP_WRITE_FILEMARKS_6);

        cdb[1] = immed;
        put_be(cdb + 2, count, 3);
        return n;
}

size_t scsi_cdb_rewind(uint8_t cdb[static SCSI_CDB_MAX], bool immed)
{
        size_t n = begin(cdb, OP_REWIND);

        cdb[1] = immed;
        return n;
}

size_t scsi_cdb_space_6(uint8_t cdb[static SCSI_CDB_MAX], SpaceCode code, int32_t count)
{
        size_t n = begin(cdb, OP_SPACE_6);

        cdb[1] = code & 0x0f;
        put_be(cdb + 2, (uint32_t) count, 3);
        return n;
}

size_t scsi_cdb_space_16(uint8_t cdb[static SCSI_CDB_MAX], SpaceCode code, int64_t count)
{
        size_t n = begin(cdb, OP_SPACE_16);

        cdb[1] = code & 0x0f;
        put_be(cdb + 4, (uint64_t) count, 8);
        return n;
}

size_t scsi_cdb_locate_10(uint8_t cdb[static SCSI_CDB_MAX], bool change_partition, uint8_t partition,
                          uint32_t object)
{
        size_t n = begin(cdb, OP_LOCATE_10);

        cdb[1] = change_partition ? 0x02 : 0;
        put_be(cdb + 3, object, 4);
        cdb[8] = change_partition ? partition : 0;
        return n;
}

size_t scsi_cdb_locate_16(uint8_t cdb[static SCSI_CDB_MAX], bool change_partition, uint8_t partition,
                          LocateDestination destination, uint64_t number)
{
        size_t n = begin(cdb, OP_LOCATE_16);

        cdb[1] = (uint8_t) ((destination & 0x03) << 3 | (change_partition ? 0x02 : 0));
        cdb[3] = change_partition ? partition : 0;
        put_be(cdb + 4, number, 8);
        return n;
}

size_t scsi_cdb_read_element_status(uint8_t cdb[static SCSI_CDB_MAX], const ElementStatusRequest *request)
{
        size_t n = begin(cdb, OP_READ_ELEMENT_STATUS);

        cdb[1] = (uint8_t) ((request->volume_tags ? 0x10 : 0) | (request->type & 0x0f));
        put_be(cdb + 2, request->start, 2);
        put_be(cdb + 4, request->count, 2);
        cdb[6] = (uint8_t) ((request->current_data ? 0x02 : 0) | (request->device_ids ? 0x01 : 0));
        put_be(cdb + 7, request->n_alloc, 3);
        return n;
}

size_t scsi_cdb_initialize_element_status(uint8_t cdb[static SCSI_CDB_MAX])
{
        return begin(cdb, OP_INITIALIZE_ELEMENT_STATUS);
}

size_t scsi_cdb_move_medium(uint8_t cdb[static SCSI_CDB_MAX], uint16_t transport, uint16_t source,
                            uint16_t destination)
{
        size_t n = begin(cdb, OP_MOVE_MEDIUM);

        put_be(cdb + 2, transport, 2);
        put_be(cdb + 4, source, 2);
        put_be(cdb + 6, destination, 2);
        return n;
}
