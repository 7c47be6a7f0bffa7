/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program is told without asking the device, and what of the device's answers is mended. */

#include "hold/test-unit.h"

#define INQUIRY_36 "12 00 00 00 24 00"

static uint8_t data[512];

/* Answered at once, nothing was sent. */
static HoldAction ask(Fake *f, const char *cdb, uint32_t n_data)
{
        bool submitted = f->submitted;
        uint32_t tag;

        memset(data, 0xee, sizeof(data));
        tag = fake_command(f, cdb, data, n_data);
        assert_int_equal(f->submitted, submitted);
        return assert_answered(f, tag, SCSI_GOOD);
}

static void refuse(Fake *f, const char *cdb, uint32_t n_data, uint8_t key, uint16_t code)
{
        uint32_t tag = fake_command(f, cdb, data, n_data);

        assert_nothing_sent(f);
        assert_error(f, tag, key, code);
}

/* ---- INQUIRY ---- */

static void check_inquiries(Fake *f)
{
        assert_int_equal(ask(f, INQUIRY_36, 36).n_read, 36);
        assert_memory_equal(data, inquiry_reply(DEVICE_TAPE).data, 36);
        assert_int_equal(ask(f, "12 01 80 00 ff 00", 255).n_read, 12);
        assert_memory_equal(data, "\0\x80\0\x08" FAKE_SERIAL, 12);
        assert_int_equal(ask(f, "12 01 00 00 ff 00", 255).n_read, 6);
        refuse(f, "12 01 b0 00 ff 00", 255, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        refuse(f, "12 00 80 00 ff 00", 255, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void test_inquiry(void **state)
{
        Fake *f = *state;

        check_inquiries(f);
        fake_path_down(f);
        check_inquiries(f);
        fake_path_up(f); /* also while a step of ours is with the device */
        assert_true(f->submitted);
        assert_int_equal(ask(f, INQUIRY_36, 36).n_read, 36);
}

/* The shortest of what there is, what was asked for and what there is room for; the rest of the room is zero.
 */
static void test_inquiry_lengths(void **state)
{
        static const struct {
                const char *cdb;
                uint32_t n_data, n_read;
        } rows[] = {
                {"12 00 00 00 24 00", 36, 36}, {"12 00 00 00 05 00", 5, 5},    {"12 00 00 00 05 00", 36, 5},
                {"12 00 00 00 ff 00", 36, 36}, {"12 00 00 00 ff 00", 255, 36}, {"12 00 00 00 ff 00", 10, 10},
                {"12 00 00 00 00 00", 0, 0},   {"12 00 00 02 00 00", 512, 36}, {"12 00 00 01 05 00", 261, 36},
        };
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint8_t expected[512] = {};

                assert_int_equal(ask(f, rows[i].cdb, rows[i].n_data).n_read, rows[i].n_read);
                memcpy(expected, inquiry_reply(DEVICE_TAPE).data, rows[i].n_read);
                memset(expected + rows[i].n_data, 0xee, sizeof(expected) - rows[i].n_data);
                assert_memory_equal(data, expected, sizeof(data));
        }
}

static void test_inquiry_before_probe(void **state)
{
        Fake *f = *state;

        refuse(f, INQUIRY_36, 36, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

/* ---- while away ---- */

static void test_away_idle(void **state)
{
        Fake *f = *state;
        Sense sense = {};
        HoldAction a;

        fake_path_down(f);
        refuse(f, CDB_READY, 0, SENSE_NOT_READY, ASC_BECOMING_READY);
        a = ask(f, "03 00 00 00 60 00", 96);
        assert_int_equal(sense_parse(data, a.n_read, &sense), 0);
        assert_int_equal(sense.key, SENSE_NOT_READY);
        assert_int_equal(sense.code, ASC_BECOMING_READY);
}

/* Whoever is in the middle of a tape waits, also with TEST UNIT READY. */
static void test_away_in_session(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        fake_path_down(f);
        tag = fake_command(f, CDB_READY, NULL, 0);
        assert_nothing_answered(f);
        expect_return_at(f, "MEDIUM-1", 1);
        assert_false(fake_has_event(f, "failed"));
        expect(f, CDB_REWIND, GOOD); /* READ POSITION was not yet trusted */
        expect(f, "08 00 00 00 64 00", DATA(block(0, 100), 100));
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_others_wait(void **state)
{
        static const char *const cdbs[] = {CDB_REWIND, "1a 00 3f 00 ff 00", "34 00 00 00 00 00 00 00 00 00",
                                           "05 00 00 00 00 00", "a0 00 00 00 00 00 00 00 02 00 00 00"};
        Fake *f = *state;

        fake_path_down(f);
        for (size_t i = 0; i < ELEMENTSOF(cdbs); i++) {
                fake_command(f, cdbs[i], data, 16);
                assert_nothing_answered(f);
        }
        assert_int_equal(f->unit.n_queue, ELEMENTSOF(cdbs));
}

/* ---- mended ---- */

static void test_block_limits(void **state)
{
        static const struct {
                const char *cdb;
                uint8_t before[6], after[6];
        } rows[] = {
                {"05 00 00 00 00 00", {0, 0xff, 0xff, 0xff, 0, 1}, {0, 0x10, 0, 0, 0, 1}},
                {"05 00 00 00 00 00", {0, 0x80, 0, 0, 0, 1}, {0, 0x10, 0, 0, 0, 1}},
                {"05 00 00 00 00 00", {0, 0, 0, 0, 0, 1}, {0, 0x10, 0, 0, 0, 1}},
                {"05 00 00 00 00 00", {9, 0x04, 0, 0, 0x02, 0}, {9, 0x04, 0, 0, 0x02, 0}},
                {"05 01 00 00 00 00", {0, 0xff, 0xff, 0xff, 0, 1}, {0, 0xff, 0xff, 0xff, 0, 1}},
        };
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint32_t tag = fake_command(f, rows[i].cdb, data, 6);

                expect(f, rows[i].cdb, DATA(rows[i].before, 6));
                assert_answered(f, tag, SCSI_GOOD);
                assert_memory_equal(data, rows[i].after, 6);
        }
}

/* GOOD without data: the program does not get what was in the buffer before. */
static void test_no_data(void **state)
{
        static const uint8_t zeros[64];
        Fake *f = *state;
        uint32_t tag;

        memset(data, 0xee, sizeof(data));
        tag = fake_command(f, "4d 00 40 00 00 00 00 00 40 00", data, 64);
        expect(f, "4d 00 40 00 00 00 00 00 40 00", DATA(zeros, 0));
        assert_int_equal(assert_answered(f, tag, SCSI_GOOD).n_read, 0);
        assert_memory_equal(data, zeros, 64);
}

/* Sense and status are the device's own. */
static void test_passed_on(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        tag = fake_command(f, "1a 00 3f 00 ff 00", data, 255);
        expect(f, "1a 00 3f 00 ff 00",
               CHECK_IN_FULL(.key = SENSE_ILLEGAL_REQUEST, .code = 0x2601, .information_valid = true,
                             .information = 7));
        assert_int_equal(assert_error(f, tag, SENSE_ILLEGAL_REQUEST, 0x2601).information, 7);
        tag = fake_command(f, "1e 00 00 00 01 00", NULL, 0);
        expect(f, "1e 00 00 00 01 00", STATUS(SCSI_RESERVATION_CONFLICT));
        assert_answered(f, tag, SCSI_RESERVATION_CONFLICT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_inquiry, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_inquiry_lengths, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_inquiry_before_probe, fake_setup_tape, fake_teardown),
                cmocka_unit_test_setup_teardown(test_away_idle, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_away_in_session, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_others_wait, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_block_limits, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_no_data, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_passed_on, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
