/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Read-ahead: when something is read that nobody has asked for, what the program gets of it, and that the
 * drive is where the program is before anything for which that counts. */

#include "hold/test-unit.h"

#define READ_100    "08 00 00 00 64 00"
#define READ_200    "08 00 00 00 c8 00"
#define WRITE_100   "0a 00 00 00 64 00"
#define CDB_LOCATES "a3 0c 01 2b 00 00 00 00 00 40 00 00"
#define LOCATE(hex) "2b 00 00 00 00 00 " hex " 00 00 00"
#define FILEMARK                                                                                             \
        CHECK_IN_FULL(.filemark = true, .code = 0x0001, .information_valid = true, .information = 100)
#define END_OF_DATA CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)
#define ROOM        350 /* for three blocks */

static uint8_t data[256];

static void expect_read(Fake *f, uint64_t number)
{
        expect(f, READ_100, DATA(block(number, 100), 100));
}

static uint32_t read_block(Fake *f)
{
        memset(data, 0, sizeof(data));
        return fake_command(f, READ_100, data, 100);
}

static void assert_read(Fake *f, uint32_t tag, uint64_t number)
{
        HoldAction a = assert_answered(f, tag, SCSI_GOOD);

        assert_int_equal(a.n_read, 100);
        assert_memory_equal(data, block(number, 100), 100);
}

static void read_from_drive(Fake *f, uint64_t number)
{
        uint32_t tag = read_block(f);

        expect_read(f, number);
        assert_read(f, tag, number);
}

/* It was read already. */
static void read_from_memory(Fake *f, uint64_t number)
{
        assert_read(f, read_block(f), number);
}

/* Two blocks were read, 0 and 1, and READ POSITION is believed. */
static Fake *begin_to_read(void **state, bool locates)
{
        uint32_t tag;
        Fake *f;

        assert_int_equal(fake_setup_held(state), 0);
        f = *state;
        unit_set_pipeline(&f->unit, ROOM);
        f->unit.record.locates = locates;
        read_from_drive(f, 0);
        tag = read_block(f);
        expect(f, CDB_POSITION, position_reply(1));
        expect_read(f, 1);
        assert_read(f, tag, 1);
        return f;
}

/* LOCATE is known to work: block 2 is on its way. */
static int setup(void **state)
{
        return begin_to_read(state, true)->submitted ? 0 : -1;
}

static void start_anew(void **state)
{
        fake_teardown(state);
        (void) begin_to_read(state, true);
}

/* ---- when ---- */

static void test_read_before_it_is_asked_for(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        expect_read(f, 3);
        read_from_memory(f, 2);
        read_from_memory(f, 3);
        assert_int_equal(f->unit.record.position.object, 4);
        assert_true(f->submitted); /* and 4 is on its way */
}

static void test_waits_for_one_on_its_way(void **state)
{
        Fake *f = *state;
        uint32_t tag = read_block(f);

        assert_nothing_answered(f);
        expect_read(f, 2);
        assert_read(f, tag, 2);
}

static void test_no_more_than_there_is_room_for(void **state)
{
        Fake *f = *state;

        for (uint64_t i = 2; i < 5; i++)
                expect_read(f, i);
        assert_nothing_sent(f);
        read_from_memory(f, 2);
        expect_read(f, 5);
        assert_nothing_sent(f);
        for (uint64_t i = 3; i < 6; i++)
                read_from_memory(f, i);
        assert_true(f->submitted);
}

static void test_not_after_one(void **state)
{
        Fake *f = *state;

        unit_set_pipeline(&f->unit, 0);
        fake_answer(f, STATUS(SCSI_BUSY));
        assert_nothing_sent(f);
        f->unit.ahead = (UnitAhead){};
        unit_set_pipeline(&f->unit, ROOM);
        read_from_drive(f, 2);
        assert_nothing_sent(f);
        read_from_drive(f, 3);
        assert_true(f->submitted);
}

