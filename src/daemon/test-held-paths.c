/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which path carries the commands, which one is next, and how long one that failed has to rest. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/held-paths.h"

#define SECOND USEC_PER_SEC
#define OPEN   (2 * USEC_PER_MSEC), (250 * USEC_PER_MSEC)

static HeldPaths paths;
static usec_t now;

static int setup(void **state)
{
        paths = (HeldPaths){.active = -1};
        now = 1000 * SECOND;
        return 0;
}

static DevicePath device(unsigned host, unsigned sg)
{
        DevicePath d = {.host = host, .state = "running"};

        snprintf(d.sg, sizeof(d.sg), "sg%u", sg);
        return d;
}

static HeldPath *found(unsigned host, unsigned sg, const char *state, const char *transport)
{
        DevicePath d = device(host, sg);

        snprintf(d.state, sizeof(d.state), "%s", state);
        return paths_found(&paths, &d, transport, now);
}

/* Hosts 1..n, each with the sg node of its number, are there. False: the path in use is not. */
static bool see(unsigned n)
{
        paths_begin_update(&paths);
        for (unsigned i = 1; i <= n; i++)
                assert_non_null(found(i, i, "running", ""));
        return paths_end_update(&paths, now);
}

static void open_node(const char *node)
{
        HeldPath *p = paths_choose(&paths, now);

        assert_non_null(p);
        assert_string_equal(p->device.sg, node);
        paths_opened(&paths, p, now);
}

/* It was in service for so long, and failed. */
static void fail_after(usec_t service)
{
        paths_served(&paths);
        now += service;
        paths_closed(&paths, false, "transport disrupted", now);
}

static HeldPathState state_of(size_t i)
{
        return path_state(&paths, &paths.items[i], now);
}

static void test_none(void **state)
{
        assert_true(see(0));
        assert_null(paths_choose(&paths, now));
        assert_int_equal(paths_deadline(&paths), USEC_INFINITY);
        paths_closed(&paths, false, "", now); /* nothing is open */
        paths_served(&paths);
        paths_answered(&paths, 1);
        assert_int_equal(paths_n_present(&paths), 0);
}

static void test_next_one_at_once(void **state)
{
        assert_true(see(2));
        open_node("sg1");
        assert_int_equal(state_of(0), HELD_PATH_ACTIVE);
        assert_int_equal(state_of(1), HELD_PATH_STANDBY);
        paths_answered(&paths, 512);
        fail_after(10 * SECOND);
        assert_int_equal(paths.items[0].n_commands, 1);
        assert_int_equal(paths.items[0].n_bytes, 512);
        assert_int_equal(paths.items[0].n_outages, 1);
        assert_string_equal(paths.items[0].last_error, "transport disrupted");
        assert_int_equal(state_of(0), HELD_PATH_FAILED);
        open_node("sg2");
        assert_int_equal(state_of(1), HELD_PATH_ACTIVE);
}

/* The path in use is kept while it works, also when a better one comes. */
static void test_kept(void **state)
{
        assert_true(see(1));
        open_node("sg1");
        assert_true(see(3));
        assert_string_equal(paths_active(&paths)->device.sg, "sg1");
        assert_int_equal(paths_n_present(&paths), 3);
}

static void test_lone_one_again_at_once(void **state)
{
        assert_true(see(1));
        for (int i = 0; i < 20; i++) {
                open_node("sg1");
                fail_after(SECOND);
        }
        assert_int_equal(state_of(0), HELD_PATH_FLAPPING);
        open_node("sg1");
}

