/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What doctor finds of attached iSCSI targets. argv[1] is the folder of evertape's rules. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/test-machine.h"
#include "util/time.h"

static const char *rules;

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

#define ATTACHED "var/lib/evertape/iscsi.attached"
#define URL      "iscsi://10.0.0.1:3260/iqn.2026-11.example:lib1"
#define MINUTE   (60 * USEC_PER_SEC)

static void test_iscsi_targets(void **state)
{
        Machine *m = *state;
        DoctorTarget t = {.url = URL, .state = "online", .since = 1000 * MINUTE, .n_devices = 2};

        tree_text(m->tree, ATTACHED, "# a comment\nnonsense\n" URL "\n");
        m->input.now = 1002 * MINUTE;
        m->input.targets = &t;
        m->input.n_targets = 1;
        machine_expect_healthy(m);
        t.n_devices = 0;
        machine_expect(m, "iscsi-targets", SEVERITY_WARNING, URL, "no tape drive and no changer");
        snprintf(t.state, sizeof(t.state), "offline");
        snprintf(t.reason, sizeof(t.reason), "no route\n");
        t.n_devices = 2;
        machine_expect(m, "iscsi-targets", SEVERITY_NOTE, URL, "for 2min now: no route?");
        m->input.now = 1060 * MINUTE;
        machine_expect(m, "iscsi-targets", SEVERITY_WARNING, URL, "for 1h now");
        t.n_held = 1;
        machine_expect(m, "iscsi-targets", SEVERITY_PROBLEM, URL, "for 1h now");
        t.since = 2000 * MINUTE; /* the clock was set back */
        machine_expect(m, "iscsi-targets", SEVERITY_NOTE, URL, "for 0");
        snprintf(t.state, sizeof(t.state), "refused");
        snprintf(t.reason, sizeof(t.reason), "authentication failed");
        machine_expect(m, "iscsi-targets", SEVERITY_PROBLEM, URL, "cannot log in: authentication failed");
}

static void test_iscsi_targets_not_asked(void **state)
{
        Machine *m = *state;

        m->input.targets_error = -EIO; /* of no interest: none is attached */
        machine_expect_healthy(m);
        tree_text(m->tree, ATTACHED, URL "\n" URL "/3\n");
        machine_expect(m, "iscsi-targets", SEVERITY_UNCHECKED, "", "does not say");
        m->input.daemon = DAEMON_NOT_ASKED;
        machine_expect(m, "iscsi-targets", SEVERITY_UNCHECKED, "",
                       "cannot be asked whether its iSCSI targets are there (2)");
}

static void test_iscsi_initiator(void **state)
{
        Machine *m = *state;

        tree_text(m->tree, "sys/class/iscsi_session/session3/targetname", "iqn.2026-11.example:lib1\n");
        tree_text(m->tree, "sys/class/iscsi_session/session4/targetname", "iqn.2026-11.example:disks\n");
        machine_expect_healthy(m);
        tree_text(m->tree, ATTACHED, "iscsi://me@10.0.0.2/iqn.2026-11.example:lib1/2\n");
        m->input.n_targets = 0;
        machine_expect(m, "iscsi-initiator", SEVERITY_PROBLEM, "/sys/class/iscsi_session/session3",
                       "lib1, which is attached");
        assert_null(machine_find(m, "iscsi-initiator", SEVERITY_PROBLEM, "session4", ""));
        tree_text(m->tree, ATTACHED, "iscsi://10.0.0.2/iqn.2026-11.example:lib12\n");
        machine_expect_healthy(m);
}

static void test_iscsi_secrets(void **state)
{
        static const char path[] = "etc/evertape/iscsi.secrets";
        Machine *m = *state;

        tree_text(m->tree, path, "* me secret\n");
        assert_int_equal(fchmodat(m->tree->root, path, 0600, 0), 0);
        machine_expect_healthy(m);
        assert_int_equal(fchmodat(m->tree->root, path, 0640, 0), 0);
        machine_expect(m, "iscsi-secrets", SEVERITY_PROBLEM, "/etc/evertape/iscsi.secrets",
                       "others than root");
        if (geteuid() == 0) {
                assert_int_equal(fchmodat(m->tree->root, path, 0600, 0), 0);
                assert_int_equal(fchownat(m->tree->root, path, 1000, -1, 0), 0);
                machine_expect(m, "iscsi-secrets", SEVERITY_PROBLEM, "/etc/evertape/iscsi.secrets",
                               "others than root");
        }
        tree_unlink(m->tree, path);
        tree_link(m->tree, path, "elsewhere");
        machine_expect(m, "iscsi-secrets", SEVERITY_PROBLEM, "/etc/evertape/iscsi.secrets",
                       "no regular file");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_iscsi_targets, setup, teardown),
                cmocka_unit_test_setup_teardown(test_iscsi_targets_not_asked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_iscsi_initiator, setup, teardown),
                cmocka_unit_test_setup_teardown(test_iscsi_secrets, setup, teardown),
        };

        if (argc != 2)
                return EXIT_FAILURE;
        rules = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
