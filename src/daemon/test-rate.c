/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/cleanup.h"

#define AT(s) ((s) *USEC_PER_SEC)

static void test_nothing(void **state)
{
        Rate r = {};

        assert_int_equal(rate_read(&r, 0), 0);
        assert_int_equal(rate_read(&r, AT(1000)), 0);
}

static void test_steady(void **state)
{
        Rate r = {};
        uint64_t total = 0;

        for (usec_t t = AT(100); t < AT(120); t += AT(1) / 10)
                rate_note(&r, total += 1000, t);
        assert_int_equal(rate_read(&r, AT(120)), 10000);
        assert_int_equal(rate_read(&r, AT(119) + 5), 10000); /* the second that is not over does not count */
}

/* What has begun two seconds ago is not measured over five; what has ended fades. */
static void test_begins_and_ends(void **state)
{
        Rate r = {};

        rate_note(&r, 600, AT(50));
        assert_int_equal(rate_read(&r, AT(50)), 0);
        assert_int_equal(rate_read(&r, AT(51)), 600);
        rate_note(&r, 1200, AT(51));
        assert_int_equal(rate_read(&r, AT(52)), 600);
        assert_int_equal(rate_read(&r, AT(55)), 240);
        assert_int_equal(rate_read(&r, AT(56)), 120);
        assert_int_equal(rate_read(&r, AT(57)), 0);
        rate_note(&r, 1300, AT(51 + RATE_SLOTS)); /* the same slot */
        assert_int_equal(rate_read(&r, AT(52 + RATE_SLOTS)), 100);
}

/* A total that does not change, in between, is no byte. */
static void test_idle_turns(void **state)
{
        Rate r = {.total = 77};

        rate_note(&r, 77, AT(3));
        assert_int_equal(rate_read(&r, AT(4)), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_steady),
                cmocka_unit_test(test_begins_and_ends),
                cmocka_unit_test(test_idle_turns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
