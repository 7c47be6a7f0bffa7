/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Faults of a resume that a reader found: what it repeats, believes, forgets or takes for proven. */

#include "hold/test-unit.h"

#define LOCATE(n)   "2b 00 00 00 00 00 " #n " 00 00 00"
#define READ_100    "08 00 00 00 64 00"
#define WRITE_100   "0a 00 00 00 64 00"
#define MODE_SELECT "15 10 00 00 0c 00"
#define END         CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)
#define DEFERRED    CHECK_IN_FULL(.deferred = true, .key = SENSE_MEDIUM_ERROR, .code = 0x0c00)

static void write_blocks(Fake *f, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                write_block(f, 100);
}

static void expect_locate(Fake *f, const char *cdb, uint64_t object)
{
        expect(f, cdb, GOOD);
        expect(f, CDB_POSITION, position_reply(object));
}

static void expect_block(Fake *f, uint64_t number)
{
        expect(f, READ_100, DATA(block(number, 100), 100));
}

static void assert_resumed(Fake *f)
{
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_event(f, "resumed", "");
}

/* ---- what is set again ---- */

/* Sent again, it would partition the medium a second time and take everything on it away. */
static void test_partitioning_once(void **state)
{
        uint8_t list[14] = {0, 0, 0x10, 0, 0x11, 8, 1, 1, 0x38, 3}; /* without POFM */
        Fake *f = *state;

        do_set(f, "15 10 00 00 0e 00", list, sizeof(list));
        write_blocks(f, 2);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 2);
        assert_resumed(f);
}

static void set_key(Fake *f)
{
        uint8_t page[52] = {0, 0x10, 0, 0x30, 0, 0, 2, 2};

        do_set(f, "b5 20 00 10 00 00 00 00 00 34 00 00", page, sizeof(page));
}

/* The program would go on in plain text, from the beginning of the medium. */
static void test_key_lost_at_beginning(void **state)
{
        Fake *f = *state;

        set_key(f);
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        assert_medium_given_up(f, "encryption key");
}

/* Somebody else has taken the unit attention of the reset: the rest would be in plain text. */
static void test_key_may_be_lost(void **state)
{
        Fake *f = *state;

        set_key(f);
        write_blocks(f, 3);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        assert_given_up(f, "may have been reset");
}

/* ---- where it goes on ---- */

/* Acknowledged before it was done: the program's next block would be written behind the last one. */
static void test_rewind_immed_lost(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_blocks(f, 2);
        do_set(f, "01 01 00 00 00 00", NULL, 0);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 0);
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        expect(f, CDB_REWIND, GOOD);
        assert_resumed(f);
        tag = fake_command(f, READ_100, block(0, 100), 100);
        expect(f, CDB_COMMIT, GOOD);
        expect(f, READ_100, DATA(block(0, 100), 100));
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 1);
}

static Answer position_in(uint8_t partition, uint64_t object)
{
        static uint8_t data[32];
        Answer a = position_reply(object);

        memcpy(data, a.data, sizeof(data));
        data[7] = partition;
        return DATA(data, sizeof(data));
}

/* Two blocks, of which the first is committed, and a LOCATE to partition 1 that is lost but done. Its tag. */
static uint32_t lose_locate_to_partition(Fake *f, uint64_t object)
{
        uint32_t tag;

        write_block(f, 100);
        do_set(f, CDB_COMMIT, NULL, 0);
        write_block(f, 100);
        tag = fake_command(f, "2b 02 00 00 00 00 00 00 01 00", NULL, 0);
        expect(f, "2b 02 00 00 00 00 00 00 01 00", LOST);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_in(1, object));
        return tag;
}

/* Without its partition the LOCATE, and what is written after it, would be in the other one. */
static void test_partition_named(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_locate_to_partition(f, 0);

        expect_locate(f, "2b 02 00 00 00 00 01 00 00 00", 1);
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        expect(f, "2b 02 00 00 00 00 00 00 01 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.partition, 1);
}

/* The same number in another partition is not the same place. */
static void test_same_object_of_other_partition(void **state)
{
        Fake *f = *state;

        lose_locate_to_partition(f, 2);
        expect_locate(f, "2b 02 00 00 00 00 01 00 00 00", 1);
        expect_block(f, 1);
}

/* A drive that stays in the other partition would be written to there. */
static void test_partition_not_reached(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_locate_to_partition(f, 0);

        expect(f, "2b 02 00 00 00 00 01 00 00 00", GOOD);
        expect(f, CDB_POSITION, position_in(1, 1));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_given_up(f, "did not go where it was sent");
}

/* ---- what is proven ---- */

/* A medium without a number, proven by its last committed block, is read from there on. */
static void prove_by_anchor(Fake *f)
{
        f->unit.record.no_mam = 1;
        f->unit.record.n_medium_id = 0;
        write_block(f, 100);
        write_filemark(f);
        write_blocks(f, 2);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 0);
        expect_locate(f, LOCATE(02), 2);
}

/* It is proven anew, and is another one. */
static void expect_other(Fake *f)
{
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 7);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_event(f, "failed", "not the one that was there");
}

