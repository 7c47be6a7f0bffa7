/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Faults around one command that a reader found: what is done before it is sent, what its answer means, who
 * is told when it is aborted or never survived. */

#include "hold/test-unit.h"

#include <errno.h>

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"
#define END       CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA)
#define BACKWARDS "0f 00 00 00 64 00"
#define REFUSED   CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE)

static uint8_t buffer[1024];

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

/* The drive was away and is back, at the beginning and unused. */
static void expect_resume_at_beginning(Fake *f)
{
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
}

/* ---- before it is sent ---- */

/* After a command that moves who knows where, nobody could tell any more where the journal's blocks belong.
 */
static void test_commit_before_losing_track(void **state)
{
        Fake *f = *state;

        write_two(f);
        fake_command(f, BACKWARDS, buffer, 100);
        expect(f, CDB_COMMIT, GOOD);
        assert_true(journal_is_empty(&f->unit.journal));
        assert_int_equal(f->unit.record.commit.object, 2);
        expect(f, BACKWARDS, GOOD);
}

/* The journal's blocks would be written again with the mode that is set after them. */
static void test_commit_before_mode_select(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, [10] = 2};
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = fake_command(f, "15 10 00 00 0c 00", list, sizeof(list));
        expect(f, CDB_COMMIT, GOOD);
        assert_true(journal_is_empty(&f->unit.journal));
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* The commit fails: the command is not sent to a place that is not known. */
static void test_commit_before_fails(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = fake_command(f, BACKWARDS, buffer, 100);
        expect(f, CDB_COMMIT, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR);
        assert_nothing_sent(f);
}

/* With more answers from memory than there is room for, the command at the device would be forgotten. */
static void test_room_for_answers(void **state)
{
        const uint8_t write[] = {0x0a, 0, 0, 0, 100, 0}, inquiry[] = {0x12, 0, 0, 0, 96, 0};
        Fake *f = *state;
        HoldCommand c = {.tag = 1000, .cdb = write, .n_cdb = 6, .data = block(0, 100), .n_data = 100};
        uint32_t n = 0, tag;

        unit_command(&f->unit, &c, f->now);
        c = (HoldCommand){.cdb = inquiry, .n_cdb = 6, .data = buffer, .n_data = 96};
        for (; n < 2 * HOLD_COMMANDS_MAX && unit_has_room(&f->unit); n++, c.tag++)
                unit_command(&f->unit, &c, f->now);
        tag = fake_command(f, "12 00 00 00 60 00", buffer, 96);
        for (uint32_t i = 0; i < n; i++)
                assert_answered(f, i, SCSI_GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        expect(f, WRITE_100, GOOD);
        assert_answered(f, 1000, SCSI_GOOD);
}

/* ---- what its answer means ---- */

/* A command that the device does not know moves nothing: the position would be given away. */
static void test_refused_keeps_position(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = fake_command(f, BACKWARDS, buffer, 100);
        expect(f, CDB_COMMIT, GOOD);
        expect(f, BACKWARDS, REFUSED);
        assert_error(f, tag, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
        assert_true(f->unit.record.position.object_known);
        assert_int_equal(f->unit.record.position.object, 2);
        tag = send_block(f, 2);
        expect_write(f, 2, 100, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(journal_count_objects(&f->unit.journal), 1);
}

/* A REWIND that was not executed has flushed nothing: the drive's buffer would have no copy any more. */
static void test_conflict_keeps_journal(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        expect(f, CDB_REWIND, STATUS(SCSI_RESERVATION_CONFLICT));
        assert_answered(f, tag, SCSI_RESERVATION_CONFLICT);
        assert_int_equal(journal_count_objects(&f->unit.journal), 2);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(2));
        assert_true(f->unit.record.loss_unreported);
        assert_given_up(f, "position was not known");
}

/* An error that says nothing may be of a WRITE that was executed: it would be written twice, or be missing.
 */
static void test_no_sense_is_in_doubt(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_two(f);
        tag = send_block(f, 2);
        expect(f, WRITE_100, CHECK_BARE);
        assert_nothing_answered(f);
        expect_identity(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(3));
        assert_nothing_sent(f);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 3);
}

/* A cartridge that waits to be loaded becomes ready by a LOAD only, which would never be sent. */
static void test_waits_for_load(void **state)
{
        static const uint8_t pages[] = {0, 0, 0, 2, 0x00, 0x80};
        Fake *f = *state;
        uint32_t tag;

        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        for (int i = 0; i < 3; i++)
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, 0x0402));
        assert_int_equal(f->unit.phase, UNIT_HELD);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, 0x0402));
        assert_error(f, tag, SENSE_NOT_READY, 0x0402);
        tag = fake_command(f, "1b 00 00 00 01 00", NULL, 0);
        expect(f, "1b 00 00 00 01 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* The same in the middle of a session: the program would wait for ever. */
static void test_wants_load_in_session(void **state)
{
        static const uint16_t codes[] = {0x0402, 0x0403};
        Fake *f = *state;

        write_two(f);
        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                uint32_t tag = send_block(f, 2);

                expect(f, WRITE_100, CHECK(SENSE_NOT_READY, codes[i]));
                assert_error(f, tag, SENSE_NOT_READY, codes[i]);
                assert_nothing_sent(f);
        }
}

