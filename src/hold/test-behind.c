/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Write-behind: when a WRITE is answered before the device has it, when it is not, and what becomes of one
 * that the device does not take. */

#include "hold/test-unit.h"

#define READ_100      "08 00 00 00 64 00"
#define WRITE_100     "0a 00 00 00 64 00"
#define WRITE_200     "0a 00 00 00 c8 00"
#define FILEMARK      "10 00 00 00 01 00"
#define LOCATE_1      "2b 00 00 00 00 00 01 00 00 00"
#define CDB_ROOM      "8c 00 00 00 00 00 00 00 00 00 00 00 00 40 00 00"
#define LIMIT         350 /* three blocks of 100 bytes */
#define EARLY_WARNING CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING)

/* The drive has so many MiB left. */
static Answer room_reply(uint64_t mib)
{
        static uint8_t data[17] = {0, 0, 0, 13, 0, 0, 0x80, 0, 8};

        put_be(data + 9, mib, 8);
        return DATA(data, sizeof(data));
}

/* A stream: one block is on the medium, object 0, and READ POSITION is believed. */
static int setup(void **state)
{
        Fake *f;

        if (fake_setup_held(state) != 0)
                return -1;
        f = *state;
        write_block(f, 100);
        write_block(f, 100);
        unit_set_pipeline(&f->unit, LIMIT);
        f->unit.room = (UnitRoom){.asked = true, .remaining = UINT64_C(1) << 40};
        return 0;
}

/* The next block, which is answered at once. */
static void write_behind(Fake *f)
{
        uint32_t tag = fake_command(f, WRITE_100, block(f->object++, 100), 100);

        if (f->submitted && f->command.cdb[0] == OP_READ_ATTRIBUTE)
                expect(f, CDB_ROOM, room_reply(1 << 20));
        assert_answered(f, tag, SCSI_GOOD);
}

static void expect_behind(Fake *f, uint64_t number, Answer answer)
{
        expect_out(f, WRITE_100, block(number, 100), 100, answer);
}

/* ---- when ---- */

