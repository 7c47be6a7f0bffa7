/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks that are sent several at once, and the block length that the drive has for it. */

#include <errno.h>

#include "hold/test-unit.h"

#define WRITE_100   "0a 00 00 00 64 00"
#define FILEMARK    "10 00 00 00 01 00"
#define GROUP_OF(n) "0a 01 00 00 0" #n " 00"
#define N           100
#define FIRST_GROUP 5 /* its first block; those before it were sent one by one */
#define AFTER_GROUP 8

static int setup(void **state)
{
        Fake *f;

        if (fake_setup_held(state) != 0)
                return -1;
        f = *state;
        f->unit.config.group_after = 2;
        write_block(f, N);
        write_block(f, N);
        unit_set_pipeline(&f->unit, 2000);
        f->unit.room = (UnitRoom){.asked = true, .remaining = UINT64_C(1) << 40};
        return 0;
}

static void fill(Fake *f, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                assert_answered(f, fake_command(f, WRITE_100, block(f->object++, N), N), SCSI_GOOD);
}

static const uint8_t *blocks(uint64_t first, unsigned n)
{
        static uint8_t data[16 * N];

        for (unsigned i = 0; i < n; i++)
                memcpy(data + (size_t) i * N, block(first + i, N), N);
        return data;
}

static void expect_single(Fake *f, uint64_t number, Answer answer)
{
        expect_out(f, WRITE_100, block(number, N), N, answer);
}

/* So many wait that blocks 5, 6 and 7 go together: up to the point before they do. */
static void approach(Fake *f)
{
        fill(f, 6);
        expect_single(f, 2, GOOD);
        expect_single(f, 3, GOOD);
        expect_single(f, 4, GOOD);
}

static void reach(Fake *f)
{
        approach(f);
        expect_length(f, 0, N);
}

static void expect_group(Fake *f, Answer answer)
{
        expect_out(f, GROUP_OF(3), blocks(FIRST_GROUP, 3), 3 * N, answer);
}

/* ---- when ---- */

