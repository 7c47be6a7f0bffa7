/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Faults of the engine that the simulator found, each in as few commands as it needs. */

#include "hold/test-unit.h"

#define LOCATE(n)      "2b 00 00 00 00 00 " #n " 00 00 00"
#define LOCATE_1_BEGIN "2b 02 00 00 00 00 00 00 01 00"
#define READ_100       "08 00 00 00 64 00"
#define WRITE_100      "0a 00 00 00 64 00"
#define END            CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)
#define OVERFLOW(n)                                                                                          \
        CHECK_IN_FULL(.key = SENSE_VOLUME_OVERFLOW, .code = 0x0002, .eom = true, .information_valid = true,  \
                      .information = (n))

static uint8_t buffer[4096];

static void forget_medium_id(Fake *f)
{
        f->unit.record.no_mam = 1;
        f->unit.record.n_medium_id = 0;
}

static void expect_return_without_memory(Fake *f, uint64_t object)
{
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(f->unit.record.block_length));
        expect(f, CDB_POSITION, position_reply(object));
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

/* The program's next block is lost on its way. Its tag. */
static uint32_t lose_write(Fake *f)
{
        uint32_t tag;

        memcpy(buffer, block(f->object, 100), 100);
        tag = fake_command(f, WRITE_100, buffer, 100);
        answer_position(f);
        expect(f, WRITE_100, LOST);
        return tag;
}

static void set_block_size(Fake *f, uint8_t n)
{
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, n};

        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
}

static Answer wrong_length(const void *data, uint32_t n_data, int64_t residue)
{
        Answer a = CHECK_IN_FULL(.ili = true, .information_valid = true, .information = residue);

        a.data = data;
        a.n_data = n_data;
        return a;
}

/* ---- what a program is told ---- */

/* READ POSITION waits like the WRITE before it. */
static void test_becoming_ready(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        fake_command(f, "34 00 00 00 00 00 00 00 00 00", buffer, 20);
        answer_position(f);
        expect(f, "34 00 00 00 00 00 00 00 00 00", CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        assert_nothing_answered(f);
        assert_int_equal(f->unit.phase, UNIT_RESUMING);
}

/* The kernel had no memory for a command of our own between two of the program's: that is no outage. */
static void test_step_not_sent_now(void **state)
{
        Fake *f = *state;

        do_set(f, "11 03 00 00 00 00", NULL, 0);
        memcpy(buffer, block(0, 100), 100);
        fake_command(f, WRITE_100, buffer, 100);
        expect(f, CDB_POSITION, NOT_SENT_NOW);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        fake_tick(f);
        expect(f, CDB_POSITION, position_reply(7));
        expect(f, WRITE_100, GOOD);
        assert_int_equal(f->unit.record.position.object, 8);
}

/* A WRITE that does not fit ends so, whether it was lost in between or not. */
static void test_medium_is_full(void **state)
{
        Fake *f = *state;
        uint32_t tag;
        Sense s;

        write_block(f, 100);
        tag = lose_write(f);
        expect_return_at(f, "MEDIUM-1", 1);
        expect_write(f, 1, 100, OVERFLOW(100));
        s = assert_error(f, tag, SENSE_VOLUME_OVERFLOW, 0x0002);
        assert_true(s.eom);
        assert_int_equal(s.information, 100);
        assert_int_equal(f->unit.record.position.object, 1);
        assert_false(f->unit.record.position_lost);
        assert_int_equal(journal_count_objects(&f->unit.journal), 1);
}

/* The same of several blocks: those that fit are written, and counted. */
static void test_medium_is_full_of_some(void **state)
{
        Fake *f = *state;
        uint32_t tag;
        Sense s;

        set_block_size(f, 100);
        tag = fake_command(f, "0a 01 00 00 04 00", buffer, 400);
        expect(f, "0a 01 00 00 04 00", LOST);
        expect_return(f);
        expect(f, "15 10 00 00 0c 00", GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(100));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 01 00 00 04 00", END);
        expect(f, "0a 01 00 00 04 00", OVERFLOW(1));
        s = assert_error(f, tag, SENSE_VOLUME_OVERFLOW, 0x0002);
        assert_int_equal(s.information, 1);
        assert_int_equal(f->unit.record.position.object, 3);
        assert_int_equal(journal_count_objects(&f->unit.journal), 3);
}

/* ---- partitions ---- */

/* A drive that was reset stands at the beginning of partition 0, which is not where the program went. */
static void test_beginning_of_other_partition(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        do_set(f, CDB_COMMIT, NULL, 0);
        fake_command(f, LOCATE_1_BEGIN, NULL, 0);
        answer_position(f);
        expect(f, LOCATE_1_BEGIN, GOOD);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, LOCATE_1_BEGIN, GOOD);
}

