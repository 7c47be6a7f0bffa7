/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks that are read several at once: what each READ of the program gets of it, and where the drive is when
 * it did not go as expected. */

#include "hold/test-unit.h"

#define READ_100    "08 00 00 00 64 00"
#define WRITE_100   "0a 00 00 00 64 00"
#define GROUP_OF(n) "08 01 00 00 0" #n " 00"
#define LOCATE(hex) "2b 00 00 00 00 00 " hex " 00 00 00"
#define N           100
#define SLOTS       8
#define FIRST       4 /* block of the first group, of 6: so many are to the end of the memory */

static uint8_t data[N];

static uint32_t read_block(Fake *f)
{
        memset(data, 0, sizeof(data));
        return fake_command(f, READ_100, data, N);
}

static void assert_read(Fake *f, uint32_t tag, uint64_t number)
{
        HoldAction a = assert_answered(f, tag, SCSI_GOOD);

        assert_int_equal(a.n_read, N);
        assert_memory_equal(data, block(number, N), N);
}

/* The program asks before the drive has answered. */
static void read_and_wait(Fake *f, uint64_t number)
{
        uint32_t tag = read_block(f);

        expect(f, READ_100, DATA(block(number, N), N));
        assert_read(f, tag, number);
}

static void read_from_memory(Fake *f, uint64_t number)
{
        assert_read(f, read_block(f), number);
}

static Answer group(uint64_t first, unsigned n)
{
        static uint8_t blocks[SLOTS * N];

        for (unsigned i = 0; i < n; i++)
                memcpy(blocks + (size_t) i * N, block(first + i, N), N);
        return DATA(blocks, n * N);
}

/* n of `of` blocks, and then this. */
static Answer ends(uint64_t first, unsigned n, unsigned of, Sense sense)
{
        Answer a = group(first, n);

        a.status = SCSI_CHECK_CONDITION;
        a.sense = sense;
        a.sense.information_valid = true;
        a.sense.information = of - n;
        return a;
}

static const Sense filemark = {.filemark = true, .code = 0x0001},
                   end_of_data = {.key = SENSE_BLANK_CHECK, .code = ASC_END_OF_DATA}, odd_one = {.ili = true};

/* Blocks 0 and 1 were read, 2 is on its way. */
static int setup_ahead(void **state)
{
        uint32_t tag;
        Fake *f;

        if (fake_setup_held(state) != 0)
                return -1;
        f = *state;
        unit_set_pipeline(&f->unit, SLOTS * N);
        f->unit.config.group_after = 2;
        f->unit.record.locates = true;
        read_and_wait(f, 0);
        tag = read_block(f);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, READ_100, DATA(block(1, N), N));
        assert_read(f, tag, 1);
        return 0;
}

/* Two more, for which the program waited; a group of six comes next. */
static int setup(void **state)
{
        int r = setup_ahead(state);

        if (r == 0) {
                read_and_wait(*state, 2);
                read_and_wait(*state, 3);
        }
        return r;
}

static int setup_grouped(void **state)
{
        int r = setup(state);

        if (r == 0)
                expect_length(*state, 0, N);
        return r;
}

static void test_several_in_one(void **state)
{
        Fake *f = *state;

        assert_int_equal(f->noted_length, N);
        expect_length(f, 0, N);
        expect(f, GROUP_OF(6), group(FIRST, 6));
        expect(f, GROUP_OF(2), group(FIRST + 6, 2));
        assert_nothing_sent(f); /* there is no room for more */
        for (uint64_t i = FIRST; i < FIRST + 5; i++)
                read_from_memory(f, i);
        expect(f, GROUP_OF(1), group(FIRST + 8, 1)); /* as the first place was free again */
        expect(f, GROUP_OF(4), group(FIRST + 9, 4));
        for (uint64_t i = FIRST + 5; i < FIRST + 13; i++)
                read_from_memory(f, i);
        assert_int_equal(f->unit.record.position.object, FIRST + 13);
}

/* One that came while the block length was being set is one of the group. */
static void test_waits_for_the_group(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        expect(f, CDB_MODE_SENSE, mode_reply(0));
        tag = read_block(f);
        fake_answer(f, GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(N));
        expect(f, GROUP_OF(6), group(FIRST, 6));
        assert_read(f, tag, FIRST);
}

