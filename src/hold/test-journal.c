/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The journal over a ring of a few bytes, so that every append is at an edge. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hold/journal.h"
#include "util/cleanup.h"

#define N_RING 64

static JournalIndex indexes;
static JournalRecord records[UNIT_JOURNAL_RECORDS];
static uint8_t ring[N_RING];
static Journal journal;

static int setup(void **state)
{
        indexes = (JournalIndex){};
        memset(records, 0xee, sizeof(records));
        memset(ring, 0xee, sizeof(ring));
        journal = (Journal){.index = &indexes, .records = records, .ring = ring, .n_ring = N_RING};
        return 0;
}

static const uint8_t *bytes(uint8_t first)
{
        static uint8_t data[2 * N_RING];

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t) (first + i);
        return data;
}

static int append(uint32_t n_objects, uint32_t length, uint8_t first)
{
        return journal_append(&journal, n_objects, length, n_objects > 1, bytes(first));
}

/* Record `number` holds these objects, and their data are those. */
static void check_record(uint64_t number, uint32_t n_objects, uint32_t length, uint8_t first)
{
        const JournalRecord *r = journal_record(&journal, number);

        assert_non_null(r);
        assert_int_equal(r->n_objects, n_objects);
        assert_int_equal(r->length, length);
        assert_true(journal_data(&journal, r) + n_objects * length <= ring + N_RING);
        assert_memory_equal(journal_data(&journal, r), bytes(first), n_objects * length);
}

static void test_empty(void **state)
{
        assert_true(journal_is_empty(&journal));
        assert_true(journal_verify(&journal));
        assert_null(journal_record(&journal, 0));
        assert_int_equal(journal_count_objects(&journal), 0);
        assert_int_equal(journal_bytes(&journal), 0);
        journal_truncate_last(&journal, 0);
        assert_true(journal_is_empty(&journal));
        journal_commit(&journal);
        assert_true(journal_is_empty(&journal));
}

static void test_append(void **state)
{
        assert_int_equal(append(1, 10, 1), 0);
        assert_int_equal(journal_append(&journal, 3, 0, false, NULL), 0);
        assert_int_equal(append(4, 5, 2), 0);
        check_record(0, 1, 10, 1);
        check_record(1, 3, 0, 0);
        check_record(2, 4, 5, 2);
        assert_true(journal_record(&journal, 2)->fixed);
        assert_false(journal_record(&journal, 0)->fixed);
        assert_null(journal_record(&journal, 3));
        assert_int_equal(journal_count_objects(&journal), 8);
        assert_int_equal(journal_bytes(&journal), 30);
        assert_true(journal_verify(&journal));
}

static void test_full(void **state)
{
        assert_int_equal(append(1, 30, 1), 0);
        assert_true(journal_has_room(&journal, 32));
        assert_false(
                journal_has_room(&journal, 33)); /* more than half of the ring can never be sure to fit */
        assert_int_equal(append(1, 33, 2), -ENOSPC);
        assert_int_equal(append(1, 32, 2), 0);
        assert_int_equal(append(1, 2, 3), 0); /* to the last byte */
        assert_int_equal(append(1, 1, 4), -ENOSPC);
        assert_int_equal(append(2, 0, 0), 0); /* filemarks take no room */
        assert_true(journal_verify(&journal));
        assert_int_equal(journal_count_objects(&journal), 5);
}

/* 2^16 objects of 2^16 bytes are not 0 bytes. */
static void test_no_overflow(void **state)
{
        assert_int_equal(journal_append(&journal, 65536, 65536, true, bytes(0)), -ENOSPC);
        assert_int_equal(journal_append(&journal, UINT32_MAX, UINT32_MAX, true, bytes(0)), -ENOSPC);
        assert_true(journal_is_empty(&journal));
}

