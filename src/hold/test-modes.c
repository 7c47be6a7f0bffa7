/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MODE SELECT as the program sent it, remembered for each page and sent again in the same order. */

#include "hold/test-unit.h"

#include <stdio.h>

#define SELECT_6 "15 10 00 00 "

/* One MODE SELECT: header, descriptor of block_length if has_descriptor, page of n bytes unless page is 0. */
typedef struct List {
        uint8_t data[300];
        uint32_t n;
        char cdb[64];
} List;

static List list_6(uint32_t block_length, uint8_t page, uint8_t n_page, uint8_t fill)
{
        List l = {.data = {0, 0, 0x10, 8}, .n = 12};

        put_be(l.data + 9, block_length, 3);
        if (page != 0) {
                l.data[12] = page;
                l.data[13] = n_page;
                memset(l.data + 14, fill, n_page);
                l.n += 2U + n_page;
        }
        snprintf(l.cdb, sizeof(l.cdb), SELECT_6 "%02x 00", l.n);
        return l;
}

/* Without a descriptor. */
static List list_10(uint8_t page, uint8_t n_page, uint8_t fill)
{
        List l = {.data = {0, 0, 0, 0x10}, .n = 10U + n_page};

        l.data[8] = page;
        l.data[9] = n_page;
        memset(l.data + 10, fill, n_page);
        snprintf(l.cdb, sizeof(l.cdb), "55 10 00 00 00 00 00 %02x %02x 00", l.n >> 8, l.n & 0xff);
        return l;
}

static void select_mode(Fake *f, List l)
{
        do_set(f, l.cdb, l.data, l.n);
}

static void expect_select(Fake *f, List l)
{
        expect_out(f, l.cdb, l.data, l.n, GOOD);
}

static void begin_return(Fake *f)
{
        fake_path_down(f);
        expect_return(f);
}

static void assert_all_restored(Fake *f)
{
        expect(f, CDB_MODE_SENSE, mode_reply(f->unit.record.block_length));
}

static void test_in_order(void **state)
{
        Fake *f = *state;

        select_mode(f, list_6(0, 0x0f, 14, 1));
        select_mode(f, list_10(0x10, 14, 2));
        select_mode(f, list_6(512, 0, 0, 0));
        begin_return(f);
        expect_select(f, list_6(0, 0x0f, 14, 1));
        expect_select(f, list_10(0x10, 14, 2));
        expect_select(f, list_6(512, 0, 0, 0));
        assert_all_restored(f);
}

/* The last one of each page counts, in the order of the last ones. */
static void test_last_of_each_page(void **state)
{
        Fake *f = *state;

        select_mode(f, list_6(0, 0x0f, 14, 1));
        select_mode(f, list_6(0, 0x10, 14, 2));
        select_mode(f, list_10(0x0f, 14, 3));
        select_mode(f, list_6(512, 0, 0, 0));
        select_mode(f, list_6(1024, 0, 0, 0));
        assert_int_equal(fake_n_modes(f), 3);
        begin_return(f);
        expect_select(f, list_6(0, 0x10, 14, 2));
        expect_select(f, list_10(0x0f, 14, 3));
        expect_select(f, list_6(1024, 0, 0, 0));
        assert_all_restored(f);
        assert_int_equal(f->unit.record.block_length, 1024);
}

/* SP and PF as the program had them. */
static void test_bits(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8};
        Fake *f = *state;

        do_set(f, "15 01 00 00 0c 00", list, sizeof(list));
        begin_return(f);
        expect_out(f, "15 01 00 00 0c 00", list, sizeof(list), GOOD);
        assert_all_restored(f);
}

static void test_refused(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0};
        Fake *f = *state;

        fake_command(f, "15 10 00 00 0c 00", list, sizeof(list));
        expect(f, "15 10 00 00 0c 00", CHECK(SENSE_ILLEGAL_REQUEST, 0x2600));
        assert_int_equal(fake_n_modes(f), 0);
        assert_int_equal(f->unit.record.block_length, 0);
        begin_return(f);
        assert_all_restored(f);
}