/* The rest of one that fails grows, and the other one, which failed less, is preferred. */
static void test_flapping(void **state)
{
        assert_true(see(2));
        open_node("sg1");
        fail_after(SECOND);
        for (int i = 0; i < 4; i++) {
                now = paths.items[0].rest_until + SECOND;
                paths.items[1].next_try = now + 3600 * SECOND; /* the other one cannot be opened */
                open_node("sg1");
                fail_after(SECOND);
        }
        assert_true(paths.items[0].rest_until - now >= 16 * SECOND);
        assert_true(paths.items[0].rest_until - now <= 60 * SECOND);
        assert_int_equal(state_of(0), HELD_PATH_FLAPPING);
        paths.items[1].next_try = 0;
        open_node("sg2");
        fail_after(SECOND);
        open_node("sg2"); /* both rest; this one has rested it off sooner */
        fail_after(SECOND);
        now += 61 * SECOND; /* both have rested */
        open_node("sg2");
}

static void test_good_service_forgives(void **state)
{
        assert_true(see(2));
        for (int i = 0; i < 3; i++) {
                open_node(i % 2 ? "sg2" : "sg1");
                fail_after(SECOND);
        }
        open_node("sg2");
        fail_after(SECOND);
        assert_int_equal(paths.items[0].n_recent, 2);
        open_node("sg1");
        fail_after(61 * SECOND);
        assert_int_equal(paths.items[0].n_recent, 1);
        now += 10000 * SECOND; /* and so does time: then the fewer outages in all count */
        open_node("sg2");
}

/* Opened, and lost before a resume had ended: not for ever at once. */
static void test_came_to_nothing(void **state)
{
        usec_t waited = 0;

        assert_true(see(1));
        for (int i = 0; i < 12; i++) {
                usec_t at = paths_deadline(&paths);

                if (at > now) {
                        assert_null(paths_choose(&paths, now));
                        assert_true(at - now <= SECOND);
                        waited += at - now;
                        now = at;
                }
                open_node("sg1");
                paths_closed(&paths, false, "no answer", now);
        }
        assert_true(waited > 5 * SECOND);
        assert_int_equal(paths.items[0].n_outages, 0);
        assert_true(see(0));
        assert_true(see(1)); /* it is there anew */
        open_node("sg1");
}

static void test_not_opened(void **state)
{
        HeldPath *p;

        assert_true(see(1));
        p = paths_choose(&paths, now);
        for (int i = 0; i < 20; i++) {
                path_not_opened(p, OPEN, "/dev/sg1: Device or resource busy", now);
                assert_null(paths_choose(&paths, now));
                assert_true(p->next_try - now >= 2 * USEC_PER_MSEC);
                assert_true(p->next_try - now <= 250 * USEC_PER_MSEC);
                now = paths_deadline(&paths);
                assert_ptr_equal(paths_choose(&paths, now), p);
        }
        assert_int_equal(p->next_try, now);
}

/* It leads to another device: a second is early enough to look again. */
static void test_refused(void **state)
{
        assert_true(see(1));
        open_node("sg1");
        paths_closed(&paths, true, "serial number", now);
        assert_null(paths_choose(&paths, now));
        assert_int_equal(paths_deadline(&paths), now + SECOND);
}

static void test_gone(void **state)
{
        assert_true(see(2));
        open_node("sg1");
        paths_begin_update(&paths);
        (void) found(2, 2, "running", "");
        assert_false(paths_end_update(&paths, now));
        assert_int_equal(state_of(0), HELD_PATH_ACTIVE); /* until it is closed */
        paths_closed(&paths, false, "gone", now);
        assert_int_equal(state_of(0), HELD_PATH_FAILED);
        open_node("sg2");
        assert_int_equal(paths_n_present(&paths), 1);
}

/* Another node at the same address is not what is open. */
static void test_replaced(void **state)
{
        assert_true(see(1));
        open_node("sg1");
        paths_begin_update(&paths);
        (void) found(1, 7, "running", "");
        assert_false(paths_end_update(&paths, now));
        paths_closed(&paths, false, "gone", now);
        open_node("sg7");
        assert_int_equal(paths.n_items, 1);
        assert_true(paths_end_update(&paths, now));
}

