/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Positions in three forms, block limits, and the CDBs that move the tape. */

#include "scsi/ssc.h"

#include <errno.h>

#include "scsi/opcode.h"
#include "scsi/test-fixture.h"

static void parse_position(const char *name, ReadPositionForm form, TapePosition *ret)
{
        _cleanup_fixture_ Fixture f = fixture(name);

        assert_int_equal(ssc_parse_position(form, f.data, f.n, ret), 0);
}

static void test_position_short(void **state)
{
        TapePosition p;

        parse_position("position/short", READ_POSITION_SHORT, &p);
        assert_true(p.object_known && p.buffer_objects_known && p.buffer_bytes_known);
        assert_false(p.file_known || p.bop || p.eop || p.bpew);
        assert_int_equal(p.partition, 1);
        assert_int_equal(p.object, 0x12345);
        assert_int_equal(p.last_object, 0x12342);
        assert_int_equal(p.n_buffer_objects, 3);
        assert_int_equal(p.n_buffer_bytes, 196608);

        parse_position("position/short-bop", READ_POSITION_SHORT, &p);
        assert_true(p.bop && p.object_known);
        assert_false(p.buffer_objects_known || p.buffer_bytes_known);
        assert_int_equal(p.object, 0);

        parse_position("position/short-unknown", READ_POSITION_SHORT, &p);
        assert_false(p.object_known);
        parse_position("position/short-overflow", READ_POSITION_SHORT, &p);
        assert_false(p.object_known || p.buffer_objects_known || p.buffer_bytes_known);
}

static void test_position_long(void **state)
{
        TapePosition p;

        parse_position("position/long", READ_POSITION_LONG, &p);
        assert_true(p.object_known && p.file_known && p.eop && p.bpew);
        assert_false(p.buffer_objects_known || p.buffer_bytes_known);
        assert_int_equal(p.partition, 0);
        assert_true(p.object == UINT64_C(5000000001));
        assert_int_equal(p.file, 12);

        parse_position("position/long-file-unknown", READ_POSITION_LONG, &p);
        assert_true(p.object_known && !p.file_known);
        assert_int_equal(p.partition, 1);
        assert_int_equal(p.object, 42);
}

static void test_position_extended(void **state)
{
        TapePosition p;

        parse_position("position/extended", READ_POSITION_EXTENDED, &p);
        assert_true(p.object_known && p.buffer_objects_known && p.buffer_bytes_known && !p.file_known);
        assert_true(p.object == UINT64_C(5000000001) && p.last_object == UINT64_C(4999999999));
        assert_int_equal(p.n_buffer_objects, 2);
        assert_int_equal(p.n_buffer_bytes, 524288);
}

/* A short reply must never be read as zeros, which is the beginning of tape. */
static void test_position_cut(void **state)
{
        _cleanup_fixture_ Fixture whole = fixture("position/long");
        _cleanup_fixture_ Fixture cut = fixture("position/cut");
        TapePosition p = {.object = 7};

        assert_int_equal(ssc_parse_position(READ_POSITION_SHORT, cut.data, cut.n, &p), -EBADMSG);
        for (size_t n = 0; n < whole.n; n++) {
                assert_int_equal(ssc_parse_position(READ_POSITION_LONG, whole.data, n, &p), -EBADMSG);
                assert_int_equal(ssc_parse_position(READ_POSITION_EXTENDED, whole.data, n, &p), -EBADMSG);
        }
        assert_int_equal(ssc_parse_position((ReadPositionForm) 0x1f, whole.data, whole.n, &p), -EBADMSG);
        assert_int_equal(p.object, 7);
}

typedef struct LimitsCase {
        const char *fixture;
        BlockLimits limits;
        uint32_t clamped; /* to 1 MiB */
} LimitsCase;

static void test_limits(void **state)
{
        static const LimitsCase cases[] = {
                {"limits/lto", {0, 8 << 20, 1}, 1 << 20},
                {"limits/dlt", {2, 0xfffffc, 4}, 1 << 20},
                {"limits/none", {0, 0, 1}, 1 << 20},
                {"limits/small", {0, 256 << 10, 1}, 256 << 10},
        };
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb = scsi_cdb_read_block_limits(cdb);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fixture_ Fixture f = fixture(cases[i].fixture);
                BlockLimits l;

                assert_int_equal(ssc_parse_block_limits(f.data, f.n, &l), 0);
                assert_int_equal(l.granularity, cases[i].limits.granularity);
                assert_int_equal(l.max, cases[i].limits.max);
                assert_int_equal(l.min, cases[i].limits.min);
                assert_int_equal(ssc_clamp_block_limits(cdb, n_cdb, f.data, f.n, 1 << 20), 0);
                assert_int_equal(ssc_parse_block_limits(f.data, f.n, &l), 0);
                assert_int_equal(l.max, cases[i].clamped);
                assert_int_equal(l.granularity, cases[i].limits.granularity);
                assert_int_equal(l.min, cases[i].limits.min);
        }
}

