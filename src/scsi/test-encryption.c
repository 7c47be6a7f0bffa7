/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pages of tape data encryption, whole and cut at every byte. */

#include "scsi/encryption.h"

#include <errno.h>

#include "scsi/test-fixture.h"

static const uint8_t set_page[52] = {0x00, 0x10, 0x00, 0x30, 0x40, 0x44, 0x02, 0x03, 0x01, [19] = 0x20};
static const uint8_t status_page[24] = {0x00, 0x20, 0x00, 0x14, 0x42, 0x02,
                                        0x03, 0x01, 0x00, 0x00, 0x12, 0x34};

static void test_set(void **state)
{
        EncryptionSet s;

        assert_int_equal(encryption_parse_set(set_page, sizeof(set_page), &s), 0);
        assert_int_equal(s.scope, ENCRYPTION_SCOPE_ALL);
        assert_true(s.clear_on_demount);
        assert_false(s.supplemental || s.clear_on_preempt || s.clear_on_release);
        assert_int_equal(s.encryption, 2);
        assert_int_equal(s.decryption, 3);
        assert_int_equal(s.algorithm, 1);
}

static void test_set_bits(void **state)
{
        uint8_t page[20] = {0x00, 0x10, 0x00, 0x10, 0x21};
        EncryptionSet s;

        for (unsigned bits = 0; bits < 16; bits++) {
                page[5] = (uint8_t) (0xf0 | bits);
                assert_int_equal(encryption_parse_set(page, sizeof(page), &s), 0);
                assert_int_equal(s.scope, ENCRYPTION_SCOPE_LOCAL);
                assert_int_equal(s.supplemental, bits >> 3 & 1);
                assert_int_equal(s.clear_on_demount, bits >> 2 & 1);
                assert_int_equal(s.clear_on_preempt, bits >> 1 & 1);
                assert_int_equal(s.clear_on_release, bits & 1);
        }
}

static void test_status(void **state)
{
        EncryptionStatus s;

        assert_int_equal(encryption_parse_status(status_page, sizeof(status_page), &s), 0);
        assert_int_equal(s.encryption, 2);
        assert_int_equal(s.decryption, 3);
        assert_int_equal(s.algorithm, 1);
        assert_int_equal(s.key_instance, 0x1234);
}

static void test_cut(void **state)
{
        uint8_t *copy;
        EncryptionStatus status;
        EncryptionSet set;

        for (size_t n = 0; n < 20; n++) {
                copy = malloc(n);
                assert_true(copy || n == 0);
                memcpy(copy, set_page, n);
                assert_int_equal(encryption_parse_set(copy, n, &set), -EBADMSG);
                free(copy);
        }
        for (size_t n = 0; n < 12; n++)
                assert_int_equal(encryption_parse_status(status_page, n, &status), -EBADMSG);
}

/* The length that it claims is too short for what it must have. */
static void test_short_claim(void **state)
{
        uint8_t page[sizeof(set_page)];
        EncryptionSet set;

        memcpy(page, set_page, sizeof(page));
        page[3] = 0x0f;
        assert_int_equal(encryption_parse_set(page, sizeof(page), &set), -EBADMSG);
}

static void test_other_page(void **state)
{
        EncryptionStatus status;
        EncryptionSet set;

        assert_int_equal(encryption_parse_set(status_page, sizeof(status_page), &set), -ENODATA);
        assert_int_equal(encryption_parse_status(set_page, sizeof(set_page), &status), -ENODATA);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_set),         cmocka_unit_test(test_set_bits),
                cmocka_unit_test(test_status),      cmocka_unit_test(test_cut),
                cmocka_unit_test(test_short_claim), cmocka_unit_test(test_other_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
