/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Nothing is written before the cartridge is proven to be the one that was there; drives that know neither
 * LOCATE nor READ POSITION nor a medium's memory; what becomes of the command that was in flight. */

#include "hold/test-unit.h"

#define LOCATE(n) "2b 00 00 00 00 00 " #n " 00 00 00"
#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define REFUSED   CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE)

static Answer block_100(uint64_t number)
{
        return DATA(block(number, 100), 100);
}

static void expect_locate(Fake *f, const char *cdb, uint64_t object)
{
        expect(f, cdb, GOOD);
        expect(f, CDB_POSITION, position_reply(object));
}

/* Two blocks and a filemark: objects 0 to 2, proven. */
static void write_file(Fake *f)
{
        write_block(f, 100);
        write_block(f, 100);
        write_filemark(f);
}

static uint32_t lose(Fake *f, const char *cdb, void *data, uint32_t n_data)
{
        uint32_t tag = fake_command(f, cdb, data, n_data);

        expect(f, cdb, LOST);
        assert_nothing_answered(f);
        return tag;
}

static void assert_held(Fake *f)
{
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_event(f, "resumed", "");
}

/* ---- another cartridge ---- */

static void test_other_cartridge(void **state)
{
        Fake *f = *state;

        write_file(f);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        assert_medium_given_up(f, "another cartridge is in the drive");
}

static void test_other_cartridge_while_writing(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_file(f);
        tag = lose(f, WRITE_100, block(3, 100), 100);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_medium_given_up(f, "another cartridge is in the drive");
}

/* ---- moved out of the drive without UNLOAD, with nothing of a program's on the way ---- */

#define CDB_LIMITS "05 00 00 00 00 00"

/* A program asks or begins with `cdb` while MEDIUM-2 is in the drive, and the drive says so. */
static uint32_t find_other_cartridge(Fake *f, const char *cdb)
{
        uint32_t tag = fake_command(f, cdb, NULL, 0);

        expect(f, cdb, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        expect(f, CDB_POSITION, position_reply(0));
        return tag;
}

static void assert_changed(Fake *f, uint32_t tag)
{
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        assert_event(f, "medium-changed", "MEDIUM-2 is in the drive");
        assert_false(fake_has_event(f, "failed"));
        assert_false(fake_has_event(f, "resumed"));
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_string_equal(f->unit.record.reason, "");
        assert_int_equal(f->unit.record.n_outages, 0);
}

/* As st opens the device. */
static void open_device(Fake *f)
{
        do_set(f, CDB_READY, NULL, 0);
        do_set(f, CDB_LIMITS, NULL, 0);
}

static void test_changed_between_uses(void **state)
{
        static const char *const firsts[] = {CDB_READY, CDB_REWIND, LOCATE(01), CDB_LIMITS};

        for (size_t i = 0; i < ELEMENTSOF(firsts); i++) {
                uint32_t tag;
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_file(f);
                tag = find_other_cartridge(f, firsts[i]);
                assert_changed(f, tag);
                open_device(f);
                f->object = 0;
                write_block(f, 100);
                assert_int_equal(f->unit.record.position.object, 1);
                fake_teardown(state);
        }
}

/* Somebody else has asked: the one who had the device open goes nowhere on the new cartridge, for as long as
 * nobody has opened it, and no place was named. */
static void test_changed_under_open_device(void **state)
{
        static const char *const commands[] = {WRITE_100, READ_100, "10 00 00 00 01 00", "11 00 00 00 01 00"};
        Fake *f = *state;

        write_file(f);
        find_other_cartridge(f, CDB_READY);
        f->n_answers = 0;
        for (size_t i = 0; i < 2 * ELEMENTSOF(commands); i++) {
                uint32_t tag = fake_command(f, commands[i % ELEMENTSOF(commands)], block(3, 100), 100);

                assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
                do_set(f, CDB_READY, NULL, 0);
        }
        do_set(f, CDB_REWIND, NULL, 0);
        f->object = 0;
        write_block(f, 100);
}

/* The drive was away too, or the command builds on the place, or blocks are not on the cartridge: not that.
 */
static void test_changed_in_use(void **state)
{
        static const char *const commands[] = {WRITE_100, READ_100, CDB_READY, CDB_READY};

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                uint32_t tag;
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_file(f);
                if (i == 2)
                        write_block(f, 100);
                tag = fake_command(f, commands[i], block(4, 100), 100);
                expect(f, commands[i], CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
                if (i == 3) {
                        expect(f, CDB_READY, NOT_SENT);
                        expect_return(f);
                } else {
                        expect_ready(f);
                }
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
                assert_event(f, "failed", "another cartridge is in the drive");
                (void) tag;
                fake_teardown(state);
        }
}

/* What depends on the position fails, again and again; what does not goes to the device. */
static const struct {
        const char *cdb;
        bool depends;
} dependence[] = {
        {WRITE_100, true},
        {READ_100, true},
        {"10 00 00 00 01 00", true},             /* WRITE FILEMARKS */
        {"11 00 00 00 01 00", true},             /* SPACE blocks */
        {"11 01 ff ff ff 00", true},             /* SPACE filemarks, back */
        {"19 01 00 00 00 00", true},             /* ERASE */
        {"34 00 00 00 00 00 00 00 00 00", true}, /* READ POSITION */
        {"c5 00 00 00 00 00 00 00 00 00", true}, /* nobody knows what it does */
        {CDB_READY, false},
        {"05 00 00 00 00 00", false}, /* READ BLOCK LIMITS */
        {"1a 00 0f 00 ff 00", false}, /* MODE SENSE */
        {"1e 00 00 00 01 00", false}, /* PREVENT */
};

static void test_fails_until_repositioned(void **state)
{
        Fake *f = *state;

        write_file(f);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        take_medium_attention(f);
        for (size_t i = 0; i < 2 * ELEMENTSOF(dependence); i++) {
                const char *cdb = dependence[i % ELEMENTSOF(dependence)].cdb;
                uint8_t data[256];
                uint32_t tag = fake_command(f, cdb, data, 100);

                if (dependence[i % ELEMENTSOF(dependence)].depends) {
                        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
                } else {
                        expect(f, cdb, GOOD);
                        assert_answered(f, tag, SCSI_GOOD);
                }
                assert_int_equal(f->unit.phase, UNIT_FAILED);
        }
}

/* The ways for a program to know again where it is. */
static void test_ways_out(void **state)
{
        static const char *const ways[] = {
                CDB_REWIND, "1b 00 00 00 01 00", "1b 00 00 00 00 00",
                LOCATE(01), "11 03 00 00 00 00", "92 08 00 00 00 00 00 00 00 00 00 01 00 00 00 00"};

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_file(f);
                fake_path_down(f);
                expect_return(f);
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
                assert_int_equal(f->unit.phase, UNIT_FAILED);
                take_medium_attention(f);
                do_set(f, ways[i], NULL, 0);
                assert_int_equal(f->unit.phase, UNIT_HELD);
                assert_string_equal(f->unit.record.reason, "");
                fake_teardown(state);
        }
}

