/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What whoever watches is told: counts, outages, cartridges, how far something is. */

#include "hold/test-unit.h"

#include "scsi/mam.h"

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define LOAD      "1b 00 00 00 01 00"
#define UNLOAD    "1b 00 00 00 00 00"
#define SECONDS   USEC_PER_SEC

/* Each answer of the device takes a millisecond. */
static void assert_lasted(usec_t span, usec_t expected)
{
        assert_in_range(span, expected, expected + 50 * USEC_PER_MSEC);
}

/* ---- outages ---- */

static void test_outage(void **state)
{
        Fake *f = *state;
        const UnitTally *t = &f->unit.tally;
        usec_t began;

        for (int i = 0; i < 3; i++)
                write_block(f, 100);
        assert_false(f->unit.in_trouble);
        began = f->now += 100 * SECONDS;
        fake_path_down(f);
        assert_true(f->unit.in_trouble);
        assert_int_equal(f->unit.trouble_since, began);
        f->now += 30 * SECONDS;
        expect_return_at(f, "MEDIUM-1", 3);
        assert_false(f->unit.in_trouble);
        assert_lasted(t->outages, 30 * SECONDS);
        assert_int_equal(t->last_began, began);
        assert_string_equal(t->last_cause, "the path to the device is gone");

        f->now += 50 * SECONDS;
        fake_path_down(f);
        f->now += 5 * SECONDS;
        expect_return_at(f, "MEDIUM-1", 3);
        assert_lasted(t->outages, 35 * SECONDS);
        assert_lasted(f->unit.last_outage, 5 * SECONDS);
        assert_int_equal(f->unit.record.n_outages, 2);
}

/* Timeout= was over: the outage goes on until the device is back. */
static void test_outage_beyond_timeout(void **state)
{
        Fake *f = *state;
        usec_t began = f->now;

        fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, LOST);
        fake_tick(f);
        assert_event(f, "failed", "did not come back");
        assert_int_equal(f->unit.tally.n_failures, 1);
        f->now = began + FAKE_TIMEOUT + 100 * SECONDS;
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        assert_lasted(f->unit.last_outage, FAKE_TIMEOUT + 100 * SECONDS);
}

static void test_reset(void **state)
{
        Fake *f = *state;

        fake_command(f, WRITE_100, block(0, 100), 100);
        expect_out(f, WRITE_100, block(0, 100), 100, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        assert_int_equal(f->unit.tally.n_resets, 1);
        assert_string_equal(f->unit.trouble, "the device was reset");
}

/* The resume says what it has done, and with which command. */
static void test_resume_is_told(void **state)
{
        Fake *f = *state;
        uint64_t done, total;

        write_block(f, 100);
        write_block(f, 100);
        fake_command(f, WRITE_100, block(2, 100), 100);
        expect_out(f, WRITE_100, block(2, 100), 100, LOST);
        assert_false(unit_resume_progress(&f->unit, &done, &total));
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        assert_string_equal(unit_step(&f->unit), "REWIND");
        expect(f, CDB_REWIND, GOOD);
        assert_true(unit_resume_progress(&f->unit, &done, &total));
        assert_int_equal(done, 0);
        assert_int_equal(total, 3);
        expect(f, READ_100, DATA(block(0, 100), 100));
        assert_true(unit_resume_progress(&f->unit, &done, &total));
        assert_int_equal(done, 1);
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        expect_write(f, 2, 100, GOOD);
        assert_event(f, "resumed", "2 objects written again, 1 compared, WRITE(6) found to be done");
        assert_int_equal(f->unit.tally.n_compared, 1);
        assert_null(unit_step(&f->unit));
}

static void test_at_device(void **state)
{
        Fake *f = *state;

        assert_null(unit_at_device(&f->unit));
        f->now += 7;
        fake_command(f, CDB_REWIND, NULL, 0);
        assert_non_null(unit_at_device(&f->unit));
        assert_int_equal(unit_at_device(&f->unit)->opcode->opcode, OP_REWIND);
        assert_int_equal(unit_at_device(&f->unit)->since, f->now);
        expect(f, CDB_REWIND, GOOD);
        assert_null(unit_at_device(&f->unit));
}

static void test_progress(void **state)
{
        Fake *f = *state;

        fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY,
               CHECK_IN_FULL(.key = SENSE_NO_SENSE, .code = 0x0016, .progress_valid = true,
                             .progress = 0x8000));
        assert_int_equal(f->unit.progress, 0x8001);
        fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, GOOD);
        assert_int_equal(f->unit.progress, 0);
}

/* ---- cartridges ---- */

static size_t put_attribute(uint8_t *data, uint16_t id, uint8_t format, const char *text)
{
        put_be(data, id, 2);
        data[2] = format;
        put_be(data + 3, 32, 2);
        memset(data + 5, ' ', 32);
        memcpy(data + 5, text, strlen(text));
        return 5 + 32;
}

static Answer barcode_reply(const char *serial, const char *barcode)
{
        static uint8_t data[4 + 2 * (5 + 32)];
        size_t n = 4;

        n += put_attribute(data + n, MAM_MEDIUM_SERIAL_NUMBER, 0x81, serial);
        n += put_attribute(data + n, MAM_BARCODE, 0x01, barcode);
        put_be(data, n - 4, 4);
        return DATA(data, (uint32_t) n);
}

/* A cartridge, of which the drive is asked before the next command. */
static void load(Fake *f, Answer attributes)
{
        uint32_t tag = fake_command(f, LOAD, NULL, 0);

        expect(f, LOAD, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_MEDIUM, attributes);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void unload(Fake *f)
{
        uint32_t tag = fake_command(f, UNLOAD, NULL, 0);

        expect(f, UNLOAD, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_cartridges(void **state)
{
        Fake *f = *state;
        char serial[UNIT_MEDIUM_ID_MAX + 1];

        assert_string_equal(unit_format_medium(&f->unit, serial, sizeof(serial)), "MEDIUM-1");
        unload(f);
        assert_event(f, "medium-removed", "cartridge with serial number MEDIUM-1 was taken out");
        assert_string_equal(unit_format_medium(&f->unit, serial, sizeof(serial)), "");
        fake_forget_events(f);
        load(f, barcode_reply("MEDIUM-2", "E00002L3"));
        assert_event(f, "medium-changed", "cartridge E00002L3, serial number MEDIUM-2, is in the drive");
        assert_string_equal(f->unit.barcode, "E00002L3");
        assert_int_equal(f->unit.tally.n_cartridges, 2);
        unload(f);
        fake_forget_events(f);
        load(f, medium_reply(NULL));
        assert_event(f, "medium-changed", "a cartridge that the drive does not name is in the drive");
        assert_string_equal(f->unit.barcode, "");
}

/* The one that a predecessor knew is no news, nor is it after an outage. */
static void test_same_cartridge(void **state)
{
        Fake *f = *state;

        fake_path_down(f);
        expect_return_at(f, "MEDIUM-1", 0);
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        assert_false(fake_has_event(f, "medium-changed"));
        unload(f);
        assert_event(f, "medium-removed", "MEDIUM-1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_outage, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_outage_beyond_timeout, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_reset, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_resume_is_told, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_at_device, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_progress, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cartridges, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_same_cartridge, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
