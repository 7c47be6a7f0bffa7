/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scsi/inquiry.h"

#include <errno.h>

#include "scsi/device-type.h"
#include "scsi/test-fixture.h"

typedef struct InquiryCase {
        const char *fixture;
        InquiryData data;
} InquiryCase;

/* clang-format off */
static const InquiryCase cases[] = {
        {"inquiry/hp-ultrium-4", {0, DEVICE_TAPE, true, 5, "HP", "Ultrium 4-SCSI", "H64W"}},
        {"inquiry/ibm-ult3580-td8", {0, DEVICE_TAPE, true, 6, "IBM", "ULT3580-TD8", "N9M1"}},
        {"inquiry/stk-l700", {0, DEVICE_CHANGER, true, 2, "STK", "L700", "0308"}},
        {"inquiry/short-additional-length", {0, DEVICE_TAPE, true, 2, "ARCHIVE", "Python 28388-XXX", "4.28"}},
        {"inquiry/not-connected", {3, 0x1f, false, 0, "", "", ""}},
        {"inquiry/unprintable", {0, DEVICE_TAPE, true, 5, "???A?", "T?E", "12"}},
};
/* clang-format on */

static void test_parse(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fixture_ Fixture f = fixture(cases[i].fixture);
                const InquiryData *expected = &cases[i].data;
                InquiryData d;

                assert_int_equal(inquiry_parse(f.data, f.n, &d), 0);
                assert_int_equal(d.qualifier, expected->qualifier);
                assert_int_equal(d.type, expected->type);
                assert_int_equal(d.removable, expected->removable);
                assert_int_equal(d.version, expected->version);
                assert_string_equal(d.vendor, expected->vendor);
                assert_string_equal(d.product, expected->product);
                assert_string_equal(d.revision, expected->revision);
        }
}

static void test_cut(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("inquiry/hp-ultrium-4");
        _cleanup_fixture_ Fixture cut = fixture("inquiry/cut");
        InquiryData d = {.vendor = "before"};

        assert_int_equal(inquiry_parse(cut.data, cut.n, &d), -EBADMSG);
        assert_int_equal(inquiry_parse(NULL, 0, &d), -EBADMSG);
        assert_string_equal(d.vendor, "before");
        assert_int_equal(inquiry_parse(f.data, 6, &d), 0);
        assert_string_equal(d.vendor, "");
        assert_int_equal(inquiry_parse(f.data, 16 + 7, &d), 0);
        assert_string_equal(d.vendor, "HP");
        assert_string_equal(d.product, "Ultrium");
        assert_string_equal(d.revision, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
