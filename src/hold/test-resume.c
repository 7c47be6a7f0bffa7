/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device comes: who is it, is it ready, what had the program set. Which medium and where is test-replay.c.
 */

#include "hold/test-unit.h"

/* ---- who is it ---- */

static void test_probe(void **state)
{
        static const uint8_t pages[] = {0, 0, 0, 4, 0x00, 0x80, 0x83, 0xb1};
        static const uint8_t page_83[] = {0, 0x83, 0, 4, 1, 2, 3, 4};
        Fake *f = *state;

        assert_nothing_sent(f);
        fake_path_up(f);
        assert_int_equal(f->unit.phase, UNIT_PROBING);
        expect(f, CDB_INQUIRY, inquiry_reply(DEVICE_TAPE));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect(f, "12 01 83 00 ff 00", DATA(page_83, sizeof(page_83)));
        expect(f, "12 01 b1 00 ff 00", CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.medium, MEDIUM_PRESENT);
        assert_true(position_at_beginning(&f->unit.record.position));
        assert_memory_equal(f->unit.record.medium_id, "MEDIUM-1", 8);
        assert_memory_equal(unit_page(&f->unit, 0x83)->data, page_83, sizeof(page_83));
        assert_null(unit_page(&f->unit, 0xb1));
        assert_false(fake_has_event(f, "resumed"));
}

static void test_probe_without_medium(void **state)
{
        static const uint8_t pages[] = {0, 0, 0, 1, 0x00};
        Fake *f = *state;

        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        for (int i = 0; i < 3; i++)
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_int_equal(f->unit.record.medium, MEDIUM_ABSENT);
}

/* A page list that claims more than it has, and more than can be kept. */
static void test_page_list_lies(void **state)
{
        uint8_t pages[4 + 200] = {0, 0, 0xff, 0xff};
        char cdb[24];
        Fake *f = *state;

        for (size_t i = 4; i < sizeof(pages); i++)
                pages[i] = (uint8_t) (i - 3);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        for (unsigned i = 1; i <= UNIT_PAGES_MAX - 2; i++) {
                snprintf(cdb, sizeof(cdb), "12 01 %02x 00 ff 00", i);
                expect(f, cdb, DATA(pages, 100));
        }
        expect(f, CDB_READY, GOOD);
}

static void test_wrong_serial(void **state)
{
        Fake *f = *state;

        fake_path_down(f);
        fake_path_up(f);
        expect(f, CDB_INQUIRY, inquiry_reply(DEVICE_TAPE));
        expect(f, CDB_SERIAL, serial_reply("FAKE0002"));
        assert_nothing_sent(f);
        assert_string_equal(f->closed,
                            "the device found has serial number \"FAKE0002\", not that of the held one");
        assert_event(f, "wrong-device", "FAKE0002");
        assert_int_equal(f->unit.phase, UNIT_AWAY);
        expect_return(f); /* and then the right one */
}

/* Half a serial number, or none, is not the serial number. */
static void test_no_serial(void **state)
{
        static const uint8_t cut[] = {0, 0x80, 0, 8, 'F', 'A', 'K', 'E'};
        const Answer answers[] = {DATA(cut, sizeof(cut)), serial_reply(""),
                                  CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB)};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                fake_path_down(f);
                fake_path_up(f);
                expect(f, CDB_INQUIRY, inquiry_reply(DEVICE_TAPE));
                expect(f, CDB_SERIAL, i == 1 ? serial_reply("") : answers[i]);
                assert_nothing_sent(f);
                assert_string_not_equal(f->closed, "");
        }
}

static void test_wrong_kind(void **state)
{
        Fake *f = *state;

        fake_path_down(f);
        fake_path_up(f);
        expect(f, CDB_INQUIRY, inquiry_reply(DEVICE_CHANGER));
        assert_string_not_equal(f->closed, "");
        fake_path_up(f);
        expect(f, CDB_INQUIRY, CHECK(SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE));
        assert_string_not_equal(f->closed, "");
        assert_int_equal(f->unit.phase, UNIT_AWAY);
}