/* A drive that was never asked for LOCATE is asked whether it has it, once. */
static void test_whether_it_has_locate(void **state)
{
        const struct {
                Answer answer;
                bool reads_ahead;
        } cases[] = {
                {DATA("\0\3", 2), true},  {DATA("\0\1", 2), false},
                {DATA("\0\5", 2), false}, {DATA("\0\0", 2), false},
                {DATA("\0", 1), false},   {CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE), false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint32_t tag;
                Fake *f;

                fake_teardown(state);
                f = begin_to_read(state, false);
                assert_nothing_sent(f);
                tag = read_block(f);
                expect(f, CDB_LOCATES, cases[i].answer);
                expect_read(f, 2);
                assert_read(f, tag, 2);
                assert_int_equal(f->submitted, cases[i].reads_ahead);
                tag = read_block(f);
                expect_read(f, 3);
                assert_read(f, tag, 3);
                assert_int_equal(f->submitted, cases[i].reads_ahead);
        }
}

/* ---- what is not a block ---- */

/* It is the answer to the READ that meets it; nothing is read beyond. */
static void test_filemark(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        expect(f, READ_100, FILEMARK);
        assert_nothing_sent(f);
        read_from_memory(f, 2);
        assert_nothing_sent(f);
        assert_true(fake_assert_error(f, read_block(f), SENSE_NO_SENSE, 0x0001, __FILE__, __LINE__).filemark);
        assert_int_equal(f->unit.record.position.object, 4);
        assert_int_equal(f->unit.record.position.file, 1);
        assert_nothing_sent(f);
        read_from_drive(f, 4);
}

static void test_end_of_data_and_errors(void **state)
{
        const Answer answers[] = {END_OF_DATA, CHECK(SENSE_MEDIUM_ERROR, 0x1100)};

        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                Fake *f = *state;

                expect(f, READ_100, answers[i]);
                assert_nothing_sent(f);
                assert_error(f, read_block(f), answers[i].sense.key, answers[i].sense.code);
                start_anew(state);
        }
}

/* A block shorter than was asked for, as most programs meet them. */
static void test_short_blocks(void **state)
{
        const Answer shorter = {.status = SCSI_CHECK_CONDITION,
                                .sense = {.ili = true, .information_valid = true, .information = 60},
                                .n_data = 40};
        Fake *f = *state;
        Answer a = shorter;
        Sense s;

        a.data = block(2, 40);
        expect(f, READ_100, a);
        expect_read(f, 3);
        s = fake_assert_error(f, read_block(f), SENSE_NO_SENSE, 0, __FILE__, __LINE__);
        assert_true(s.ili);
        assert_int_equal(s.information, 60);
        assert_memory_equal(data, block(2, 40), 40);
        read_from_memory(f, 3);
}

/* The program's own READ will say what there is to say. */
static void test_busy(void **state)
{
        Fake *f = *state;

        expect(f, READ_100, STATUS(SCSI_BUSY));
        assert_nothing_sent(f);
        read_from_drive(f, 2);
        expect_read(f, 3);
        read_from_memory(f, 3);
}

/* ---- back to where the program is ---- */

static void test_returns_before_what_counts(void **state)
{
        static const char *const cdbs[] = {"0a 00 00 00 64 00", "10 00 00 00 01 00",
                                           "11 01 00 00 01 00", "34 00 00 00 00 00 00 00 00 00",
                                           "19 00 00 00 00 00", READ_200,
                                           "1e 00 00 00 01 00"};

        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                static uint8_t other[256];
                uint32_t n = i == 0 ? 100 : i == 3 ? 20 : i == 5 ? 200 : 0, tag;
                Fake *f = *state;

                expect_read(f, 2);
                expect_read(f, 3);
                tag = fake_command(f, cdbs[i], other, n);
                expect_read(f, 4); /* which was on its way */
                expect(f, LOCATE("02"), GOOD);
                expect(f, CDB_POSITION, position_reply(2));
                expect(f, cdbs[i], GOOD);
                assert_answered(f, tag, SCSI_GOOD);
                start_anew(state);
        }
}

