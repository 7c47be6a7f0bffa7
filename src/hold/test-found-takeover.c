/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Faults of a take-over that a reader found: what a successor keeps, answers and refuses. */

#include "hold/test-unit.h"

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define END       CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)

static uint8_t buffer[100];

static uint32_t send_block(Fake *f, uint64_t number)
{
        memcpy(buffer, block(number, 100), 100);
        return fake_command(f, WRITE_100, buffer, 100);
}

/* Two, and the drive's READ POSITION is believed. */
static void write_two(Fake *f)
{
        write_block(f, 100);
        write_block(f, 100);
}

/* The READ that is sent again has not proven the blocks before it: they would not be written again. */
static void test_read_keeps_journal(void **state)
{
        Fake *f = *state;

        write_two(f);
        f->keeps_answers = true;
        fake_command(f, READ_100, buffer, 100);
        expect(f, READ_100, END);
        f->keeps_answers = false;
        fake_restart(f);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, READ_100, END);
        expect(f, CDB_POSITION, position_reply(0));
}

/* Killed between cutting the journal's last record and storing that the drive took two blocks of five. */
static void test_cut_record(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, [11] = 100}, data[500];
        Fake *f = *state;
        uint32_t tag;
        Sense sense;

        memcpy(data, block(9, 500), 500);
        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        write_filemark(f);
        fake_command(f, "0a 01 00 00 05 00", data, 500);
        answer_position(f);
        journal_truncate_last(&f->unit.journal, 2);
        fake_restart(f);
        expect_return(f);
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(100));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(3));
        tag = fake_command(f, "0a 01 00 00 05 00", data, 500);
        sense = assert_error(f, tag, SENSE_NO_SENSE, ASC_EARLY_WARNING);
        assert_true(sense.eom && sense.information_valid);
        assert_int_equal(sense.information, 3);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* Killed while a page was being learned: the journal and the position would go with it. */
static void test_damaged_pages(void **state)
{
        static const uint8_t pages[] = {0, 0, 0, 2, 0x00, 0x80};
        Fake *f = *state;

        write_two(f);
        f->memory.state->pages[0].data[8] ^= 1;
        fake_restart(f);
        assert_int_equal(journal_count_objects(&f->unit.journal), 2);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(2));
        assert_int_equal(f->unit.phase, UNIT_HELD);
        write_block(f, 100);
}

/* The kernel delivers them in another order: the block would be written a second time. */
static void test_other_order(void **state)
{
        Fake *f = *state;
        uint32_t other, tag;

        write_two(f);
        f->keeps_answers = true;
        send_block(f, 2);
        expect_write(f, 2, 100, GOOD);
        f->keeps_answers = false;
        fake_restart(f);
        other = fake_command(f, "4c 00 00 00 00 00 00 00 00 00", NULL, 0);
        tag = send_block(f, 2);
        expect_return_at(f, "MEDIUM-1", 3);
        assert_answered(f, tag, SCSI_GOOD);
        expect(f, "4c 00 00 00 00 00 00 00 00 00", GOOD);
        assert_answered(f, other, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* Its data died with the predecessor: the program would take what happens to be in its buffer for them. */
static void test_data_died(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        f->keeps_answers = true;
        fake_command(f, "14 00 00 00 64 00", buffer, 100);
        expect(f, "14 00 00 00 64 00", DATA(block(0, 100), 100));
        f->keeps_answers = false;
        fake_restart(f);
        tag = fake_command(f, "14 00 00 00 64 00", buffer, 100);
        expect_return_at(f, "MEDIUM-1", 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_nothing_sent(f);
}

/* Without its state a successor knows nothing of what was written: the program would write over it. */
static void test_state_is_lost(void **state)
{
        static const uint8_t pages[] = {0, 0, 0, 2, 0x00, 0x80};
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        f->memory.state->version++;
        fake_restart(f);
        unit_state_is_lost(&f->unit);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        assert_int_equal(f->unit.phase, UNIT_FAILED);
        tag = send_block(f, 2);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0); /* would promise that everything is on the medium */
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        do_set(f, CDB_REWIND, NULL, 0);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* clang-format off */
#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)

/* Killed after the time was over, and before the REWIND that was to tell of the loss had its answer. */
static void test_loss_told_by_nobody(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        fake_path_down(f);
        fake_command(f, CDB_REWIND, NULL, 0);
        f->keeps_answers = true;
        fake_tick(f);
        f->keeps_answers = false;
        f->n_answers = 0;
        fake_restart(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect_return_at(f, "MEDIUM-1", 2);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect(f, CDB_REWIND, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* One that was aborted is answered to nobody. */
static void test_loss_told_to_nobody(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect(f, CDB_REWIND, LOST);
        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        fake_tick(f);
        tag = fake_command(f, CDB_COMMIT, NULL, 0);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect_return_at(f, "MEDIUM-1", 2);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_loss_told_by_nobody, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_loss_told_to_nobody, fake_setup_held, fake_teardown),
                HELD(test_read_keeps_journal),
                HELD(test_cut_record),
                HELD(test_damaged_pages),
                HELD(test_other_order),
                HELD(test_data_died),
                HELD(test_state_is_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
