/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The block length of evertaped's own that a drive may be left with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/length-note.h"
#include "util/cleanup.h"

static int setup(void **state)
{
        char *folder = strdup("/tmp/test-length-note.XXXXXX");

        *state = folder;
        return folder && mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
        length_note_remove(*state, 3);
        if (rmdir(*state) < 0) /* nothing else is left in it */
                return -1;
        free(*state);
        return 0;
}

static void test_round_trip(void **state)
{
        assert_int_equal(length_note_read(*state, 3, "ABC"), 0);
        assert_int_equal(length_note_write(*state, 3, "ABC", 65536), 0);
        assert_int_equal(length_note_read(*state, 3, "ABC"), 65536);
        assert_int_equal(length_note_write(*state, 3, "ABC", 0xffffff), 0);
        assert_int_equal(length_note_read(*state, 3, "ABC"), 0xffffff);
        length_note_remove(*state, 3);
        assert_int_equal(length_note_read(*state, 3, "ABC"), 0);
        length_note_remove(*state, 3);
}

/* The number was given to another one since. */
static void test_of_another_device(void **state)
{
        assert_int_equal(length_note_write(*state, 3, "ABC", 65536), 0);
        assert_int_equal(length_note_read(*state, 3, "ABCD"), 0);
        assert_int_equal(length_note_read(*state, 3, ""), 0);
        assert_int_equal(length_note_read(*state, 4, "ABC"), 0);
}

static void test_not_understood(void **state)
{
        static const char *const texts[] = {
                "",           "\n",     "65536",           "65536\n",        "x ABC\n",
                "65536ABC\n", " ABC\n", "99999999999 ABC", "16777216 ABC\n", "65536  ABC",
                "65536 ABC x"};
        char path[200];

        snprintf(path, sizeof(path), "%s/block-length-3", (const char *) *state);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                FILE *f = fopen(path, "we");

                assert_non_null(f);
                fputs(texts[i], f);
                fclose(f);
                assert_int_equal(length_note_read(*state, 3, "ABC"), 0);
        }
}

static void test_cannot_be_written(void **state)
{
        assert_true(length_note_write("/nonexistent", 3, "ABC", 65536) < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_round_trip),
                TEST(test_of_another_device),
                TEST(test_not_understood),
                TEST(test_cannot_be_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
