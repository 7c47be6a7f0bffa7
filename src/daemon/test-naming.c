/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who gets which name, and when. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/test-naming-world.h"

/* A library's drives have the names of their bays, whatever order they came in; one that is in none stands
 * alone. */
static void test_library(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), c = drive("C", 3), l = library("L", 4);

        FOUND(a, b, c, l);
        assert_true(is_called(&l, "lib1"));
        assert_true(has_no_name(&a) && has_no_name(&c));
        assert_true(naming_is_pending(naming));
        SAYS(4, "B", "A", "");
        assert_true(is_called(&b, "lib1-drive1"));
        assert_true(is_called(&a, "lib1-drive2"));
        assert_true(is_called(&c, "drive1"));
        assert_false(naming_is_pending(naming));
        assert_told("lib1 arrived\nlib1-drive1 arrived\nlib1-drive2 arrived\ndrive1 arrived\n");
        FOUND(a, b, c, l); /* nothing is new */
        assert_int_equal(n_asked, 1);
        assert_told("");
}

/* A drive that comes waits a moment for its library to come too. */
static void test_drive_before_library(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        FOUND(l);
        SAYS(4, "");
        found(NULL, 0);
        FOUND(a);
        assert_true(has_no_name(&a));
        FOUND(a, l);
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

static void test_stand_alone(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        found(NULL, 0);
        FOUND(a);
        assert_true(has_no_name(&a));
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "drive1"));
        FOUND(a, l); /* found in a library later, it keeps its name */
        SAYS(4, "A");
        assert_true(is_called(&a, "drive1"));
        assert_told("drive1 arrived\nlib1 arrived\ndrive1 bay\n");
}

static void test_replaced(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4), new = drive("N", 1);

        FOUND(a, b, l);
        SAYS(4, "A", "B");
        manager.told[0] = '\0';
        FOUND(b, l);
        FOUND(new, b, l);
        assert_true(is_asked(4, 0)); /* at once */
        SAYS(4, "N", "B");
        assert_true(is_called(&new, "lib1-drive1"));
        assert_true(has_no_name(&a));
        assert_told("lib1-drive1 replaced\n");
}

/* A drive that is known may be in another bay; asking waits for programs that may wait for it. */
static void test_moved(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, b, l);
        SAYS(4, "A", "B");
        manager.told[0] = '\0';
        FOUND(l);
        FOUND(b, a, l);
        assert_false(is_asked(4, 0));
        assert_true(is_asked(4, 3000 * MS));
        SAYS(4, "B", "A");
        assert_true(is_called(&b, "lib1-drive1"));
        assert_true(is_called(&a, "lib1-drive2"));
        assert_told("lib1-drive1 replaced\nlib1-drive2 replaced\n");
}

/* Each of two libraries names its own. */
static void test_two_libraries(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4), k = library("K", 5);

        FOUND(a, b, l, k);
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
        assert_true(has_no_name(&b)); /* the other one may have it */
        SAYS(5, "B");
        assert_true(is_called(&b, "lib2-drive1"));
}

/* Two that claim one identity at one target are two, and told apart by their addresses. */
static void test_apart(void **state)
{
        DevicePath a = drive("A", 1), b = drive("A", 2), other = device(DEVICE_TAPE, "A", "B", 3);

        a.apart = b.apart = true;
        FOUND(a, b, other); /* the third has the designator, and a serial number of its own */
        assert_true(is_called(&a, "drive1"));
        assert_true(is_called(&b, "drive2"));
        assert_true(is_called(&other, "drive3"));
}

/* Three paths to one drive are one name. */
static void test_paths(void **state)
{
        DevicePath a = drive("A", 1), b = drive("A", 2), c = drive("A", 3);

        b.host = 2;
        c.host = 3;
        FOUND(a, b, c);
        assert_true(settles(2000 * MS));
        assert_true(is_called(&c, "drive1"));
        FOUND(b, c);
        FOUND(a, b, c);
        assert_told("drive1 arrived\n");
}

static void test_firmware_and_profile(void **state)
{
        DevicePath a = drive("A", 1);

        strcpy(a.identity.product, "U");
        FOUND(a);
        assert_told("drive1 arrived\ndrive1 profile\n");
        found(NULL, 0);
        strcpy(a.identity.revision, "2");
        FOUND(a);
        assert_told("drive1 firmware\n");
}

/* The registry cannot be written to: who is known is known, who comes gets no name, and it is said why. */
static void test_registry_read_only(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, l);
        SAYS(4, "A");
        manager.told[0] = '\0';
        registry_close(manager.registry);
        assert_int_equal(registry_open_readonly(database, &manager.registry), 0);
        FOUND(a, b, l);
        SAYS(4, "A", "");
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "lib1-drive1"));
        assert_true(has_no_name(&b));
        assert_non_null(strstr(manager.told, "- registry-failed: lib1: its bays could not be noted"));
        assert_non_null(strstr(manager.told, "- registry-failed: sg2 (V P, serial number B) gets no name"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_library, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_drive_before_library, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_stand_alone, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_replaced, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_moved, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_two_libraries, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_apart, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_paths, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_firmware_and_profile, naming_setup, naming_teardown),
                cmocka_unit_test_setup_teardown(test_registry_read_only, naming_setup, naming_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