/* Another product under the same serial number is refused; other firmware is not. */
static void test_product_and_revision(void **state)
{
        uint8_t data[36];
        Fake *f = *state;

        memcpy(data, inquiry_reply(DEVICE_TAPE).data, sizeof(data));
        fake_path_down(f);
        fake_path_up(f);
        data[23] = '8';
        expect(f, CDB_INQUIRY, DATA(data, sizeof(data)));
        assert_event(f, "wrong-device", "product");
        memcpy(data, inquiry_reply(DEVICE_TAPE).data, sizeof(data));
        memcpy(data + 32, "S4H4", 4);
        fake_path_up(f);
        expect(f, CDB_INQUIRY, DATA(data, sizeof(data)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect_ready(f);
        assert_memory_equal(unit_page(&f->unit, -1)->data + 32, "S4H4", 4);
}

/* ---- is it ready ---- */

static void begin_return(Fake *f)
{
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
}

static void assert_is_ready(Fake *f)
{
        expect(f, CDB_MODE_SENSE, mode_reply(0));
}

static void test_false_good(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        assert_nothing_sent(f);
        fake_tick(f);
        expect_ready(f);
        assert_is_ready(f);
}

static void test_becoming_ready(void **state)
{
        Fake *f = *state;
        usec_t since = f->now;

        begin_return(f);
        for (int i = 0; i < 1000; i++) {
                expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
                fake_tick(f);
        }
        assert_true(f->now - since >= 300 * USEC_PER_SEC); /* not in a hurry */
        expect_ready(f);
        assert_is_ready(f);
}

/* Three equal answers in a row: GOOD and "no medium" are not equal. */
static void test_three_equal(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, 0x3a01));
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, 0x3a02));
        assert_nothing_sent(f);
        assert_int_equal(f->unit.record.medium, MEDIUM_ABSENT);
}

/* Every unit attention is taken, and the answers before it do not count. */
static void test_attentions(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, 0x2a01));
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        expect_ready(f);
        assert_is_ready(f);
        assert_true(f->unit.record.reset_seen);
        assert_true(f->unit.record.medium_changed);
}

/* A device that never ends to say it is asked at a pace that keeps the daemon alive. */
static void test_endless_attentions(void **state)
{
        Fake *f = *state;
        unsigned n_pauses = 0;

        begin_return(f);
        for (int i = 0; i < 1000; i++) {
                if (!f->submitted) {
                        n_pauses++;
                        fake_tick(f);
                }
                expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        }
        assert_true(n_pauses >= 10);
}

/* In the middle of the resume: from the beginning of it, since what was restored is gone. */
static void test_attention_later(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        assert_true(f->unit.record.reset_seen);
}

static void test_not_ready_later(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect_ready(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, CHECK(SENSE_NOT_READY, ASC_BECOMING_READY));
        assert_nothing_sent(f);
        fake_tick(f);
        expect_ready(f);
        assert_is_ready(f);
}

/* ---- interrupted ---- */

/* A drive that stands at the beginning of MEDIUM-1, which has one block. */
static Answer obedient(const Fake *f)
{
        switch (f->command.cdb[0]) {
        case OP_INQUIRY:
                return f->command.cdb[1] ? serial_reply(FAKE_SERIAL) : inquiry_reply(DEVICE_TAPE);
        case OP_MODE_SENSE_6:
                return mode_reply(0);
        case OP_READ_ATTRIBUTE:
                return medium_reply("MEDIUM-1");
        case OP_READ_POSITION:
                return position_reply(0);
        case OP_READ_6:
                return DATA(block(0, 100), 100);
        default:
                return GOOD;
        }
}

/* The path dies at any command of the resume: the next one starts with who it is, and ends well. */
static void test_cut_everywhere(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        fake_path_down(f);
        for (unsigned cut = 0; cut < 10; cut++) {
                fake_path_up(f);
                for (unsigned i = 0; i < cut; i++)
                        fake_answer(f, obedient(f));
                fake_path_down(f);
                assert_string_equal(f->closed, ""); /* not before the command has come back */
                fake_answer(f, cut % 2 ? LOST : NOT_SENT);
                assert_string_not_equal(f->closed, "");
                assert_int_equal(f->unit.phase, UNIT_AWAY);
        }
        expect_return_at(f, "MEDIUM-1", 0);
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 00 64 00", DATA(block(0, 100), 100));
        expect(f, CDB_REWIND, GOOD);
        expect_write(f, 0, 100, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* Nobody knows what became of a step, and the path stays: a pause, then from the beginning. */
static void test_step_in_doubt(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect(f, CDB_READY, IN_DOUBT);
        assert_nothing_sent(f);
        assert_string_equal(f->closed, "");
        fake_tick(f);
        expect_identity(f);
        expect_ready(f);
        assert_is_ready(f);
}

static void test_step_busy(void **state)
{
        Fake *f = *state;

        begin_return(f);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, STATUS(SCSI_BUSY));
        assert_nothing_sent(f);
        fake_tick(f);
        expect(f, CDB_READY, STATUS(SCSI_TASK_SET_FULL));
        fake_tick(f);
        expect(f, CDB_READY, GOOD);
        expect(f, CDB_READY, GOOD);
        assert_is_ready(f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_probe, fake_setup_tape, fake_teardown),
                cmocka_unit_test_setup_teardown(test_probe_without_medium, fake_setup_tape, fake_teardown),
                cmocka_unit_test_setup_teardown(test_page_list_lies, fake_setup_tape, fake_teardown),
                cmocka_unit_test_setup_teardown(test_wrong_serial, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_no_serial, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_wrong_kind, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_product_and_revision, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_false_good, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_becoming_ready, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_three_equal, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attentions, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_endless_attentions, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attention_later, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_not_ready_later, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cut_everywhere, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_step_in_doubt, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_step_busy, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
