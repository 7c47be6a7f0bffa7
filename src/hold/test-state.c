/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two copies: whatever a death in the middle of a store leaves of one of them, the other is found. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hold/state.h"
#include "util/cleanup.h"

static UnitState *s;
static UnitRecord record;

/* Two stores: n_commands 1 in one copy, then 2 in the other. */
static int setup(void **state)
{
        s = calloc(1, sizeof(*s));
        if (!s)
                return -1;
        unit_state_init(s);
        memset(&record, 0, sizeof(record));
        record.n_commands = 1;
        unit_state_store(s, &record);
        record.n_commands = 2;
        unit_state_store(s, &record);
        return 0;
}

static int teardown(void **state)
{
        free(s);
        return 0;
}

static int load(uint64_t *ret_n_commands)
{
        UnitRecord r;
        int k = unit_state_load(s, sizeof(*s), &r);

        if (k == 0)
                *ret_n_commands = r.n_commands;
        return k;
}

static void assert_loads(uint64_t n_commands)
{
        uint64_t n;

        assert_int_equal(load(&n), 0);
        assert_int_equal(n, n_commands);
}

static UnitRecord *newest(void)
{
        return &s->copies[record.sequence % 2];
}

static UnitRecord *oldest(void)
{
        return &s->copies[(record.sequence + 1) % 2];
}

static void test_newest(void **state)
{
        assert_loads(2);
        for (uint64_t i = 3; i < 10; i++) {
                record.n_commands = i;
                unit_state_store(s, &record);
                assert_loads(i);
        }
}

/* A record is stored whole or it is not: one bit of any of its bytes. */
static void test_damaged_copy(void **state)
{
        UnitRecord *copies[] = {newest(), oldest()};
        static const uint64_t left[] = {1, 2};

        for (size_t c = 0; c < ELEMENTSOF(copies); c++)
                for (size_t i = 0; i < offsetof(UnitRecord, crc) + sizeof(record.crc); i++) {
                        ((uint8_t *) copies[c])[i] ^= 0x10;
                        assert_loads(left[c]);
                        ((uint8_t *) copies[c])[i] ^= 0x10;
                }
        assert_loads(2);
}

/* Killed after n bytes of the copy, for every n: the older one as it was, or the new one whole. */
static void test_torn_store(void **state)
{
        UnitRecord next = record, before = *oldest();
        UnitRecord *target = oldest();

        next.n_commands = 3;
        memset(next.reason, 'x', sizeof(next.reason) - 1);
        unit_state_store(s, &next);
        next = *target;
        for (size_t n = 0; n <= sizeof(next); n++) {
                uint64_t got = 0;

                memcpy(target, &before, sizeof(before));
                memcpy(target, &next, n);
                assert_int_equal(load(&got), 0);
                assert_true(got == 2 || (got == 3 && n > offsetof(UnitRecord, crc)));
        }
        assert_loads(3);
}

static void test_both_damaged(void **state)
{
        uint64_t n = 77;

        newest()->n_commands ^= 1;
        oldest()->n_commands ^= 1;
        assert_int_equal(load(&n), -EBADMSG);
        assert_int_equal(n, 77);
}

static void test_not_ours(void **state)
{
        uint64_t n;
        UnitRecord r;

        assert_int_equal(unit_state_load(s, sizeof(*s) - 1, &r), -ENODATA);
        assert_int_equal(unit_state_load(s, 0, &r), -ENODATA);
        s->version++;
        assert_int_equal(load(&n), -ENODATA);
        s->version--;
        s->magic ^= 1;
        assert_int_equal(load(&n), -ENODATA);
        s->magic ^= 1;
        s->n_size--;
        assert_int_equal(load(&n), -ENODATA);
        memset(s, 0, sizeof(*s));
        assert_int_equal(load(&n), -ENODATA);
}

static void test_init_alone(void **state)
{
        uint64_t n;

        unit_state_init(s);
        assert_int_equal(load(&n), -EBADMSG); /* nothing was ever stored */
        assert_null(unit_state_page(s, -1));
}

