/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every builder against bytes written by hand from the standards, and the tape ones against the decoder. */

#include "scsi/cdb.h"

#include "scsi/opcode.h"
#include "scsi/smc.h"
#include "scsi/ssc.h"
#include "scsi/test-fixture.h"

static uint8_t cdb[SCSI_CDB_MAX];

/* The bytes are as expected and the rest is zero. */
static void check(size_t n, const char *hex)
{
        uint8_t expected[SCSI_CDB_MAX] = {};
        size_t n_expected;

        assert_int_equal(hex_parse(hex, strlen(hex), expected, sizeof(expected), &n_expected), 0);
        assert_int_equal(n, n_expected);
        assert_int_equal(n, scsi_cdb_length(cdb, n));
        assert_memory_equal(cdb, expected, sizeof(expected));
        memset(cdb, 0xee, sizeof(cdb)); /* the next builder has to clear it */
}

static void test_primary(void **state)
{
        check(scsi_cdb_test_unit_ready(cdb), "00 00 00 00 00 00");
        check(scsi_cdb_request_sense(cdb, 96), "03 00 00 00 60 00");
        check(scsi_cdb_inquiry(cdb, false, 0x80, 512), "12 00 00 02 00 00");
        check(scsi_cdb_inquiry(cdb, true, 0x83, 255), "12 01 83 00 ff 00");
        check(scsi_cdb_mode_sense_6(cdb, false, 0, 0x3f, 0, 12), "1a 00 3f 00 0c 00");
        check(scsi_cdb_mode_sense_6(cdb, true, 1, 0x0f, 0, 255), "1a 08 4f 00 ff 00");
        check(scsi_cdb_mode_sense_10(cdb, true, 3, 0x10, 1, 0x1234), "5a 08 d0 01 00 00 00 12 34 00");
        check(scsi_cdb_mode_select_6(cdb, 12), "15 10 00 00 0c 00");
        check(scsi_cdb_mode_select_10(cdb, 0x110), "55 10 00 00 00 00 00 01 10 00");
        check(scsi_cdb_reserve_6(cdb), "16 00 00 00 00 00");
        check(scsi_cdb_release_6(cdb), "17 00 00 00 00 00");
        check(scsi_cdb_prevent_allow(cdb, 1), "1e 00 00 00 01 00");
        check(scsi_cdb_persistent_reserve_in(cdb, 1, 0x1000), "5e 01 00 00 00 00 00 10 00 00");
        check(scsi_cdb_persistent_reserve_out(cdb, 6, 0x03, 24), "5f 06 03 00 00 00 00 00 18 00");
        check(scsi_cdb_security_protocol_in(cdb, 0x20, 0x0020, 0x400), "a2 20 00 20 00 00 00 00 04 00 00 00");
        check(scsi_cdb_log_sense(cdb, 1, 0x14, 0, 0x400), "4d 00 54 00 00 00 00 04 00 00");
        check(scsi_cdb_read_attribute(cdb, 1, 0x0401, 4096),
              "8c 00 00 00 00 00 00 01 04 01 00 00 10 00 00 00");
}

