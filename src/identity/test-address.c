/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses of transports, and the devices that have nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "identity/address.h"
#include "identity/test-tree.h"
#include "util/cleanup.h"

static void test_addresses(void **state)
{
        static const struct {
                const char *syspath, *file, *text, *address;
        } cases[] = {
                {"/sys/devices/pci0/host4/rport-4:0-2/target4:0:2/4:0:2:1",
                 "fc_remote_ports/rport-4:0-2/port_name", "0x500143801234abcd\n", "fc.0x500143801234abcd:1"},
                {"../../devices/pci0/host4/port-4:0/end_device-4:0/target4:0:2/4:0:2:1/scsi_tape/st0",
                 "sas_device/end_device-4:0/sas_address", "0x5000e111c0ffee00\n", "sas.0x5000e111c0ffee00:1"},
                {"/sys/devices/platform/host4/session3/target4:0:2/4:0:2:1",
                 "iscsi_session/session3/targetname", "iqn.2026-11.org.test:lib/1~\n",
                 "iscsi.iqn.2026-11.org.test\\x3alib\\x2f1\\x7e:1"},
                {"/sys/devices/pci0/host4/target4:0:2/4:0:2:1", NULL, NULL, "scsi.4:0:2:1"},
                {"/sys/devices/platform/host4/session4/target4:0:2/4:0:2:1", NULL, NULL, ""},
                {"/sys/devices/sessions/session/host4", "iscsi_session/session/targetname", "x\n",
                 "scsi.4:0:2:1"},
                {"", NULL, NULL, ""},
        };
        const ScsiAddress address = {4, 0, 2, 1};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                TestTree *t = tree_new();
                char text[IDENTITY_MAX], path[200];

                if (cases[i].file) {
                        snprintf(path, sizeof(path), "sys/class/%s", cases[i].file);
                        tree_text(t, path, cases[i].text);
                }
                address_read(t->root, cases[i].syspath, &address, text);
                assert_string_equal(text, cases[i].address);
                tree_free(t);
        }
}

static void test_last_resort(void **state)
{
        Identity id = {.type = DEVICE_TAPE, .rank = IDENTITY_NONE, .address = "fc.0x50:1"}, known = id,
                 other = id;

        identity_fall_back(&id);
        assert_int_equal(id.rank, IDENTITY_ADDRESS);
        assert_string_equal(id.key, "fc.0x50:1");
        assert_string_equal(identity_rank_name(id.rank), "address");
        assert_false(identity_equal(&id, &known)); /* one that is not known is nobody's equal */
        identity_fall_back(&known);
        known.address[0] = '\0';
        assert_true(identity_equal(&id, &known));
        strcpy(other.address, "fc.0x51:1");
        identity_fall_back(&other);
        assert_false(identity_equal(&other, &known));
        id = (Identity){.rank = IDENTITY_SERIAL, .key = "sn.a:b:c", .address = "fc.0x50:1"};
        identity_fall_back(&id);
        assert_int_equal(id.rank, IDENTITY_SERIAL);
        id = (Identity){.rank = IDENTITY_NONE};
        identity_fall_back(&id);
        assert_int_equal(id.rank, IDENTITY_NONE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_last_resort),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
