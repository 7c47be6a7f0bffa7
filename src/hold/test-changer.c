/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A cartridge on its way while the library was lost: looked for, and moved once. */

#include "hold/test-unit.h"

#define PICKER 1
#define DRIVE  0x0100
#define SLOT_1 0x0400
#define SLOT_2 0x0401

#define MOVE   "a5 00 00 01 04 00 01 00 00 00 00 00" /* slot 1 to the drive */
#define FINISH "a5 00 00 01 00 01 01 00 00 00 00 00" /* picker to the drive */

/* What is where. */
typedef struct Library {
        bool picker, drive, slot_1, slot_2;
} Library;

static void put_page(ByteWriter *w, uint8_t type, uint16_t address, const bool *full, size_t n)
{
        writer_be(w, type, 1);
        writer_be(w, 0, 1);
        writer_be(w, 12, 2);
        writer_be(w, 12 * n, 4);
        for (size_t i = 0; i < n; i++) {
                writer_be(w, address + i, 2);
                writer_be(w, full[i], 1);
                writer_be(w, 0, 8);
                writer_be(w, 0, 1);
        }
}

static Answer elements_reply(Library l)
{
        static uint8_t data[256];
        ByteWriter w = byte_writer(data, sizeof(data));

        writer_be(&w, PICKER, 2);
        writer_be(&w, 4, 2);
        writer_be(&w, 3 * 8 + 4 * 12, 4);
        put_page(&w, 1, PICKER, &l.picker, 1);
        put_page(&w, 2, SLOT_1, (bool[]){l.slot_1, l.slot_2}, 2);
        put_page(&w, 4, DRIVE, &l.drive, 1);
        assert_false(w.failed);
        return DATA(data, (uint32_t) w.offset);
}

static const Library before = {.slot_1 = true};

/* A move on its way to the library, with the look that comes before it. */
static void expect_move(Fake *f, const char *cdb, Library l, Answer answer)
{
        expect(f, CDB_ELEMENTS, elements_reply(l));
        expect(f, cdb, answer);
}

/* What the elements hold is looked up before a MOVE MEDIUM goes out. */
static uint32_t lose_from(Fake *f, const char *cdb, Library l)
{
        uint32_t tag = fake_command(f, cdb, NULL, 0);

        expect(f, CDB_ELEMENTS, elements_reply(l));
        expect(f, cdb, LOST);
        assert_nothing_answered(f);
        return tag;
}

static void assert_held(Fake *f)
{
        assert_nothing_sent(f);
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_false(f->unit.record.position_lost);
}

/* ---- MOVE MEDIUM ---- */

static void test_done(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.drive = true}));
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

static void test_not_begun(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.slot_1 = true, .slot_2 = true}));
        expect_move(f, MOVE, before, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

static void test_in_picker(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.picker = true}));
        expect(f, FINISH, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

static void test_in_picker_and_stays(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.picker = true}));
        expect(f, FINISH, CHECK(SENSE_HARDWARE_ERROR, 0x1501));
        assert_error(f, tag, SENSE_HARDWARE_ERROR, 0x1501); /* the device's own words */
        assert_held(f);
}

/* Lost again while it was being finished: looked for again. */
static void test_lost_while_finishing(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.picker = true}));
        expect(f, FINISH, LOST);
        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.drive = true}));
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

/* Timeout= is over while it is being finished: nobody waits for that outcome any more, and it must not become
 * the next command's. */
static void test_timeout_while_finishing(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.picker = true}));
        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect(f, FINISH, GOOD);
        expect_identity(f);
        expect_ready(f);
        assert_held(f);
        assert_int_equal(f->unit.record.in_flight.phase, IN_FLIGHT_NONE);
}

/* A library has no position that an abort could cost: it would be failed for ever. */
static void test_aborted(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, MOVE, NULL, 0);

        expect(f, CDB_ELEMENTS, elements_reply(before));
        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        expect(f, MOVE, GOOD);
        assert_held(f);
        fake_path_down(f);
        expect_return(f);
        assert_held(f);
}

