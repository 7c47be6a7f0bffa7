/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* After a loss: where the medium stands, what is on it, and the rest again. Every command that the engine may
 * send on the way is in these scripts. */

#include "hold/test-unit.h"

#include <stdio.h>

#define LOCATE(n) "2b 00 00 00 00 00 " #n " 00 00 00"
#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define NO_LOCATE CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE)
#define END       CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)

static Answer block_100(uint64_t number)
{
        return DATA(block(number, 100), 100);
}

static void write_blocks(Fake *f, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                write_block(f, 100);
}

/* The next block is sent and lost on the way. Its tag. */
static uint32_t lose_write(Fake *f)
{
        uint32_t tag = fake_command(f, WRITE_100, block(f->object, 100), 100);

        expect_out(f, WRITE_100, block(f->object, 100), 100, LOST);
        assert_nothing_answered(f);
        assert_string_not_equal(f->closed, "");
        return tag;
}

/* As expect_return_at(), after a reset. */
static void expect_return_after_reset(Fake *f, const char *medium)
{
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(f->unit.record.block_length));
        expect(f, CDB_MEDIUM, medium_reply(medium));
        expect(f, CDB_POSITION, position_reply(0));
}

static void expect_locate(Fake *f, const char *cdb, uint64_t object)
{
        expect(f, cdb, GOOD);
        expect(f, CDB_POSITION, position_reply(object));
}

/* It is held again, and the program can go on at once. */
static void assert_goes_on(Fake *f)
{
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_event(f, "resumed", "");
        write_block(f, 100);
}

/* ---- nothing was lost ---- */

static void test_nothing_lost(void **state)
{
        Fake *f = *state;

        write_blocks(f, 3);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 3);
        assert_event(f, "resumed", "0 objects written again");
        assert_goes_on(f);
}

static void test_write_not_executed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = lose_write(f);
        expect_return_at(f, "MEDIUM-1", 3);
        expect_write(f, 3, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object = 4;
        assert_goes_on(f);
}

static void test_write_executed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = lose_write(f);
        expect_return_at(f, "MEDIUM-1", 4);
        assert_answered(f, tag, SCSI_GOOD);
        f->object = 4;
        assert_goes_on(f);
        assert_int_equal(f->unit.record.position.object, 5);
}

/* Never sent is not executed: the program's command goes out as it is. */
static void test_write_not_sent(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = fake_command(f, WRITE_100, block(3, 100), 100);
        expect(f, WRITE_100, NOT_SENT);
        expect_return_at(f, "MEDIUM-1", 3);
        expect_out(f, WRITE_100, block(3, 100), 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 4);
}

/* The program takes its filemark for a proof: it is one before it is answered. */
static void test_filemark_executed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = fake_command(f, "10 00 00 00 01 00", NULL, 0);
        expect(f, "10 00 00 00 01 00", LOST);
        expect_return_at(f, "MEDIUM-1", 4);
        assert_nothing_answered(f);
        expect(f, CDB_COMMIT, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.commit.object, 4);
        assert_nothing_sent(f);
}

static void test_filemark_not_proven(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = fake_command(f, "10 00 00 00 01 00", NULL, 0);
        expect(f, "10 00 00 00 01 00", LOST);
        expect_return_at(f, "MEDIUM-1", 4);
        expect(f, CDB_COMMIT, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_given_up(f, "the drive could not write its buffer");
}

/* With IMMED it promises nothing. */
static void test_filemark_at_once(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = fake_command(f, "10 01 00 00 01 00", NULL, 0);
        expect(f, "10 01 00 00 01 00", LOST);
        expect_return_at(f, "MEDIUM-1", 4);
        assert_answered(f, tag, SCSI_GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.record.commit.object, 0);
}

/* ---- something was ---- */

/* A reset, and the medium has the first of three blocks. */
static void test_reset_one_left(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 3);
        tag = lose_write(f);
        expect_return_after_reset(f, "MEDIUM-1");
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        expect_write(f, 2, 100, GOOD);
        expect_write(f, 3, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_event(f, "resumed", "3 objects written again");
        f->object = 4;
        assert_goes_on(f);
}

/* What stands behind the point of loss is older data: the first block that differs is the end. */
static void test_old_data_behind(void **state)
{
        Fake *f = *state;

        write_blocks(f, 3);
        fake_path_down(f);
        expect_return_after_reset(f, "MEDIUM-1");
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, block_100(77));
        expect_locate(f, LOCATE(01), 1);
        expect_write(f, 1, 100, GOOD);
        expect_write(f, 2, 100, GOOD);
        assert_goes_on(f);
}

static const struct {
        const char *what;
        Answer answer;
} differences[] = {
        {"a shorter block",
         {.status = SCSI_CHECK_CONDITION,
          .sense = {.ili = true, .information_valid = true, .information = 60}}},
        {"a longer block",
         {.status = SCSI_CHECK_CONDITION,
          .sense = {.ili = true, .information_valid = true, .information = -60}}},
        {"a filemark",
         {.status = SCSI_CHECK_CONDITION, .sense = {.filemark = true, .code = ASC_FILEMARK_DETECTED}}},
        {"a block that cannot be read",
         {.status = SCSI_CHECK_CONDITION, .sense = {.key = SENSE_MEDIUM_ERROR, .code = 0x1100}}},
};