/* After a commit the next piece starts at the beginning of the ring, whose pages are there already. */
static void test_begins_again(void **state)
{
        assert_int_equal(append(1, 30, 1), 0);
        assert_int_equal(append(1, 20, 2), 0);
        assert_int_equal(append(1, 20, 3), -ENOSPC); /* 14 are left */
        journal_commit(&journal);
        assert_int_equal(append(1, 20, 3), 0);
        check_record(2, 1, 20, 3);
        assert_ptr_equal(journal_data(&journal, journal_record(&journal, 2)), ring);
        assert_int_equal(journal_bytes(&journal), 20);
        assert_int_equal(append(1, 30, 4), 0);
        assert_int_equal(append(1, 15, 5), -ENOSPC);
        assert_true(journal_verify(&journal));
}

/* Exactly to the end: the next piece begins the next lap, with nothing skipped. */
static void test_end_exactly(void **state)
{
        assert_int_equal(append(1, 32, 1), 0);
        assert_int_equal(append(1, 32, 2), 0);
        journal_commit(&journal);
        assert_int_equal(append(1, 5, 3), 0);
        assert_ptr_equal(journal_data(&journal, journal_record(&journal, 2)), ring);
        assert_int_equal(journal_bytes(&journal), 5);
}

static void test_many_laps(void **state)
{
        for (uint32_t i = 0; i < 1000; i++) {
                uint32_t length = 1 + i * 7 % 32;

                if (append(1, length, (uint8_t) i) < 0) {
                        journal_commit(&journal);
                        assert_int_equal(append(1, length, (uint8_t) i), 0);
                }
                check_record(indexes.end - 1, 1, length, (uint8_t) i);
                assert_true(journal_verify(&journal));
                assert_true(journal_bytes(&journal) <= N_RING);
        }
        assert_int_equal(indexes.end, 1000);
}

/* The ring goes round: what is taken away at the front makes room at the end. */
static void test_commit_until(void **state)
{
        for (uint32_t i = 0; i < 6; i++)
                assert_int_equal(append(1, 10, (uint8_t) i), 0);
        journal_all_sent(&journal);
        assert_int_equal(append(1, 20, 6), -ENOSPC);
        journal_commit_until(&journal, 2, 4);
        assert_int_equal(journal_bytes(&journal), 40);
        assert_int_equal(journal_count_objects(&journal), 4);
        assert_null(journal_record(&journal, 1));
        assert_false(journal_begin_is_proven(&journal));
        assert_int_equal(append(1, 20, 6), 0);
        assert_ptr_equal(journal_data(&journal, journal_record(&journal, 6)), ring);
        assert_int_equal(journal_n_unsent(&journal), 1);
        for (uint32_t i = 2; i < 6; i++)
                check_record(i, 1, 10, (uint8_t) i);
        check_record(6, 1, 20, 6);
        assert_int_equal(append(1, 1, 7), -ENOSPC);
        assert_true(journal_verify(&journal));
        journal_commit_until(&journal, 6, 7);
        assert_int_equal(journal_bytes(&journal), 20);
        assert_true(journal_verify(&journal));
        journal_commit_until(&journal, 7, 7); /* there is no such record */
        assert_int_equal(journal_count_objects(&journal), 1);
        journal_commit(&journal);
        assert_true(journal_begin_is_proven(&journal));
}

static void test_many_laps_in_pieces(void **state)
{
        for (uint32_t i = 0; i < 1000; i++) {
                uint32_t length = 1 + i * 7 % 32;

                while (append(1, length, (uint8_t) i) < 0) {
                        uint64_t first = indexes.first;

                        if (indexes.end - first > 1)
                                journal_commit_until(&journal, first + 1, first + 1);
                        else
                                journal_commit(&journal);
                }
                check_record(indexes.end - 1, 1, length, (uint8_t) i);
                assert_true(journal_verify(&journal));
                assert_true(journal_bytes(&journal) <= N_RING);
        }
        assert_int_equal(indexes.end, 1000);
}