/* The program itself moves out of the picker. */
static void test_from_picker(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, FINISH, (Library){.picker = true});

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.picker = true}));
        expect_move(f, FINISH, (Library){.picker = true}, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

/* What cannot be known is said. */
static void test_nowhere(void **state)
{
        static const uint8_t cut[] = {0, 1, 0, 4}, slots_only[8 + 8 + 12] = {4, 0,  0, 1, 0, 0,  0, 20, 2, 0,
                                                                             0, 12, 0, 0, 0, 12, 4, 0,  1};
        const Answer answers[] = {
                GOOD, /* nothing at all */
                DATA(cut, sizeof(cut)),
                DATA(slots_only, sizeof(slots_only)),
                CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB),
        };

        for (size_t i = 0; i <= ELEMENTSOF(answers); i++) {
                Fake *f;
                uint32_t tag;

                assert_int_equal(fake_setup_held_changer(state), 0);
                f = *state;
                tag = lose_from(f, MOVE, before);
                expect_return(f);
                expect(f, CDB_ELEMENTS, i == 0 ? elements_reply((Library){.slot_2 = true}) : answers[i - 1]);
                assert_error(f, tag, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
                assert_event(f, "failed", "cartridge");
                assert_held(f);
                fake_teardown(state);
        }
}

/* ---- EXCHANGE MEDIUM ---- */

#define EXCHANGE "a6 00 00 01 04 00 01 00 04 01 00 00" /* slot 1 to the drive, from there to slot 2 */
#define SWAP     "a6 00 00 01 04 00 01 00 04 00 00 00" /* ... from there to slot 1 */

/* Which cartridge is where; '-': none, '?': one without a volume tag. */
typedef struct Tagged {
        char picker, second_picker, drive, slot_1, slot_2;
} Tagged;

static void put_tagged_page(ByteWriter *w, uint8_t type, uint16_t address, const char *tags, size_t n)
{
        static const char *const blanks = "                               ";

        writer_be(w, type, 1);
        writer_be(w, 0x80, 1);
        writer_be(w, 12 + 36, 2);
        writer_be(w, (12 + 36) * n, 4);
        for (size_t i = 0; i < n; i++) {
                writer_be(w, address + i, 2);
                writer_be(w, tags[i] != '-', 1);
                writer_be(w, 0, 8);
                writer_be(w, 0, 1);
                writer_be(w, tags[i] == '-' || tags[i] == '?' ? ' ' : (uint8_t) tags[i], 1);
                writer_bytes(w, blanks, 31);
                writer_be(w, 0, 4);
        }
}

static Answer tagged_reply(const Tagged *t)
{
        static uint8_t data[512];
        ByteWriter w = byte_writer(data, sizeof(data));

        writer_be(&w, PICKER, 2);
        writer_be(&w, 5, 2);
        writer_be(&w, 3 * 8 + 5 * (12 + 36), 4);
        put_tagged_page(&w, 1, PICKER, (char[]){t->picker, t->second_picker}, 2);
        put_tagged_page(&w, 2, SLOT_1, (char[]){t->slot_1, t->slot_2}, 2);
        put_tagged_page(&w, 4, DRIVE, &t->drive, 1);
        assert_false(w.failed);
        return DATA(data, (uint32_t) w.offset);
}

/* What is done about an interrupted EXCHANGE MEDIUM, by what is found. moves: what finishes it, each with
 * what is found after it. */
typedef struct ExchangeCase {
        const char *cdb;
        Tagged before, found;
        struct {
                const char *cdb;
                Tagged found;
        } moves[3];
        bool again, unknown;
} ExchangeCase;

static const ExchangeCase exchange_cases[] = {
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'-', '-', 'B', 'A', '-'}, .again = true},
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'-', '-', 'A', '-', 'B'}},
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'-', '-', '-', 'A', 'B'}, {{MOVE, {'-', '-', 'A', '-', 'B'}}}},
        {EXCHANGE,
         {'-', '-', 'B', 'A', '-'},
         {'B', '-', '-', 'A', '-'},
         {{"a5 00 00 01 00 01 04 01 00 00 00 00", {'-', '-', '-', 'A', 'B'}},
          {MOVE, {'-', '-', 'A', '-', 'B'}}}},
        {EXCHANGE,
         {'-', '-', 'B', 'A', '-'},
         {'B', '-', 'A', '-', '-'},
         {{"a5 00 00 01 00 01 04 01 00 00 00 00", {'-', '-', 'A', '-', 'B'}}}},
        {EXCHANGE,
         {'-', '-', 'B', 'A', '-'},
         {'A', '-', '-', '-', 'B'},
         {{FINISH, {'-', '-', 'A', '-', 'B'}}}},
        {EXCHANGE,
         {'-', '-', 'B', 'A', '-'},
         {'A', 'B', '-', '-', '-'},
         {{FINISH, {'-', 'B', 'A', '-', '-'}},
          {"a5 00 00 01 00 02 04 01 00 00 00 00", {'-', '-', 'A', '-', 'B'}}}},
        /* only one picker: it is needed for the other cartridge */
        {EXCHANGE,
         {'-', '-', 'B', 'A', '-'},
         {'A', '-', 'B', '-', '-'},
         {{"a5 00 00 01 00 01 04 00 00 00 00 00", {'-', '-', 'B', 'A', '-'}}},
         .again = true},
        {SWAP, {'-', '-', 'B', 'A', '-'}, {'-', '-', 'B', 'A', '-'}, .again = true},
        {SWAP, {'-', '-', 'B', 'A', '-'}, {'-', '-', 'A', 'B', '-'}},
        {SWAP,
         {'-', '-', 'B', 'A', '-'},
         {'A', 'B', '-', '-', '-'},
         {{FINISH, {'-', 'B', 'A', '-', '-'}},
          {"a5 00 00 01 00 02 04 00 00 00 00 00", {'-', '-', 'A', 'B', '-'}}}},
        {SWAP,
         {'-', '-', 'B', 'A', '-'},
         {'B', '-', '-', 'A', '-'},
         {{FINISH, {'-', '-', 'B', 'A', '-'}}},
         .again = true},
        /* a third cartridge, one that is gone, one that is there twice */
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'-', '-', 'C', '-', 'B'}, .unknown = true},
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'-', '-', '-', '-', 'B'}, .unknown = true},
        {EXCHANGE, {'-', '-', 'B', 'A', '-'}, {'A', '-', 'A', '-', 'B'}, .unknown = true},
        /* no volume tags: the ends only */
        {EXCHANGE, {'-', '-', '?', '?', '-'}, {'-', '-', '?', '?', '-'}, .again = true},
        {EXCHANGE, {'-', '-', '?', '?', '-'}, {'-', '-', '?', '-', '?'}},
        {EXCHANGE, {'-', '-', '?', '?', '-'}, {'?', '-', '?', '-', '-'}, .unknown = true},
        {EXCHANGE, {'-', '-', '?', '?', '-'}, {'-', '-', '-', '?', '?'}, .unknown = true},
        {SWAP, {'-', '-', '?', '?', '-'}, {'-', '-', '?', '?', '-'}, .unknown = true},
        /* it had to be refused */
        {EXCHANGE, {'-', '-', 'B', 'A', 'C'}, {'-', '-', 'B', 'A', 'C'}, .again = true},
        {EXCHANGE, {'-', '-', '-', 'A', '-'}, {'-', '-', '-', 'A', '-'}, .again = true},
};

