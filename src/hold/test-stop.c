/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A wait that is ended by a person, and a process that ends in good order. */

#include "hold/test-unit.h"

#include <errno.h>

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"

static uint8_t data[256];

/* Has the actions taken that are left, by a command that is answered at any time. */
static void take_actions(Fake *f)
{
        fake_command(f, CDB_INQUIRY, data, 255);
        f->n_answers--;
}

static int end_wait(Fake *f, bool once)
{
        int r = unit_fail(&f->unit, once, f->now);

        take_actions(f);
        return r;
}

static void stop(Fake *f)
{
        unit_stop(&f->unit, f->now);
        take_actions(f);
}

/* ---- fail ---- */

static void test_nothing_waits(void **state)
{
        Fake *f = *state;

        assert_false(unit_waits(&f->unit));
        assert_int_equal(unit_fail(&f->unit, false, f->now), -ENODATA);
        fake_path_down(f);
        assert_int_equal(unit_fail(&f->unit, true, f->now), -ENODATA); /* nobody asked for anything */
        fake_path_up(f);
        assert_int_equal(unit_fail(&f->unit, false, f->now), -ENODATA);
        assert_int_equal(f->unit.record.position_lost, 0);
}

/* A command that the device is at work on is not a wait, however long it takes. */
static void test_at_work(void **state)
{
        Fake *f = *state;

        fake_command(f, CDB_REWIND, NULL, 0);
        assert_int_equal(unit_fail(&f->unit, false, f->now), -ENODATA);
        expect(f, CDB_REWIND, GOOD);
}

