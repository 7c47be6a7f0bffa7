/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "names/link-wait.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity/test-tree.h"
#include "util/cleanup.h"

#define LINK "dev/tape/by-name/lib1-changer"

static const char *const nodes[] = {"sg6", "sch0"};

static usec_t in(usec_t span)
{
        return usec_now(CLOCK_MONOTONIC) + span;
}

static int setup(void **state)
{
        TestTree *t = tree_new();

        tree_text(t, "dev/null", "");
        *state = t;
        return 0;
}

static int teardown(void **state)
{
        tree_free(*state);
        return 0;
}

static void test_is_there(void **state)
{
        TestTree *t = *state;

        tree_link(t, LINK, "../../sg6");
        assert_int_equal(link_wait(t->root, "/" LINK, nodes, ELEMENTSOF(nodes), 0), 0);
        assert_int_equal(link_wait(t->root, LINK, nodes + 1, 1, 0), -ETIMEDOUT);
}

static void test_never_comes(void **state)
{
        TestTree *t = *state;
        usec_t begun = usec_now(CLOCK_MONOTONIC);

        assert_int_equal(link_wait(t->root, LINK, nodes, ELEMENTSOF(nodes), in(30 * USEC_PER_MSEC)),
                         -ETIMEDOUT);
        assert_true(usec_now(CLOCK_MONOTONIC) >= begun + 30 * USEC_PER_MSEC);
        tree_text(t, LINK, "no link");
        assert_int_equal(link_wait(t->root, LINK, nodes, ELEMENTSOF(nodes), 0), -ETIMEDOUT);
}

/* A child that does what udev does, a moment later: a folder if it is missing, and a link moved over another
 * one. */
static void comes_later(TestTree *t)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                usleep(50000);
                tree_text(t, "dev/tape/other", "");
                usleep(20000);
                tree_link(t, "dev/tape/by-name/.new", "../../sg6");
                _exit(renameat(t->root, "dev/tape/by-name/.new", t->root, LINK) != 0);
        }
        assert_int_equal(link_wait(t->root, LINK, nodes, ELEMENTSOF(nodes), in(20 * USEC_PER_SEC)), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

static void test_folder_comes(void **state)
{
        comes_later(*state);
}

static void test_leads_elsewhere_at_first(void **state)
{
        tree_link(*state, LINK, "../../sg3");
        comes_later(*state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_is_there, setup, teardown),
                cmocka_unit_test_setup_teardown(test_never_comes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_folder_comes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_leads_elsewhere_at_first, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
