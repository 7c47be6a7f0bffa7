/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hooks are shell scripts in a folder of the test's own that write to a file; how they were started is what
 * stands in it. Limits are short. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/hooks.h"

#define DEADLINE UINT64_C(20000000) /* us: that it hangs, not how fast it is */

static const HookLimits limits = {.timeout = 500 * USEC_PER_MSEC, .retry = 10 * USEC_PER_MSEC, .attempts = 3};

static sd_event *event;
static char folder[64];
static char said[4096];

static int setup(void **state)
{
        sigset_t mask;

        strcpy(folder, "/tmp/test-hooks-XXXXXX");
        if (!mkdtemp(folder) || setenv("FOLDER", folder, 1) < 0)
                return -1;
        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -1;
        return sd_event_new(&event);
}

static int teardown(void **state)
{
        event = sd_event_unref(event);
        return system("rm -r \"$FOLDER\"");
}

static void make_hook(const char *name, mode_t mode, const char *script)
{
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "we");
        assert_non_null(f);
        fprintf(f, "#!/bin/sh\nexec >>%s/.said\n%s\n", folder, script);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static const char *read_said(void)
{
        char path[128];
        size_t n = 0;
        FILE *f;

        snprintf(path, sizeof(path), "%s/.said", folder);
        f = fopen(path, "re");
        if (f) {
                n = fread(said, 1, sizeof(said) - 1, f);
                fclose(f);
        }
        said[n] = '\0';
        return said;
}

/* Until they have said this, and then for as long as there is something to do at once. */
static void run_until(const char *expected)
{
        while (!strstr(read_said(), expected))
                assert_true(sd_event_run(event, DEADLINE) > 0);
}

static const HookEvent resumed = {
        .event = "resumed",
        .name = "lib1-drive1",
        .kind = "tape",
        .node = "/dev/nst7",
        .generic_node = "/dev/sg9",
        .library = "lib1",
        .bay = "256",
        .barcode = "E00002L3",
        .loss = "yes",
        .text = "after 3s,\n\"0\" objects",
};

static void test_environment(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        make_hook("env", 0755, "env | grep ^EVERTAPE_ | sort; pwd >/dev/null; echo end");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        hooks_event(h, &resumed);
        run_until("end\n");
        assert_string_equal(said, "EVERTAPE_BARCODE=E00002L3\n"
                                  "EVERTAPE_BAY=256\n"
                                  "EVERTAPE_CHANGER_NODE=\n"
                                  "EVERTAPE_EVENT=resumed\n"
                                  "EVERTAPE_GENERIC_NODE=/dev/sg9\n"
                                  "EVERTAPE_KIND=tape\n"
                                  "EVERTAPE_LIBRARY=lib1\n"
                                  "EVERTAPE_LOSS=yes\n"
                                  "EVERTAPE_NAME=lib1-drive1\n"
                                  "EVERTAPE_NODE=/dev/nst7\n"
                                  "EVERTAPE_TEXT=after 3s, \"0\" objects\n"
                                  "end\n");
}

/* By name, one after the other; what is no executable is none, and not every event is for hooks. */
static void test_order(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;
        HookEvent e = resumed;

        make_hook("b", 0755, "echo b $EVERTAPE_EVENT");
        make_hook("a", 0755, "echo a begins; sleep 0.1; echo a $EVERTAPE_EVENT");
        make_hook("c.conf", 0644, "echo c");
        make_hook(".d", 0755, "echo d");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        e.event = "path";
        hooks_event(h, &e);
        e.event = "away";
        hooks_event(h, &e);
        hooks_event(h, &resumed);
        run_until("b resumed\n");
        assert_string_equal(said, "a begins\na away\nb away\na begins\na resumed\nb resumed\n");
}

/* It is started again, and others do not wait for it. */
static void test_failure(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        make_hook("a", 0755, "echo a; exit 3");
        make_hook("b", 0755, "echo b");
        make_hook("c", 0755, "echo c; kill -9 $$");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        hooks_event(h, &resumed);
        run_until("a\nb\nc\n");
        while (strlen(read_said()) < strlen("a\nb\nc\na\nc\na\nc\n"))
                assert_true(sd_event_run(event, DEADLINE) > 0);
        /* three attempts each, and no more */
        while (sd_event_run(event, 400 * USEC_PER_MSEC) > 0)
                ;
        assert_int_equal(strlen(read_said()), strlen("a\nb\nc\na\nc\na\nc\n"));
}

static void test_cannot_be_started(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        make_hook("b", 0755, "echo b");
        assert_int_equal(system("printf '#!/nonexistent/sh\\n' > \"$FOLDER/a\"; chmod +x \"$FOLDER/a\""), 0);
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        hooks_event(h, &resumed);
        run_until("b\n");
}

/* It is killed, with what it has started, and is started again. */
static void test_hangs(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        make_hook("a", 0755,
                  "if test -e $0.once; then echo again; exit 0; fi\n"
                  "touch $0.once; (sleep 1; echo grandchild) & sleep 100");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        hooks_event(h, &resumed);
        run_until("again\n");
        while (sd_event_run(event, 1500 * USEC_PER_MSEC) > 0)
                ;
        assert_string_equal(read_said(), "again\n");
}

static void test_end(void **state)
{
        Hooks *h;

        make_hook("a", 0755, "echo a; sleep 100; echo never");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        hooks_event(h, &resumed);
        hooks_event(h, &resumed);
        run_until("a\n");
        assert_null(hooks_free(h));
        assert_string_equal(read_said(), "a\n");
}

static void test_no_folder(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        assert_int_equal(hooks_new(event, "/nonexistent", &limits, &h), 0);
        hooks_event(h, &resumed);
        assert_int_equal(sd_event_run(event, 0), 0);
}

static void test_too_many(void **state)
{
        _cleanup_(hooks_freep) Hooks *h = NULL;

        make_hook("a", 0755, "echo a");
        assert_int_equal(hooks_new(event, folder, &limits, &h), 0);
        for (int i = 0; i < 300; i++)
                hooks_event(h, &resumed);
        while (strlen(read_said()) < 2 * 256)
                assert_true(sd_event_run(event, DEADLINE) > 0);
        assert_int_equal(
                sd_event_run(event, 100 * USEC_PER_MSEC) > 0 ? sd_event_run(event, 100 * USEC_PER_MSEC) : 0,
                0);
        assert_int_equal(strlen(read_said()), 2 * 256);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
                cmocka_unit_test_setup_teardown(test_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cannot_be_started, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hangs, setup, teardown),
                cmocka_unit_test_setup_teardown(test_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