static void test_several_in_one(void **state)
{
        Fake *f = *state;

        reach(f);
        assert_int_equal(f->noted_length, N);
        fill(f, 2);
        expect_group(f, GOOD);
        expect_out(f, GROUP_OF(2), blocks(AFTER_GROUP, 2), 2 * N, GOOD);
        fill(f, 1);
        expect_out(f, GROUP_OF(1), blocks(AFTER_GROUP + 2, 1), N, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(journal_n_unsent(&f->unit.journal), 0);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* A drive that is faster than the program is left alone. */
static void test_not_while_nothing_waits(void **state)
{
        Fake *f = *state;

        for (uint64_t i = 2; i < 20; i++) {
                fill(f, 1);
                expect_single(f, i, GOOD);
        }
        assert_int_equal(f->noted_length, 0);
}

static void approach_in_vain(Fake *f)
{
        approach(f);
        for (uint64_t i = FIRST_GROUP; i < AFTER_GROUP; i++)
                expect_single(f, i, GOOD);
        assert_nothing_sent(f);
}

static void test_switched_off(void **state)
{
        Fake *f = *state;

        f->unit.config.group_after = 0;
        approach_in_vain(f);
}

static void test_not_with_protection_information(void **state)
{
        Fake *f = *state;

        f->unit.record.n_protection_written = 4;
        approach_in_vain(f);
}

static void test_not_before_the_length_is_noted(void **state)
{
        Fake *f = *state;

        f->cannot_note = true;
        approach_in_vain(f);
        assert_int_equal(f->noted_length, N);
}

/* The program writes them so: then there is nothing to set. */
static void test_fixed_blocks(void **state)
{
        Fake *f = *state;
        uint8_t data[12];

        do_set(f, CDB_COMMIT, NULL, 0);
        memcpy(data, mode_list(N), 12);
        do_set(f, CDB_MODE_SELECT, data, 12);
        do_set(f, GROUP_OF(1), block(f->object++, N), N);
        f->unit.room = (UnitRoom){.asked = true, .remaining = UINT64_C(1) << 40};
        f->unit.want_room = false;
        for (unsigned i = 0; i < 4; i++)
                assert_answered(f, fake_command(f, GROUP_OF(1), block(f->object++, N), N), SCSI_GOOD);
        expect_out(f, GROUP_OF(1), blocks(3, 1), N, GOOD);
        expect_out(f, GROUP_OF(3), blocks(4, 3), 3 * N, GOOD);
        assert_nothing_sent(f);
}

/* ---- what it may not carry ---- */

static void test_too_large_for_the_adapter(void **state)
{
        Fake *f = *state;

        reach(f);
        fill(f, 2);
        expect_group(f, (Answer){.delivery = SCSI_NOT_SENT, .error = EINVAL});
        for (uint64_t i = FIRST_GROUP; i < FIRST_GROUP + 3; i++) /* 300 bytes were too many, so 150 at most */
                expect_out(f, GROUP_OF(1), blocks(i, 1), N, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* The kernel is short of memory: later, and fewer. */
static void test_no_memory_for_it(void **state)
{
        Fake *f = *state;

        reach(f);
        expect_group(f, NOT_SENT_NOW);
        assert_nothing_sent(f);
        fake_tick(f);
        expect_out(f, GROUP_OF(1), blocks(FIRST_GROUP, 1), N, GOOD);
        expect_out(f, GROUP_OF(1), blocks(FIRST_GROUP + 1, 1), N, GOOD);
}

static void test_of_one_length(void **state)
{
        Fake *f = *state;
        uint8_t data[60];

        reach(f);
        memcpy(data, block(f->object++, 60), 60);
        assert_answered(f, fake_command(f, "0a 00 00 00 3c 00", data, 60), SCSI_GOOD);
        fill(f, 2);
        expect_group(f, GOOD);
        expect_length(f, N, 0);
        expect_out(f, "0a 00 00 00 3c 00", data, 60, GOOD);
        expect_single(f, AFTER_GROUP + 1, GOOD);
        expect_single(f, AFTER_GROUP + 2, GOOD);
        assert_nothing_sent(f);
}

/* ---- a drive that does not want it ---- */

static void expect_no_more_groups(Fake *f)
{
        for (uint64_t i = FIRST_GROUP; i < AFTER_GROUP; i++)
                expect_single(f, i, GOOD);
        fill(f, 6);
        for (uint64_t i = AFTER_GROUP; i < AFTER_GROUP + 6; i++)
                expect_single(f, i, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.group_length, 0);
}

static void test_mode_select_refused(void **state)
{
        Fake *f = *state;

        approach(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect_out(f, CDB_MODE_SELECT, mode_list(N), 12, CHECK(SENSE_ILLEGAL_REQUEST, 0x2600));
        expect(f, CDB_MODE_SENSE, mode_reply(0)); /* it has the program's, as it says */
        expect_no_more_groups(f);
}

static void test_mode_sense_refused(void **state)
{
        Fake *f = *state;

        approach(f);
        expect(f, CDB_MODE_SENSE, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_no_more_groups(f);
}

/* Somebody else has set it, behind our back. */
static void test_has_another_length_already(void **state)
{
        Fake *f = *state;

        approach(f);
        expect(f, CDB_MODE_SENSE, mode_reply(512));
        expect_no_more_groups(f);
}

/* It says GOOD and has another length then: what was written with it would be something else. */
static void test_another_length_than_was_set(void **state)
{
        Fake *f = *state;

        approach(f);
        for (int i = 0; i < 2; i++) {
                expect(f, CDB_MODE_SENSE, mode_reply(i > 0 ? 128 : 0));
                expect_out(f, CDB_MODE_SELECT, mode_list(N), 12, GOOD);
        }
        expect(f, CDB_MODE_SENSE, mode_reply(128));
        expect_length(f, 128, 0);
        expect_no_more_groups(f);
}

static void test_group_refused(void **state)
{
        Fake *f = *state;

        reach(f);
        expect_group(f, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_identity(f);
        expect_ready(f);
        expect_length(f, N, 0);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(FIRST_GROUP));
        for (uint64_t i = FIRST_GROUP; i < AFTER_GROUP; i++)
                expect_single(f, i, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_true(f->unit.record.no_groups);
}

/* Group=no, while it is done. */
static void test_switched_off_meanwhile(void **state)
{
        Fake *f = *state;

        reach(f);
        fill(f, 3);
        unit_set_grouping(&f->unit, 0);
        expect_group(f, GOOD);
        expect_length(f, N, 0);
        for (uint64_t i = AFTER_GROUP; i < AFTER_GROUP + 3; i++)
                expect_single(f, i, GOOD);
        assert_nothing_sent(f);
}

static void test_busy(void **state)
{
        Fake *f = *state;

        approach(f);
        for (int i = 0; i < 3; i++) {
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect_out(f, CDB_MODE_SELECT, mode_list(N), 12, STATUS(SCSI_BUSY));
                fake_tick(f);
        }
        expect_length(f, 0, N);
        expect_group(f, GOOD);
}

static void test_cannot_be_set_back(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        reach(f);
        expect_group(f, GOOD);
        tag = fake_command(f, "1e 00 00 00 01 00", NULL, 0);
        expect(f, CDB_MODE_SENSE, mode_reply(N));
        expect_out(f, CDB_MODE_SELECT, mode_list(0), 12, CHECK(SENSE_ILLEGAL_REQUEST, 0x2600));
        assert_event(f, "failed", "block length could not be set back");
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_true(f->n_answers == 0 || tag > 0);
}

/* ---- the program's own settings ---- */

static void test_set_back_for_the_program(void **state)
{
        static const char *const cdbs[] = {CDB_MODE_SENSE, CDB_REWIND, "08 00 00 00 64 00",
                                           "1e 00 00 00 01 00", "05 00 00 00 00 00"};
        uint8_t data[N];

        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                Fake *f;

                if (i > 0) {
                        fake_teardown(state);
                        assert_int_equal(setup(state), 0);
                }
                f = *state;
                reach(f);
                fake_command(f, cdbs[i], data,
                             cdbs[i][0] == '1' && cdbs[i][1] == 'a' ? 12
                             : cdbs[i][1] == '8'                    ? N
                                                                    : 0);
                expect_group(f, GOOD);
                expect_length(f, N, 0);
                expect(f, cdbs[i], GOOD);
                assert_int_equal(f->unit.record.group_length, 0);
        }
}

static void test_not_for_what_it_means_nothing_to(void **state)
{
        Fake *f = *state;
        uint8_t data[20];

        reach(f);
        expect_group(f, GOOD);
        do_set(f, FILEMARK, NULL, 0);
        do_set(f, CDB_COMMIT, NULL, 0);
        fake_command(f, CDB_SHORT_POSITION, data, 20);
        expect(f, CDB_SHORT_POSITION, position_reply(FIRST_GROUP + 4));
        f->n_answers = 0;
        fill(f, 1);
        expect_out(f, GROUP_OF(1), blocks(f->object - 1, 1), N, GOOD);
}

/* It has the same length as the group had: from now on the drive has it from the program. */
static void test_program_sets_it_itself(void **state)
{
        Fake *f = *state;
        uint8_t data[12];

        reach(f);
        expect_group(f, GOOD);
        memcpy(data, mode_list(N), 12);
        fake_command(f, CDB_MODE_SELECT, data, 12);
        expect_length(f, N, 0);
        expect(f, CDB_COMMIT, GOOD);
        expect_out(f, CDB_MODE_SELECT, data, 12, GOOD);
        assert_int_equal(f->noted_length, 0);
        assert_int_equal(f->unit.record.block_length, N);
}

static void test_stop_sets_it_back(void **state)
{
        Fake *f = *state;

        reach(f);
        unit_stop(&f->unit, f->now);
        expect_group(f, GOOD);
        assert_false(unit_stopped(&f->unit));
        expect_length(f, N, 0);
        expect(f, CDB_COMMIT, GOOD);
        assert_true(unit_stopped(&f->unit));
}

/* ---- losses ---- */

/* Of three it has this many. */
static void test_lost_in_a_group(void **state)
{
        for (uint64_t n = 0; n <= 3; n++) {
                Fake *f;

                if (n > 0) {
                        fake_teardown(state);
                        assert_int_equal(setup(state), 0);
                }
                f = *state;
                reach(f);
                expect_group(f, LOST);
                fake_path_up(f);
                expect_identity(f);
                expect_ready(f);
                expect_length(f, N, 0);
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
                expect(f, CDB_POSITION, position_reply(FIRST_GROUP + n));
                for (uint64_t i = FIRST_GROUP + n; i < AFTER_GROUP; i++)
                        expect_single(f, i, GOOD);
                assert_nothing_sent(f);
                assert_int_equal(f->unit.phase, UNIT_HELD);
        }
}

/* A reset has set it back already, and perhaps to something else. */
static void test_reset(void **state)
{
        Fake *f = *state;

        reach(f);
        expect_group(f, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        assert_int_equal(f->unit.record.group_length, 0);
}

/* Killed before it is set, while it is being set, and when it is. */
static void test_successor_sets_it_back(void **state)
{
        for (int n = 0; n < 3; n++) {
                Fake *f;

                if (n > 0) {
                        fake_teardown(state);
                        assert_int_equal(setup(state), 0);
                }
                f = *state;
                approach(f);
                if (n > 0)
                        expect(f, CDB_MODE_SENSE, mode_reply(0));
                if (n > 1)
                        expect_out(f, CDB_MODE_SELECT, mode_list(N), 12, GOOD);
                f->submitted = false;
                fake_restart(f);
                fake_path_up(f);
                expect_identity(f);
                expect_ready(f);
                if (n > 0)
                        expect_length(f, N, 0);
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
                assert_int_equal(f->unit.record.group_length, 0);
        }
}

/* ---- a machine that stopped at once ---- */

static void start_with_suspicion(Fake *f, uint32_t suspect, uint32_t found)
{
        memset(f->memory.state, 0, sizeof(*f->memory.state));
        fake_restart(f);
        unit_suspect_length(&f->unit, suspect);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(found));
}

static void test_left_by_another_boot(void **state)
{
        Fake *f = *state;

        start_with_suspicion(f, N, N);
        expect_length(f, N, 0);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        assert_int_equal(f->unit.record.block_length, 0);
}

/* Somebody's own, and nobody's. */
static void test_of_somebody_else(void **state)
{
        const uint32_t found[] = {512, 0};

        for (size_t i = 0; i < ELEMENTSOF(found); i++) {
                Fake *f = *state;

                start_with_suspicion(f, N, found[i]);
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
                assert_int_equal(f->unit.record.block_length, found[i]);
                f->submitted = false;
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_several_in_one),
                TEST(test_not_while_nothing_waits),
                TEST(test_switched_off),
                TEST(test_not_with_protection_information),
                TEST(test_not_before_the_length_is_noted),
                TEST(test_fixed_blocks),
                TEST(test_too_large_for_the_adapter),
                TEST(test_no_memory_for_it),
                TEST(test_of_one_length),
                TEST(test_mode_select_refused),
                TEST(test_mode_sense_refused),
                TEST(test_has_another_length_already),
                TEST(test_another_length_than_was_set),
                TEST(test_group_refused),
                TEST(test_switched_off_meanwhile),
                TEST(test_busy),
                TEST(test_cannot_be_set_back),
                TEST(test_set_back_for_the_program),
                TEST(test_not_for_what_it_means_nothing_to),
                TEST(test_program_sets_it_itself),
                TEST(test_stop_sets_it_back),
                TEST(test_lost_in_a_group),
                TEST(test_reset),
                TEST(test_successor_sets_it_back),
                TEST(test_left_by_another_boot),
                TEST(test_of_somebody_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
