/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Commented hex is understood whole or not at all. */

#include "util/hex.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

typedef struct HexCase {
        const char *text;
        int r;
        size_t n;
        const char *bytes;
} HexCase;

static void test_parse(void **state)
{
        static const HexCase cases[] = {
                {"", 0, 0, ""},
                {"# only a comment", 0, 0, ""},
                {"00 fF 0a", 0, 3, "\x00\xff\x0a"},
                {"00fF\t0a\r\n", 0, 3, "\x00\xff\x0a"},
                {"# x\n12 # 34\n56", 0, 2, "\x12\x56"},
                {"1", -EINVAL, 0, NULL},
                {"12 3", -EINVAL, 0, NULL},
                {"1 2", -EINVAL, 0, NULL},
                {"0x12", -EINVAL, 0, NULL},
                {"12 gg", -EINVAL, 0, NULL},
                {"1#2", -EINVAL, 0, NULL},
                {"01 02 03 04 05", -ENOBUFS, 0, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint8_t dst[4];
                size_t n = 99;

                if (hex_parse(cases[i].text, strlen(cases[i].text), dst, sizeof(dst), &n) != cases[i].r)
                        fail_msg("\"%s\"", cases[i].text);
                assert_int_equal(n, cases[i].r < 0 ? 99 : cases[i].n);
                if (cases[i].r == 0)
                        assert_memory_equal(dst, cases[i].bytes, n);
        }
}

static void test_load(void **state)
{
        char path[] = "/tmp/test-hex.XXXXXX";
        _cleanup_free_ uint8_t *bytes = NULL;
        int fd = mkstemp(path);
        size_t n;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "# INQUIRY\n01 80\n", 16), 16);
        safe_close(fd);
        assert_int_equal(hex_load(path, &bytes, &n), 0);
        assert_int_equal(n, 2);
        assert_memory_equal(bytes, "\x01\x80", 2);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(hex_load(path, &bytes, &n), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_load),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