static void test_not_for_a_fast_drive(void **state)
{
        Fake *f;

        fake_teardown(state);
        assert_int_equal(setup_ahead(state), 0);
        f = *state;
        for (uint64_t i = 2; i < 20; i++) {
                expect(f, READ_100, DATA(block(i, N), N));
                read_from_memory(f, i);
        }
        assert_int_equal(f->noted_length, 0);
}

/* The program is told of it as if it had asked for one block there. */
static void test_ends(void **state)
{
        const Sense senses[] = {filemark, end_of_data};

        for (size_t i = 0; i < ELEMENTSOF(senses); i++)
                for (unsigned n = 0; n <= 5; n += 5) {
                        Sense told;
                        Fake *f;

                        fake_teardown(state);
                        assert_int_equal(setup_grouped(state), 0);
                        f = *state;
                        expect(f, GROUP_OF(6), ends(FIRST, n, 6, senses[i]));
                        assert_nothing_sent(f);
                        for (uint64_t k = FIRST; k < FIRST + n; k++)
                                read_from_memory(f, k);
                        told = assert_error(f, read_block(f), senses[i].key, senses[i].code);
                        assert_int_equal(told.filemark, senses[i].filemark);
                        assert_true(told.information_valid);
                        assert_int_equal(told.information, N);
                }
}

/* A block of another length, an error, an end whose numbers contradict each other: what was read with it
 * counts for nothing, and the drive goes back and says it to the program. */
static void test_does_not_end_plainly(void **state)
{
        Answer bare = ends(FIRST, 2, 6, filemark), residue = ends(FIRST, 2, 6, filemark),
               odd = ends(FIRST, 2, 6, odd_one),
               error = ends(FIRST, 2, 6, (Sense){.key = SENSE_MEDIUM_ERROR}), less = group(FIRST, 5);
        const Answer *const answers[] = {&bare, &residue, &odd, &error, &less};

        bare.sense.information_valid = false;
        residue.n_data += N;
        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                uint32_t tag;
                Fake *f;

                fake_teardown(state);
                assert_int_equal(setup_grouped(state), 0);
                f = *state;
                expect(f, GROUP_OF(6), *answers[i]);
                assert_nothing_sent(f);
                tag = read_block(f);
                assert_nothing_answered(f);
                expect(f, LOCATE("04"), GOOD);
                expect(f, CDB_POSITION, position_reply(FIRST));
                expect_length(f, N, 0);
                expect(f, READ_100, DATA(block(FIRST, N), N));
                assert_read(f, tag, FIRST);
        }
}

static void test_refused(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        expect_length(f, 0, N);
        expect(f, GROUP_OF(6), CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        tag = read_block(f);
        expect_length(f, N, 0);
        expect(f, READ_100, DATA(block(FIRST, N), N));
        assert_read(f, tag, FIRST);
        for (uint64_t i = FIRST + 1; i < FIRST + 8; i++)
                read_and_wait(f, i);
        assert_true(f->unit.record.no_groups);
}

static void test_before_a_write(void **state)
{
        Fake *f = *state;
        uint8_t written[N];
        uint32_t tag;

        memcpy(written, block(9, N), N);
        expect_length(f, 0, N);
        expect(f, GROUP_OF(6), group(FIRST, 6));
        read_from_memory(f, FIRST);
        tag = fake_command(f, WRITE_100, written, N);
        fake_answer(f, group(FIRST + 6, 2));
        expect(f, LOCATE("05"), GOOD);
        expect(f, CDB_POSITION, position_reply(FIRST + 1));
        expect_length(f, N, 0);
        expect_out(f, WRITE_100, written, N, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_lost(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        expect_length(f, 0, N);
        tag = read_block(f);
        expect(f, GROUP_OF(6), LOST);
        fake_path_up(f);
        expect_identity(f);
        expect_ready(f);
        expect_length(f, N, 0);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(FIRST + 3));
        expect(f, LOCATE("04"), GOOD);
        expect(f, CDB_POSITION, position_reply(FIRST));
        expect(f, READ_100, DATA(block(FIRST, N), N));
        assert_read(f, tag, FIRST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_several_in_one),       TEST(test_waits_for_the_group),
                TEST(test_not_for_a_fast_drive), TEST(test_ends),
                TEST(test_does_not_end_plainly), TEST(test_refused),
                TEST(test_before_a_write),       TEST(test_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