static void test_block_length(void **state)
{
        static const uint32_t lengths[] = {512, 0, 1, 65536, 0xffffff, 0};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                select_mode(f, list_6(lengths[i], 0, 0, 0));
                assert_int_equal(f->unit.record.block_length, lengths[i]);
                assert_int_equal(f->unit.record.block_fixed, lengths[i] > 0);
        }
        select_mode(f, list_6(512, 0, 0, 0));
        select_mode(f, list_10(0x0f, 14, 3)); /* no descriptor: it stays */
        assert_int_equal(f->unit.record.block_length, 512);
}

/* What cannot be kept stops a resume after a reset. */
static void assert_unrestorable(Fake *f)
{
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_MODE);
        write_block(f, 100);
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        assert_medium_given_up(f, "mode pages cannot be restored");
}

static void test_too_long(void **state)
{
        Fake *f = *state;

        select_mode(f, list_10(0x10, UNIT_MODE_SIZE - 10, 7));
        assert_int_equal(f->unit.record.unrestorable, 0);
        assert_int_equal(fake_n_modes(f), 1);
        select_mode(f, list_10(0x10, UNIT_MODE_SIZE - 9, 7));
        assert_int_equal(fake_n_modes(f), 0); /* the one before it holds no longer */
        assert_unrestorable(f);
}

static void test_too_many(void **state)
{
        Fake *f = *state;

        for (unsigned i = 0; i < UNIT_MODES_MAX; i++)
                select_mode(f, list_6(0, (uint8_t) (0x20 + i), 6, 1));
        assert_int_equal(f->unit.record.unrestorable, 0);
        select_mode(f, list_6(0, 0x01, 6, 1));
        assert_unrestorable(f);
}

/* A subpage, in a list with a long page header. */
static List list_subpage(uint8_t page, uint8_t subpage, uint16_t n_page, const uint8_t *bytes)
{
        List l = {.data = {0, 0, 0, 0x10}, .n = 12U + n_page};

        l.data[8] = page | 0x40;
        l.data[9] = subpage;
        put_be(l.data + 10, n_page, 2);
        memcpy(l.data + 12, bytes, n_page);
        snprintf(l.cdb, sizeof(l.cdb), "55 10 00 00 00 00 00 %02x %02x 00", l.n >> 8, l.n & 0xff);
        return l;
}

/* Page and subpage are the key. */
static void test_subpages(void **state)
{
        static const uint8_t one[8] = {1}, two[8] = {2}, three[8] = {3};
        Fake *f = *state;

        select_mode(f, list_10(0x0a, 10, 4));
        select_mode(f, list_subpage(0x0a, 0xf0, 8, one));
        select_mode(f, list_subpage(0x0a, 0x01, 8, two));
        select_mode(f, list_subpage(0x0a, 0xf0, 8, three));
        assert_int_equal(fake_n_modes(f), 3);
        begin_return(f);
        expect_select(f, list_10(0x0a, 10, 4));
        expect_select(f, list_subpage(0x0a, 0x01, 8, two));
        expect_select(f, list_subpage(0x0a, 0xf0, 8, three));
        assert_all_restored(f);
}

/* Two pages in one list: it counts until both are set anew. */
static void test_several_pages(void **state)
{
        List both = {
                .data = {0, 0, 0x10, 0, 0x0f, 2, 1, 1, 0x10, 2, 2, 2}, .n = 12, .cdb = "15 10 00 00 0c 00"};
        Fake *f = *state;

        select_mode(f, both);
        select_mode(f, list_10(0x0f, 14, 3));
        assert_int_equal(fake_n_modes(f), 2);
        begin_return(f);
        expect_select(f, both);
        expect_select(f, list_10(0x0f, 14, 3));
        assert_all_restored(f);
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        select_mode(f, list_10(0x10, 14, 4));
        assert_int_equal(fake_n_modes(f), 2);
}