static void play_exchange(Fake *f, const ExchangeCase *c)
{
        uint32_t tag = fake_command(f, c->cdb, NULL, 0);

        expect(f, CDB_ELEMENTS, tagged_reply(&c->before));
        expect(f, c->cdb, LOST);
        assert_nothing_answered(f);
        expect_return(f);
        expect(f, CDB_ELEMENTS, tagged_reply(&c->found));
        for (size_t i = 0; i < ELEMENTSOF(c->moves) && c->moves[i].cdb; i++) {
                expect(f, c->moves[i].cdb, GOOD);
                expect(f, CDB_ELEMENTS, tagged_reply(&c->moves[i].found));
        }
        if (c->again) {
                expect(f, CDB_ELEMENTS, tagged_reply(&c->before));
                expect(f, c->cdb, GOOD);
        }
        if (c->unknown) {
                assert_error(f, tag, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
                assert_event(f, "failed", "EXCHANGE MEDIUM");
        } else {
                assert_answered(f, tag, SCSI_GOOD);
        }
        assert_held(f);
}

static void test_exchange(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(exchange_cases); i++) {
                assert_int_equal(fake_setup_held_changer(state), 0);
                play_exchange(*state, &exchange_cases[i]);
                fake_teardown(state);
        }
}

/* A library that says one thing and does another is not obeyed for ever. */
static void test_exchange_without_end(void **state)
{
        static const Tagged stuck = {'-', '-', '-', 'A', 'B'};
        Fake *f = *state;
        uint32_t tag = fake_command(f, EXCHANGE, NULL, 0);

        expect(f, CDB_ELEMENTS, tagged_reply(&(Tagged){'-', '-', 'B', 'A', '-'}));
        expect(f, EXCHANGE, LOST);
        expect_return(f);
        for (unsigned i = 0; i < 6; i++) {
                expect(f, CDB_ELEMENTS, tagged_reply(&stuck));
                expect(f, MOVE, GOOD);
        }
        expect(f, CDB_ELEMENTS, tagged_reply(&stuck));
        assert_error(f, tag, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
        assert_held(f);
}

/* Another cartridge in the destination, or in the source, is not the one that was moved. */
static void test_another_cartridge(void **state)
{
        static const Tagged found[] = {
                {'-', '-', 'X', '-', '-'}, {'-', '-', '-', 'X', '-'}, {'X', '-', '-', '-', '-'}};

        for (size_t i = 0; i < ELEMENTSOF(found); i++) {
                Fake *f;
                uint32_t tag;

                assert_int_equal(fake_setup_held_changer(state), 0);
                f = *state;
                tag = fake_command(f, MOVE, NULL, 0);
                expect(f, CDB_ELEMENTS, tagged_reply(&(Tagged){'-', '-', '-', 'A', '-'}));
                expect(f, MOVE, LOST);
                expect_return(f);
                expect(f, CDB_ELEMENTS, tagged_reply(&found[i]));
                assert_error(f, tag, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
                assert_held(f);
                fake_teardown(state);
        }
}

/* Two pickers are full: the tag says which one it is. */
static void test_in_one_of_two_pickers(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, MOVE, NULL, 0);

        expect(f, CDB_ELEMENTS, tagged_reply(&(Tagged){'X', '-', '-', 'A', '-'}));
        expect(f, MOVE, LOST);
        expect_return(f);
        expect(f, CDB_ELEMENTS, tagged_reply(&(Tagged){'X', 'A', '-', '-', '-'}));
        expect(f, "a5 00 00 01 00 02 01 00 00 00 00 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

/* The source was empty and the destination full before: that they are so is no sign of a move. */
static void test_impossible(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, (Library){.drive = true});

        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.drive = true}));
        expect_move(f, MOVE, (Library){.drive = true}, CHECK(SENSE_ILLEGAL_REQUEST, 0x3b0e));
        assert_error(f, tag, SENSE_ILLEGAL_REQUEST, 0x3b0e);
        assert_held(f);
}

