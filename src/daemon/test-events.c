/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is logged and how much of it: lines on stderr, which is a file here. That the table and the catalog
 * agree is for tools/check-events to see. */

#include "daemon/events.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char log_path[] = "/tmp/test-events-XXXXXX";
static int saved_stderr;

static int catch_stderr(void **state)
{
        int fd = mkostemp(log_path, O_APPEND);

        saved_stderr = dup(STDERR_FILENO);
        return fd < 0 || saved_stderr < 0 || dup2(fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static int give_back_stderr(void **state)
{
        (void) unlink(log_path);
        return dup2(saved_stderr, STDERR_FILENO) < 0 ? -1 : 0;
}

/* All that was logged since the last call. */
static const char *take_log(void)
{
        static char text[1 << 18];
        FILE *f = fopen(log_path, "re");
        size_t n;

        assert_non_null(f);
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        fclose(f);
        assert_int_equal(truncate(log_path, 0), 0);
        return text;
}

static unsigned count_lines(const char *text)
{
        unsigned n = 0;

        for (; *text; text++)
                n += *text == '\n';
        return n;
}

static void test_lines(void **state)
{
        (void) event_log(&(HookEvent){.event = "away", .name = "drive7", .text = "the path is gone"}, 1);
        assert_string_equal(take_log(), "drive7: away: the path is gone\n");
        (void) event_log(&(HookEvent){.event = "release", .name = "drive7", .text = ""}, 1);
        assert_string_equal(take_log(), "drive7: release\n");
        event_log_daemon("ready", "evertaped %d is ready", 3);
        assert_string_equal(take_log(), "evertaped 3 is ready\n");
}

/* A day with a path that goes and comes every ten seconds: ten lines of each kind in an hour, and how
 * many there were. */
static void test_flapping(void **state)
{
        const usec_t day = 24 * 3600 * USEC_PER_SEC, rounds = day / EVENT_INTERVAL;
        unsigned n_logged = 0, n_lines;
        const char *log;

        for (usec_t t = 0; t < day; t += 10 * USEC_PER_SEC) {
                n_logged +=
                        event_log(&(HookEvent){.event = "away", .name = "drive1", .text = "gone"}, day + t);
                n_logged += event_log(&(HookEvent){.event = "resumed", .name = "drive1", .text = "back"},
                                      day + t);
        }
        log = take_log();
        n_lines = count_lines(log);
        assert_int_equal(n_logged, 2 * rounds * EVENT_BURST);
        assert_int_equal(n_lines, 2 * rounds * EVENT_BURST + 2 * (rounds - 1));
        assert_non_null(strstr(log, "drive1: suppressed: 350 times away, of which the log has nothing\n"));
}

/* What another device does is not kept back by it, nor what else the same one does. */
static void test_others(void **state)
{
        const usec_t t = 100 * 24 * 3600 * USEC_PER_SEC;

        for (int i = 0; i < 100; i++)
                (void) event_log(&(HookEvent){.event = "away", .name = "drive1"}, t);
        (void) take_log();
        assert_true(event_log(&(HookEvent){.event = "failed", .name = "drive1"}, t));
        assert_true(event_log(&(HookEvent){.event = "away", .name = "drive2"}, t));
        assert_false(event_log(&(HookEvent){.event = "away", .name = "drive1"}, t));
        assert_int_equal(count_lines(take_log()), 2);
}

/* The longest name there may be, of an iSCSI target (RFC 7143 4.2.7.1). */
static void test_long_name(void **state)
{
        const usec_t t = 150 * 24 * 3600 * USEC_PER_SEC;
        char name[224];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (int i = 0; i < 100; i++)
                (void) event_log(&(HookEvent){.event = "target-lost", .name = name}, t);
        assert_int_equal(count_lines(take_log()), EVENT_BURST);
}

/* More devices than are remembered: they are logged, and no one is lost. */
static void test_many(void **state)
{
        const usec_t t = 200 * 24 * 3600 * USEC_PER_SEC;
        char name[16];

        for (unsigned i = 0; i < 500; i++) {
                snprintf(name, sizeof(name), "drive%u", i);
                assert_true(event_log(&(HookEvent){.event = "arrived", .name = name}, t + i));
        }
        assert_int_equal(count_lines(take_log()), 500);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),  cmocka_unit_test(test_flapping),
                cmocka_unit_test(test_others), cmocka_unit_test(test_long_name),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, catch_stderr, give_back_stderr);
}