static void test_differences(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(differences); i++) {
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_blocks(f, 2);
                fake_path_down(f);
                expect_return_after_reset(f, "MEDIUM-1");
                expect(f, CDB_REWIND, GOOD);
                expect(f, READ_100, block_100(0));
                expect(f, READ_100, differences[i].answer);
                expect_locate(f, LOCATE(01), 1);
                expect_write(f, 1, 100, GOOD);
                assert_goes_on(f);
                fake_teardown(state);
        }
}

/* All of it is there, in spite of the reset. */
static void test_reset_all_left(void **state)
{
        Fake *f = *state;

        write_blocks(f, 2);
        fake_path_down(f);
        expect_return_after_reset(f, "MEDIUM-1");
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, block_100(1));
        expect_locate(f, LOCATE(01), 1);
        expect_write(f, 1, 100, GOOD); /* so that the drive writes where the data end */
        assert_goes_on(f);
}

/* Filemarks in the journal: found by a READ that meets them. */
static void test_filemarks_compared(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 2);
        tag = fake_command(f, "10 01 00 00 02 00", NULL, 0); /* IMMED: proves nothing */
        expect(f, "10 01 00 00 02 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        fake_path_down(f);
        expect_return_after_reset(f, "MEDIUM-1");
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, block_100(1));
        expect(f, "08 00 00 02 00 00", CHECK_IN_FULL(.filemark = true, .code = ASC_FILEMARK_DETECTED));
        expect(f, "08 00 00 02 00 00", END);
        expect(f, CDB_POSITION, position_reply(3));
        expect(f, "10 00 00 00 01 00", GOOD);
        f->object = 4;
        assert_goes_on(f);
}

/* The count of the drive is below ours without any unit attention: others may have consumed it. */
static void test_position_went_back(void **state)
{
        Fake *f = *state;

        write_blocks(f, 3);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 2);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, block_100(1));
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(2));
        expect_write(f, 2, 100, GOOD);
        assert_goes_on(f);
}

/* From the commit point, not from the beginning. */
static void test_from_commit_point(void **state)
{
        Fake *f = *state;

        write_blocks(f, 2);
        write_filemark(f);
        write_blocks(f, 2);
        fake_path_down(f);
        expect_return_after_reset(f, "MEDIUM-1");
        expect_locate(f, LOCATE(03), 3);
        expect(f, READ_100, block_100(3));
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(4));
        expect_write(f, 4, 100, GOOD);
        assert_goes_on(f);
}

/* FIXED = 1: one READ for one WRITE, and the residue says how much of it is there. */
static void test_fixed_blocks(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0x02, 0x00}, data[2048];
        Fake *f = *state;
        uint32_t tag;

        memcpy(data, block(9, sizeof(data)), sizeof(data));
        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        tag = fake_command(f, "0a 01 00 00 04 00", data, sizeof(data));
        expect_out(f, "0a 01 00 00 04 00", data, sizeof(data), LOST);
        fake_path_up(f);
        expect_identity(f);
        expect_ready(f);
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(512));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 01 00 00 04 00",
               ((Answer){.status = SCSI_CHECK_CONDITION,
                         .sense = {.key = SENSE_BLANK_CHECK,
                                   .code = ASC_END_OF_DATA,
                                   .information_valid = true,
                                   .information = 2},
                         .data = data,
                         .n_data = 1024}));
        expect_out(f, "0a 01 00 00 02 00", data + 1024, 1024, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 4);
}

/* ---- what goes wrong while writing again ---- */

static void expect_nothing_left(Fake *f)
{
        expect_return_after_reset(f, "MEDIUM-1");
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, CHECK(SENSE_MEDIUM_ERROR, 0x1100));
        expect(f, CDB_REWIND, GOOD);
}

static void test_early_warning(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 2);
        tag = lose_write(f);
        expect_nothing_left(f);
        expect_write(f, 0, 100, GOOD);
        expect_write(f, 1, 100, CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING));
        expect_write(f, 2, 100, CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING));
        assert_true(assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING).eom);
        f->object = 3;
        assert_goes_on(f);
}

static void test_rewrite_fails(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 2);
        tag = lose_write(f);
        expect_nothing_left(f);
        expect_write(f, 0, 100, GOOD);
        expect_write(f, 1, 100, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_int_equal(
                assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR).information, 100);
        assert_given_up(f, "MEDIUM ERROR 0c00");
}

/* Nobody waits for the blocks that were lost: the next command of any consequence has to hear of it. */
static void test_rewrite_fails_idle(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 2);
        fake_path_down(f);
        expect_nothing_left(f);
        expect_write(f, 0, 100, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_cut_while_writing(void **state)
{
        Fake *f = *state;

        write_blocks(f, 3);
        fake_path_down(f);
        expect_nothing_left(f);
        expect_write(f, 0, 100, GOOD);
        expect_write(f, 1, 100, LOST);
        assert_int_equal(f->unit.phase, UNIT_AWAY);
        expect_return_at(f, "MEDIUM-1", 2); /* below P: from the commit point again */
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, block_100(0));
        expect(f, READ_100, block_100(1));
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(2));
        expect_write(f, 2, 100, GOOD);
        assert_goes_on(f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_nothing_lost, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_write_not_executed, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_write_executed, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_write_not_sent, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemark_executed, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemark_not_proven, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemark_at_once, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_reset_one_left, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_old_data_behind, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_differences),
                cmocka_unit_test_setup_teardown(test_reset_all_left, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemarks_compared, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_position_went_back, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_from_commit_point, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_fixed_blocks, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_early_warning, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_rewrite_fails, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_rewrite_fails_idle, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cut_while_writing, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
