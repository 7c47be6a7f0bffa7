/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scsi/luns.h"

static void test_units(void **state)
{
        static const uint8_t data[] = {0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 1, 0, 0,
                                       0, 0, 0, 0,  0, 2, 1, 0, 0, 0, 0, 0, 0x41, 2, 0, 0, 0, 0, 0, 0};
        uint16_t luns[LUNS_MAX];
        size_t n;

        (void) state;
        assert_int_equal(luns_parse(data, sizeof(data), luns, LUNS_MAX, &n), 0);
        assert_int_equal(n, 3); /* not the one with a second level */
        assert_int_equal(luns[0], 0);
        assert_int_equal(luns[1], 1);
        assert_int_equal(luns[2], 0x4102);
        assert_int_equal(luns_parse(data, sizeof(data), luns, 1, &n), 0);
        assert_int_equal(n, 1);
}

static void test_lies(void **state)
{
        static const uint8_t endless[16] = {0xff, 0xff, 0xff, 0xf8, 0, 0, 0, 0, 0, 7};
        static const uint8_t odd[16] = {0, 0, 0, 7};
        uint16_t luns[LUNS_MAX];
        size_t n;

        (void) state;
        assert_int_equal(luns_parse(endless, sizeof(endless), luns, LUNS_MAX, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(luns[0], 7);
        assert_int_equal(luns_parse(odd, sizeof(odd), luns, LUNS_MAX, &n), -EBADMSG);
        for (size_t i = 0; i < 8; i++)
                assert_int_equal(luns_parse(endless, i, luns, LUNS_MAX, &n), -EBADMSG);
        assert_int_equal(luns_parse(endless, 15, luns, LUNS_MAX, &n), 0);
        assert_int_equal(n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_units), cmocka_unit_test(test_lies)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
