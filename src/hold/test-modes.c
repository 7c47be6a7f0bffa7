/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MODE SELECT as the program sent it, remembered for each page and sent again in the same order. */

#include "hold/test-unit.h"

#include <stdio.h>

#define SELECT_6  "15 10 00 00 "
#define SELECT_10 "55 10 00 00 00 00 00 00 "

/* One MODE SELECT: header, descriptor of block_length if has_descriptor, page of n bytes unless page is 0. */
typedef struct List {
        uint8_t data[128];
        uint32_t n;
        char cdb[48];
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
        snprintf(l.cdb, sizeof(l.cdb), SELECT_10 "%02x 00", l.n);
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
        assert_int_equal(f->unit.record.n_modes, 3);
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
        assert_int_equal(f->unit.record.n_modes, 0);
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

        select_mode(f, list_6(0, 0x10, UNIT_MODE_SIZE - 14, 7));
        assert_int_equal(f->unit.record.unrestorable, 0);
        select_mode(f, list_6(0, 0x10, UNIT_MODE_SIZE - 13, 7));
        assert_int_equal(f->unit.record.n_modes, 0); /* the one before it holds no longer */
        assert_unrestorable(f);
}

static void test_too_many(void **state)
{
        Fake *f = *state;

        for (unsigned i = 0; i < UNIT_MODES_MAX; i++)
                select_mode(f, list_6(0, (uint8_t) (1 + i), 6, 1));
        assert_int_equal(f->unit.record.unrestorable, 0);
        select_mode(f, list_6(0, 0x20, 6, 1));
        assert_unrestorable(f);
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
                cmocka_unit_test_setup_teardown(test_cut_lists, fake_setup_held, fake_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