/* What FORMAT MEDIUM is to do is forgotten by a reset; by the drive, that is. */
static void test_partitioning_again(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 0, 0x11, 6, 1, 1, 0x24, 3};
        Fake *f = *state;

        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        fake_path_down(f);
        expect_return(f);
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        do_set(f, "04 00 01 00 00 00", NULL, 0);
        assert_int_equal(fake_n_modes(f), 0);
}

/* ---- what is proven ---- */

/* The READ that compares moves the tape: after it the drive's word is about us, not about the WRITE. */
static void test_position_after_compare(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        do_set(f, CDB_REWIND, NULL, 0);
        f->object = 0;
        lose_write(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, LOST);
        expect_return_at(f, "MEDIUM-1", 1);
        expect(f, CDB_REWIND, GOOD);
}

/* An anchor of blocks of another size than the program has set since. */
static void test_anchor_of_other_size(void **state)
{
        Fake *f = *state;

        forget_medium_id(f);
        set_block_size(f, 100);
        memcpy(buffer, block(0, 100), 100);
        do_set(f, "0a 01 00 00 01 00", buffer, 100);
        f->object = 1;
        do_set(f, CDB_COMMIT, NULL, 0);
        set_block_size(f, 200);
        fake_path_down(f);
        expect_return(f);
        expect(f, "15 10 00 00 0c 00", GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(200));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 0);
        expect_locate(f, LOCATE(01), 1);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* The WRITE in flight has taken the anchor away; its block is the proof. Or it is the one that was there
 * before, with the rest of the old data behind it: it is written once more. */
