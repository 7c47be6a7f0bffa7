/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What leaves the journal because the drive says that it is on the medium, and what does not. */

#include "hold/test-unit.h"

#define WRITE_100 "0a 00 00 00 64 00"
#define LOCATE(n) "2b 00 00 00 00 00 " #n " 00 00 00"
#define READ_100  "08 00 00 00 64 00"

/* READ POSITION, short form. */
static Answer short_reply(uint8_t flags, uint8_t partition, uint32_t first, uint32_t last)
{
        static uint8_t data[20];

        data[0] = flags;
        data[1] = partition;
        put_be(data + 4, first, 4);
        put_be(data + 8, last, 4);
        return DATA(data, sizeof(data));
}

/* Three blocks of 100 bytes are in the journal; with the fourth the drive is to be asked. */
static int setup(void **state)
{
        Fake *f;

        if (fake_setup_held(state) != 0)
                return -1;
        f = *state;
        f->unit.config.journal_reserve = 100;
        for (int i = 0; i < 3; i++)
                write_block(f, 100);
        return 0;
}

/* The program writes a block; the device is asked before it has written it, or after. */
static void write_one(Fake *f)
{
        uint32_t tag = fake_command(f, WRITE_100, block(f->object, 100), 100);

        expect_out(f, WRITE_100, block(f->object, 100), 100, GOOD);
        f->object++;
        assert_answered(f, tag, SCSI_GOOD);
}

static void assert_kept(Fake *f, uint64_t first, uint64_t bytes)
{
        assert_int_equal(f->unit.record.commit.object, first);
        assert_int_equal(journal_bytes(&f->unit.journal), bytes);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_leaves_the_journal(void **state)
{
        Fake *f = *state;

        write_one(f);
        assert_kept(f, 0, 400);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 4, 3));
        assert_kept(f, 2, 200); /* one of those on the medium, and the one that is not */
        assert_int_equal(f->unit.record.anchor.place.object, 1);
        assert_nothing_sent(f);
        write_one(f);
        assert_nothing_sent(f); /* there is room */
}

/* Filemarks are objects too. */
static void test_filemarks(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, "10 01 00 00 02 00", NULL, 0); /* IMMED */

        expect(f, "10 01 00 00 02 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object += 2;
        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 6, 4)); /* in the middle of them */
        assert_kept(f, 2, 200);
}

static void test_asked_again_later(void **state)
{
        Fake *f = *state;

        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 4, 0)); /* all of it is in the buffer */
        assert_kept(f, 0, 400);
        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 5, 4));
        assert_kept(f, 3, 200);
}

/* As many drives always say: that may be true, and nobody knows. */
static void test_empty_buffer(void **state)
{
        Fake *f = *state;

        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 4, 4));
        assert_kept(f, 0, 400);
        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 5, 5));
        assert_kept(f, 0, 500);
}

static void check_not_believed(Fake *f, Answer answer)
{
        write_one(f);
        expect(f, CDB_SHORT_POSITION, answer);
        assert_kept(f, 0, 400);
        write_one(f);
        assert_nothing_sent(f); /* nor asked again */
}

static void test_somewhere_else(void **state)
{
        check_not_believed(*state, short_reply(0, 0, 5, 3));
}

static void test_another_partition(void **state)
{
        check_not_believed(*state, short_reply(0, 1, 4, 3));
}

static void test_more_than_it_has(void **state)
{
        check_not_believed(*state, short_reply(0, 0, 4, 5));
}

/* LOLU. */
static void test_does_not_know(void **state)
{
        check_not_believed(*state, short_reply(0x04, 0, 4, 3));
}

/* PERR. */
static void test_cannot_say(void **state)
{
        check_not_believed(*state, short_reply(0x02, 0, 4, 3));
}

static void test_refused(void **state)
{
        check_not_believed(*state, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
}

static void test_too_short(void **state)
{
        static const uint8_t data[8];

        check_not_believed(*state, DATA(data, sizeof(data)));
}

/* Less than is proven. */
static void test_behind_what_is_proven(void **state)
{
        Fake *f = *state;

        write_filemark(f); /* and all before it: object 4 is next */
        for (int i = 0; i < 4; i++)
                write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 8, 3));
        assert_kept(f, 4, 400);
        assert_true(f->unit.written.silent);
}

static void test_switched_off(void **state)
{
        Fake *f = *state;

        f->unit.config.journal_reserve = 0;
        for (int i = 0; i < 10; i++)
                write_one(f);
        assert_nothing_sent(f);
}

/* ---- a drive that has lied ---- */

/* It has said that three of four were on the medium, is reset, and is at the block before which all is to be.
 */
static void come_back(Fake *f)
{
        write_one(f);
        expect(f, CDB_SHORT_POSITION, short_reply(0, 0, 4, 3));
        lose_and_return(f, true);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
}

static void find_anchor(Fake *f, Answer answer)
{
        expect(f, LOCATE(01), GOOD);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, READ_100, answer);
}

static void locate_2(Fake *f)
{
        find_anchor(f, DATA(block(1, 100), 100));
        expect(f, LOCATE(02), GOOD);
        expect(f, CDB_POSITION, position_reply(2));
}

static void test_claimed_and_there(void **state)
{
        Fake *f = *state;

        come_back(f);
        locate_2(f);
        expect(f, READ_100, DATA(block(2, 100), 100));
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect(f, CDB_POSITION, position_reply(3));
        expect_write(f, 3, 100, GOOD);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* Old data are where it was to be: the blocks before it may be old ones too. */
static void test_claimed_and_something_else_there(void **state)
{
        Fake *f = *state;

        come_back(f);
        locate_2(f);
        expect(f, READ_100, DATA(block(77, 100), 100));
        assert_given_up(f, "what the drive has said to have written is not on the cartridge");
}

static void test_claimed_and_nothing_there(void **state)
{
        Fake *f = *state;

        come_back(f);
        find_anchor(f, DATA(block(1, 100), 100));
        expect(f, LOCATE(02), CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        assert_given_up(f, "the medium ends before block 2, which was written");
}

static void test_block_before_it_is_another(void **state)
{
        Fake *f = *state;

        come_back(f);
        find_anchor(f, DATA(block(77, 100), 100));
        assert_given_up(f, "the cartridge in the drive is not the one that was there, or has changed");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_leaves_the_journal, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemarks, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_asked_again_later, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_empty_buffer, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_somewhere_else, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_another_partition, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_more_than_it_has, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_does_not_know, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cannot_say, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_refused, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_too_short, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_behind_what_is_proven, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_switched_off, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_claimed_and_there, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_claimed_and_something_else_there, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_claimed_and_nothing_there, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(test_block_before_it_is_another, setup, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
