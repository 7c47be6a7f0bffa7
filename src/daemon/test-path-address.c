/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where paths of each transport go, in a sysfs of the test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/path-address.h"
#include "identity/test-tree.h"

static TestTree *tree;

static int setup(void **state)
{
        tree = tree_new();
        return 0;
}

static int teardown(void **state)
{
        tree = tree_free(tree);
        return 0;
}

static void check(const char *link, const char *expected)
{
        DevicePath path = {.host = 4, .sg = "sg3"};
        char text[96];

        tree_link(tree, "sys/class/scsi_generic/sg3", link);
        assert_string_equal(path_read_address(tree->root, &path, text, sizeof(text)), expected);
        tree_unlink(tree, "sys/class/scsi_generic/sg3");
}

static void test_fc(void **state)
{
        tree_text(tree, "sys/class/fc_remote_ports/rport-4:0-2/port_name", "0x500143801234abcd\n");
        check("../../devices/pci0000:00/host4/rport-4:0-2/target4:0:0/4:0:0:0/scsi_generic/sg3",
              "fc 0x500143801234abcd");
        tree_text(tree, "sys/class/fc_host/host4/port_name", "0x21000024ff000001\n");
        check("../../devices/pci0000:00/host4/rport-4:0-2/target4:0:0/4:0:0:0/scsi_generic/sg3",
              "fc 0x500143801234abcd 0x21000024ff000001");
}

static void test_sas(void **state)
{
        tree_text(tree, "sys/class/sas_device/end_device-4:0:1/sas_address", "0x5000e1115bd61001\n");
        check("../../devices/host4/port-4:0/end_device-4:0:1/target4:0:1/4:0:1:0/scsi_generic/sg3",
              "sas 0x5000e1115bd61001");
}

static void test_iscsi(void **state)
{
        tree_text(tree, "sys/class/iscsi_session/session12/targetname", "iqn.2026-11.example:lib\n");
        tree_text(tree, "sys/class/iscsi_connection/connection12:0/persistent_address", "192.0.2.7\n");
        check("../../devices/platform/host4/session12/target4:0:0/4:0:0:1/scsi_generic/sg3",
              "iqn.2026-11.example:lib 192.0.2.7");
}

static void test_unknown(void **state)
{
        DevicePath path = {.sg = "sg9"};
        char text[8];

        check("../../devices/tcm_loop_0/tcm_loop_adapter_0/host4/target4:0:1/4:0:1:0/scsi_generic/sg3", "");
        check("../../devices/host4/rport-4:0-2/target4:0:0/4:0:0:0/scsi_generic/sg3", "fc");
        assert_string_equal(path_read_address(tree->root, &path, text, sizeof(text)), "");
}

/* A name is any text that a target chose: too long for the place, or for a terminal. */
static void test_hostile(void **state)
{
        char name[300];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        memcpy(name, "iqn\033[2J\x80 ", 9);
        tree_text(tree, "sys/class/iscsi_session/session1/targetname", name);
        tree_link(tree, "sys/class/scsi_generic/sg3",
                  "../../devices/host4/session1/4:0:0:0/scsi_generic/sg3");
        for (size_t n = 1; n <= 96; n++) {
                DevicePath path = {.host = 4, .sg = "sg3"};
                char text[97];

                memset(text, 0x7f, sizeof(text));
                path_read_address(tree->root, &path, text, n);
                assert_true(strlen(text) < n);
                assert_int_equal(text[n], 0x7f);
                for (const char *p = text; *p; p++)
                        assert_true(*p >= 0x20 && *p < 0x7f);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_fc, setup, teardown),
                cmocka_unit_test_setup_teardown(test_sas, setup, teardown),
                cmocka_unit_test_setup_teardown(test_iscsi, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