static void test_what_goes_elsewhere_need_not_return(void **state)
{
        static const char *const cdbs[] = {CDB_REWIND, LOCATE("01"), "11 03 00 00 00 00"};

        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                Fake *f = *state;
                uint32_t tag;

                expect_read(f, 2);
                tag = fake_command(f, cdbs[i], NULL, 0);
                expect_read(f, 3);
                expect(f, cdbs[i], GOOD);
                assert_answered(f, tag, SCSI_GOOD);
                start_anew(state);
        }
}

/* Somebody who only asks disturbs nobody. */
static void test_a_question_needs_no_return(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        expect_read(f, 2);
        expect_read(f, 3);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect_read(f, 4);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        for (uint64_t i = 2; i < 5; i++)
                read_from_memory(f, i);
}

/* LOCATE did not do it: a resume, with all that it knows. */
static void test_return_that_fails(void **state)
{
        for (int i = 0; i < 2; i++) {
                Fake *f = *state;
                uint8_t written[100];
                uint32_t tag;

                memcpy(written, block(7, 100), 100);
                expect_read(f, 2);
                tag = fake_command(f, WRITE_100, written, 100);
                expect_read(f, 3);
                if (i == 0) {
                        expect(f, LOCATE("02"), CHECK(SENSE_MEDIUM_ERROR, 0x1500));
                } else {
                        expect(f, LOCATE("02"), GOOD);
                        expect(f, CDB_POSITION, position_reply(4));
                }
                assert_int_equal(f->unit.phase, UNIT_RESUMING);
                expect_identity(f);
                expect_ready(f);
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
                expect(f, CDB_POSITION, position_reply(4));
                expect(f, LOCATE("02"), GOOD);
                expect(f, CDB_POSITION, position_reply(2));
                expect_out(f, WRITE_100, written, 100, GOOD);
                assert_answered(f, tag, SCSI_GOOD);
                start_anew(state);
        }
}

static void test_returns_before_the_end(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        unit_stop(&f->unit, f->now);
        assert_false(unit_stopped(&f->unit));
        expect_read(f, 3);
        expect(f, LOCATE("02"), GOOD);
        expect(f, CDB_POSITION, position_reply(2));
        assert_true(unit_stopped(&f->unit));
}

/* ---- losses ---- */

/* The drive is further than the program; the record says where that is. */
static void test_path_lost(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        expect_read(f, 3);
        expect(f, READ_100, LOST);
        expect_return_at(f, "MEDIUM-1", 4);
        expect(f, LOCATE("02"), GOOD);
        expect(f, CDB_POSITION, position_reply(2));
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        read_from_drive(f, 2);
}

static void test_reset(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        expect(f, READ_100, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        assert_event(f, "reset", "29/00");
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, LOCATE("02"), GOOD);
        expect(f, CDB_POSITION, position_reply(2));
        read_from_drive(f, 2);
}

static void test_killed(void **state)
{
        Fake *f = *state;

        expect_read(f, 2);
        expect_read(f, 3);
        read_from_memory(f, 2);
        fake_restart(f);
        f->submitted = false;
        expect_return_at(f, "MEDIUM-1", 5);
        expect(f, LOCATE("03"), GOOD);
        expect(f, CDB_POSITION, position_reply(3));
        read_from_drive(f, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_read_before_it_is_asked_for),
                TEST(test_waits_for_one_on_its_way),
                TEST(test_no_more_than_there_is_room_for),
                TEST(test_not_after_one),
                TEST(test_whether_it_has_locate),
                TEST(test_filemark),
                TEST(test_end_of_data_and_errors),
                TEST(test_short_blocks),
                TEST(test_busy),
                TEST(test_returns_before_what_counts),
                TEST(test_what_goes_elsewhere_need_not_return),
                TEST(test_a_question_needs_no_return),
                TEST(test_return_that_fails),
                TEST(test_returns_before_the_end),
                TEST(test_path_lost),
                TEST(test_reset),
                TEST(test_killed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
