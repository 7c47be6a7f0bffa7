/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With a socket in the place of systemd's. */

#include "daemon/watchdog.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/time.h"

#define SPAN (200 * USEC_PER_MSEC)

static int notify_fd;

/* A datagram socket of no name in the file system, as systemd's may be. */
static int become_systemd(void **state)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[64];

        notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "evertape-test-watchdog-%d", getpid());
        if (notify_fd < 0 ||
            bind(notify_fd, (struct sockaddr *) &address,
                 (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.sun_path + 1))) < 0)
                return -1;
        snprintf(text, sizeof(text), "@%s", address.sun_path + 1);
        setenv("NOTIFY_SOCKET", text, 1);
        snprintf(text, sizeof(text), "%" PRIu64, SPAN);
        setenv("WATCHDOG_USEC", text, 1);
        return 0;
}

static int be_nobody(void **state)
{
        unsetenv("NOTIFY_SOCKET");
        unsetenv("WATCHDOG_USEC");
        return close(notify_fd);
}

static unsigned fed(void)
{
        char text[64];
        unsigned n = 0;

        for (ssize_t k; (k = recv(notify_fd, text, sizeof(text) - 1, 0)) > 0; n++) {
                text[k] = '\0';
                assert_string_equal(text, "WATCHDOG=1");
        }
        return n;
}

static bool say(void *userdata)
{
        return *(bool *) userdata;
}

/* How often it was fed in that time. What is not received at once would soon block it. */
static unsigned fed_in(sd_event *event, usec_t span)
{
        usec_t until = usec_now(CLOCK_MONOTONIC) + span;
        unsigned n = 0;

        for (usec_t t; (t = usec_now(CLOCK_MONOTONIC)) < until; n += fed())
                assert_true(sd_event_run(event, until - t) >= 0);
        return n;
}

static void test_fed_while_it_goes_on(void **state)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(watchdog_freep) Watchdog *w = NULL;
        bool goes_on = true;

        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(watchdog_start(event, say, &goes_on, &w), 0);
        assert_int_equal(fed(), 1);
        assert_true(fed_in(event, 3 * SPAN) >= 3); /* else systemd would have ended it */
        goes_on = false;
        assert_int_equal(fed_in(event, 2 * SPAN), 0);
        goes_on = true;
        assert_true(fed_in(event, SPAN) >= 1);
}

static int on_busy(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        return 0;
}

/* What is always ready does not keep others from their turn, unless it comes first whatever others wait. */
static void test_fed_beside_one_that_is_busy(void **state)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(sd_event_source_unrefp) sd_event_source *busy = NULL;
        _cleanup_(watchdog_freep) Watchdog *w = NULL;
        _cleanup_close_ int fd = eventfd(1, EFD_CLOEXEC);
        bool goes_on = true;

        assert_true(sd_event_new(&event) >= 0);
        assert_true(sd_event_add_io(event, &busy, fd, EPOLLIN, on_busy, NULL) >= 0);
        assert_int_equal(watchdog_start(event, say, &goes_on, &w), 0);
        assert_true(fed_in(event, 3 * SPAN) >= 3);
        assert_true(sd_event_source_set_priority(busy, SD_EVENT_PRIORITY_IMPORTANT) >= 0);
        assert_int_equal(fed_in(event, 2 * SPAN), 0);
}

static void test_nobody_watches(void **state)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        Watchdog *w = (Watchdog *) &event;
        bool goes_on = true;

        unsetenv("WATCHDOG_USEC");
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(watchdog_start(event, say, &goes_on, &w), 0);
        assert_null(w);
        assert_int_equal(fed(), 0);
}

static void test_stuck(void **state)
{
        static const struct {
                bool waits;
                uint32_t place;
                bool stuck;
        } turns[] = {
                {false, 0, false}, {true, 64, false},   {true, 128, false}, {true, 128, true},
                {true, 128, true}, {false, 192, false}, {true, 192, false}, {false, 192, false},
        };
        WatchdogSeen s = {};

        for (size_t i = 0; i < ELEMENTSOF(turns); i++)
                assert_int_equal(watchdog_is_stuck(&s, turns[i].waits, turns[i].place), turns[i].stuck);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_fed_while_it_goes_on, become_systemd, be_nobody),
                cmocka_unit_test_setup_teardown(test_fed_beside_one_that_is_busy, become_systemd, be_nobody),
                cmocka_unit_test_setup_teardown(test_nobody_watches, become_systemd, be_nobody),
                cmocka_unit_test(test_stuck),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