/* The library did not tell before: then nothing is concluded. */
static void test_unseen(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, MOVE, NULL, 0);

        expect(f, CDB_ELEMENTS, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect(f, MOVE, LOST);
        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.drive = true}));
        assert_error(f, tag, SENSE_HARDWARE_ERROR, ASC_INTERNAL_TARGET_FAILURE);
        assert_held(f);
}

/* ---- the rest of a library ---- */

static void test_reset(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, MOVE, NULL, 0);

        expect_move(f, MOVE, before, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        assert_event(f, "reset", "29/00");
        expect_ready(f);
        expect_move(f, MOVE, before, GOOD); /* it was not executed */
        assert_answered(f, tag, SCSI_GOOD);
}

/* Somebody was at the door: for the program. */
static void test_attention(void **state)
{
        static const uint16_t codes[] = {ASC_MEDIUM_MAY_HAVE_CHANGED, ASC_IMPORT_EXPORT_ACCESSED};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                uint32_t tag = fake_command(f, MOVE, NULL, 0);

                expect_move(f, MOVE, before, CHECK(SENSE_UNIT_ATTENTION, codes[i]));
                assert_error(f, tag, SENSE_UNIT_ATTENTION, codes[i]);
                assert_held(f);
        }
}

static void test_settings(void **state)
{
        Fake *f = *state;

        do_set(f, "1e 00 00 00 01 00", NULL, 0);
        do_set(f, "16 00 00 00 00 00", NULL, 0);
        fake_path_down(f);
        expect_return(f);
        expect(f, "1e 00 00 00 01 00", GOOD);
        expect(f, "16 00 00 00 00 00", GOOD);
        assert_held(f);
}

