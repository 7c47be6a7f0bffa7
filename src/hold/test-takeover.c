/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon dies and another one takes over: what the kernel delivers again is recognised and answered once,
 * what it does not was answered before or given up. */

#include "hold/test-unit.h"

#include <errno.h>

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"

static uint8_t data[256];

static uint32_t send_block(Fake *f, uint64_t number)
{
        memcpy(data, block(number, 100), 100);
        return fake_command(f, WRITE_100, data, 100);
}

static void write_two(Fake *f)
{
        write_block(f, 100);
        write_block(f, 100);
}

/* ---- while it is with the device ---- */

static void test_executed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        send_block(f, 2);
        fake_restart(f);
        tag = send_block(f, 2); /* by the kernel */
        assert_nothing_answered(f);
        expect_return_at(f, "MEDIUM-1", 3);
        assert_answered(f, tag, SCSI_GOOD);
        assert_nothing_sent(f);
        tag = send_block(f, 2); /* by the program: the same block once more */
        expect_write(f, 2, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 4);
}

static void test_not_executed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        send_block(f, 2);
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 2);
        expect_write(f, 2, 100, GOOD); /* from the journal, before the program's is there again */
        assert_nothing_answered(f);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* The program's side gave up on it meanwhile: what comes instead is not it. */
static void test_other_command(void **state)
{
        static const struct {
                const char *cdb;
                uint64_t block;
                uint32_t n_data;
        } others[] = {
                {WRITE_100, 9, 100}, /* other data */
                {"0a 00 00 00 63 00", 2, 99},
                {"10 00 00 00 01 00", 2, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                Fake *f;
                uint32_t tag;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_two(f);
                send_block(f, 2);
                fake_restart(f);
                expect_return_at(f, "MEDIUM-1", 3);
                memcpy(data, block(others[i].block, 100), 100);
                tag = fake_command(f, others[i].cdb, data, others[i].n_data);
                expect(f, others[i].cdb, GOOD);
                assert_answered(f, tag, SCSI_GOOD);
                assert_int_equal(f->unit.record.position.object, 4);
                fake_teardown(state);
        }
}

/* Queries in between are nobody's business. */
static void test_query_first(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        send_block(f, 2);
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 3);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_never_repeat(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        write_filemark(f);
        fake_command(f, "c5 00 00 00 00 00 00 00 00 00", NULL, 0);
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 3);
        tag = fake_command(f, "c5 00 00 00 00 00 00 00 00 00", NULL, 0);
        assert_nothing_sent(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        tag = fake_command(f, "c5 00 00 00 00 00 00 00 00 00", NULL, 0);
        expect(f, "c5 00 00 00 00 00 00 00 00 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* ---- around the answer ---- */

/* The outcome is known, and the program has it or has it not. */
static void die_around_answer(Fake *f, bool noted, bool answered)
{
        f->keeps_answers = true;
        f->notes_nothing = !noted;
        send_block(f, 2);
        expect_write(f, 2, 100, GOOD);
        f->tail += answered;
        f->keeps_answers = f->notes_nothing = false;
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 3);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_before_note(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        die_around_answer(f, false, false);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

static void test_before_answer(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        die_around_answer(f, true, false);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* The kernel has the answer: the same command is the program's next. */
static void test_after_answer(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        die_around_answer(f, true, true);
        tag = send_block(f, 2);
        expect_write(f, 2, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 4);
}

/* An error is delivered again as it was. */
static void test_error_again(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        f->keeps_answers = true;
        send_block(f, 2);
        expect(f, WRITE_100, CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING));
        f->keeps_answers = false;
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 3);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_true(assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING).eom);
}

/* The data of a READ that was not delivered are gone with the daemon: it is read again from where it began.
 */
static void test_read(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        do_set(f, CDB_REWIND, NULL, 0);
        fake_command(f, READ_100, data, 100);
        f->keeps_answers = true;
        expect(f, READ_100, DATA(block(0, 100), 100));
        f->keeps_answers = false;
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 1);
        expect(f, CDB_REWIND, GOOD);
        tag = fake_command(f, READ_100, data, 100);
        expect(f, READ_100, DATA(block(0, 100), 100));
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 1);
}

/* ---- and again ---- */

static void test_dies_in_every_step(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        send_block(f, 2);
        for (unsigned n = 0; n < 5; n++) {
                fake_restart(f);
                fake_path_up(f);
                if (n > 0)
                        expect(f, CDB_INQUIRY, inquiry_reply(DEVICE_TAPE));
                if (n > 1)
                        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
                for (unsigned i = 2; i < n; i++)
                        expect(f, CDB_READY, GOOD);
        }
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 2);
        expect_write(f, 2, 100, GOOD);
        fake_restart(f); /* written, and nobody was told */
        expect_return_at(f, "MEDIUM-1", 3);
        tag = send_block(f, 2);
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* ---- what cannot be taken over ---- */

static void test_damaged_journal(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        f->memory.ring[150] ^= 1;
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 2);
        assert_nothing_sent(f);
        tag = send_block(f, 2);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = send_block(f, 2);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
}

/* Of an older evertape, or of a newer one that was taken back. */
static void test_other_version(void **state)
{
        static const int steps[] = {-1, 1, 1000};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                bool fresh = false;

                f->memory.state->version += (uint32_t) steps[i];
                assert_int_equal(unit_init(&f->unit, &f->config, &f->memory, f->now, &fresh), 0);
                assert_true(fresh);
                assert_null(unit_page(&f->unit, -1));
                assert_true(journal_is_empty(&f->unit.journal));
                unit_state_is_lost(&f->unit);
                assert_int_equal(unit_init(&f->unit, &f->config, &f->memory, f->now, &fresh), 0);
                assert_false(fresh);
        }
}

static void test_small_memory(void **state)
{
        Fake *f = *state;
        UnitMemory m = f->memory;

        m.n_state--;
        assert_int_equal(unit_init(&f->unit, &f->config, &m, f->now, NULL), -EINVAL);
        m = f->memory;
        m.n_ring--;
        assert_int_equal(unit_init(&f->unit, &f->config, &m, f->now, NULL), -EINVAL);
        m = f->memory;
        m.n_scratch = HOLD_SCRATCH_SIZE - 1;
        assert_int_equal(unit_init(&f->unit, &f->config, &m, f->now, NULL), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_executed, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_not_executed, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_other_command),
                cmocka_unit_test_setup_teardown(test_query_first, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_never_repeat, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_before_note, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_before_answer, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_after_answer, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_error_again, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_read, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_dies_in_every_step, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_damaged_journal, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_other_version, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_small_memory, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
