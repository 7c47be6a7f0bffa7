/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of the one command that was in flight when the device was lost, class by class; WRITE is
 * test-replay.c, MOVE MEDIUM test-changer.c. The journal's commit when it is full. */

#include "hold/test-unit.h"

#include <stdio.h>

#define LOCATE(n) "2b 00 00 00 00 00 " #n " 00 00 00"
#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"

static uint32_t lose(Fake *f, const char *cdb, void *data, uint32_t n_data)
{
        uint32_t tag = fake_command(f, cdb, data, n_data);

        expect(f, cdb, LOST);
        assert_nothing_answered(f);
        return tag;
}

/* Two blocks and a filemark, and back to the beginning. */
static void write_and_rewind(Fake *f)
{
        write_block(f, 100);
        write_block(f, 100);
        write_filemark(f);
        do_set(f, CDB_REWIND, NULL, 0);
}

/* ---- sent again, from where it began ---- */

static void test_read(void **state)
{
        uint8_t data[100];
        Fake *f = *state;
        uint32_t tag;

        write_and_rewind(f);
        tag = fake_command(f, READ_100, data, sizeof(data));
        expect(f, READ_100, DATA(block(0, 100), 100));
        assert_int_equal(assert_answered(f, tag, SCSI_GOOD).n_read, 100);
        tag = lose(f, READ_100, data, sizeof(data));
        expect_return_at(f, "MEDIUM-1", 2); /* it was executed, and its data are gone */
        expect(f, LOCATE(01), GOOD);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, READ_100, DATA(block(1, 100), 100));
        assert_int_equal(assert_answered(f, tag, SCSI_GOOD).n_read, 100);
        assert_memory_equal(data, block(1, 100), 100);
        assert_int_equal(f->unit.record.position.object, 2);
}

static void test_space(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_and_rewind(f);
        do_set(f, LOCATE(01), NULL, 0);
        tag = fake_command(f, "11 00 00 00 01 00", NULL, 0);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, "11 00 00 00 01 00", LOST);
        expect_return_at(f, "MEDIUM-1", 2);
        expect(f, LOCATE(01), GOOD);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, "11 00 00 00 01 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 2);
}

/* What was written before it has to be safe first. */
static void test_rewind(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        write_block(f, 100);
        tag = lose(f, CDB_REWIND, NULL, 0);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, DATA(block(0, 100), 100));
        expect(f, READ_100, CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect(f, CDB_POSITION, position_reply(1));
        expect_write(f, 1, 100, GOOD);
        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_true(position_at_beginning(&f->unit.record.position));
}

/* ERASE acts from where it is: at the beginning, where a reset leaves the drive, it would take everything. */
static void test_erase(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        write_filemark(f);
        tag = lose(f, "19 01 00 00 00 00", NULL, 0);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, LOCATE(02), GOOD);
        expect(f, CDB_POSITION, position_reply(2));
        expect(f, "19 01 00 00 00 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

static void test_mode_select(void **state)
{
        uint8_t before[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0},
                after[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 4, 0};
        Fake *f = *state;
        uint32_t tag;

        do_set(f, "15 10 00 00 0c 00", before, sizeof(before));
        tag = lose(f, "15 10 00 00 0c 00", after, sizeof(after));
        expect_return(f);
        expect_out(f, "15 10 00 00 0c 00", before, sizeof(before), GOOD);
        expect(f, "5a 08 0a f0 00 00 00 00 40 00", CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect(f, CDB_MODE_SENSE, mode_reply(512));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_out(f, "15 10 00 00 0c 00", after, sizeof(after), GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.block_length, 1024);
}

static void test_unload(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_and_rewind(f);
        tag = lose(f, "1b 00 00 00 00 00", NULL, 0);
        fake_path_up(f);
        expect_identity(f);
        for (int i = 0; i < 3; i++)
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.medium, MEDIUM_ABSENT);
        assert_nothing_sent(f);
}

/* ---- never sent again ---- */

static void test_never_repeat(void **state)
{
        static const struct {
                const char *cdb;
                uint32_t n_data;
        } rows[] = {
                {"c5 00 00 00 00 00 00 00 64 00", 100}, /* a vendor's own */
                {"1d 04 00 00 00 00", 0},               /* SEND DIAGNOSTIC, self-test */
                {"3b 05 00 00 00 00 00 00 64 00", 100}, /* WRITE BUFFER: firmware */
                {"a4 1f 00 00 00 00 00 00 00 64 00 00", 100},
        };
        uint8_t data[100] = {};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fake *f;
                uint32_t tag;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                write_block(f, 100);
                write_filemark(f);
                tag = lose(f, rows[i].cdb, data, rows[i].n_data);
                expect_return_at(f, "MEDIUM-1", 2);
                assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
                assert_nothing_sent(f);
                fake_teardown(state);
        }
}

/* The place of a WRITE that nobody knew is not guessed. */
static void test_write_at_unknown_place(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        f->unit.record.position_form = POSITION_FORM_NONE;
        do_set(f, "11 03 00 00 00 00", NULL, 0); /* SPACE to end of data */
        tag = lose(f, WRITE_100, block(0, 100), 100);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_given_up(f, "the position was not known");
}

/* ---- in doubt while the path stays ---- */

static void test_in_doubt(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        expect(f, WRITE_100, IN_DOUBT);
        assert_string_equal(f->closed, "");
        assert_int_equal(f->unit.phase, UNIT_RESUMING);
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(3));
        assert_answered(f, tag, SCSI_GOOD);
}

/* TASK ABORTED by somebody else's reset says nothing about what was done. */
static void test_task_aborted(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        write_block(f, 100);
        tag = fake_command(f, WRITE_100, block(2, 100), 100);
        expect(f, WRITE_100, STATUS(SCSI_TASK_ABORTED));
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(2));
        assert_nothing_answered(f);
        expect_write(f, 2, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* ---- the journal is full ---- */

static void fill_journal(Fake *f)
{
        while (f->unit.record.journal.data_end < FAKE_RING)
                write_block(f, SCSI_TRANSFER_MAX);
}

static void test_commit(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fill_journal(f);
        assert_int_equal(f->unit.record.commit.object, 0);
        tag = fake_command(f, WRITE_100, block(4, 100), 100);
        expect(f, CDB_COMMIT, GOOD);
        assert_int_equal(f->unit.record.commit.object, 4);
        expect_write(f, 4, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(journal_count_objects(&f->unit.journal), 1);
}

/* The program was told that those blocks are good: it has to hear at once that they are not. */
static void test_commit_fails(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fill_journal(f);
        tag = fake_command(f, WRITE_100, block(4, 100), 100);
        expect(f, CDB_COMMIT, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_event(f, "failed", "could not write its buffer");
        tag = fake_command(f, WRITE_100, block(5, 100), 100);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0); /* an error of a WRITE is about that WRITE */
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        do_set(f, CDB_REWIND, NULL, 0);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

static void test_commit_lost(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fill_journal(f);
        tag = fake_command(f, WRITE_100, block(4, 100), 100);
        expect(f, CDB_COMMIT, LOST);
        expect_return_at(f, "MEDIUM-1", 4);
        expect(f, CDB_COMMIT, GOOD);
        expect_write(f, 4, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_space, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_rewind, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_erase, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_mode_select, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_unload, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_never_repeat),
                cmocka_unit_test_setup_teardown(test_write_at_unknown_place, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_in_doubt, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_task_aborted, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_commit, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_commit_fails, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_commit_lost, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
