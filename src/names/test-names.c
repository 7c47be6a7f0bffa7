/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The form of names and links. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "names/links.h"
#include "names/name.h"
#include "names/registry.h"
#include "util/cleanup.h"

static void test_format(void **state)
{
        assert_string_equal(name_prefix(DEVICE_CHANGER), "lib");
        assert_string_equal(name_prefix(DEVICE_TAPE), "drive");
}

static void test_valid(void **state)
{
        static const char *const good[] = {"drive1", "lib1-drive2", "LTO.9_left", "7", "nst", "drive-nst-1"};
        static const char *const bad[] = {
                "",           "-x",           ".",    "..",      ".hidden", "a/b", "a b", "a\n", "caf\xe9",
                "drive1-nst", "lib1-changer", "x-sg", "lib-sch", "a=b",     "$x",  "a:b", "_a"};
        char name[NAME_LENGTH_MAX + 1];

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(name_is_valid(bad[i]));
        memset(name, 'a', sizeof(name));
        name[NAME_LENGTH_MAX] = '\0';
        assert_false(name_is_valid(name));
        name[NAME_LENGTH_MAX - 1] = '\0';
        assert_true(name_is_valid(name));
}

/* Each name is before all that follow it. */
static void test_compare(void **state)
{
        static const char *const order[] = {"",
                                            "1",
                                            "2",
                                            "10",
                                            "drive",
                                            "drive01",
                                            "drive1",
                                            "drive1a",
                                            "drive2",
                                            "drive10",
                                            "drive10-x",
                                            "drive99999999999999999999998",
                                            "drive99999999999999999999999",
                                            "driver",
                                            "lib1",
                                            "lib1-drive2",
                                            "lib1-drive10",
                                            "lib2-drive1",
                                            "lib10"};

        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                for (size_t j = 0; j < ELEMENTSOF(order); j++) {
                        int r = name_compare(order[i], order[j]);

                        assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
                }
}

static void test_links(void **state)
{
        static const struct {
                DeviceType type;
                const char *node;
                const char *link;
        } cases[] = {
                {DEVICE_TAPE, "st0", "tape/by-name/n"},
                {DEVICE_TAPE, "nst12", "tape/by-name/n-nst"},
                {DEVICE_TAPE, "sg3", "tape/by-name/n-sg"},
                {DEVICE_CHANGER, "sg3", "tape/by-name/n-changer"},
                {DEVICE_CHANGER, "sch0", "tape/by-name/n-sch"},
                {DEVICE_TAPE, "nst0a", NULL},
                {DEVICE_TAPE, "st0l", NULL},
                {DEVICE_TAPE, "st", NULL},
                {DEVICE_TAPE, "sch0", NULL},
                {DEVICE_CHANGER, "st0", NULL},
                {DEVICE_TAPE, "", NULL},
                {DEVICE_TAPE, "s", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char link[LINK_LENGTH_MAX] = "untouched";
                int r = links_format(link, cases[i].type, cases[i].node, "n");

                assert_int_equal(r, cases[i].link ? 0 : -ENOENT);
                assert_string_equal(link, cases[i].link ? cases[i].link : "untouched");
        }
        assert_string_equal(links_suffix_of("drive1-nst"), "-nst");
        assert_null(links_suffix_of("nst"));
        assert_null(links_suffix_of(""));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_compare),
                cmocka_unit_test(test_links),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
