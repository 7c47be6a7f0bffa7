/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vectors of RFC 3720 appendix B.4, and that the processor's instruction and the table agree at every
 * length and alignment. */

#include "util/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

typedef uint32_t (*Digest)(uint32_t crc, const void *data, size_t n_data);

static const Digest digests[] = {crc32c, crc32c_portable};

static void test_vectors(void **state)
{
        /* An iSCSI READ(10) command PDU. */
        static const uint8_t pdu[48] = {
                0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
                0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        };
        uint8_t b[32];

        for (size_t i = 0; i < ELEMENTSOF(digests); i++) {
                memset(b, 0, sizeof(b));
                assert_int_equal(digests[i](0, b, sizeof(b)), 0x8a9136aa);
                memset(b, 0xff, sizeof(b));
                assert_int_equal(digests[i](0, b, sizeof(b)), 0x62a8ab43);
                for (size_t j = 0; j < sizeof(b); j++)
                        b[j] = (uint8_t) j;
                assert_int_equal(digests[i](0, b, sizeof(b)), 0x46dd794e);
                for (size_t j = 0; j < sizeof(b); j++)
                        b[j] = (uint8_t) (31 - j);
                assert_int_equal(digests[i](0, b, sizeof(b)), 0x113fdb5c);
                assert_int_equal(digests[i](0, pdu, sizeof(pdu)), 0xd9963a56);
                assert_int_equal(digests[i](0, "123456789", 9), 0xe3069283);
                assert_int_equal(digests[i](0, "", 0), 0);
        }
}

static void fill(uint8_t *b, size_t n)
{
        uint32_t x = 12345;

        for (size_t i = 0; i < n; i++) {
                x = x * 1664525 + 1013904223;
                b[i] = (uint8_t) (x >> 24);
        }
}

static void test_agree(void **state)
{
        uint8_t b[300];

        fill(b, sizeof(b));
        for (size_t at = 0; at < 16; at++)
                for (size_t n = 0; n + at <= sizeof(b); n++)
                        assert_int_equal(crc32c(0, b + at, n), crc32c_portable(0, b + at, n));
}

/* Long ones are digested in several pieces beside each other. */
static void test_long(void **state)
{
        static uint8_t b[4 * 3072 + 64];

        fill(b, sizeof(b));
        for (size_t pieces = 1; pieces <= 4; pieces++)
                for (size_t n = pieces * 3072 - 17; n <= pieces * 3072 + 17; n++)
                        for (size_t at = 0; at < 9; at++)
                                assert_int_equal(crc32c(0xdeadbeef, b + at, n),
                                                 crc32c_portable(0xdeadbeef, b + at, n));
}

/* The digest of all of it, every byte in its place, and none beside it. */
static void check_copy(const uint8_t *from, size_t n, size_t at)
{
        static uint8_t to[4 * 3072 + 64];

        memset(to, 0xa5, sizeof(to));
        assert_int_equal(crc32c_copy(0xdeadbeef, to + at, from, n), crc32c_portable(0xdeadbeef, from, n));
        assert_memory_equal(to + at, from, n);
        for (size_t i = 0; i < sizeof(to); i++)
                if (i < at || i >= at + n)
                        assert_int_equal(to[i], 0xa5);
}

static void test_copy(void **state)
{
        static uint8_t b[4 * 3072 + 64];

        fill(b, sizeof(b));
        for (size_t at = 0; at < 9; at++) {
                for (size_t n = 0; n < 40; n++)
                        for (size_t from = 0; from < 9; from++)
                                check_copy(b + from, n, at);
                for (size_t n = 2 * 3072 - 10; n <= 2 * 3072 + 10; n++)
                        check_copy(b + 9 - at, n, at);
                check_copy(b + 3, 4 * 3072 + 17, at);
        }
}

static void test_chain(void **state)
{
        uint8_t b[100];
        uint32_t whole;

        fill(b, sizeof(b));
        whole = crc32c(0, b, sizeof(b));
        for (size_t cut = 0; cut <= sizeof(b); cut++)
                for (size_t i = 0; i < ELEMENTSOF(digests); i++)
                        assert_int_equal(digests[i](digests[i](0, b, cut), b + cut, sizeof(b) - cut), whole);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors), cmocka_unit_test(test_agree), cmocka_unit_test(test_long),
                cmocka_unit_test(test_copy),    cmocka_unit_test(test_chain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
