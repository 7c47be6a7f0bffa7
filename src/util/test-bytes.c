/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The cursor under every parser: that it stops at the end, stays stopped, and counts bytes from the big end.
 */

#include "util/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t eight[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static void test_reader_widths(void **state)
{
        ByteReader r = byte_reader(eight, sizeof(eight));

        assert_int_equal(reader_u8(&r), 0x01);
        assert_int_equal(reader_u16(&r), 0x2345);
        assert_int_equal(reader_u24(&r), 0x6789ab);
        assert_int_equal(reader_left(&r), 2);
        r = byte_reader(eight, sizeof(eight));
        assert_int_equal(reader_u32(&r), 0x01234567);
        assert_int_equal(reader_u32(&r), 0x89abcdef);
        assert_false(r.failed);
        r = byte_reader(eight, sizeof(eight));
        assert_true(reader_u64(&r) == UINT64_C(0x0123456789abcdef));
        assert_int_equal(reader_left(&r), 0);
        assert_false(r.failed);
}

static void test_reader_stays_failed(void **state)
{
        ByteReader r = byte_reader(eight, 3);

        assert_int_equal(reader_u32(&r), 0);
        assert_true(r.failed);
        assert_int_equal(reader_u8(&r), 0);
        assert_int_equal(reader_left(&r), 0);
        assert_null(reader_bytes(&r, 0));
        assert_int_equal(r.offset, 0);
}

static void test_reader_huge_and_empty(void **state)
{
        ByteReader r = byte_reader(eight, sizeof(eight));

        reader_skip(&r, 4);
        reader_skip(&r, SIZE_MAX); /* offset + n would wrap */
        assert_true(r.failed);
        r = byte_reader(NULL, 0);
        assert_int_equal(reader_left(&r), 0);
        assert_int_equal(reader_u8(&r), 0);
        assert_true(r.failed);
}

static void test_reader_sub(void **state)
{
        ByteReader r = byte_reader(eight, sizeof(eight));
        ByteReader sub = reader_sub(&r, 2);

        assert_int_equal(reader_u16(&sub), 0x0123);
        assert_int_equal(reader_u8(&sub), 0);
        assert_true(sub.failed);
        assert_false(r.failed);
        assert_int_equal(reader_u8(&r), 0x45);

        sub = reader_sub(&r, 1000); /* claimed but not there */
        assert_int_equal(reader_left(&sub), 5);
        assert_int_equal(reader_left(&r), 0);
        assert_false(r.failed);

        reader_skip(&r, 1);
        sub = reader_sub(&r, 1);
        assert_true(sub.failed);
        assert_int_equal(reader_left(&sub), 0);

        r = byte_reader(NULL, 0);
        sub = reader_sub(&r, 4);
        assert_int_equal(reader_left(&sub), 0);
}

static void test_writer(void **state)
{
        uint8_t buffer[8];
        ByteWriter w = byte_writer(buffer, 6);

        memset(buffer, 0xee, sizeof(buffer));
        writer_be(&w, 0x123456, 3);
        writer_bytes(&w, "ab", 2);
        writer_bytes(&w, NULL, 0);
        assert_false(w.failed);
        assert_int_equal(w.offset, 5);
        writer_be(&w, 0xffff, 2);
        assert_true(w.failed);
        writer_be(&w, 0xff, 1); /* would fit, but the structure is broken */
        assert_int_equal(w.offset, 5);
        assert_memory_equal(buffer,
                            "\x12\x34\x56"
                            "ab\xee\xee\xee",
                            8);
}

static void test_writer_space_is_zero(void **state)
{
        uint8_t buffer[4] = {1, 2, 3, 4};
        ByteWriter w = byte_writer(buffer, sizeof(buffer));

        assert_ptr_equal(writer_space(&w, 3), buffer);
        assert_memory_equal(buffer, "\0\0\0\4", 4);
        assert_null(writer_space(&w, SIZE_MAX));
}

static void test_put_get(void **state)
{
        uint8_t p[8];

        for (size_t n = 1; n <= 8; n++) {
                uint64_t mask = n == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * n) - 1;

                put_be(p, UINT64_C(0xfedcba9876543210), n);
                assert_true(get_be(p, n) == (UINT64_C(0xfedcba9876543210) & mask));
        }
}

static void test_sign_extend(void **state)
{
        assert_int_equal(sign_extend(0xffffff, 3), -1);
        assert_int_equal(sign_extend(0x800000, 3), -8388608);
        assert_int_equal(sign_extend(0x7fffff, 3), 8388607);
        assert_int_equal(sign_extend(0xff, 1), -1);
        assert_int_equal(sign_extend(0xfffffffe, 4), -2);
        assert_true(sign_extend(UINT64_C(1) << 63, 8) == INT64_MIN);
        assert_true(sign_extend(INT64_MAX, 8) == INT64_MAX);
        assert_int_equal(sign_extend(0, 8), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reader_widths),
                cmocka_unit_test(test_reader_stays_failed),
                cmocka_unit_test(test_reader_huge_and_empty),
                cmocka_unit_test(test_reader_sub),
                cmocka_unit_test(test_writer),
                cmocka_unit_test(test_writer_space_is_zero),
                cmocka_unit_test(test_put_get),
                cmocka_unit_test(test_sign_extend),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
