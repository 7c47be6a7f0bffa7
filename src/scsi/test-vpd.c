/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Designators and serial numbers, and that half of one is none. */

#include "scsi/vpd.h"

#include <errno.h>

#include "scsi/test-fixture.h"

static void test_pages(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("vpd/pages");
        _cleanup_fixture_ Fixture serial = fixture("vpd/serial-hp");

        assert_int_equal(vpd_lists_page(f.data, f.n, 0x83), 1);
        assert_int_equal(vpd_lists_page(f.data, f.n, 0xb4), 1);
        assert_int_equal(vpd_lists_page(f.data, f.n, 0xb2), 0);
        assert_int_equal(vpd_lists_page(f.data, 7, 0xb4), 0);
        assert_int_equal(vpd_lists_page(f.data, 3, 0x80), -EBADMSG);
        assert_int_equal(vpd_lists_page(serial.data, serial.n, 0x80), -EBADMSG);
}

static void test_serial(void **state)
{
        _cleanup_fixture_ Fixture hp = fixture("vpd/serial-hp");
        _cleanup_fixture_ Fixture padded = fixture("vpd/serial-padded");
        _cleanup_fixture_ Fixture lies = fixture("vpd/serial-lies");
        _cleanup_fixture_ Fixture page83 = fixture("vpd83/hp-ultrium-4");
        char serial[64] = "before", small[5];

        assert_int_equal(vpd_parse_serial(lies.data, lies.n, serial, sizeof(serial)), -EBADMSG);
        assert_int_equal(vpd_parse_serial(page83.data, page83.n, serial, sizeof(serial)), -EBADMSG);
        assert_int_equal(vpd_parse_serial(NULL, 0, serial, sizeof(serial)), -EBADMSG);
        assert_string_equal(serial, "before");
        assert_int_equal(vpd_parse_serial(hp.data, hp.n, serial, sizeof(serial)), 0);
        assert_string_equal(serial, "HU19487T3P");
        assert_int_equal(vpd_parse_serial(padded.data, padded.n, serial, sizeof(serial)), 0);
        assert_string_equal(serial, "LLC02203387");
        assert_int_equal(vpd_parse_serial(hp.data, hp.n, small, sizeof(small)), 0);
        assert_string_equal(small, "HU19");
}

typedef struct DesignatorCase {
        uint8_t type, association, code_set;
        size_t n;
        uint8_t first, last;
} DesignatorCase;

static void check_page(const char *name, const DesignatorCase *expected, size_t n_expected,
                       unsigned n_malformed)
{
        _cleanup_fixture_ Fixture f = fixture(name);
        DesignatorIter it;
        Designator d;

        assert_int_equal(vpd_designators_init(&it, f.data, f.n), 0);
        for (size_t i = 0; i < n_expected; i++) {
                assert_true(vpd_designators_next(&it, &d));
                assert_int_equal(d.type, expected[i].type);
                assert_int_equal(d.association, expected[i].association);
                assert_int_equal(d.code_set, expected[i].code_set);
                assert_int_equal(d.n_bytes, expected[i].n);
                assert_int_equal(d.bytes[0], expected[i].first);
                assert_int_equal(d.bytes[d.n_bytes - 1], expected[i].last);
        }
        assert_false(vpd_designators_next(&it, &d));
        assert_false(vpd_designators_next(&it, &d));
        assert_int_equal(it.n_malformed, n_malformed);
}

static void test_designators(void **state)
{
        static const DesignatorCase hp[] = {
                {DESIGNATOR_T10, DESIGNATOR_OF_UNIT, 2, 34, 'H', 'P'},
                {DESIGNATOR_NAA, DESIGNATOR_OF_UNIT, 1, 8, 0x50, 0x5b},
                {DESIGNATOR_RELATIVE_PORT, DESIGNATOR_OF_PORT, 1, 4, 0x00, 0x01},
                {DESIGNATOR_NAA, DESIGNATOR_OF_PORT, 1, 8, 0x50, 0x5c},
        };
        static const DesignatorCase ibm[] = {
                {DESIGNATOR_NAA, DESIGNATOR_OF_UNIT, 1, 16, 0x60, 0x78},
                {DESIGNATOR_EUI64, DESIGNATOR_OF_UNIT, 1, 8, 0x00, 0x89},
                {DESIGNATOR_NAME, DESIGNATOR_OF_UNIT, 3, 24, 'n', 0x00},
        };

        check_page("vpd83/hp-ultrium-4", hp, ELEMENTSOF(hp), 0);
        check_page("vpd83/ibm-naa6", ibm, ELEMENTSOF(ibm), 1);
        check_page("vpd83/empty", NULL, 0, 0);
}

static void test_hostile(void **state)
{
        static const DesignatorCase zero[] = {{DESIGNATOR_NAA, 0, 1, 8, 0x50, 0x5b}};
        static const DesignatorCase naa[] = {{DESIGNATOR_NAA, 0, 1, 8, 0x20, 0x5b}};
        static const DesignatorCase lies[] = {{DESIGNATOR_VENDOR, 0, 2, 2, 'A', 'B'}};

        check_page("vpd83/zero-length", zero, 1, 5);
        check_page("vpd83/wrong-naa-length", naa, 1, 4);
        check_page("vpd83/length-lies", lies, 1, 1);
        check_page("vpd83/cut-header", zero, 1, 1);
}

static void test_not_a_page(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("vpd/serial-hp");
        DesignatorIter it;

        assert_int_equal(vpd_designators_init(&it, f.data, f.n), -EBADMSG);
        assert_int_equal(vpd_designators_init(&it, f.data, 3), -EBADMSG);
        assert_int_equal(vpd_designators_init(&it, NULL, 0), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pages),       cmocka_unit_test(test_serial),
                cmocka_unit_test(test_designators), cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_not_a_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