static void test_answered_before_it_is_sent(void **state)
{
        Fake *f = *state;

        write_behind(f);
        assert_true(f->submitted);
        write_behind(f);
        assert_int_equal(f->unit.record.position.object, 4);
        expect_behind(f, 2, GOOD);
        expect_behind(f, 3, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* The buffer of the program is its own again. */
static void test_sent_from_the_journal(void **state)
{
        Fake *f = *state;
        uint8_t data[100];

        memcpy(data, block(2, 100), 100);
        assert_answered(f, fake_command(f, WRITE_100, data, 100), SCSI_GOOD);
        memset(data, 0xee, sizeof(data));
        expect_behind(f, 2, GOOD);
}

static void test_no_more_than_the_limit(void **state)
{
        Fake *f = *state;
        uint8_t data[100];
        uint32_t tag;

        for (int i = 0; i < 3; i++)
                write_behind(f);
        memcpy(data, block(5, 100), 100);
        tag = fake_command(f, WRITE_100, data, 100);
        assert_nothing_answered(f);
        expect_behind(f, 2, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        for (uint64_t i = 3; i < 6; i++)
                expect_behind(f, i, GOOD);
}

/* Not before the device has taken one of that size: an adapter may not be able to carry it. */
static void test_no_larger_than_one_that_was_taken(void **state)
{
        Fake *f = *state;
        uint8_t data[200];
        uint32_t tag;

        write_behind(f);
        memcpy(data, block(3, 200), 200);
        tag = fake_command(f, WRITE_200, data, 200);
        assert_nothing_answered(f);
        expect_behind(f, 2, GOOD);
        expect_out(f, WRITE_200, block(3, 200), 200, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_answered(f, fake_command(f, WRITE_200, block(4, 200), 200), SCSI_GOOD);
        expect_out(f, WRITE_200, block(4, 200), 200, GOOD);
}

static void assert_not_behind(Fake *f)
{
        uint32_t tag = fake_command(f, WRITE_100, block(f->object, 100), 100);

        assert_nothing_answered(f);
        if (f->submitted && f->command.cdb[0] == OP_READ_ATTRIBUTE)
                expect(f, CDB_ROOM, room_reply(3));
        expect_behind(f, f->object, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object++;
}

/* A cartridge that is write protected says so to the WRITE that met it. */
static void test_first_one_of_a_stream_waits(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, CDB_REWIND, NULL, 0);

        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object = 0;
        assert_not_behind(f);
        write_behind(f);
        expect_behind(f, 1, GOOD);
}

static void test_every_position_ends_the_stream(void **state)
{
        static const char *const cdbs[] = {"11 00 ff ff ff 00", "2b 00 00 00 00 00 01 00 00 00", READ_100,
                                           "15 10 00 00 04 00", "19 00 00 00 00 00"};
        uint8_t data[100] = {};

        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                Fake *f = *state;

                (void) fake_command(f, cdbs[i], data, cdbs[i][0] == '0' ? 100 : cdbs[i][1] == '5' ? 4 : 0);
                assert_true(f->unit.n_streaming == 0 || f->submitted);
                while (f->submitted)
                        fake_answer(f, GOOD);
                assert_int_equal(f->unit.n_streaming, 0);
                f->unit.n_streaming = 100;
        }
}

/* st sends it whenever the device is opened, and in between somebody may have put another cartridge in:
 * whoever opens it hears of that with his first WRITE. */
static void test_ends_when_the_device_is_opened(void **state)
{
        Fake *f = *state;

        do_set(f, CDB_READY, NULL, 0);
        assert_not_behind(f);
        write_behind(f);
        expect_behind(f, f->object - 1, GOOD);
}

static void test_filemark_does_not_end_it(void **state)
{
        Fake *f = *state;

        write_filemark(f);
        write_behind(f);
        expect_behind(f, 3, GOOD);
}

/* mt drvbuffer 0: GOOD is to mean that the block is on the medium. */
static void test_not_in_unbuffered_mode(void **state)
{
        uint8_t buffered[4] = {0, 0, 0x10}, unbuffered[4] = {};
        Fake *f = *state;

        do_set(f, CDB_COMMIT, NULL, 0);
        do_set(f, "15 10 00 00 04 00", unbuffered, 4);
        assert_not_behind(f);
        assert_not_behind(f);
        do_set(f, CDB_COMMIT, NULL, 0);
        do_set(f, "15 10 00 00 04 00", buffered, 4);
        assert_not_behind(f);
        write_behind(f);
        expect_behind(f, f->object - 1, GOOD);
}

static void test_switched_off(void **state)
{
        Fake *f = *state;

        unit_set_pipeline(&f->unit, 0);
        assert_not_behind(f);
        assert_not_behind(f);
}

static void test_full_journal(void **state)
{
        enum {
                N = 1 << 20
        };
        Fake *f = *state;
        uint8_t *data = block(2, N);

        unit_set_pipeline(&f->unit, UINT32_MAX);
        for (int i = 0; i < 3; i++) {
                uint32_t tag = fake_command(f, "0a 00 10 00 00 00", data, N);

                while (f->submitted)
                        fake_answer(f, GOOD);
                assert_answered(f, tag, SCSI_GOOD);
        }
        assert_false(journal_has_room(&f->unit.journal, N + 4096));
        fake_command(f, "0a 00 10 00 00 00", data, N);
        assert_nothing_answered(f);
        expect(f, CDB_COMMIT, GOOD);
        assert_int_equal(f->n_answers, 1);
        expect_out(f, "0a 00 10 00 00 00", data, N, GOOD);
        assert_nothing_sent(f);
}

/* ---- the end of the medium ---- */

/* What is answered must fit. */
static void test_what_is_left(void **state)
{
        static const struct {
                Answer answer;
                bool behind;
        } cases[] = {
                {{.data = NULL, .n_data = 0}, false},
                {CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE), false},
        };
        const uint64_t mib[] = {0, 3, 4, 1 << 20, UINT64_C(1) << 40, UINT64_MAX};
        const bool behind[] = {false, false, true, true, false, false};

        for (size_t i = 0; i < ELEMENTSOF(mib) + ELEMENTSOF(cases); i++) {
                Fake *f = *state;
                bool yes = i < ELEMENTSOF(mib) ? behind[i] : cases[i - ELEMENTSOF(mib)].behind;
                uint32_t tag;

                f->unit.n_streaming = 0;
                f->unit.room = (UnitRoom){};
                write_block(f, 100);
                tag = fake_command(f, WRITE_100, block(f->object++, 100), 100);
                expect(f, CDB_ROOM,
                       i < ELEMENTSOF(mib) ? room_reply(mib[i]) : cases[i - ELEMENTSOF(mib)].answer);
                assert_int_equal(f->n_answers, yes);
                expect_behind(f, f->object - 1, GOOD);
                assert_answered(f, tag, SCSI_GOOD);
        }
}

/* Asked again when half of it is written; no more than a quarter is on its way. */
static void test_half_of_it_is_written(void **state)
{
        enum {
                N = 1 << 19
        };
        static uint8_t data[N];
        Fake *f = *state;
        uint32_t tag;

        unit_set_pipeline(&f->unit, UINT32_MAX);
        f->unit.n_streaming = N;
        f->unit.room = (UnitRoom){.asked = true, .remaining = 4 << 20};
        for (int i = 0; i < 2; i++)
                assert_answered(f, fake_command(f, "0a 00 08 00 00 00", data, N), SCSI_GOOD);
        tag = fake_command(f, "0a 00 08 00 00 00", data, N);
        assert_nothing_answered(f); /* 1 MiB is on its way */
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        assert_answered(f, fake_command(f, "0a 00 08 00 00 00", data, N), SCSI_GOOD);
        tag = fake_command(f, "0a 00 08 00 00 00", data, N);
        assert_nothing_answered(f); /* 2 MiB of 4 are written */
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        tag = fake_command(f, "0a 00 08 00 00 00", data, N);
        expect(f, CDB_ROOM, room_reply(4)); /* it does not keep count */
        assert_nothing_answered(f);
        expect_out(f, "0a 00 08 00 00 00", data, N, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* ---- what waits for it ---- */

static void test_everything_else_waits(void **state)
{
        static const char *const cdbs[] = {FILEMARK,  CDB_COMMIT,         CDB_REWIND,
                                           CDB_READY, CDB_SHORT_POSITION, "1e 00 00 00 01 00"};

        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                Fake *f = *state;
                uint8_t data[20];
                uint32_t tag;

                f->unit.n_streaming = 100;
                f->unit.room = (UnitRoom){.asked = true, .remaining = UINT64_C(1) << 40};
                f->unit.want_room = false;
                write_behind(f);
                write_behind(f);
                tag = fake_command(f, cdbs[i], data, cdbs[i][0] == '3' ? 20 : 0);
                assert_nothing_answered(f);
                expect_behind(f, f->object - 2, GOOD);
                expect_behind(f, f->object - 1, GOOD);
                expect(f, cdbs[i], GOOD);
                assert_answered(f, tag, SCSI_GOOD);
                f->object = f->unit.record.position.object;
        }
}

static void test_stop_writes_it_out(void **state)
{
        Fake *f = *state;

        write_behind(f);
        write_behind(f);
        unit_stop(&f->unit, f->now);
        assert_false(unit_stopped(&f->unit));
        expect_behind(f, 2, GOOD);
        expect_behind(f, 3, GOOD);
        expect(f, CDB_COMMIT, GOOD);
        assert_true(unit_stopped(&f->unit));
        assert_true(journal_is_empty(&f->unit.journal));
}

/* ---- the device's answers ---- */

static void test_busy_is_sent_again(void **state)
{
        const Answer answers[] = {STATUS(SCSI_BUSY), STATUS(SCSI_TASK_SET_FULL), NOT_SENT_NOW};
        Fake *f = *state;

        write_behind(f);
        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                expect_behind(f, 2, answers[i]);
                assert_nothing_sent(f);
                fake_tick(f);
        }
        expect_behind(f, 2, GOOD);
}

/* It is on the medium; the program hears of it from the device, with its next WRITE. */
static void test_early_warning_ends_the_stream(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_behind(f);
        write_behind(f);
        expect_behind(f, 2, EARLY_WARNING);
        expect_behind(f, 3, EARLY_WARNING);
        tag = fake_command(f, WRITE_100, block(4, 100), 100);
        assert_nothing_answered(f);
        expect_behind(f, 4, EARLY_WARNING);
        assert_true(fake_assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING, __FILE__, __LINE__).eom);
        tag = fake_command(f, WRITE_100, block(5, 100), 100);
        assert_nothing_answered(f);
        expect_behind(f, 5, EARLY_WARNING);
        assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING);
}

