/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an arena gives is zeroed, aligned, apart from everything else it gave, and stays where it is. */

#include "util/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define N_PIECES 3000

static void test_pieces_are_apart(void **state)
{
        static unsigned char *piece[N_PIECES];
        Arena a = {};

        for (size_t i = 0; i < N_PIECES; i++) {
                size_t n = i * 37 % 300;

                piece[i] = arena_alloc(&a, n);
                assert_non_null(piece[i]);
                assert_int_equal((uintptr_t) piece[i] % alignof(max_align_t), 0);
                for (size_t j = 0; j < n; j++)
                        assert_int_equal(piece[i][j], 0);
                memset(piece[i], (int) (i & 0xff), n);
        }
        for (size_t i = 0; i < N_PIECES; i++)
                for (size_t j = 0; j < i * 37 % 300; j++)
                        assert_int_equal(piece[i][j], i & 0xff);
        arena_deinit(&a);
        assert_null(a.chunk);
}

static void test_text(void **state)
{
        Arena a = {};
        char *text = arena_text(&a, "abcdef", 3);

        assert_string_equal(text, "abc");
        assert_string_equal(arena_text(&a, "", 0), "");
        assert_string_equal(text, "abc");
        arena_deinit(&a);
}

static void test_large(void **state)
{
        Arena a = {};
        char *small = arena_alloc(&a, 10), *large = arena_alloc(&a, 1024 * 1024);

        assert_non_null(small);
        assert_non_null(large);
        memset(large, 0xff, 1024 * 1024);
        assert_int_equal(small[9], 0);
        assert_null(arena_alloc(&a, SIZE_MAX));
        assert_null(arena_alloc(&a, SIZE_MAX / 2 + 1));
        assert_null(arena_text(&a, "", SIZE_MAX));
        arena_deinit(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pieces_are_apart),
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