/* The host has another number after the next login; the place is the same, and so are its counters. */
static void test_same_place(void **state)
{
        paths_begin_update(&paths);
        (void) found(1, 1, "running", "iqn.a 10.0.0.1");
        (void) found(2, 2, "running", "iqn.a 10.0.0.2");
        assert_true(paths_end_update(&paths, now));
        open_node("sg1");
        fail_after(SECOND);
        assert_true(see(0));
        paths_begin_update(&paths);
        (void) found(5, 1, "running", "iqn.a 10.0.0.2");
        (void) found(6, 2, "running", "iqn.a 10.0.0.1");
        assert_true(paths_end_update(&paths, now));
        assert_int_equal(paths.n_items, 2);
        assert_int_equal(paths.items[0].n_outages, 1);
        assert_int_equal(paths.items[0].device.host, 6);
        open_node("sg1"); /* that of host 5: the other one rests */
}

static void test_not_running(void **state)
{
        paths_begin_update(&paths);
        (void) found(1, 1, "transport-offline", "");
        assert_true(paths_end_update(&paths, now));
        assert_null(paths_choose(&paths, now));
        assert_int_equal(state_of(0), HELD_PATH_FAILED);
        assert_true(path_is_due_for_look(&paths.items[0], now));
        path_looked(&paths.items[0], "transport-offline", now);
        assert_false(path_is_due_for_look(&paths.items[0], now));
        now = paths_deadline(&paths); /* no event tells of it */
        assert_true(path_is_due_for_look(&paths.items[0], now));
        path_looked(&paths.items[0], "running", now);
        open_node("sg1");
}

/* Those that are gone are remembered, but not all of them, and never in place of one that is there. */
static void test_many(void **state)
{
        for (unsigned host = 1; host <= 100; host++) {
                paths_begin_update(&paths);
                assert_non_null(found(host, host, "running", ""));
                (void) paths_end_update(&paths, now += SECOND);
                assert_true(paths.n_items <= 5);
        }
        assert_true(see(0));
        assert_true(see(HELD_PATHS_MAX));
        assert_int_equal(paths_n_present(&paths), HELD_PATHS_MAX);
        open_node("sg1");
        paths_begin_update(&paths);
        for (unsigned i = 1; i <= HELD_PATHS_MAX; i++)
                (void) found(i, i, "running", "");
        assert_null(found(99, 99, "running", ""));
        assert_true(paths_end_update(&paths, now));
        assert_string_equal(paths_active(&paths)->device.sg, "sg1");
}

/* The one in use stays the one in use when others before it are forgotten. */
static void test_active_moves_up(void **state)
{
        assert_true(see(7));
        paths.items[0].next_try = now + SECOND;
        for (int i = 1; i < 6; i++)
                paths.items[i].next_try = now + SECOND;
        open_node("sg7");
        paths_begin_update(&paths);
        (void) found(7, 7, "running", "");
        assert_true(paths_end_update(&paths, now));
        for (int i = 0; i < 3; i++) {
                paths_begin_update(&paths);
                (void) found(7, 7, "running", "");
                assert_true(paths_end_update(&paths, now));
                assert_string_equal(paths_active(&paths)->device.sg, "sg7");
        }
        assert_true(paths.n_items <= 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_none, setup),
                cmocka_unit_test_setup(test_next_one_at_once, setup),
                cmocka_unit_test_setup(test_kept, setup),
                cmocka_unit_test_setup(test_lone_one_again_at_once, setup),
                cmocka_unit_test_setup(test_flapping, setup),
                cmocka_unit_test_setup(test_good_service_forgives, setup),
                cmocka_unit_test_setup(test_came_to_nothing, setup),
                cmocka_unit_test_setup(test_not_opened, setup),
                cmocka_unit_test_setup(test_refused, setup),
                cmocka_unit_test_setup(test_gone, setup),
                cmocka_unit_test_setup(test_replaced, setup),
                cmocka_unit_test_setup(test_same_place, setup),
                cmocka_unit_test_setup(test_not_running, setup),
                cmocka_unit_test_setup(test_many, setup),
                cmocka_unit_test_setup(test_active_moves_up, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