/* A way out that fails is none. */
static void test_failed_way_out(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_file(f);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        take_medium_attention(f);
        tag = fake_command(f, LOCATE(01), NULL, 0);
        expect(f, LOCATE(01), CHECK(SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        tag = fake_command(f, READ_100, block(0, 100), 100);
        expect(f, CDB_POSITION, position_reply(2));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
}

static void test_cartridge_gone(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_file(f);
        tag = lose(f, WRITE_100, block(3, 100), 100);
        fake_path_up(f);
        expect_identity(f);
        for (int i = 0; i < 3; i++)
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_event(f, "failed", "gone from the drive");
        assert_int_equal(f->unit.phase, UNIT_FAILED);
}

/* A REWIND that was on its way to the first cartridge is not made on the second, where the program would take
 * it for granted that it stands at the beginning of the first. */
static void test_rewind_of_another_cartridge(void **state)
{
        static const char *const ways[] = {CDB_REWIND, "11 03 00 00 00 00", LOCATE(01), "1b 00 00 00 01 00"};

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                Fake *f;
                uint32_t tag;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_file(f);
                tag = lose(f, ways[i], NULL, 0);
                expect_return(f);
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
                assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
                assert_medium_given_up(f, "another cartridge is in the drive");
                fake_teardown(state);
        }
}

/* ---- a medium without memory: the last block read back ---- */

/* As if the drive had never had READ ATTRIBUTE. */
static void forget_medium_id(Fake *f)
{
        f->unit.record.no_mam = 1;
        f->unit.record.n_medium_id = 0;
}

static void expect_return_without_memory(Fake *f, uint64_t object)
{
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_POSITION, position_reply(object));
}

static void test_anchor(void **state)
{
        Fake *f = *state;

        forget_medium_id(f);
        write_file(f);
        fake_path_down(f);
        expect_return_without_memory(f, 0);
        expect_locate(f, LOCATE(01), 1);
        expect(f, READ_100, block_100(1));
        expect_locate(f, LOCATE(03), 3);
        assert_held(f);
        assert_int_equal(f->unit.record.position.object, 3);
}

static void test_anchor_differs(void **state)
{
        const Answer answers[] = {
                DATA(block(7, 100), 100),
                DATA(block(1, 100), 99),
                CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA),
                CHECK_IN_FULL(.filemark = true, .code = ASC_FILEMARK_DETECTED),
                CHECK_IN_FULL(.ili = true, .information_valid = true, .information = 1),
        };

        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                forget_medium_id(f);
                write_file(f);
                fake_path_down(f);
                expect_return_without_memory(f, 0);
                expect_locate(f, LOCATE(01), 1);
                if (i < 2)
                        block(i == 0 ? 7 : 1, 100);
                expect(f, READ_100, answers[i]);
                assert_medium_given_up(f, "is not the one that was there");
                fake_teardown(state);
        }
}

