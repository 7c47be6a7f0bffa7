/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The path coming and going, and how long a program waits for it. */

#include "hold/test-unit.h"

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"

static uint8_t data[256];

static void test_phases(void **state)
{
        Fake *f = *state;

        assert_string_equal(unit_phase_name(f->unit.phase), "held");
        fake_path_up(f); /* it is */
        assert_nothing_sent(f);
        fake_path_down(f);
        assert_string_equal(unit_phase_name(f->unit.phase), "away");
        assert_event(f, "away", "path");
        fake_path_down(f);
        assert_int_equal(f->n_events, 1);
        fake_path_up(f);
        assert_string_equal(unit_phase_name(f->unit.phase), "resuming");
        assert_string_equal(unit_phase_name(_UNIT_PHASE_MAX), "invalid");
}

/* The path is not closed while the device may still have a command. */
static void test_down_while_executing(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, WRITE_100, block(0, 100), 100);

        fake_path_down(f);
        assert_string_equal(f->closed, "");
        expect(f, WRITE_100, GOOD);
        assert_answered(f, tag, SCSI_GOOD); /* it was answered before the path died */
        assert_string_not_equal(f->closed, "");
        assert_int_equal(f->unit.phase, UNIT_AWAY);
        fake_command(f, CDB_READY, NULL, 0);
        assert_nothing_sent(f);
}

/* ---- time ---- */

static void wait_until(Fake *f, usec_t now)
{
        assert_int_equal(unit_deadline(&f->unit), now);
        f->now = now - 1;
        unit_tick(&f->unit, f->now);
        assert_nothing_answered(f);
        fake_tick(f);
}

static void test_timeout(void **state)
{
        Fake *f = *state;
        usec_t since = f->now + 5;
        uint32_t first, second;

        fake_path_down(f);
        assert_int_equal(unit_deadline(&f->unit), USEC_INFINITY); /* nobody waits */
        f->now = since;
        first = fake_command(f, CDB_REWIND, NULL, 0);
        f->now = since + 100 * USEC_PER_SEC;
        second = fake_command(f, READ_100, data, 100);
        wait_until(f, since + FAKE_TIMEOUT);
        assert_error(f, first, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_int_equal(
                assert_error(f, second, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT).information, 100);
        assert_event(f, "failed", "did not come back within 15min");
        assert_false(f->unit.failed_unproven);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_int_equal(unit_deadline(&f->unit), USEC_INFINITY);
}

/* From now on nobody waits for this outage; the next one is another matter. */
static void test_after_timeout(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fake_path_down(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        tag = fake_command(f, CDB_READY, NULL, 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_answered(f, fake_command(f, CDB_INQUIRY, data, 255), SCSI_GOOD);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD); /* nothing was lost: there was no session */
        fake_path_down(f);
        fake_command(f, CDB_REWIND, NULL, 0);
        assert_nothing_answered(f);
}

/* In the middle of a tape: the program's error, and no more until it says where it wants to be. */
static void test_timeout_in_session(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        expect(f, WRITE_100, LOST);
        assert_true(unit_is_unproven(&f->unit));
        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_true(f->unit.failed_unproven);
        tag = fake_command(f, CDB_READY, NULL, 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect_return_at(f, "MEDIUM-1", 3);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        tag = fake_command(f, WRITE_100, block(3, 100), 100);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0); /* of the blocks that were acknowledged */
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        do_set(f, CDB_REWIND, NULL, 0);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* What was acknowledged is proven; the filemark that would have ended its file is not written. */
static void test_timeout_of_a_filemark(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        do_set(f, "10 00 00 00 01 00", NULL, 0);
        assert_false(unit_is_unproven(&f->unit));
        fake_path_down(f);
        assert_false(unit_is_unproven(&f->unit));
        fake_command(f, "10 00 00 00 01 00", NULL, 0);
        assert_true(unit_is_unproven(&f->unit));
        fake_tick(f);
        assert_event(f, "failed", "did not come back within 15min");
        assert_true(f->unit.failed_unproven);
}

/* A device that is there and never gets ready is not there. */
static void test_never_ready(void **state)
{
        Fake *f = *state;
        usec_t since = f->now;
        uint32_t tag;

        fake_path_down(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        fake_path_up(f);
        expect_identity(f);
        while (f->n_answers == 0) {
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
                fake_tick(f);
                assert_true(f->now < since + 2 * FAKE_TIMEOUT);
        }
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        if (!f->submitted)
                fake_tick(f);
        expect_identity(f); /* what was planned for the command is begun anew without it */
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_for_ever(void **state)
{
        Fake *f = *state;

        f->unit.config.timeout = USEC_INFINITY;
        fake_path_down(f);
        fake_command(f, CDB_REWIND, NULL, 0);
        assert_int_equal(unit_deadline(&f->unit), USEC_INFINITY);
}

/* The configuration is read again while a program waits: more time, and then less than it has waited. */
static void test_other_timeout(void **state)
{
        Fake *f = *state;
        usec_t since = f->now + 5;
        uint32_t tag;

        fake_path_down(f);
        f->now = since;
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        unit_set_timeout(&f->unit, 2 * FAKE_TIMEOUT);
        f->now = since + FAKE_TIMEOUT;
        unit_tick(&f->unit, f->now);
        assert_nothing_answered(f);
        assert_int_equal(unit_deadline(&f->unit), since + 2 * FAKE_TIMEOUT);
        unit_set_timeout(&f->unit, FAKE_TIMEOUT / 2);
        assert_true(unit_deadline(&f->unit) < f->now);
        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_phases, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_down_while_executing, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_timeout, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_after_timeout, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_timeout_in_session, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_timeout_of_a_filemark, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_never_ready, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_other_timeout, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_for_ever, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