static void test_truncate(void **state)
{
        assert_int_equal(append(1, 8, 1), 0);
        assert_int_equal(append(4, 5, 2), 0);
        journal_truncate_last(&journal, 4);
        check_record(1, 4, 5, 2);
        journal_truncate_last(&journal, 9); /* never more than there are */
        check_record(1, 4, 5, 2);
        journal_truncate_last(&journal, 3);
        check_record(1, 3, 5, 2);
        assert_int_equal(journal_bytes(&journal), 23);
        assert_true(journal_verify(&journal));
        journal_truncate_last(&journal, 0);
        assert_null(journal_record(&journal, 1));
        assert_int_equal(journal_bytes(&journal), 8);
        assert_true(journal_verify(&journal));
        assert_int_equal(append(1, 4, 9), 0);
        check_record(1, 1, 4, 9);
}

/* Taking back what had skipped the ring's end must leave room for it again. */
static void test_truncate_after_skip(void **state)
{
        assert_int_equal(append(1, 30, 1), 0);
        assert_int_equal(append(1, 20, 2), 0);
        journal_commit(&journal);
        assert_int_equal(append(1, 30, 3), 0);
        journal_truncate_last(&journal, 0);
        assert_true(journal_is_empty(&journal));
        assert_int_equal(append(1, 30, 4), 0);
        check_record(2, 1, 30, 4);
        assert_true(journal_verify(&journal));
}

static void test_too_many_records(void **state)
{
        for (uint32_t i = 0; i < UNIT_JOURNAL_RECORDS; i++)
                assert_int_equal(journal_append(&journal, 1, 0, false, NULL), 0);
        assert_false(journal_has_room(&journal, 0));
        assert_int_equal(journal_append(&journal, 1, 0, false, NULL), -ENOSPC);
        assert_int_equal(journal_count_objects(&journal), UNIT_JOURNAL_RECORDS);
        journal_commit(&journal);
        assert_int_equal(journal_append(&journal, 1, 0, false, NULL), 0);
}

/* Every byte of every record's data is protected. */
static void test_damaged_data(void **state)
{
        assert_int_equal(append(1, 10, 1), 0);
        assert_int_equal(append(4, 5, 2), 0);
        for (size_t i = 0; i < 30; i++) {
                ring[i] ^= 1;
                assert_false(journal_verify(&journal));
                ring[i] ^= 1;
        }
        ring[30] ^= 1; /* nobody's */
        assert_true(journal_verify(&journal));
}

/* A record that names memory outside the ring is found out before it is read. */
static void test_damaged_record(void **state)
{
        JournalRecord good;

        assert_int_equal(append(1, 10, 1), 0);
        assert_int_equal(append(4, 5, 2), 0);
        good = records[1];
        records[1].length = 60;
        assert_false(journal_verify(&journal));
        records[1] = good;
        records[1].n_objects = UINT32_MAX;
        assert_false(journal_verify(&journal));
        records[1] = good;
        records[1].offset = UINT64_MAX - 3;
        assert_false(journal_verify(&journal));
        records[1] = good;
        records[1].offset -= 11; /* before what counts */
        assert_false(journal_verify(&journal));
        records[1] = good;
        assert_true(journal_verify(&journal));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_empty, setup),
                cmocka_unit_test_setup(test_append, setup),
                cmocka_unit_test_setup(test_full, setup),
                cmocka_unit_test_setup(test_no_overflow, setup),
                cmocka_unit_test_setup(test_begins_again, setup),
                cmocka_unit_test_setup(test_end_exactly, setup),
                cmocka_unit_test_setup(test_many_laps, setup),
                cmocka_unit_test_setup(test_commit_until, setup),
                cmocka_unit_test_setup(test_many_laps_in_pieces, setup),
                cmocka_unit_test_setup(test_truncate, setup),
                cmocka_unit_test_setup(test_truncate_after_skip, setup),
                cmocka_unit_test_setup(test_too_many_records, setup),
                cmocka_unit_test_setup(test_damaged_data, setup),
                cmocka_unit_test_setup(test_damaged_record, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