/* Nothing was proven to be on it, and nothing of the journal is: it may be any cartridge. */
static void test_nothing_proven(void **state)
{
        Fake *f = *state;

        forget_medium_id(f);
        write_block(f, 100);
        fake_path_down(f);
        expect_return_without_memory(f, 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_event(f, "failed", "nothing of what was written is on the cartridge");
}

/* ---- old drives ---- */

static void test_no_locate(void **state)
{
        Fake *f = *state;

        write_file(f);
        write_block(f, 100);
        write_filemark(f);
        write_block(f, 100);
        write_filemark(f);
        f->unit.record.commit = f->unit.record.position;
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, LOCATE(07), REFUSED);
        expect(f, CDB_REWIND, GOOD);
        expect(f, "11 01 00 00 03 00", GOOD);
        expect(f, CDB_POSITION, position_reply(7));
        assert_held(f);
        assert_true(f->unit.record.no_locate);
}

/* No LOCATE, no READ POSITION, no memory. */
static void make_old(Fake *f)
{
        forget_medium_id(f);
        f->unit.record.no_locate = 1;
        f->unit.record.position_form = POSITION_FORM_NONE;
}

static void test_old_drive(void **state)
{
        Fake *f = *state;

        make_old(f);
        write_file(f);
        write_block(f, 100);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_REWIND, GOOD); /* to the anchor: file 0, block 1 */
        expect(f, "11 00 00 00 01 00", GOOD);
        expect(f, READ_100, block_100(1));
        expect(f, CDB_REWIND, GOOD); /* to the commit point */
        expect(f, "11 01 00 00 01 00", GOOD);
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect_write(f, 3, 100, GOOD);
        assert_held(f);
        assert_int_equal(f->unit.record.position.object, 4);
}

/* BUSY is not a step of the way. */
static void test_busy_while_spacing(void **state)
{
        Fake *f = *state;

        make_old(f);
        write_file(f);
        write_block(f, 100);
        write_filemark(f);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_REWIND, GOOD); /* to the anchor: file 1, block 0 */
        expect(f, "11 01 00 00 01 00", STATUS(SCSI_BUSY));
        fake_tick(f);
        expect(f, "11 01 00 00 01 00", STATUS(SCSI_TASK_SET_FULL));
        fake_tick(f);
        expect(f, "11 01 00 00 01 00", GOOD);
        expect(f, READ_100, block_100(3));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "11 01 00 00 02 00", STATUS(SCSI_BUSY));
        fake_tick(f);
        expect(f, "11 01 00 00 02 00", GOOD);
        assert_held(f);
}

/* Only the short form. */
static void test_short_form(void **state)
{
        static const uint8_t at_3[20] = {[7] = 3, [11] = 3};
        Fake *f = *state;

        f->unit.record.position_form = POSITION_FORM_UNTRIED;
        write_block(f, 100);
        f->unit.record.position_trusted = 0;
        fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect(f, CDB_SHORT_POSITION, DATA(at_3, sizeof(at_3)));
        expect_write(f, 1, 100, GOOD);
        assert_int_equal(f->unit.record.position_form, POSITION_FORM_NONE); /* it contradicted us at once */
}

/* A drive that says 0 for ever is not asked again, and is not believed. */
static void test_zero_for_ever(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, position_reply(0));
        expect_write(f, 1, 100, GOOD);
        assert_int_equal(f->unit.record.position_form, POSITION_FORM_NONE);
        assert_int_equal(f->unit.record.position.object, 2);
        fake_command(f, WRITE_100, block(2, 100), 100);
        expect_write(f, 2, 100, GOOD);
}

static void test_locate_goes_astray(void **state)
{
        Fake *f = *state;

        write_file(f);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect_locate(f, LOCATE(03), 2);
        assert_given_up(f, "did not go where it was sent");
}

static void test_hole(void **state)
{
        Fake *f = *state;

        write_file(f);
        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, LOCATE(03), CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        assert_given_up(f, "the medium ends before block 3, which was written");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_other_cartridge, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_other_cartridge_while_writing, fake_setup_held,
                                                fake_teardown),
                cmocka_unit_test(test_changed_between_uses),
                cmocka_unit_test_setup_teardown(test_changed_under_open_device, fake_setup_held,
                                                fake_teardown),
                cmocka_unit_test(test_changed_in_use),
                cmocka_unit_test_setup_teardown(test_fails_until_repositioned, fake_setup_held,
                                                fake_teardown),
                cmocka_unit_test(test_ways_out),
                cmocka_unit_test_setup_teardown(test_failed_way_out, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cartridge_gone, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_rewind_of_another_cartridge),
                cmocka_unit_test_setup_teardown(test_anchor, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_anchor_differs),
                cmocka_unit_test_setup_teardown(test_nothing_proven, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_no_locate, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_old_drive, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_busy_while_spacing, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_short_form, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_zero_for_ever, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_locate_goes_astray, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_hole, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
