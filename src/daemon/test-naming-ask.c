/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which libraries are asked for their bays, when, and what becomes of those that do not answer as they
 * should. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/test-naming-world.h"

/* A drive that comes while the library is being asked may be missing in the answer. */
static void test_asked_again(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, l);
        FOUND(a, b, l);
        assert_int_equal(n_asked, 1);
        SAYS(4, "A", "");
        assert_true(has_no_name(&b));
        assert_true(is_asked(4, 0));
        SAYS(4, "A", "B");
        assert_true(is_called(&b, "lib1-drive2"));
}

/* A library that is not ready is asked again, later and later. */
static void test_not_ready(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        FOUND(a, l);
        for (unsigned i = 0; i < 2; i++) {
                refuses(4, -EAGAIN);
                assert_false(is_asked(4, 0));
                assert_true(has_no_name(&a));
                assert_true(is_asked(4, 2000 * MS));
        }
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

/* Not for ever: neither for one that is not ready nor for one that does not answer at all. */
static void test_patience(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        naming->patience = 200 * MS;
        FOUND(a, l);
        refuses(4, -EAGAIN);
        assert_true(settles(3000 * MS));
        assert_true(is_called(&a, "drive1"));
        assert_true(is_asked(4, 3000 * MS));
        SAYS(4, "A");
        FOUND(a, b, l);
        assert_true(is_asked(4, 0));
        assert_true(has_no_name(&b));
        assert_true(settles(3000 * MS)); /* the question is still open */
        assert_non_null(question_of(4));
        assert_true(is_called(&b, "drive2"));
}

/* It says nothing of its drives, or what nobody understands, or refuses, or there is no node: they stand
 * alone. */
static void test_useless(void **state)
{
        for (int how = 0; how < 3; how++) {
                char serial[2] = {(char) ('A' + how)}, name[8];
                DevicePath a = drive(serial, 1), l = library("L", 4 + (unsigned) how);
                Question *q;

                snprintf(name, sizeof(name), "drive%d", how + 1);
                found(NULL, 0);
                FOUND(a, l);
                q = question_of(4 + (unsigned) how);
                assert_non_null(q);
                if (how == 0)
                        says(4, (const char *const[]){""}, 1);
                else if (how == 1)
                        q->done(q->userdata, 0, (const uint8_t *) "\0\0\0", 3, "");
                else
                        q->done(q->userdata, -EOPNOTSUPP, NULL, 0, "");
                assert_true(settles(2000 * MS));
                assert_true(is_called(&a, name));
        }
}

static void test_node_cannot_be_opened(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        reader_error = -EIO;
        FOUND(a, l);
        assert_true(has_no_name(&a));
        reader_error = 0;
        assert_true(is_asked(4, 2000 * MS));
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

/* What is asked is given up when the library goes, or is held from now on. */
static void test_library_goes(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);
        RegistryDevice d;

        FOUND(a, l);
        FOUND(a);
        assert_null(question_of(4));
        assert_true(manager.n_dropped > 0);
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "drive1"));
        FOUND(a, l);
        assert_non_null(question_of(4));
        assert_int_equal(registry_find(manager.registry, &l.identity, &d), 0);
        naming_drop_library(naming, d.id);
        assert_null(question_of(4));
        assert_false(naming_is_pending(naming));
}

/* Libraries that were there once are not among those that are asked. */
static void test_many_libraries(void **state)
{
        DevicePath a = drive("A", 1);

        for (unsigned i = 0; i < LIBRARIES_MAX + 5; i++) {
                char serial[8], name[24];
                DevicePath l;

                snprintf(serial, sizeof(serial), "L%u", i);
                snprintf(name, sizeof(name), "lib%u", i + 1);
                l = library(serial, 4);
                found(NULL, 0);
                FOUND(l);
                assert_true(is_called(&l, name));
                says(4, NULL, 0);
        }
        found(NULL, 0);
        FOUND(a, library("L68", 4));
        SAYS(4, "A");
        assert_true(is_called(&a, "lib69-drive1"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_asked_again, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_not_ready, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_patience, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_useless, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_node_cannot_be_opened, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_library_goes, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_many_libraries, naming_setup, naming_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