/* While the drive was not ready the cartridge may have been changed: the other one would be written to. */
static void test_proof_ends_with_not_ready(void **state)
{
        Fake *f = *state;

        prove_by_anchor(f);
        expect(f, READ_100, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        fake_tick(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        expect_other(f);
}

/* The same when the drive says at once that it was. */
static void test_proof_ends_with_attention(void **state)
{
        Fake *f = *state;

        prove_by_anchor(f);
        expect(f, READ_100, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        expect_other(f);
}

/* ---- what the drive says meanwhile ---- */

/* Blocks that the drive could not write would be taken for written. */
static void test_deferred_error_while_returning(void **state)
{
        Fake *f = *state;

        write_blocks(f, 2);
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, DEFERRED);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(2));
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 0);
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        assert_resumed(f);
}

/* The same, told to a READ POSITION between two commands: nobody would hear of it. */
static void test_deferred_error_between_commands(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, DEFERRED);
        assert_event(f, "failed", "could not write its buffer");
        expect(f, CDB_POSITION, position_reply(1));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_nothing_sent(f);
        tag = fake_command(f, "10 00 00 00 01 00", NULL, 0);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
}

/* A disturbance on the wire would cost the position. */
static void test_aborted_step_retried(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        do_set(f, CDB_COMMIT, NULL, 0);
        write_block(f, 100);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, LOCATE(01), CHECK(SENSE_ABORTED_COMMAND, 0x4700));
        fake_tick(f);
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect_locate(f, LOCATE(01), 1);
        expect_block(f, 1);
        assert_resumed(f);
}

/* ---- writing again ---- */

/* A WRITE of five blocks of 100 is lost, and nothing of it is on the medium. Its tag. */
static uint32_t lose_five(Fake *f, uint8_t data[static 500])
{
        uint8_t list[12] = {0, 0, 0x10, 8, [11] = 100};
        uint32_t tag;

        memcpy(data, block(9, 500), 500);
        do_set(f, MODE_SELECT, list, sizeof(list));
        write_filemark(f);
        tag = fake_command(f, "0a 01 00 00 05 00", data, 500);
        answer_position(f);
        expect_out(f, "0a 01 00 00 05 00", data, 500, LOST);
        expect_return(f);
        expect_out(f, MODE_SELECT, list, sizeof(list), GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(100));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect_locate(f, LOCATE(01), 1);
        expect(f, "08 01 00 00 05 00", END);
        expect(f, CDB_POSITION, position_reply(1));
        return tag;
}

static Answer early_warning(uint32_t residue)
{
        return CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING, .information_valid = true,
                             .information = residue);
}

/* The blocks that were left over would be missing, though the program is told that they are written. */
static void test_residue_written_again(void **state)
{
        Fake *f = *state;
        uint8_t data[500];
        uint32_t tag = lose_five(f, data);
        Sense sense;

        expect_out(f, "0a 01 00 00 05 00", data, 500, early_warning(3));
        expect_out(f, "0a 01 00 00 03 00", data + 200, 300, early_warning(0));
        sense = assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING);
        assert_true(sense.eom);
        assert_true(!sense.information_valid || sense.information == 0);
        assert_int_equal(f->unit.record.position.object, 6);
}

/* A drive that takes no more would be asked for ever. */
static void test_residue_of_all(void **state)
{
        Fake *f = *state;
        uint8_t data[500];
        uint32_t tag = lose_five(f, data);

        expect_out(f, "0a 01 00 00 05 00", data, 500, early_warning(3));
        expect_out(f, "0a 01 00 00 03 00", data + 200, 300, early_warning(3));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_given_up(f, "does not fit");
}

/* ---- Timeout= is over meanwhile ---- */

/* A command waits while the resume is about to compare. Its tag. */
static uint32_t wait_for_compare(Fake *f)
{
        uint32_t tag;

        write_blocks(f, 2);
        fake_path_down(f);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        return tag;
}

/* The plan was made for a journal that is gone now: it would be followed where there is none. */
static void time_out_then(Fake *f, uint32_t tag, const char *cdb, Answer answer)
{
        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect(f, cdb, answer);
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        assert_given_up(f, "did not come back");
}

static void test_timeout_while_comparing(void **state)
{
        Fake *f = *state;
        uint32_t tag = wait_for_compare(f);

        time_out_then(f, tag, READ_100, DATA(block(0, 100), 100));
}

static void test_timeout_while_writing_again(void **state)
{
        Fake *f = *state;
        uint32_t tag = wait_for_compare(f);

        expect_block(f, 0);
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(1));
        time_out_then(f, tag, WRITE_100, GOOD);
}

/* clang-format off */
#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                HELD(test_partitioning_once),
                HELD(test_key_lost_at_beginning),
                HELD(test_key_may_be_lost),
                HELD(test_rewind_immed_lost),
                HELD(test_partition_named),
                HELD(test_same_object_of_other_partition),
                HELD(test_partition_not_reached),
                HELD(test_proof_ends_with_not_ready),
                HELD(test_proof_ends_with_attention),
                HELD(test_deferred_error_while_returning),
                HELD(test_deferred_error_between_commands),
                HELD(test_aborted_step_retried),
                HELD(test_residue_written_again),
                HELD(test_residue_of_all),
                HELD(test_timeout_while_comparing),
                HELD(test_timeout_while_writing_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
