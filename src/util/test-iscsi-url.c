/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/iscsi-url.h"

static void test_good(void **state)
{
        static const struct {
                const char *text, *user, *host;
                unsigned port;
                const char *target;
                int lun;
                const char *formatted;
        } rows[] = {
                {"iscsi://10.0.0.1/iqn.2026-11.test:t1", "", "10.0.0.1", 3260, "iqn.2026-11.test:t1",
                 ISCSI_ALL_LUNS, "iscsi://10.0.0.1:3260/iqn.2026-11.test:t1"},
                {"iscsi://me@lib.example:860/eui.0123456789abcdef/7", "me", "lib.example", 860,
                 "eui.0123456789abcdef", 7, "iscsi://me@lib.example:860/eui.0123456789abcdef/7"},
                {"iscsi://[fe80::1]/naa.5001438001234567/0", "", "fe80::1", 3260, "naa.5001438001234567", 0,
                 "iscsi://[fe80::1]:3260/naa.5001438001234567/0"},
                {"iscsi://[::1]:13260/iqn.x", "", "::1", 13260, "iqn.x", ISCSI_ALL_LUNS,
                 "iscsi://[::1]:13260/iqn.x"},
        };
        char text[ISCSI_URL_MAX];
        const char *why;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                IscsiUrl u;

                assert_int_equal(iscsi_url_parse(rows[i].text, &u, &why), 0);
                assert_string_equal(u.user, rows[i].user);
                assert_string_equal(u.host, rows[i].host);
                assert_int_equal(u.port, rows[i].port);
                assert_string_equal(u.target, rows[i].target);
                assert_int_equal(u.lun, rows[i].lun);
                assert_string_equal(iscsi_url_format(&u, text), rows[i].formatted);
        }
}

static void test_bad(void **state)
{
        static const char *const texts[] = {
                "",
                "http://10.0.0.1/iqn.x",
                "iscsi://10.0.0.1",
                "iscsi://10.0.0.1/",
                "iscsi:///iqn.x",
                "iscsi://10.0.0.1/target",
                "iscsi://10.0.0.1:0/iqn.x",
                "iscsi://10.0.0.1:65536/iqn.x",
                "iscsi://10.0.0.1:/iqn.x",
                "iscsi://10.0.0.1:3260x/iqn.x",
                "iscsi://me%secret@10.0.0.1/iqn.x",
                "iscsi://me:secret@10.0.0.1/iqn.x",
                "iscsi://@10.0.0.1/iqn.x",
                "iscsi://[fe80::1/iqn.x",
                "iscsi://[10.0.0.1]/iqn.x",
                "iscsi://10.0.0.1/iqn.x/",
                "iscsi://10.0.0.1/iqn.x/32768",
                "iscsi://10.0.0.1/iqn.x/-1",
                "iscsi://10.0.0.1/iqn.x/1/2",
                "iscsi://10.0.0.1/iqn.x y",
                "iscsi://10.0.0.1/iqn.\x1b[2J",
        };
        char longest[ISCSI_NAME_MAX + 64] = "iscsi://10.0.0.1/iqn.";
        size_t n = strlen(longest);
        const char *why = NULL;
        IscsiUrl u;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                why = NULL;
                assert_int_equal(iscsi_url_parse(texts[i], &u, &why), -EINVAL);
                assert_non_null(why);
        }
        memset(longest + n, 'x', ISCSI_NAME_MAX);
        assert_int_equal(iscsi_url_parse(longest, &u, &why), -EINVAL);
        longest[n - 4 + ISCSI_NAME_MAX - 1] = '\0';
        assert_int_equal(iscsi_url_parse(longest, &u, &why), 0);
}

static void test_addresses(void **state)
{
        assert_true(iscsi_host_is_address("10.0.0.1"));
        assert_true(iscsi_host_is_address("fe80::1"));
        assert_false(iscsi_host_is_address("lib.example"));
        assert_false(iscsi_host_is_address("10.0.0"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_bad),
                cmocka_unit_test(test_addresses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
