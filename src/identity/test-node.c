/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a node to what the device behind it said of itself, and nothing else of the file system. */

#include "identity/node.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "identity/test-tree.h"
#include "util/cleanup.h"

static const TestDevice drive = {
        .host = 3,
        .sg = 4,
        .type = DEVICE_TAPE,
        .inquiry = "TANDBERG TDC 3800       -08:",
        .node = "st0",
        .driver = "st",
        .proc_name = "x",
};
static const TestDevice changer = {
        .host = 3,
        .lun = 1,
        .sg = 5,
        .type = DEVICE_CHANGER,
        .inquiry = "STK     L700            0107",
        .node = "sch0",
        .driver = "ch",
        .proc_name = "x",
};

static void test_nodes(void **state)
{
        static const struct {
                const char *node;
                int r;
                const char *product;
        } table[] = {
                {"st0", 0, " TDC 3800       "},
                {"sg4", 0, " TDC 3800       "},
                {"sg5", 0, "L700            "},
                {"sch0", 0, "L700            "},
                {"sg6", -ENOENT, NULL},
                {"nst9a", -ENOENT, NULL},
                {"sda", -EINVAL, NULL},
                {"sg", -EINVAL, NULL},
                {"st0x", -EINVAL, NULL},
                {"st0aa", -EINVAL, NULL},
                {"sg4/../sg5", -EINVAL, NULL},
                {"../st0", -EINVAL, NULL},
                {"", -EINVAL, NULL},
                {"sg444444444444444444444444444444444444444", -EINVAL, NULL},
        };
        TestTree *tree = tree_new();

        tree_add_device(tree, &drive);
        tree_add_device(tree, &changer);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                HwidInquiry inquiry;

                assert_int_equal(node_inquiry(tree->root, table[i].node, &inquiry), table[i].r);
                if (table[i].product)
                        assert_string_equal(inquiry.product, table[i].product);
        }
        tree_free(tree);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nodes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