static void expect_return_here(Fake *f, uint64_t object)
{
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(object));
}

/* The path goes with one on its way and one that was not sent: the place tells how far it came. */
static void test_path_lost(void **state)
{
        for (uint64_t n = 2; n <= 3; n++) {
                Fake *f = *state;
                uint64_t first = f->object;

                if (n == 3)
                        write_block(f, 100), first++;
                write_behind(f);
                write_behind(f);
                expect_behind(f, first, LOST);
                fake_path_up(f);
                expect_return_here(f, first + n - 2);
                for (uint64_t i = first + n - 2; i < f->object; i++)
                        expect_behind(f, i, GOOD);
                assert_nothing_sent(f);
                assert_int_equal(f->unit.phase, UNIT_HELD);
                assert_int_equal(journal_n_unsent(&f->unit.journal), 0);
                f->unit.n_streaming = 0;
        }
}

/* A place before what the device has said it has is no proof: the medium is read. */
static void test_path_lost_and_a_place_before(void **state)
{
        Fake *f = *state;

        write_behind(f);
        write_behind(f);
        expect_behind(f, 2, GOOD);
        expect_behind(f, 3, LOST);
        fake_path_up(f);
        expect_return_here(f, 2);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, DATA(block(0, 100), 100));
        expect(f, READ_100, DATA(block(1, 100), 100));
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect(f, CDB_POSITION, position_reply(2));
        expect_behind(f, 2, GOOD);
        expect_behind(f, 3, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* What the drive had acknowledged is gone, and is in the journal still. */
static void test_deferred_error_is_made_good(void **state)
{
        Fake *f = *state;

        write_behind(f);
        write_behind(f);
        expect_behind(f, 2, CHECK_IN_FULL(.deferred = true, .key = SENSE_MEDIUM_ERROR, .code = 0x0c00));
        expect_return_here(f, 1);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, DATA(block(0, 100), 100));
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect(f, CDB_POSITION, position_reply(1));
        for (uint64_t i = 1; i < 4; i++)
                expect_behind(f, i, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* The program hears of it with the command whose success would have promised the contrary. */
static void test_what_cannot_be_written_is_told(void **state)
{
        const Answer bad = CHECK(SENSE_MEDIUM_ERROR, 0x0c00);
        Fake *f = *state;
        uint32_t tag;

        write_behind(f);
        write_behind(f);
        expect_behind(f, 2, bad);
        expect_return_here(f, 2);
        expect_behind(f, 2, bad);
        assert_event(f, "failed", "could not be written again: MEDIUM ERROR 0c00");
        assert_nothing_sent(f);
        for (int i = 0; i < 2; i++) {
                tag = fake_command(f, WRITE_100, block(4, 100), 100);
                assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        }
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object = 0;
        assert_not_behind(f);
}

/* ---- a successor ---- */

static void test_killed_with_some_behind(void **state)
{
        Fake *f = *state;

        write_behind(f);
        write_behind(f);
        write_behind(f);
        expect_behind(f, 2, GOOD);
        fake_restart(f);
        fake_path_up(f);
        expect_return_here(f, 3);
        expect_behind(f, 3, GOOD);
        expect_behind(f, 4, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.position.object, 5);
}

/* It was in the journal before anybody was told; the kernel delivers it again. */
static void test_killed_before_the_answer(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        f->keeps_answers = true;
        fake_command(f, WRITE_100, block(2, 100), 100);
        f->keeps_answers = false;
        f->n_answers = 0;
        f->tail = 0;
        f->unit.record.in_flight.answer_tail = f->tail;
        unit_note_answer(&f->unit, f->tail);
        fake_restart(f);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        fake_path_up(f);
        expect_return_here(f, 2);
        expect_behind(f, 2, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.record.position.object, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_answered_before_it_is_sent),
                TEST(test_sent_from_the_journal),
                TEST(test_no_more_than_the_limit),
                TEST(test_no_larger_than_one_that_was_taken),
                TEST(test_first_one_of_a_stream_waits),
                TEST(test_every_position_ends_the_stream),
                TEST(test_ends_when_the_device_is_opened),
                TEST(test_filemark_does_not_end_it),
                TEST(test_not_in_unbuffered_mode),
                TEST(test_switched_off),
                TEST(test_full_journal),
                TEST(test_what_is_left),
                TEST(test_half_of_it_is_written),
                TEST(test_everything_else_waits),
                TEST(test_stop_writes_it_out),
                TEST(test_busy_is_sent_again),
                TEST(test_early_warning_ends_the_stream),
                TEST(test_path_lost),
                TEST(test_path_lost_and_a_place_before),
                TEST(test_deferred_error_is_made_good),
                TEST(test_what_cannot_be_written_is_told),
                TEST(test_killed_with_some_behind),
                TEST(test_killed_before_the_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