/* The block length is not lost with the list that it came in. */
static void test_descriptor_stays(void **state)
{
        Fake *f = *state;

        select_mode(f, list_6(512, 0x0f, 14, 1));
        select_mode(f, list_10(0x0f, 14, 3));
        begin_return(f);
        expect_select(f, list_6(512, 0x0f, 14, 1));
        expect_select(f, list_10(0x0f, 14, 3));
        assert_all_restored(f);
}

/* What partitions a cartridge is never sent again; what came with it is. */
static void test_partition_page(void **state)
{
        List with = {
                .data = {0, 0, 0x10, 0, 0x11, 2, 1, 1, 0x10, 2, 2, 2}, .n = 12, .cdb = "15 10 00 00 0c 00"};
        List without = {.data = {0, 0, 0x10, 0, 0x10, 2, 2, 2}, .n = 8, .cdb = "15 10 00 00 08 00"};
        List alone = {.data = {0, 0, 0x10, 0, 0x11, 2, 1, 1}, .n = 8, .cdb = "15 10 00 00 08 00"};
        Fake *f = *state;

        select_mode(f, alone);
        assert_int_equal(fake_n_modes(f), 0);
        select_mode(f, with);
        begin_return(f);
        expect_select(f, without);
        assert_all_restored(f);
}

/* Killed between the two writes: the record has what was before. */
static void test_killed_in_between(void **state)
{
        Fake *f = *state;
        UnitModes m = {.n = 1};

        select_mode(f, list_6(512, 0, 0, 0));
        unit_state_put_modes(f->memory.state, &f->unit.record, &m); /* and no store */
        fake_restart(f);
        assert_int_equal(f->unit.record.unrestorable, 0);
        begin_return(f);
        expect_select(f, list_6(512, 0, 0, 0));
        assert_all_restored(f);
}

static void test_damaged(void **state)
{
        Fake *f = *state;

        select_mode(f, list_6(512, 0, 0, 0));
        f->memory.state->modes[f->unit.record.modes % 2].mode[0].data[11] ^= 1;
        fake_restart(f);
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_MODE);
        assert_int_equal(fake_n_modes(f), 0);
}

/* ---- logical block protection ---- */

static List protection(uint8_t method, uint8_t bits)
{
        uint8_t page[28] = {method, 4, bits};

        return list_subpage(0x0a, 0xf0, sizeof(page), page);
}

/* A block as it is read, of the 100 bytes of block 0 without its last n. */
static Answer read_reply(uint32_t n)
{
        static uint8_t data[128];

        memset(data, 0xee, sizeof(data)); /* what follows is a CRC, or not there */
        memcpy(data, block(0, 100), 96);
        return DATA(data, n);
}

static void test_protection_learned(void **state)
{
        static const struct {
                uint8_t method, bits;
                unsigned written, read;
        } rows[] = {{1, 0xc0, 4, 4}, {1, 0x80, 4, 0}, {2, 0x40, 0, 4}, {2, 0x20, 0, 0}, {0, 0xc0, 0, 0}};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                select_mode(f, protection(rows[i].method, rows[i].bits));
                assert_int_equal(f->unit.record.n_protection_written, rows[i].written);
                assert_int_equal(f->unit.record.n_protection_read, rows[i].read);
        }
}

/* Blocks that end with a CRC when they are written, when they are read, both or neither: what is compared is
 * what is between. */