static void test_tape(void **state)
{
        check(scsi_cdb_read_block_limits(cdb), "05 00 00 00 00 00");
        check(scsi_cdb_read_position(cdb, READ_POSITION_SHORT), "34 00 00 00 00 00 00 00 00 00");
        check(scsi_cdb_read_position(cdb, READ_POSITION_LONG), "34 06 00 00 00 00 00 00 00 00");
        check(scsi_cdb_read_position(cdb, READ_POSITION_EXTENDED), "34 08 00 00 00 00 00 00 20 00");
        check(scsi_cdb_read_6(cdb, true, true, 0x123456), "08 03 12 34 56 00");
        check(scsi_cdb_read_6(cdb, false, false, 65536), "08 00 01 00 00 00");
        check(scsi_cdb_write_6(cdb, false, 262144), "0a 00 04 00 00 00");
        check(scsi_cdb_write_6(cdb, true, 1), "0a 01 00 00 01 00");
        check(scsi_cdb_write_filemarks_6(cdb, false, 0), "10 00 00 00 00 00");
        check(scsi_cdb_write_filemarks_6(cdb, true, 2), "10 01 00 00 02 00");
        check(scsi_cdb_rewind(cdb, true), "01 01 00 00 00 00");
        check(scsi_cdb_space_6(cdb, SPACE_FILEMARKS, -1), "11 01 ff ff ff 00");
        check(scsi_cdb_space_6(cdb, SPACE_END_OF_DATA, 0), "11 03 00 00 00 00");
        check(scsi_cdb_space_16(cdb, SPACE_BLOCKS, -2), "91 00 00 00 ff ff ff ff ff ff ff fe 00 00 00 00");
        check(scsi_cdb_locate_10(cdb, false, 1, 0x01020304), "2b 00 00 01 02 03 04 00 00 00");
        check(scsi_cdb_locate_10(cdb, true, 1, 0), "2b 02 00 00 00 00 00 00 01 00");
        check(scsi_cdb_locate_16(cdb, true, 1, LOCATE_OBJECT, UINT64_C(5000000001)),
              "92 02 00 01 00 00 00 01 2a 05 f2 01 00 00 00 00");
        check(scsi_cdb_locate_16(cdb, false, 1, LOCATE_FILE, 7),
              "92 08 00 00 00 00 00 00 00 00 00 07 00 00 00 00");
        check(scsi_cdb_locate_16(cdb, false, 0, LOCATE_END_OF_DATA, 0),
              "92 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
}

static void test_changer(void **state)
{
        const ElementStatusRequest drives = {
                .type = ELEMENT_DRIVE,
                .start = 256,
                .count = 0xffff,
                .volume_tags = true,
                .device_ids = true,
                .current_data = true,
                .n_alloc = 0x123456,
        };

        check(scsi_cdb_read_element_status(cdb, &drives), "b8 14 01 00 ff ff 03 12 34 56 00 00");
        check(scsi_cdb_read_element_status(cdb, &(ElementStatusRequest){.count = 1, .n_alloc = 8}),
              "b8 00 00 00 00 01 00 00 00 08 00 00");
        check(scsi_cdb_initialize_element_status(cdb), "07 00 00 00 00 00");
        check(scsi_cdb_move_medium(cdb, 1, 1000, 500), "a5 00 00 01 03 e8 01 f4 00 00 00 00");
}

/* What is built is decoded to the same numbers. */
static void test_round_trip(void **state)
{
        static const int32_t counts[] = {0, 1, -1, 8388607, -8388608};
        TapeCommand c;

        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                assert_int_equal(ssc_parse_command(cdb, scsi_cdb_space_6(cdb, SPACE_BLOCKS, counts[i]), &c),
                                 0);
                assert_int_equal(c.count, counts[i]);
                assert_int_equal(
                        ssc_parse_command(cdb, scsi_cdb_space_16(cdb, SPACE_FILEMARKS, counts[i]), &c), 0);
                assert_int_equal(c.count, counts[i]);
                assert_int_equal(c.code, SPACE_FILEMARKS);
        }
        assert_int_equal(
                ssc_parse_command(cdb, scsi_cdb_locate_16(cdb, true, 3, LOCATE_FILE, UINT64_MAX), &c), 0);
        assert_true(c.change_partition && c.object == UINT64_MAX);
        assert_int_equal(c.partition, 3);
        assert_int_equal(c.destination, LOCATE_FILE);
        assert_int_equal(ssc_parse_command(cdb, scsi_cdb_locate_10(cdb, true, 2, UINT32_MAX), &c), 0);
        assert_true(c.change_partition && c.object == UINT32_MAX);
        assert_int_equal(c.partition, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_primary),
                cmocka_unit_test(test_tape),
                cmocka_unit_test(test_changer),
                cmocka_unit_test(test_round_trip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