static void test_fail(void **state)
{
        Fake *f = *state;
        uint32_t first, second;

        write_block(f, 100);
        fake_path_down(f);
        first = fake_command(f, WRITE_100, block(1, 100), 100);
        second = fake_command(f, CDB_REWIND, NULL, 0);
        assert_true(unit_waits(&f->unit));
        assert_int_equal(end_wait(f, false), 0);
        assert_error(f, first, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_error(f, second, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_string_equal(f->unit.record.reason, "the wait was ended by evertape fail");
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_error(f, fake_command(f, CDB_REWIND, NULL, 0), SENSE_ABORTED_COMMAND,
                     ASC_COMMUNICATION_TIMEOUT);
        assert_int_equal(unit_fail(&f->unit, false, f->now), -ENODATA);
        expect_return_at(f, "MEDIUM-1", 1);
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        assert_error(f, fake_command(f, WRITE_100, block(1, 100), 100), SENSE_MEDIUM_ERROR,
                     ASC_SEQUENTIAL_POSITIONING_ERROR);
}

static void test_fail_while_it_becomes_ready(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fake_path_down(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        fake_path_up(f);
        expect_identity(f); /* TEST UNIT READY is with the device */
        assert_int_equal(end_wait(f, false), 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect(f, CDB_READY, GOOD);
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD); /* READ POSITION is not trusted yet */
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* Only what waits now; later commands wait again, but those that build on the lost position. */
static void test_fail_once(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        fake_path_down(f);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        assert_int_equal(end_wait(f, true), 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_int_equal(f->unit.phase, UNIT_AWAY);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, "10 00 00 00 01 00", NULL, 0); /* by st, in close(2) */
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        assert_nothing_answered(f);
        fake_command(f, READ_100, data, 100); /* from the place that REWIND goes to */
        assert_nothing_answered(f);
        expect_return_at(f, "MEDIUM-1", 1);
        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        expect(f, READ_100, GOOD);
}

/* Nothing was lost: the next one waits. */
static void test_fail_once_at_the_beginning(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fake_path_down(f);
        tag = fake_command(f, "1a 00 00 00 0c 00", data, 12);
        assert_int_equal(end_wait(f, true), 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        fake_command(f, READ_100, data, 100);
        assert_nothing_answered(f);
        assert_true(unit_waits(&f->unit));
}

/* ---- stop ---- */

static void test_stop_idle(void **state)
{
        Fake *f = *state;

        stop(f);
        assert_nothing_sent(f);
        assert_true(unit_stopped(&f->unit));
}

/* The command that is with the device is answered, what is written is committed, and nothing is begun. */
static void test_stop_in_a_write(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        answer_position(f);
        stop(f);
        fake_command(f, WRITE_100, block(2, 100), 100);
        assert_false(unit_stopped(&f->unit));
        expect(f, WRITE_100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_false(unit_stopped(&f->unit));
        expect(f, CDB_COMMIT, GOOD);
        assert_nothing_sent(f);
        assert_nothing_answered(f);
        assert_true(unit_stopped(&f->unit));
        assert_true(journal_is_empty(&f->unit.journal));
}

/* What was not begun comes again with the successor, who goes on where this one stopped, without the journal.
 */
static void test_stop_and_start(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        write_block(f, 100);
        stop(f);
        expect(f, CDB_COMMIT, GOOD);
        assert_true(unit_stopped(&f->unit));
        memset(f->memory.ring, 0, FAKE_RING);
        fake_restart(f);
        assert_int_equal(f->unit.record.position_lost, 0);
        expect_return_at(f, "MEDIUM-1", 2);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        f->object = 2;
        write_block(f, 100);
}

static void test_stop_commit_fails(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        stop(f);
        expect(f, CDB_COMMIT, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_nothing_sent(f);
        assert_true(unit_stopped(&f->unit));
        assert_int_equal(f->unit.record.loss_unreported, 1);
}

static void test_stop_while_away(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        fake_path_down(f);
        fake_command(f, WRITE_100, block(1, 100), 100);
        stop(f);
        assert_true(unit_stopped(&f->unit));
        assert_false(journal_is_empty(&f->unit.journal));
        assert_int_equal(f->unit.record.position_lost, 0);
}

/* ---- leaving ---- */

static void leave(Fake *f)
{
        unit_leave(&f->unit, f->now);
        take_actions(f);
}

/* Whoever comes is told at once; INQUIRY is answered for as long as there is a LUN. */
static void assert_gone(Fake *f)
{
        assert_error(f, fake_command(f, WRITE_100, block(9, 100), 100), SENSE_ABORTED_COMMAND,
                     ASC_COMMUNICATION_TIMEOUT);
        assert_error(f, fake_command(f, CDB_READY, NULL, 0), SENSE_ABORTED_COMMAND,
                     ASC_COMMUNICATION_TIMEOUT);
        fake_command(f, CDB_INQUIRY, data, 255);
        f->n_answers--;
        assert_nothing_sent(f);
        assert_int_equal(f->unit.n_queue, 0);
        assert_true(unit_stopped(&f->unit));
}

static void test_leave_idle(void **state)
{
        Fake *f = *state;

        leave(f);
        assert_gone(f);
}

/* What is with the device ends, what is behind it is not begun, what was written is committed, and the
 * cartridge can be taken out again. */
static void test_leave_in_a_write(void **state)
{
        Fake *f = *state;
        uint32_t first, second;

        do_set(f, "1e 00 00 00 01 00", NULL, 0);
        write_block(f, 100);
        first = fake_command(f, WRITE_100, block(1, 100), 100);
        answer_position(f);
        second = fake_command(f, CDB_REWIND, NULL, 0);
        leave(f);
        assert_false(unit_stopped(&f->unit));
        expect(f, WRITE_100, GOOD);
        assert_answered(f, first, SCSI_GOOD);
        expect(f, CDB_COMMIT, GOOD);
        assert_false(unit_stopped(&f->unit));
        expect(f, "1e 00 00 00 00 00", GOOD);
        assert_error(f, second, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_gone(f);
        assert_true(journal_is_empty(&f->unit.journal));
}

static void test_leave_while_away(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        fake_path_down(f);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        leave(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_string_equal(f->unit.record.reason, "evertaped was stopped");
        assert_gone(f);
}

/* The device is lost meanwhile: the rest is given up by abandon. */
static void test_leave_and_lost(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        answer_position(f);
        leave(f);
        expect(f, WRITE_100, LOST);
        assert_nothing_answered(f);
        unit_abandon(&f->unit);
        take_actions(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_gone(f);
}

/* A device that does not answer. */
static void test_abandon(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        tag = fake_command(f, CDB_REWIND, NULL, 0);
        leave(f);
        assert_false(unit_stopped(&f->unit));
        unit_abandon(&f->unit);
        f->submitted = false; /* its path is closed */
        take_actions(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_gone(f);
}

/* ---- outages are counted when somebody felt them ---- */

static void return_to_beginning(Fake *f)
{
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD); /* READ POSITION is not trusted yet */
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_restart_is_no_outage(void **state)
{
        Fake *f = *state;

        fake_restart(f);
        fake_forget_events(f);
        return_to_beginning(f);
        assert_int_equal(f->unit.record.n_outages, 0);
        assert_false(fake_has_event(f, "resumed"));
}

static void test_restart_with_a_program(void **state)
{
        Fake *f = *state;

        fake_restart(f);
        fake_command(f, CDB_REWIND, NULL, 0);
        return_to_beginning(f);
        assert_int_equal(f->unit.record.n_outages, 1);
        assert_event(f, "resumed", "after");
        expect(f, CDB_REWIND, GOOD);
}

static void test_restart_while_away(void **state)
{
        Fake *f = *state;

        fake_restart(f);
        unit_path_down(&f->unit, f->now); /* it is not there */
        return_to_beginning(f);
        assert_int_equal(f->unit.record.n_outages, 1);
        fake_restart(f);
        return_to_beginning(f);
        assert_int_equal(f->unit.record.n_outages, 1);
}

#define HELD_TEST(t) cmocka_unit_test_setup_teardown(t, fake_setup_held, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                HELD_TEST(test_nothing_waits),
                HELD_TEST(test_at_work),
                HELD_TEST(test_fail),
                HELD_TEST(test_fail_while_it_becomes_ready),
                HELD_TEST(test_fail_once),
                HELD_TEST(test_fail_once_at_the_beginning),
                HELD_TEST(test_stop_idle),
                HELD_TEST(test_stop_in_a_write),
                HELD_TEST(test_stop_and_start),
                HELD_TEST(test_stop_commit_fails),
                HELD_TEST(test_stop_while_away),
                HELD_TEST(test_leave_idle),
                HELD_TEST(test_leave_in_a_write),
                HELD_TEST(test_leave_while_away),
                HELD_TEST(test_leave_and_lost),
                HELD_TEST(test_abandon),
                HELD_TEST(test_restart_is_no_outage),
                HELD_TEST(test_restart_with_a_program),
                HELD_TEST(test_restart_while_away),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