static void test_protected_compare(void **state)
{
        static const uint8_t bits[] = {0xc0, 0x80, 0x40};

        for (size_t i = 0; i < ELEMENTSOF(bits); i++) {
                uint32_t bare = bits[i] & 0x80 ? 96 : 100, n = bare + (bits[i] & 0x40 ? 4 : 0);
                char cdb[32];
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                select_mode(f, protection(1, bits[i]));
                write_block(f, 100);
                begin_return(f);
                expect_select(f, protection(1, bits[i]));
                expect(f, CDB_MODE_SENSE, mode_reply(0));
                expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
                expect(f, CDB_POSITION, position_reply(0));
                expect(f, CDB_REWIND, GOOD);
                snprintf(cdb, sizeof(cdb), "08 00 00 00 %02x 00", n);
                if (bare == 96)
                        expect(f, cdb, read_reply(n));
                else
                        expect(f, cdb, DATA(memcpy((uint8_t[104]){0}, block(0, 100), 100), n));
                assert_int_equal(f->unit.phase, UNIT_HELD); /* found: nothing is written again */
                assert_false(f->submitted);
                fake_teardown(state);
        }
}

/* Of fixed blocks that come back with another length, one at a time. */
static void test_protected_fixed(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        select_mode(f, list_6(100, 0, 0, 0));
        select_mode(f, protection(2, 0x80));
        tag = fake_command(f, "0a 01 00 00 02 00", block(0, 200), 200);
        answer_position(f);
        expect(f, "0a 01 00 00 02 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        begin_return(f);
        expect_select(f, list_6(100, 0, 0, 0));
        expect_select(f, protection(2, 0x80));
        expect(f, CDB_MODE_SENSE, mode_reply(100));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 00 60 00", DATA(block(0, 200), 96));
        expect(f, "08 00 00 00 60 00", DATA(block(0, 200) + 100, 96));
        assert_int_equal(f->unit.phase, UNIT_HELD);
        assert_false(f->submitted);
}

/* The block by which a cartridge is known, read with a CRC and then without one. */
static void test_protected_anchor(void **state)
{
        Fake *f = *state;

        select_mode(f, protection(1, 0xc0));
        write_block(f, 100);
        write_filemark(f);
        select_mode(f, protection(1, 0x80));
        begin_return(f);
        expect_select(f, protection(1, 0x80));
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE)); /* no serial number */
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 00 60 00", read_reply(96));
        expect(f, "2b 00 00 00 00 00 02 00 00 00", GOOD);
}

/* Whether it was executed decides how blocks come back. */
static void test_protection_in_doubt(void **state)
{
        static const uint8_t sensed[44] = {0, 42, [8] = 0x4a, 0xf0, 0, 28, 1, 4, 0xc0};
        List l = protection(1, 0xc0);
        Fake *f = *state;

        fake_command(f, l.cdb, l.data, l.n);
        answer_position(f);
        expect(f, l.cdb, LOST);
        expect_return(f);
        expect(f, "5a 08 0a f0 00 00 00 00 40 00", DATA(sensed, sizeof(sensed)));
        assert_int_equal(f->unit.record.n_protection_written, 4);
        assert_int_equal(f->unit.record.n_protection_read, 4);
}

/* Parameter lists that end too early, or whose descriptor does. */
static void test_cut_lists(void **state)
{
        static const uint8_t lists[][12] = {
                {0}, {0, 0, 0x10}, {0, 0, 0x10, 8}, {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 9}, {0, 0, 0x10, 0xff}};
        static const uint8_t lengths[] = {0, 3, 4, 11, 12};
        Fake *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                uint8_t copy[12];
                char cdb[32];

                memcpy(copy, lists[i], sizeof(copy));
                snprintf(cdb, sizeof(cdb), SELECT_6 "%02x 00", lengths[i]);
                do_set(f, cdb, copy, lengths[i]);
                assert_int_equal(f->unit.record.block_length, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_in_order, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_last_of_each_page, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_bits, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_refused, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_block_length, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_too_long, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_too_many, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_subpages, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_several_pages, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_descriptor_stays, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_partition_page, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_killed_in_between, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_damaged, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_protection_learned, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_protected_compare),
                cmocka_unit_test_setup_teardown(test_protected_fixed, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_protected_anchor, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_protection_in_doubt, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_cut_lists, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