static void test_anchor_overwritten_in_flight(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        forget_medium_id(f);
        write_block(f, 100);
        write_block(f, 100);
        do_set(f, CDB_REWIND, NULL, 0);
        f->object = 0;
        tag = lose_write(f);
        expect_return_without_memory(f, 0);
        expect(f, LOCATE(01), END);
        expect(f, CDB_REWIND, GOOD);
        expect_block(f, 0);
        assert_nothing_answered(f);
        expect(f, CDB_REWIND, GOOD);
        expect_write(f, 0, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_false(f->unit.record.anchor.valid);
}

/* With SILI a block that fills the buffer may be longer than it; a shorter one is known. */
static void test_anchor_of_read(void **state)
{
        Fake *f = *state;

        f->unit.record.position_form = POSITION_FORM_NONE;
        fake_command(f, "08 02 00 00 64 00", buffer, 100);
        expect(f, "08 02 00 00 64 00", DATA(block(0, 100), 100));
        assert_false(f->unit.record.anchor.valid);
        fake_command(f, "08 02 00 01 00 00", buffer, 256);
        expect(f, "08 02 00 01 00 00", DATA(block(1, 100), 100));
        assert_true(f->unit.record.anchor.valid);
        assert_int_equal(f->unit.record.anchor.length, 100);
}

static void test_anchor_read_short(void **state)
{
        Fake *f = *state;

        f->unit.record.position_form = POSITION_FORM_NONE;
        fake_command(f, "08 00 00 01 00 00", buffer, 256);
        expect(f, "08 00 00 01 00 00", wrong_length(block(0, 100), 100, 156));
        assert_true(f->unit.record.anchor.valid);
        assert_int_equal(f->unit.record.anchor.length, 100);
}

/* Two of three blocks are there, the third is an old one of another length. */
static void test_wrong_length_ends_compare(void **state)
{
        Fake *f = *state;

        set_block_size(f, 100);
        for (unsigned i = 0; i < 3; i++)
                memcpy(buffer + (size_t) 100 * i, block(i, 100), 100);
        fake_command(f, "0a 01 00 00 03 00", buffer, 300);
        expect(f, "0a 01 00 00 03 00", LOST);
        expect_return(f);
        expect(f, "15 10 00 00 0c 00", GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(100));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 01 00 00 03 00", wrong_length(buffer, 200, 1));
        expect(f, LOCATE(02), GOOD);
        expect_out(f, "0a 01 00 00 01 00", buffer + 200, 100, GOOD);
}

/* A filemark is where it should be on many a medium. */
static void test_filemark_alone_proves_nothing(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        forget_medium_id(f);
        tag = fake_command(f, "10 00 00 00 01 00", NULL, 0);
        expect(f, "10 00 00 00 01 00", LOST);
        expect_return_without_memory(f, 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 02 00 00", CHECK_IN_FULL(.filemark = true, .code = ASC_FILEMARK_DETECTED));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_medium_given_up(f, "cannot be proven");
}

/* Changed before its number was known, and the resume that saw so was cut off: the next one must not take the
 * new number for the old one. */
static void test_changed_after_load(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        do_set(f, "1b 00 00 00 01 00", NULL, 0);
        tag = fake_command(f, READ_100, buffer, 100);
        expect(f, CDB_MEDIUM, LOST);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        expect(f, CDB_POSITION, LOST);
        expect_return_at(f, "MEDIUM-2", 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
}

/* ---- places ---- */

/* The file number stays known when READ POSITION tells the object number: a drive without LOCATE needs it. */
static void test_file_stays_known(void **state)
{
        Fake *f = *state;

        write_filemark(f);
        do_set(f, CDB_REWIND, NULL, 0);
        do_set(f, "11 01 00 00 01 00", NULL, 0);
        memcpy(buffer, block(0, 100), 100);
        fake_command(f, WRITE_100, buffer, 100);
        expect(f, CDB_POSITION, position_reply(1));
        assert_true(f->unit.record.position.object_known);
        assert_true(f->unit.record.position.file_known);
        assert_int_equal(f->unit.record.position.object, 1);
        assert_int_equal(f->unit.record.position.file, 1);
}

/* At the end of the data, and lost before the drive was asked where that is: it can be asked still. */
static void test_place_told_after_loss(void **state)
{
        Fake *f = *state;

        do_set(f, "11 03 00 00 00 00", NULL, 0);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 7);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.position.object, 7);
        memcpy(buffer, block(7, 100), 100);
        fake_command(f, WRITE_100, buffer, 100);
        f->object = 7;
        answer_position(f);
        expect(f, WRITE_100, GOOD);
}

/* A drive that was reset is at its beginning, and so is one that has lost its buffer. */
static void test_place_not_told_after_reset(void **state)
{
        Fake *f = *state;

        do_set(f, "11 03 00 00 00 00", NULL, 0);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        assert_given_up(f, "the position was not known");
}

/* UNLOAD that is lost can be settled only if nothing was in the drive's buffer. */
static void test_commit_before_unload(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        fake_command(f, "1b 00 00 00 00 00", NULL, 0);
        answer_position(f);
        expect(f, CDB_COMMIT, GOOD);
        expect(f, "1b 00 00 00 00 00", LOST);
        assert_true(journal_is_empty(&f->unit.journal));
}

/* ---- evertaped dies ---- */

/* Between unit_init() and unit_state_is_lost() there is nothing that the next one could believe. */
static void test_fresh_state_is_not_stored(void **state)
{
        Fake *f = *state;
        bool fresh = false;

        f->memory.state->magic = 0;
        assert_int_equal(unit_init(&f->unit, &f->config, &f->memory, f->now, NULL), 0);
        assert_int_equal(unit_init(&f->unit, &f->config, &f->memory, f->now, &fresh), 0);
        assert_true(fresh);
        unit_state_is_lost(&f->unit);
        assert_int_equal(unit_init(&f->unit, &f->config, &f->memory, f->now, &fresh), 0);
        assert_false(fresh);
        assert_true(f->unit.record.position_lost);
}

#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                HELD(test_becoming_ready),
                HELD(test_step_not_sent_now),
                HELD(test_medium_is_full),
                HELD(test_medium_is_full_of_some),
                HELD(test_beginning_of_other_partition),
                HELD(test_partitioning_again),
                HELD(test_position_after_compare),
                HELD(test_anchor_of_other_size),
                HELD(test_anchor_overwritten_in_flight),
                HELD(test_anchor_of_read),
                HELD(test_anchor_read_short),
                HELD(test_wrong_length_ends_compare),
                HELD(test_filemark_alone_proves_nothing),
                HELD(test_changed_after_load),
                HELD(test_file_stays_known),
                HELD(test_place_told_after_loss),
                HELD(test_place_not_told_after_reset),
                HELD(test_commit_before_unload),
                HELD(test_fresh_state_is_not_stored),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
