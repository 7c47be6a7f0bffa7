/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The queue of a program's commands and the device's answers to them: order, BUSY, unit attentions, aborts,
 * and how long a program waits. */

#include "hold/test-unit.h"

#include <stdio.h>

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define SENSE_255 "1a 00 3f 00 ff 00"

static uint8_t data[256];

/* ---- order ---- */

static void test_one_at_a_time(void **state)
{
        Fake *f = *state;
        uint32_t first = fake_command(f, SENSE_255, data, 255);
        uint32_t second = fake_command(f, "1e 00 00 00 01 00", NULL, 0);
        uint32_t third = fake_command(f, CDB_READY, NULL, 0);

        expect(f, SENSE_255, GOOD);
        assert_answered(f, first, SCSI_GOOD);
        expect(f, "1e 00 00 00 01 00", GOOD);
        assert_answered(f, second, SCSI_GOOD);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, third, SCSI_GOOD);
        assert_nothing_sent(f);
}

/* The next one does not start before the kernel has the answer to one that changed something. */
static void test_waits_for_answer(void **state)
{
        Fake *f = *state;
        uint32_t first, second;

        f->keeps_answers = true;
        first = fake_command(f, "1e 00 00 00 01 00", NULL, 0);
        second = fake_command(f, CDB_READY, NULL, 0);
        expect(f, "1e 00 00 00 01 00", GOOD);
        assert_answered(f, first, SCSI_GOOD);
        assert_nothing_sent(f);
        fake_answered(f);
        fake_forget_events(f);
        fake_abort(f, 999); /* nobody's */
        expect(f, CDB_READY, GOOD);
        assert_answered(f, second, SCSI_GOOD);
}

static void test_queue_full(void **state)
{
        Fake *f = *state;

        for (unsigned i = 0; i < HOLD_COMMANDS_MAX; i++) {
                assert_true(unit_has_room(&f->unit));
                fake_command(f, CDB_READY, NULL, 0);
        }
        assert_false(unit_has_room(&f->unit));
        assert_answered(f, fake_command(f, CDB_READY, NULL, 0), SCSI_TASK_SET_FULL);
        for (unsigned i = 0; i < HOLD_COMMANDS_MAX; i++)
                expect(f, CDB_READY, GOOD);
        assert_int_equal(f->n_answers, HOLD_COMMANDS_MAX);
        for (unsigned i = 0; i < HOLD_COMMANDS_MAX; i++)
                assert_answered(f, i + 1, SCSI_GOOD);
}

/* ---- not now ---- */

static void test_busy(void **state)
{
        const Answer answers[] = {STATUS(SCSI_BUSY), STATUS(SCSI_TASK_SET_FULL), NOT_SENT_NOW};
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, position_reply(1));
        for (size_t i = 0; i < 3 * ELEMENTSOF(answers); i++) {
                usec_t before = f->now;

                expect_out(f, WRITE_100, block(1, 100), 100, answers[i % ELEMENTSOF(answers)]);
                assert_nothing_sent(f);
                assert_nothing_answered(f);
                assert_int_equal(journal_count_objects(&f->unit.journal), 1); /* not twice */
                fake_tick(f);
                assert_true(f->now > before && f->now < before + USEC_PER_SEC);
        }
        expect_write(f, 1, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(journal_count_objects(&f->unit.journal), 2);
}

/* Becoming ready in the middle of a tape is a sign of a reset that nobody told us of. */
static void test_not_ready_in_session(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, WRITE_100, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        assert_nothing_answered(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_not_ready_idle(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, CDB_READY, NULL, 0);

        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        assert_error(f, tag, SENSE_NOT_READY, ASC_BECOMING_READY);
}

/* ---- unit attentions ---- */

/* Another cartridge while nobody uses the drive: for the program to know. */
static void test_attention_idle(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, CDB_READY, NULL, 0);

        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.n_medium_id, 0);
}

/* It came while the device was away: told to the next command, once. */
static void test_attention_while_away(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        tag = fake_command(f, "05 00 00 00 00 00", data, 6);
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        do_set(f, CDB_READY, NULL, 0);
}

static void test_attention_in_session(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, WRITE_100, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        assert_nothing_answered(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-2"));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        assert_given_up(f, "another cartridge");
}

static void test_reset(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        memcpy(data, block(1, 100), 100);
        tag = fake_command(f, WRITE_100, data, 100);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, WRITE_100, CHECK(SENSE_UNIT_ATTENTION, 0x2903));
        assert_event(f, "reset", "29/03");
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(1)); /* not believed after a reset */
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, DATA(block(0, 100), 100));
        expect(f, CDB_REWIND, GOOD); /* all is there: the last block once more */
        expect_write(f, 0, 100, GOOD);
        expect_write(f, 1, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_false(f->unit.record.reset_seen);
}

/* ---- aborts ---- */

static void test_abort_queued(void **state)
{
        Fake *f = *state;
        uint32_t first = fake_command(f, CDB_READY, NULL, 0), second = fake_command(f, CDB_REWIND, NULL, 0);
        uint32_t third = fake_command(f, SENSE_255, data, 255);

        fake_abort(f, second);
        assert_answered(f, second, SCSI_TASK_ABORTED);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, first, SCSI_GOOD);
        expect(f, SENSE_255, GOOD);
        assert_answered(f, third, SCSI_GOOD);
}

/* Answered at once; what it did is unknown to whoever aborted it, so that nothing may build on it. */
static void test_abort_executing(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, WRITE_100, block(0, 100), 100);

        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        fake_abort(f, tag); /* once */
        assert_nothing_answered(f);
        expect(f, WRITE_100, GOOD);
        assert_nothing_answered(f);
        tag = fake_command(f, READ_100, data, 100);
        expect(f, CDB_POSITION, position_reply(1));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        do_set(f, CDB_REWIND, NULL, 0);
}

/* The device is filling its buffer: it is answered when it no longer does. */
static void test_abort_read(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, READ_100, data, 100);

        fake_abort(f, tag);
        assert_nothing_answered(f);
        expect(f, READ_100, DATA(block(0, 100), 100));
        assert_answered(f, tag, SCSI_GOOD);
}

/* In doubt when it is aborted: its outcome is found out all the same, for nobody. */
static void test_abort_in_doubt(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(1, 100), 100);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, WRITE_100, LOST);
        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        expect_return_at(f, "MEDIUM-1", 1);
        expect_write(f, 1, 100, GOOD);
        assert_nothing_answered(f);
        assert_nothing_sent(f);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_one_at_a_time, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_waits_for_answer, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_queue_full, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_busy, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_not_ready_in_session, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_not_ready_idle, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attention_idle, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attention_while_away, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attention_in_session, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_reset, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_abort_queued, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_abort_executing, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_abort_read, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_abort_in_doubt, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
