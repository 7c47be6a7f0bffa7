/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `evertape doctor` as it is run, on a machine in a directory: what is printed, and the exit status. argv[1]
 * is the program, argv[2] the folder of evertape's rules. What is found is for src/doctor/test-doctor.c. */

#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "doctor/test-machine.h"

static const char *program, *rules;
static char out[1 << 16];

static int setup(void **state)
{
        *state = machine_new(rules);
        return 0;
}

static int teardown(void **state)
{
        machine_free(*state);
        return 0;
}

static void read_out(FILE *f)
{
        size_t n = fread(out, 1, sizeof(out) - 1, f);

        assert_true(n < sizeof(out) - 1);
        out[n] = '\0';
}

/* Output in out; returns the exit status. */
static int run(const Machine *m, const char *options)
{
        char command[1024];
        FILE *f;

        snprintf(command, sizeof(command), "%s doctor --root %s %s 2>&1", program,
                 m ? m->tree->path : "/nonexistent", options);
        f = popen(command, "re");
        assert_non_null(f);
        read_out(f);
        return WEXITSTATUS(pclose(f));
}

static void check_has(const char *text)
{
        if (!strstr(out, text))
                fail_msg("\"%s\" is not in:\n%s", text, out);
}

static void check_lacks(const char *text)
{
        if (strstr(out, text))
                fail_msg("\"%s\" is in:\n%s", text, out);
}

static void break_machine(Machine *m)
{
        tree_text(m->tree, "proc/sys/kernel/hung_task_panic", "1\n");
        tree_text(m->tree, "etc/udev/rules.d/10-site.rules",
                  "KERNEL==\"nst0\", SYMLINK+=\"a\\\"b\\\\c\033[31m\"\n");
}

static void test_healthy(void **state)
{
        assert_int_equal(run(*state, ""), 0);
        check_lacks("Problems:");
        check_lacks("Warnings:");
        check_lacks("In order:");
        check_has("Not checked:\n  service: evertaped of another system cannot be asked\n");
        check_has("\n0 problems, 0 warnings, 2 not checked, ");
        assert_int_equal(run(*state, "--all"), 0);
        check_has("In order:\n  kernel-version: the kernel is new enough\n");
        assert_int_equal(run(*state, "--quiet"), 0);
        assert_string_equal(out, "");
}

static void test_broken(void **state)
{
        Machine *m = *state;

        break_machine(m);
        assert_int_equal(run(m, ""), 1);
        check_has("Problems:\n  hung-task: kernel.hung_task_panic is 1: the machine panics when a program "
                  "waits for 120 s\n"
                  "      Where: /proc/sys/kernel/hung_task_panic\n"
                  "      Why:   a program that waits for a held device does that: the wait becomes a crash "
                  "of the whole "
                  "machine\n"
                  "      Do:    sysctl kernel.hung_task_panic=0\n\nWarnings:\n");
        check_has("      Where: /etc/udev/rules.d/10-site.rules:1\n");
        check_has("\n             udevadm control --reload"); /* the second line of what to do */
        check_has("a\"b\\\\c?[31m to whatever is nst0");
        check_has("\n1 problem, 1 warning, 2 not checked, ");
        check_lacks("\033");
        assert_int_equal(run(m, "-q"), 1);
        check_has("Problems:\n  hung-task");
        check_lacks("Warnings");
        check_lacks("1 problem,");
}

/* A warning alone is no failure. */
static void test_warning(void **state)
{
        Machine *m = *state;

        break_machine(m);
        tree_text(m->tree, "proc/sys/kernel/hung_task_panic", "0\n");
        assert_int_equal(run(m, ""), 0);
        check_has("\n0 problems, 1 warning, ");
}

