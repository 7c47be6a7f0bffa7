/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "configure/diff.h"
#include "configure/edit.h"

static DiffText text_of(const char *text)
{
        return (DiffText){text, strlen(text)};
}

static void check_print(const char *a, const char *b, const char *expected)
{
        _cleanup_free_ char *got = NULL;
        size_t n;
        FILE *f = open_memstream(&got, &n);

        assert_int_equal(diff_print(text_of(a), "a", text_of(b), "b", f), 0);
        fclose(f);
        assert_string_equal(got, expected);
}

static void test_print(void **state)
{
        check_print("", "", "");
        check_print("same\n", "same\n", "");
        check_print("a\nb\nc\n", "a\nB\nc\n", "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        check_print("", "new\n", "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+new\n");
        check_print("old\n", "", "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-old\n");
        check_print("a\r\nb", "a\r\nb\n",
                    "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+b\n");
        check_print("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nX\n3\n4\n5\n6\n7\n8\nY\n",
                    "--- a\n+++ b\n@@ -1,9 +1,9 @@\n 1\n-2\n+X\n 3\n 4\n 5\n 6\n 7\n 8\n-9\n+Y\n");
        check_print(
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n", "X\n2\n3\n4\n5\n6\n7\n8\n9\nY\n",
                "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-0\n+Y\n");
}

static void check_merge(const char *base, const char *mine, const char *theirs, const char *expected)
{
        _cleanup_free_ char *got = NULL;
        size_t n;
        int r = diff_merge(text_of(base), text_of(mine), text_of(theirs), &got, &n);

        assert_int_equal(r, expected ? 0 : -EEXIST);
        if (expected)
                assert_string_equal(got, expected);
}

static void test_merge(void **state)
{
        check_merge("a\nb\nc\n", "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n");
        check_merge("a\nb\nc\n", "a\nb\nc\nd\n", "A\nb\nc\n", "A\nb\nc\nd\n");
        check_merge("a\nb\nc\nd\n", "0\na\nb\nc\nd\n", "a\nb\nc\n", "0\na\nb\nc\n");
        check_merge("a\nb\nc\nd\ne\n", "b\nc\nd\ne\n", "a\nb\nc\nD\ne\n", "b\nc\nD\ne\n");
        check_merge("a\nb\nc\nd\n", "0\nA\nb\nc\nd\n", "0\nA\nb\nc\nD\n", "0\nA\nb\nc\nD\n");
        check_merge("a\nb\nc\n", "a\nX\nc\n", "a\nB\nc\n", NULL);
        check_merge("a\nb\nc\n", "a\nX\nc\n", "a\nb\nC\n", NULL);
        check_merge("a\n", "a\nmine\n", "a\ntheirs\n", NULL);
}

/* ---- any two texts ---- */

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 16) % below;
}

/* Of few different lines, so that there is much in common; the last may have no end. */
static size_t draw_text(char *dst, size_t n_lines)
{
        size_t n = 0;

        for (size_t i = 0; i < n_lines; i++) {
                dst[n++] = (char) ('a' + draw(4));
                dst[n++] = '\n';
        }
        if (n > 0 && draw(3) == 0)
                n--;
        return n;
}

/* Where line `line` begins. */
static size_t offset_of(DiffText t, size_t line)
{
        size_t at = 0;

        while (line-- > 0 && at < t.n) {
                const char *end = memchr(t.text + at, '\n', t.n - at);

                at = end ? (size_t) (end + 1 - t.text) : t.n;
        }
        return at;
}