/* A record with a good CRC whose counts would lead out of their arrays. */
static void insane_medium(UnitRecord *r)
{
        r->n_medium_id = UNIT_MEDIUM_ID_MAX + 1;
}

static void insane_cdb(UnitRecord *r)
{
        r->in_flight.n_cdb = SCSI_CDB_MAX + 1;
}

static void insane_sense(UnitRecord *r)
{
        r->in_flight.n_sense = SCSI_SENSE_MAX + 1;
}

static void insane_journal(UnitRecord *r)
{
        r->journal.first = r->journal.end + 1;
}

static void insane_count(UnitRecord *r)
{
        r->journal.end = r->journal.first + UNIT_JOURNAL_RECORDS + 1;
}

static void insane_bytes(UnitRecord *r)
{
        r->journal.data_begin = r->journal.data_end + 1;
}

static void test_insane(void **state)
{
        static void (*const insanities[])(UnitRecord *) = {
                insane_medium, insane_cdb, insane_sense, insane_journal, insane_count, insane_bytes,
        };

        for (size_t i = 0; i < ELEMENTSOF(insanities); i++) {
                UnitRecord r = record;

                insanities[i](&r);
                unit_state_store(s, &r);
                assert_loads(2);
                memset(&s->copies[r.sequence % 2], 0, sizeof(r));
        }
}

static void test_pages(void **state)
{
        static const uint8_t data[UNIT_PAGE_SIZE + 1] = {1, 2, 3};

        assert_int_equal(unit_state_set_page(s, 0x80, data, UNIT_PAGE_SIZE + 1), -E2BIG);
        assert_int_equal(s->n_pages, 0);
        for (int page = -1; page < UNIT_PAGES_MAX - 1; page++)
                assert_int_equal(unit_state_set_page(s, page, data, 3), 0);
        assert_int_equal(unit_state_set_page(s, 0xb0, data, 3), -ENOSPC);
        assert_int_equal(unit_state_set_page(s, -1, data, UNIT_PAGE_SIZE), 0); /* in place of the old one */
        assert_int_equal(s->n_pages, UNIT_PAGES_MAX);
        assert_int_equal(unit_state_page(s, -1)->n_data, UNIT_PAGE_SIZE);
        assert_int_equal(unit_state_page(s, 0)->n_data, 3);
        assert_null(unit_state_page(s, 0xb0));
        assert_loads(2);
        s->pages[UNIT_PAGES_MAX - 1].data[0] ^= 1;
        assert_loads(2); /* damaged pages cost the pages alone */
        assert_false(unit_state_check_pages(s));
        assert_int_equal(s->n_pages, 0);
        assert_true(unit_state_check_pages(s));
        s->n_pages = UNIT_PAGES_MAX + 1;
        unit_state_seal_pages(s);
        assert_false(unit_state_check_pages(s));
        assert_loads(2);
}

static void test_page_shrinks(void **state)
{
        static const uint8_t data[] = {1, 2, 3, 4};

        assert_int_equal(unit_state_set_page(s, 0x83, data, 4), 0);
        assert_int_equal(unit_state_set_page(s, 0x83, data, 1), 0);
        assert_int_equal(unit_state_page(s, 0x83)->n_data, 1);
        assert_int_equal(unit_state_page(s, 0x83)->data[1], 0); /* nothing of the longer one */
        assert_int_equal(unit_state_set_page(s, 0x83, data, 0), 0);
        assert_int_equal(unit_state_page(s, 0x83)->n_data, 0);
        assert_loads(2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_newest, setup, teardown),
                cmocka_unit_test_setup_teardown(test_damaged_copy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_torn_store, setup, teardown),
                cmocka_unit_test_setup_teardown(test_both_damaged, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
                cmocka_unit_test_setup_teardown(test_init_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_insane, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
                cmocka_unit_test_setup_teardown(test_page_shrinks, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
