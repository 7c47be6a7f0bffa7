/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text from devices is cut, trimmed and made printable; text from people is understood whole or not at all.
 */

#include "util/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

typedef struct FieldCase {
        const char *src;
        size_t n_src, n_dst;
        const char *expected;
} FieldCase;

static void test_from_field(void **state)
{
        static const FieldCase cases[] = {
                {"HP      ", 8, 9, "HP"},
                {"  L700  ", 8, 9, "L700"},
                {"\0\0AB\0\0", 6, 9, "AB"},
                {"A\0B", 3, 9, "A?B"},
                {"A B", 3, 9, "A B"},
                {"\xff\n\x7fz", 4, 9, "???z"},
                {"ABCDEFGH", 8, 9, "ABCDEFGH"},
                {"ABCDEFGH", 8, 4, "ABC"},
                {"ABC", 3, 1, ""},
                {"        ", 8, 9, ""},
                {"", 0, 9, ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char dst[16];

                memset(dst, 'x', sizeof(dst));
                text_from_field(dst, cases[i].n_dst, (const uint8_t *) cases[i].src, cases[i].n_src);
                assert_string_equal(dst, cases[i].expected);
                assert_int_equal(dst[cases[i].n_dst], 'x');
        }
}

static void test_from_field_no_room(void **state)
{
        char dst[1] = {'x'};

        text_from_field(dst, 0, (const uint8_t *) "AB", 2);
        assert_int_equal(dst[0], 'x');
}

typedef struct QuantityCase {
        const char *text;
        int r;
        uint64_t value;
} QuantityCase;

static void test_parse_span(void **state)
{
        static const QuantityCase cases[] = {
                {"90", 0, 90 * USEC_PER_SEC},
                {"0", 0, 0},
                {"15min", 0, 900 * USEC_PER_SEC},
                {"2h 30min", 0, 9000 * USEC_PER_SEC},
                {"2h30min", 0, 9000 * USEC_PER_SEC},
                {"500ms", 0, 500 * USEC_PER_MSEC},
                {"7us", 0, 7},
                {"1d", 0, 86400 * USEC_PER_SEC},
                {"infinity", 0, USEC_INFINITY},
                {"", -EINVAL, 0},
                {" 5", -EINVAL, 0},
                {"-5", -EINVAL, 0},
                {"5 parsecs", -EINVAL, 0},
                {"min", -EINVAL, 0},
                {"5min x", -EINVAL, 0},
                {"2.5s", -EINVAL, 0},
                {"0x10", -EINVAL, 0},
                {"18446744073709551616", -ERANGE, 0},
                {"18446744073709551615d", -ERANGE, 0},
                {"18446744073709551615us 1us", -ERANGE, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t span = 42;

                if (text_parse_span(cases[i].text, &span) != cases[i].r)
                        fail_msg("\"%s\"", cases[i].text);
                assert_true(span == (cases[i].r < 0 ? 42 : cases[i].value));
        }
}

static void test_parse_size(void **state)
{
        static const QuantityCase cases[] = {
                {"4096", 0, 4096},      {"64K", 0, 65536},
                {"1G", 0, 1 << 30},     {"3M", 0, 3 << 20},
                {"2T", 0, 1ULL << 41},  {"0", 0, 0},
                {"", -EINVAL, 0},       {"K", -EINVAL, 0},
                {"1KB", -EINVAL, 0},    {"1k", -EINVAL, 0},
                {"1G 5M", -EINVAL, 0},  {"-1", -EINVAL, 0},
                {"+1", -EINVAL, 0},     {"18446744073709551615", 0, UINT64_MAX},
                {"16777216T", -ERANGE}, {"99999999999999999999", -ERANGE},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t size = 42;

                if (text_parse_size(cases[i].text, &size) != cases[i].r)
                        fail_msg("\"%s\"", cases[i].text);
                assert_true(size == (cases[i].r < 0 ? 42 : cases[i].value));
        }
}

typedef struct FormatCase {
        usec_t span;
        const char *text;
        usec_t precision; /* what is smaller than this is not printed */
} FormatCase;

static void test_format_span(void **state)
{
        static const FormatCase cases[] = {
                {USEC_INFINITY, "infinity", 1},
                {0, "0s", 1},
                {7, "7us", 1},
                {2500 * USEC_PER_MSEC, "2s 500ms", 1},
                {90 * USEC_PER_SEC, "1min 30s", 1},
                {900 * USEC_PER_SEC, "15min", 1},
                {5400 * USEC_PER_SEC, "1h 30min", 1},
                {5459 * USEC_PER_SEC, "1h 30min", 60 * USEC_PER_SEC},
                {86400 * USEC_PER_SEC, "1d", 1},
                {USEC_INFINITY - 1, "213503982d 8h", 3600 * USEC_PER_SEC},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[32];
                usec_t span;

                assert_string_equal(text_format_span(text, sizeof(text), cases[i].span), cases[i].text);
                assert_int_equal(text_parse_span(text, &span), 0);
                assert_true(span <= cases[i].span && cases[i].span - span < cases[i].precision);
        }
}

static void test_format_span_cut(void **state)
{
        char text[4] = "xxx";

        text_format_span(text, 3, 5400 * USEC_PER_SEC);
        assert_string_equal(text, "1h");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_from_field),  cmocka_unit_test(test_from_field_no_room),
                cmocka_unit_test(test_parse_span),  cmocka_unit_test(test_parse_size),
                cmocka_unit_test(test_format_span), cmocka_unit_test(test_format_span_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