static void test_changes_lead_from_one_to_the_other(void **state)
{
        char a[200], b[200];

        for (int round = 0; round < 20000; round++) {
                DiffText x = {a, draw_text(a, draw(20))}, y = {b, draw_text(b, draw(20))};
                _cleanup_(edit_list_deinit) EditList edits = {0};
                _cleanup_free_ DiffChange *c = NULL;
                _cleanup_free_ char *got = NULL;
                size_t n, n_got;

                assert_int_equal(diff_lines(x, y, &c, &n), 0);
                for (size_t i = 0; i < n; i++) {
                        size_t from = offset_of(x, c[i].a_at), to = offset_of(x, c[i].a_at + c[i].a_n);
                        size_t new_from = offset_of(y, c[i].b_at),
                               new_to = offset_of(y, c[i].b_at + c[i].b_n);
                        _cleanup_free_ char *new = strndup(b + new_from, new_to - new_from);

                        assert_true(i == 0 || c[i].a_at > c[i - 1].a_at + c[i - 1].a_n);
                        assert_int_equal(edit_add(&edits, (Span){from, to - from}, new), 0);
                }
                assert_int_equal(edit_apply(&edits, a, x.n, &got, &n_got), 0);
                assert_int_equal(n_got, y.n);
                assert_memory_equal(got, b, y.n);
        }
}

/* What one side has done alone is the result, and both sides' order does not matter. */
static void test_merges_are_right(void **state)
{
        char base[200], mine[200], theirs[200];
        int n_merged = 0;

        for (int round = 0; round < 5000; round++) {
                DiffText b = {base, draw_text(base, draw(12))};
                DiffText m = {mine, draw_text(mine, draw(12))}, t = {theirs, draw_text(theirs, draw(12))};
                _cleanup_free_ char *got = NULL, *other = NULL;
                size_t n, n_other;

                assert_int_equal(diff_merge(b, b, t, &got, &n), 0);
                assert_int_equal(n, t.n);
                assert_memory_equal(got, theirs, n);
                free(TAKE_PTR(got));
                if (diff_merge(b, m, t, &got, &n) < 0)
                        continue;
                assert_int_equal(diff_merge(b, t, m, &other, &n_other), 0);
                assert_int_equal(n, n_other);
                assert_memory_equal(got, other, n);
                n_merged++;
        }
        assert_true(n_merged > 100);
}

static void test_very_different(void **state)
{
        static char a[6000], b[6000];
        _cleanup_free_ DiffChange *c = NULL;
        size_t n;

        for (size_t i = 0; i < sizeof(a); i += 2) {
                memcpy(a + i, "a\n", 2);
                memcpy(b + i, "b\n", 2);
        }
        assert_int_equal(diff_lines((DiffText){a, sizeof(a)}, (DiffText){b, sizeof(b)}, &c, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(c[0].a_n, 3000);
        assert_int_equal(c[0].b_n, 3000);
}

static void test_edits(void **state)
{
        _cleanup_(edit_list_deinit) EditList l = {0}, wrong = {0}, outside = {0};
        _cleanup_free_ char *got = NULL;
        size_t n;

        assert_int_equal(edit_add(&l, (Span){4, 1}, "E"), 0);
        assert_int_equal(edit_add(&l, (Span){0, 0}, "<"), 0);
        assert_int_equal(edit_add(&l, (Span){0, 2}, ""), 0);
        assert_int_equal(edit_add(&l, (Span){5, 0}, ">"), 0);
        assert_int_equal(edit_add(&l, (Span){5, 0}, ">!"), 0);
        assert_int_equal(edit_apply(&l, "abcde", 5, &got, &n), 0);
        assert_string_equal(got, "<cdE>>!");
        assert_int_equal(n, 7);

        assert_int_equal(edit_add(&wrong, (Span){0, 3}, "x"), 0);
        assert_int_equal(edit_add(&wrong, (Span){2, 3}, "x"), 0);
        assert_int_equal(edit_apply(&wrong, "abcde", 5, &got, &n), -EINVAL);
        assert_int_equal(edit_add(&outside, (Span){4, 2}, "x"), 0);
        assert_int_equal(edit_apply(&outside, "abcde", 5, &got, &n), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_print),
                cmocka_unit_test(test_merge),
                cmocka_unit_test(test_changes_lead_from_one_to_the_other),
                cmocka_unit_test(test_merges_are_right),
                cmocka_unit_test(test_very_different),
                cmocka_unit_test(test_edits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