/* A changer has no position to lose: its program hears of the reset, once, and goes on. */
static void test_reset_of_reserved(void **state)
{
        uint8_t list[24] = {[15] = 7, [20] = 8}; /* SPEC_I_PT: others are registered with it */
        Fake *f = *state;
        uint32_t tag;

        do_set(f, "5f 00 00 00 00 00 00 00 18 00", list, sizeof(list));
        tag = fake_command(f, "00 00 00 00 00 00", NULL, 0);
        expect(f, "00 00 00 00 00 00", CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET);
        tag = fake_command(f, MOVE, NULL, 0);
        expect_move(f, MOVE, before, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

static void test_state_lost(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        unit_state_is_lost(&f->unit);
        tag = fake_command(f, MOVE, NULL, 0);
        expect_move(f, MOVE, before, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_held(f);
}

static void test_takeover(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        fake_command(f, MOVE, NULL, 0);
        expect(f, CDB_ELEMENTS, elements_reply(before));
        fake_restart(f);
        tag = fake_command(f, MOVE, NULL, 0);
        expect_return(f);
        expect(f, CDB_ELEMENTS, elements_reply((Library){.drive = true}));
        assert_answered(f, tag, SCSI_GOOD);
        tag = fake_command(f, MOVE, NULL, 0);
        expect_move(f, MOVE, before, CHECK(SENSE_ILLEGAL_REQUEST, 0x3b0e));
        assert_error(f, tag, SENSE_ILLEGAL_REQUEST, 0x3b0e);
}

static void test_timeout(void **state)
{
        Fake *f = *state;
        uint32_t tag = lose_from(f, MOVE, before);

        fake_tick(f);
        assert_error(f, tag, SENSE_ABORTED_COMMAND, ASC_COMMUNICATION_TIMEOUT);
        expect_return(f);
        tag = fake_command(f, MOVE, NULL, 0);
        expect_move(f, MOVE, before, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_done, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_not_begun, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_in_picker, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_in_picker_and_stays, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test_setup_teardown(test_lost_while_finishing, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test_setup_teardown(test_timeout_while_finishing, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test_setup_teardown(test_aborted, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_from_picker, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test(test_nowhere),
                cmocka_unit_test(test_exchange),
                cmocka_unit_test_setup_teardown(test_exchange_without_end, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test(test_another_cartridge),
                cmocka_unit_test_setup_teardown(test_in_one_of_two_pickers, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test_setup_teardown(test_reset_of_reserved, fake_setup_held_changer,
                                                fake_teardown),
                cmocka_unit_test_setup_teardown(test_state_lost, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_impossible, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_unseen, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_reset, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_attention, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_settings, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_takeover, fake_setup_held_changer, fake_teardown),
                cmocka_unit_test_setup_teardown(test_timeout, fake_setup_held_changer, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
