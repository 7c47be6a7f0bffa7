/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attributes of a cartridge; a value that was cut is not given out. */

#include "scsi/mam.h"

#include <errno.h>

#include "scsi/test-fixture.h"

static void test_attributes(void **state)
{
        static const uint16_t ids[] = {0x0000, 0x0003, 0x0400, 0x0401, 0x0408, 0x0800, 0x0806};
        _cleanup_fixture_ Fixture f = fixture("mam/lto4");
        MamAttribute a;
        MamIter it;

        assert_int_equal(mam_attributes_init(&it, f.data, f.n), 0);
        assert_false(it.truncated);
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                assert_int_equal(mam_attributes_next(&it, &a), 1);
                assert_int_equal(a.id, ids[i]);
        }
        assert_int_equal(mam_attributes_next(&it, &a), 0);
        assert_int_equal(mam_attributes_next(&it, &a), 0);
}

static void test_find(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("mam/lto4");
        MamAttribute a = {.id = 0x1234};

        assert_int_equal(mam_find(f.data, f.n, 0x1623, &a), 0);
        assert_int_equal(a.id, 0x1234);
        assert_int_equal(mam_find(f.data, f.n, MAM_MEDIUM_SERIAL_NUMBER, &a), 1);
        assert_true(a.read_only);
        assert_int_equal(a.format, MAM_ASCII);
        assert_int_equal(a.n_bytes, 32);
        assert_memory_equal(a.bytes, "M5BX7M9QKW  ", 12);
        assert_int_equal(mam_find(f.data, f.n, MAM_LOAD_COUNT, &a), 1);
        assert_int_equal(a.format, MAM_BINARY);
        assert_int_equal(get_be(a.bytes, a.n_bytes), 21);
        assert_int_equal(mam_find(f.data, f.n, 0x0800, &a), 1);
        assert_int_equal(a.n_bytes, 0);
        assert_false(a.read_only);
}

static void test_truncated(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("mam/truncated");
        MamAttribute a;

        assert_int_equal(mam_find(f.data, f.n, MAM_MEDIUM_SERIAL_NUMBER, &a), 1);
        assert_int_equal(mam_find(f.data, f.n, MAM_BARCODE, &a), 0);
}

static void test_hostile(void **state)
{
        _cleanup_fixture_ Fixture lies = fixture("mam/length-lies");
        _cleanup_fixture_ Fixture zero = fixture("mam/zero-attributes");
        _cleanup_fixture_ Fixture cut = fixture("mam/cut");
        MamAttribute a;
        MamIter it;

        assert_int_equal(mam_find(lies.data, lies.n, MAM_MEDIUM_SERIAL_NUMBER, &a), -EBADMSG);
        assert_int_equal(mam_find(zero.data, zero.n, MAM_BARCODE, &a), 0);
        assert_int_equal(mam_attributes_init(&it, cut.data, cut.n), -EBADMSG);
        assert_int_equal(mam_find(NULL, 0, 0, &a), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_attributes),
                cmocka_unit_test(test_find),
                cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_hostile),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