/* A drive that was held while empty is in fixed mode: every WRITE would be refused as senseless. */
static void test_block_length_from_program(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        tag = fake_command(f, CDB_MODE_SENSE, buffer, 12);
        expect(f, CDB_MODE_SENSE, mode_reply(512));
        assert_answered(f, tag, SCSI_GOOD);
        tag = fake_command(f, "1a 00 40 00 0c 00", buffer, 12); /* what may be changed: a mask */
        expect(f, "1a 00 40 00 0c 00", mode_reply(0xffffff));
        assert_answered(f, tag, SCSI_GOOD);
        tag = fake_command(f, "0a 01 00 00 02 00", block(0, 1024), 1024);
        expect_out(f, "0a 01 00 00 02 00", block(0, 1024), 1024, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.position.object, 2);
}

/* ---- it cannot be sent, or is never survived ---- */

/* Too large for the adapter this time is too large the next time: it would be sent for ever. */
static void test_cannot_be_sent(void **state)
{
        static const int errors[] = {EINVAL, E2BIG, EOPNOTSUPP};
        Fake *f = *state;

        write_two(f);
        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                uint32_t tag = send_block(f, 2);

                expect(f, WRITE_100, ((Answer){.delivery = SCSI_NOT_SENT, .error = errors[i]}));
                assert_error(f, tag, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        }
        assert_int_equal(unit_deadline(&f->unit), USEC_INFINITY);
        assert_int_equal(journal_count_objects(&f->unit.journal), 2);
        f->object = 2;
        write_block(f, 100);
}

/* It would be repeated for as long as the device comes back each time. Fast losses alone are no reason. */
static void test_never_survived(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, READ_100, buffer, 100);

        for (int i = 0; i < 5; i++) {
                expect(f, READ_100, IN_DOUBT);
                expect_resume_at_beginning(f);
                assert_nothing_answered(f);
        }
        f->now += FAKE_TIMEOUT;
        expect(f, READ_100, IN_DOUBT);
        expect_resume_at_beginning(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        assert_nothing_sent(f);
}

/* Nor is one loss, however long it takes. */
static void test_survived_once(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, READ_100, buffer, 100);

        for (int i = 0; i < 2; i++) {
                f->now += FAKE_TIMEOUT;
                expect(f, READ_100, IN_DOUBT);
                expect_resume_at_beginning(f);
                assert_nothing_answered(f);
        }
        expect(f, READ_100, END);
        assert_error(f, tag, SENSE_BLANK_CHECK, ASC_END_OF_DATA);
}

/* ---- it is aborted ---- */

/* With the path gone nothing fills its buffer any more: whoever aborted it would wait for the drive. */
static void test_abort_then_loss(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, READ_100, buffer, 100);

        fake_abort(f, tag);
        assert_nothing_answered(f);
        fake_answer(f, LOST);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        assert_nothing_answered(f);
        assert_nothing_sent(f);
}

/* Its data were given back with the abort: something else would be kept as what the program has set. */
static void test_abort_mode_select(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, [10] = 2};
        Fake *f = *state;
        uint32_t tag = fake_command(f, "15 10 00 00 0c 00", list, sizeof(list));

        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        memset(list, 0xee, sizeof(list));
        fake_answer(f, GOOD);
        assert_nothing_answered(f);
        assert_int_equal(fake_n_modes(f), 0);
        assert_int_equal(f->unit.record.block_length, 0);
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_MODE);
}

/* clang-format off */
#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                HELD(test_commit_before_losing_track),
                HELD(test_commit_before_mode_select),
                HELD(test_commit_before_fails),
                HELD(test_room_for_answers),
                HELD(test_refused_keeps_position),
                HELD(test_conflict_keeps_journal),
                HELD(test_no_sense_is_in_doubt),
                cmocka_unit_test_setup_teardown(test_waits_for_load, fake_setup_tape, fake_teardown),
                HELD(test_wants_load_in_session),
                HELD(test_block_length_from_program),
                HELD(test_cannot_be_sent),
                HELD(test_never_survived),
                HELD(test_survived_once),
                HELD(test_abort_then_loss),
                HELD(test_abort_mode_select),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
