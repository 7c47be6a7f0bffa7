/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Persistent reservations, both ways, whole and cut at every byte. */

#include "scsi/reserve.h"

#include <errno.h>

#include "scsi/test-fixture.h"

static void test_out(void **state)
{
        const uint8_t cdb[SCSI_CDB_MAX] = {0x5f, 0x04, 0x03};
        const uint8_t list[24] = {0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0x56, 0x78, [20] = 0x05};
        uint8_t built[RESERVE_OUT_LENGTH], built_cdb[SCSI_CDB_MAX];
        ReserveOut r;

        assert_int_equal(reserve_out_parse(cdb, list, sizeof(list), &r), 0);
        assert_int_equal(r.action, RESERVE_OUT_PREEMPT);
        assert_int_equal(r.scope_type, 3);
        assert_int_equal(r.key, 0x1234);
        assert_int_equal(r.action_key, 0x5678);
        assert_int_equal(r.flags, RESERVE_OUT_APTPL | RESERVE_OUT_ALL_TG_PT);
        assert_int_equal(reserve_out_build(&r, built_cdb, built), 10);
        assert_memory_equal(built, list, sizeof(list));
        assert_memory_equal(built_cdb, "\x5f\x04\x03\0\0\0\0\0\x18\0", 10);
        for (size_t n = 0; n < sizeof(list); n++)
                assert_int_equal(reserve_out_parse(cdb, list, n, &r), -EBADMSG);
}

/* Its list is another one. */
static void test_move(void **state)
{
        const uint8_t cdb[SCSI_CDB_MAX] = {0x5f, 0x07};
        const uint8_t list[24] = {[7] = 1, [15] = 2, [17] = 0x03, [20] = 0xff};
        ReserveOut r;

        assert_int_equal(reserve_out_parse(cdb, list, sizeof(list), &r), 0);
        assert_true(r.unregisters);
        assert_int_equal(r.flags, RESERVE_OUT_APTPL);
}

static void test_reservation(void **state)
{
        const uint8_t none[8] = {0, 0, 0, 7};
        const uint8_t held[24] = {0, 0, 0, 7, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0x12, 0x34, [21] = 0x05};
        uint8_t short_claim[24];
        Reservation r;

        assert_int_equal(reserve_parse_reservation(none, sizeof(none), &r), 0);
        assert_int_equal(reserve_parse_reservation(held, sizeof(held), &r), 1);
        assert_int_equal(r.key, 0x1234);
        assert_int_equal(r.scope_type, 5);
        for (size_t n = 0; n < 22; n++)
                assert_int_equal(reserve_parse_reservation(held, n, &r), -EBADMSG);
        memcpy(short_claim, held, sizeof(held));
        short_claim[7] = 15;
        assert_int_equal(reserve_parse_reservation(short_claim, sizeof(short_claim), &r), -EBADMSG);
}

static void test_keys(void **state)
{
        const uint8_t keys[24] = {[7] = 16, [15] = 0x11, [23] = 0x22};

        assert_int_equal(reserve_find_key(keys, sizeof(keys), 0x11), 1);
        assert_int_equal(reserve_find_key(keys, sizeof(keys), 0x22), 1);
        assert_int_equal(reserve_find_key(keys, sizeof(keys), 0x33), 0);
        assert_int_equal(reserve_find_key(keys, 16, 0x11), 1);
        assert_int_equal(reserve_find_key(keys, 16, 0x22), -EBADMSG); /* it may be in what is missing */
        assert_int_equal(reserve_find_key(keys, 7, 0x11), -EBADMSG);
        assert_int_equal(reserve_find_key((const uint8_t[8]){0}, 8, 0x11), 0);
}

static void test_generation(void **state)
{
        const uint8_t data[8] = {0xff, 0, 0, 7};

        assert_int_equal(reserve_parse_generation(data, sizeof(data)), 0xff000007);
        assert_int_equal(reserve_parse_generation(data, 4), 0xff000007);
        assert_int_equal(reserve_parse_generation(data, 3), -EBADMSG);
}

static void test_all_registrants(void **state)
{
        for (unsigned type = 0; type < 16; type++)
                assert_int_equal(reserve_is_all_registrants((uint8_t) type), type == 7 || type == 8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_out),
                cmocka_unit_test(test_move),
                cmocka_unit_test(test_reservation),
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_all_registrants),
                cmocka_unit_test(test_generation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