static void test_limits_other_replies(void **state)
{
        static const uint8_t mloi[6] = {OP_READ_BLOCK_LIMITS, 0x01}, plain[6] = {OP_READ_BLOCK_LIMITS};
        _cleanup_fixture_ Fixture f = fixture("limits/maximum-object");
        _cleanup_fixture_ Fixture original = fixture("limits/maximum-object");
        _cleanup_fixture_ Fixture cut = fixture("limits/cut");
        BlockLimits l = {.max = 5};

        assert_int_equal(ssc_clamp_block_limits(mloi, sizeof(mloi), f.data, f.n, 1 << 20), 0);
        assert_memory_equal(f.data, original.data, f.n);
        assert_int_equal(ssc_clamp_block_limits(plain, sizeof(plain), cut.data, cut.n, 1 << 20), -EBADMSG);
        assert_memory_equal(cut.data, "\x00\x80\x00", 3);
        assert_int_equal(ssc_parse_block_limits(cut.data, cut.n, &l), -EBADMSG);
        assert_int_equal(l.max, 5);
}

typedef struct CommandCase {
        const char *hex;
        TapeCommand c;
} CommandCase;

/* clang-format off */
static const CommandCase commands[] = {
        {"01 01 00 00 00 00", {.opcode = OP_REWIND, .immed = true}},
        {"08 02 00 80 00 00", {.opcode = OP_READ_6, .sili = true, .count = 32768}},
        {"0a 01 00 00 40 00", {.opcode = OP_WRITE_6, .fixed = true, .count = 64}},
        {"0a 02 ff ff ff 00", {.opcode = OP_WRITE_6, .count = 0xffffff}},
        {"10 01 00 00 02 00", {.opcode = OP_WRITE_FILEMARKS_6, .immed = true, .count = 2}},
        {"11 01 ff ff fe 00", {.opcode = OP_SPACE_6, .code = SPACE_FILEMARKS, .count = -2}},
        {"11 e3 00 00 00 00", {.opcode = OP_SPACE_6, .code = SPACE_END_OF_DATA}},
        {"13 05 00 00 08 00", {.opcode = OP_VERIFY_6, .immed = true, .fixed = true, .count = 8}},
        {"19 03 00 00 00 00", {.opcode = OP_ERASE_6, .immed = true, .long_erase = true}},
        {"1b 00 00 00 01 00", {.opcode = OP_LOAD_UNLOAD, .load = true}},
        {"1b 01 00 00 04 00", {.opcode = OP_LOAD_UNLOAD, .immed = true, .eot = true}},
        {"2b 02 00 00 00 10 00 00 01 00",
         {.opcode = OP_LOCATE_10, .change_partition = true, .partition = 1, .object = 4096}},
        {"80 01 00 02 00 00 00 00 00 00 00 09 00 00 03 00",
         {.opcode = OP_WRITE_FILEMARKS_16, .immed = true, .count = 3, .partition = 2, .object = 9}},
        {"88 03 00 01 00 00 00 01 00 00 00 00 01 00 00 00",
         {.opcode = OP_READ_16, .fixed = true, .sili = true, .count = 65536, .partition = 1,
          .object = UINT64_C(1) << 32}},
        {"91 01 00 00 ff ff ff ff ff ff ff ff 00 00 00 00",
         {.opcode = OP_SPACE_16, .code = SPACE_FILEMARKS, .count = -1}},
        {"92 19 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
         {.opcode = OP_LOCATE_16, .immed = true, .destination = LOCATE_END_OF_DATA}},
};
/* clang-format on */

static void test_commands(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                const TapeCommand *e = &commands[i].c;
                uint8_t cdb[16];
                TapeCommand c;
                size_t n;

                assert_int_equal(hex_parse(commands[i].hex, strlen(commands[i].hex), cdb, sizeof(cdb), &n),
                                 0);
                assert_int_equal(ssc_parse_command(cdb, n, &c), 0);
                assert_int_equal(c.opcode, e->opcode);
                assert_int_equal(c.immed, e->immed);
                assert_int_equal(c.fixed, e->fixed);
                assert_int_equal(c.sili, e->sili);
                assert_int_equal(c.load, e->load);
                assert_int_equal(c.eot, e->eot);
                assert_int_equal(c.long_erase, e->long_erase);
                assert_int_equal(c.code, e->code);
                assert_int_equal(c.count, e->count);
                assert_int_equal(c.change_partition, e->change_partition);
                assert_int_equal(c.partition, e->partition);
                assert_int_equal(c.destination, e->destination);
                assert_true(c.object == e->object);
                for (size_t cut = 0; cut < n; cut++)
                        assert_int_equal(ssc_parse_command(cdb, cut, &c), -EBADMSG);
        }
}

/* Every command in the table that moves the tape forward or to a place can be decoded, and nothing else. */
static void test_commands_agree_with_table(void **state)
{
        const ScsiOpcode *table;
        size_t n;

        table = scsi_opcode_table(&n);
        for (size_t i = 0; i < n; i++) {
                uint8_t cdb[SCSI_CDB_MAX] = {table[i].opcode};
                TapeCommand c;
                int r;

                if (!(table[i].device_types & 1U << DEVICE_TAPE))
                        continue;
                r = ssc_parse_command(cdb, table[i].n_cdb, &c);
                if (table[i].effect == POSITION_KEPT)
                        assert_int_equal(r, -EOPNOTSUPP);
                else if (table[i].effect != POSITION_LOST)
                        assert_int_equal(r, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_position_short),
                cmocka_unit_test(test_position_long),
                cmocka_unit_test(test_position_extended),
                cmocka_unit_test(test_position_cut),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_limits_other_replies),
                cmocka_unit_test(test_commands),
                cmocka_unit_test(test_commands_agree_with_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
