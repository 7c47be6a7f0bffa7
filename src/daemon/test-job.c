/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Helper programs beside the loop: what they say, how they end, and that nobody hears of one that was
 * forgotten. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "daemon/job.h"

#define DEADLINE UINT64_C(20000000) /* us: that the helper hangs, not how fast it is */

typedef struct Outcome {
        unsigned n_done;
        int status;
        char output[8192], error[8192];
} Outcome;

static sd_event *event;
static Outcome outcome;

static int setup(void **state)
{
        sigset_t mask;

        outcome = (Outcome){};
        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -1;
        return sd_event_new(&event);
}

static int teardown(void **state)
{
        event = sd_event_unref(event);
        return 0;
}

static void on_done(void *userdata, int status, const char *output, const char *error)
{
        Outcome *o = userdata;

        o->n_done++;
        o->status = status;
        snprintf(o->output, sizeof(o->output), "%s", output);
        snprintf(o->error, sizeof(o->error), "%s", error);
}

static Job *start(const char *script)
{
        const char *const argv[] = {"/bin/sh", "-c", script, NULL};
        Job *job;

        assert_int_equal(job_start(event, argv, on_done, &outcome, &job), 0);
        return job;
}

static void run_until_done(void)
{
        while (outcome.n_done == 0)
                assert_true(sd_event_run(event, DEADLINE) > 0);
        assert_int_equal(outcome.n_done, 1);
}

static void test_outcomes(void **state)
{
        static const struct {
                const char *script;
                int status;
                const char *output, *error;
        } rows[] = {
                {"exit 0", 0, "", ""},
                {"echo one; echo two", 0, "one\ntwo\n", ""},
                {"echo why >&2; echo more >&2; exit 3", 3, "", "why"},
                {"printf 'no newline' >&2; exit 255", 255, "", "no newline"},
                {"kill -9 $$", 128 + 9, "", ""},
                {"echo a; echo b >&2", 0, "a\n", "b"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                outcome = (Outcome){};
                start(rows[i].script);
                run_until_done();
                assert_int_equal(outcome.status, rows[i].status);
                assert_string_equal(outcome.output, rows[i].output);
                assert_string_equal(outcome.error, rows[i].error);
        }
}

/* More than is kept is cut. */
static void test_long_output(void **state)
{
        start("head -c 20000 /dev/zero | tr '\\0' x");
        run_until_done();
        assert_int_equal(outcome.status, 0);
        assert_int_equal(strlen(outcome.output), 4095);
}

/* A grandchild that keeps the pipe open keeps nobody waiting. */
static void test_grandchild(void **state)
{
        start("echo said; sleep 1 & exit 0");
        run_until_done();
        assert_string_equal(outcome.output, "said\n");
}

static void test_no_program(void **state)
{
        static const char *const argv[] = {"/nowhere/at/all", NULL};
        Job *job = NULL;

        assert_int_equal(job_start(event, argv, on_done, &outcome, &job), -ENOENT);
        assert_null(job);
        assert_int_equal(outcome.n_done, 0);
}

/* It inherits no descriptor but the three. */
static void test_descriptors(void **state)
{
        start("ls /proc/self/fd | wc -l");
        run_until_done();
        assert_string_equal(outcome.output, "4\n"); /* and the one of ls */
}

/* SIGCHLD is blocked here and must not be there. */
static void test_signal_mask(void **state)
{
        start("grep SigBlk /proc/self/status");
        run_until_done();
        assert_string_equal(outcome.output, "SigBlk:\t0000000000000000\n");
}

static void test_forgotten(void **state)
{
        Job *job = start("exit 5");
        siginfo_t info;

        assert_null(job_free(job));
        start("exit 6");
        run_until_done();
        assert_int_equal(outcome.status, 6);
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) /* until the loop has reaped it */
                assert_true(sd_event_run(event, DEADLINE) > 0);
        assert_int_equal(errno, ECHILD);
        assert_int_equal(outcome.n_done, 1);
        assert_null(job_free(NULL));
}

static unsigned n_slow;

static void on_slow(void *userdata)
{
        assert_ptr_equal(userdata, &outcome);
        n_slow++;
}

/* Told once, and not of one that has ended or was forgotten. */
static void test_slow(void **state)
{
        char fifo[] = "/tmp/test-job-XXXXXX", script[64];
        Job *job, *forgotten = start("exit 0");

        n_slow = 0;
        assert_non_null(mkdtemp(fifo)); /* a name that is free */
        assert_true(rmdir(fifo) == 0 && mkfifo(fifo, 0600) == 0);
        snprintf(script, sizeof(script), "read word < %s; exit 7", fifo);
        job = start(script);
        assert_int_equal(job_watch(job, 1000, on_slow), 0);
        assert_int_equal(job_watch(forgotten, 1000, on_slow), 0);
        job_free(forgotten);
        while (n_slow == 0)
                assert_true(sd_event_run(event, DEADLINE) > 0);
        assert_int_equal(outcome.n_done, 0);
        safe_close(open(fifo, O_WRONLY | O_CLOEXEC));
        assert_int_equal(unlink(fifo), 0);
        run_until_done();
        assert_int_equal(outcome.status, 7);
        assert_int_equal(n_slow, 1);
}

static void test_values(void **state)
{
        static const struct {
                const char *output, *key, *value; /* NULL: not there */
        } rows[] = {
                {"host=3 st=nst0\n", "host", "3"},
                {"host=3 st=nst0\n", "st", "nst0"},
                {"host=3\nst=nst0", "st", "nst0"},
                {"ghost=3 host=4\n", "host", "4"},
                {"host=3 host=4\n", "host", "3"},
                {"host=\n", "host", ""},
                {"host\n", "host", NULL},
                {"hosts=3\n", "host", NULL},
                {"", "host", NULL},
                {"   \n\n", "host", NULL},
                {"host=12345678\n", "host", NULL}, /* does not fit */
                {"host=1234567\n", "host", "1234567"},
                {"host=a=b\n", "host", "a=b"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char value[8] = "old";

                assert_int_equal(job_value(rows[i].output, rows[i].key, value, sizeof(value)),
                                 rows[i].value != NULL);
                assert_string_equal(value, rows[i].value ? rows[i].value : "old");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_outcomes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_long_output, setup, teardown),
                cmocka_unit_test_setup_teardown(test_grandchild, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_program, setup, teardown),
                cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
                cmocka_unit_test_setup_teardown(test_signal_mask, setup, teardown),
                cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
                cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
                cmocka_unit_test(test_values),
        };

        (void) close_range(3, ~0U, 0); /* what whoever started us left open */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