static void test_json(void **state)
{
        Machine *m = *state;

        break_machine(m);
        assert_int_equal(
                run(m,
                    "--json | python3 -c 'import json, sys\n"
                    "d = json.load(sys.stdin)\n"
                    "f = {(x[\"check\"], x[\"severity\"]): x for x in d[\"findings\"]}\n"
                    "print(d[\"problems\"], d[\"warnings\"], d[\"unchecked\"], (\"configfs\", \"ok\") in f)\n"
                    "x = f[\"hung-task\", \"problem\"]\n"
                    "print(x[\"where\"], x[\"fix\"])\n"
                    "x = f[\"udev-fights\", \"warning\"]\n"
                    "print(x[\"what\"], x[\"fix\"].count(chr(10)))\n"
                    "print(f[\"service\", \"unchecked\"][\"why\"])'"),
                0);
        assert_string_equal(out,
                            "1 1 2 False\n/proc/sys/kernel/hung_task_panic sysctl kernel.hung_task_panic=0\n"
                            "the rule gives the name a\"b\\\\c?[31m to whatever is nst0 2\nNone\n");
        assert_int_equal(run(m, "-J -q"), 1);
        check_has("{\"findings\": [\n  {\"check\": \"hung-task\", \"severity\": \"problem\", ");
        check_lacks("\"udev-fights\"");
        tree_text(m->tree, "proc/sys/kernel/hung_task_panic", "0\n");
        assert_int_equal(run(m, "-J -q"), 0);
        check_has("{\"findings\": [],\n \"problems\": 0, \"warnings\": 1, ");
}

/* The same on a terminal. */
static void run_on_terminal(const Machine *m, const char *no_color, const char *term)
{
        int terminal;
        size_t n = 0;
        ssize_t k;
        pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

        assert_true(pid >= 0);
        if (pid == 0) {
                if (no_color)
                        setenv("NO_COLOR", no_color, 1);
                else
                        unsetenv("NO_COLOR");
                setenv("TERM", term, 1);
                execl(program, program, "doctor", "--root", m->tree->path, NULL);
                _exit(126);
        }
        while (n < sizeof(out) - 1 && (k = read(terminal, out + n, sizeof(out) - 1 - n)) > 0)
                n += (size_t) k;
        out[n] = '\0';
        close(terminal);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_colour(void **state)
{
        Machine *m = *state;

        break_machine(m);
        run_on_terminal(m, NULL, "xterm");
        check_has("\033[1;31mProblems:\033[0m");
        run_on_terminal(m, "", "xterm");
        check_has("\033[1;31mProblems:\033[0m");
        run_on_terminal(m, "1", "xterm");
        check_has("Problems:");
        check_lacks("\033");
        run_on_terminal(m, NULL, "dumb");
        check_has("Problems:");
        check_lacks("\033");
}

static void test_usage(void **state)
{
        assert_int_equal(run(*state, "drive1"), 2);
        check_has("evertape: takes no names\nSee: evertape doctor --help\n");
        assert_int_equal(run(NULL, ""), 1);
        assert_string_equal(out, "evertape: /nonexistent: No such file or directory\n");
}

/* This machine, whatever it is: it comes to an end, says something, and finds the bus that is not there. */
static void test_here(void **state)
{
        char command[1024];
        FILE *f;
        int status;

        snprintf(command, sizeof(command), "EVERTAPE_BUS=unix:path=/nonexistent %s doctor --all 2>&1",
                 program);
        f = popen(command, "re");
        assert_non_null(f);
        read_out(f);
        status = WEXITSTATUS(pclose(f));
        assert_true(status == 0 || status == 1);
        check_has("service: the system bus cannot be reached");
        check_has(" in order\n");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_healthy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
                cmocka_unit_test_setup_teardown(test_warning, setup, teardown),
                cmocka_unit_test_setup_teardown(test_json, setup, teardown),
                cmocka_unit_test_setup_teardown(test_colour, setup, teardown),
                cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
                cmocka_unit_test(test_here),
        };

        if (argc != 3)
                return EXIT_FAILURE;
        program = argv[1];
        rules = argv[2];
        setenv("LC_ALL", "C.UTF-8", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
