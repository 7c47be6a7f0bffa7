/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known of a library after it was asked, after moves, and after what leaves doubt. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/inventory-watch.h"
#include "scsi/cdb.h"
#include "scsi/opcode.h"
#include "scsi/sense.h"
#include "util/bytes.h"

typedef struct Cell {
        uint8_t type;
        uint16_t address;
        const char *tag; /* NULL: empty */
} Cell;

/* Two slots with cartridges, an empty one, a mail slot, a drive, a picker. */
static const Cell library[] = {
        {ELEMENT_STORAGE, 1000, "E00001L3"}, {ELEMENT_STORAGE, 1001, "E00002L3"},
        {ELEMENT_STORAGE, 1002, NULL},       {ELEMENT_IMPORT_EXPORT, 10, NULL},
        {ELEMENT_DRIVE, 500, NULL},          {ELEMENT_TRANSPORT, 1, NULL},
};

static Inventory inventory;
static InventoryWatch watch;
static uint8_t report[2048];

static int setup(void **state)
{
        inventory = (Inventory){};
        watch = (InventoryWatch){};
        return 0;
}

static int teardown(void **state)
{
        inventory_deinit(&inventory);
        return 0;
}

/* READ ELEMENT STATUS data, each element in a page of its own. */
static size_t build(const Cell *cells, size_t n, bool tags)
{
        size_t n_descriptor = tags ? 52 : 16;
        ByteWriter w = byte_writer(report, sizeof(report));

        memset(report, 0, sizeof(report));
        writer_be(&w, 0, 2);
        writer_be(&w, n, 2);
        writer_be(&w, n * (8 + n_descriptor), 4);
        for (size_t i = 0; i < n; i++) {
                size_t at = 8 + i * (8 + n_descriptor);
                uint8_t *p = report + at;

                p[0] = cells[i].type;
                p[1] = tags ? 0x80 : 0;
                put_be(p + 2, n_descriptor, 2);
                put_be(p + 5, n_descriptor, 3);
                put_be(p + 8, cells[i].address, 2);
                p[10] = cells[i].tag ? 0x09 : 0x08;
                if (tags && cells[i].tag)
                        memcpy(p + 20, cells[i].tag, strlen(cells[i].tag));
        }
        return 8 + n * (8 + n_descriptor);
}

static void read_library(void)
{
        InventoryReport said;

        assert_int_equal(inventory_merge(&inventory, report, build(library, 6, true), &said), 0);
        assert_int_equal(said.n_elements, 6);
        assert_int_equal(said.last, 1002);
        assert_false(said.cut);
        assert_int_equal(inventory.n_items, 6);
}

/* tag NULL: empty; "": full, of unknown label. */
static void check(uint16_t address, const char *tag)
{
        const InventoryElement *e = inventory_find(&inventory, address);

        assert_non_null(e);
        assert_int_equal(!!(e->flags & INVENTORY_FULL), tag != NULL);
        assert_string_equal(e->volume_tag, tag ? tag : "");
}

static void test_merge(void **state)
{
        read_library();
        for (size_t i = 1; i < inventory.n_items; i++)
                assert_true(inventory.items[i - 1].address < inventory.items[i].address);
        check(1000, "E00001L3");
        check(1002, NULL);
        check(500, NULL);
        assert_int_equal(inventory_find(&inventory, 10)->type, ELEMENT_IMPORT_EXPORT);
        assert_null(inventory_find(&inventory, 1003));
}

static void test_merge_without_labels(void **state)
{
        const Cell now[] = {
                {ELEMENT_STORAGE, 1000, "x"}, {ELEMENT_STORAGE, 1001, NULL}, {ELEMENT_DRIVE, 500, "x"}};
        InventoryReport said;

        read_library();
        assert_int_equal(inventory_merge(&inventory, report, build(now, 3, false), &said), 0);
        check(1000, "E00001L3"); /* still there: so is its label */
        check(1001, NULL);
        check(500, ""); /* which one it is was not said */
}

static void test_merge_what_is_none(void **state)
{
        InventoryReport said = {.last = 77};

        assert_int_equal(inventory_merge(&inventory, report, 5, &said), -EBADMSG);
        assert_int_equal(said.last, 77);
        assert_int_equal(inventory_merge(&inventory, report, build(library, 6, true) - 60, &said), 0);
        assert_true(said.cut);
        assert_int_equal(said.n_elements, 5);
}

static bool move(uint16_t from, uint16_t to)
{
        return inventory_move(&inventory, &(MoveMedium){.source = from, .destination = to});
}

static void test_moves(void **state)
{
        read_library();
        assert_true(move(1000, 500));
        check(1000, NULL);
        check(500, "E00001L3");
        assert_true(inventory_find(&inventory, 500)->flags & INVENTORY_SOURCE);
        assert_int_equal(inventory_find(&inventory, 500)->source, 1000);
        assert_true(move(500, 10)); /* what came from a slot still has come from it */
        assert_int_equal(inventory_find(&inventory, 10)->source, 1000);
        assert_false(inventory_find(&inventory, 500)->flags & INVENTORY_SOURCE);
}

static void test_moves_that_cannot_be(void **state)
{
        read_library();
        assert_false(move(1002, 500));  /* nothing there */
        assert_false(move(1000, 1001)); /* taken */
        assert_false(move(1000, 7777)); /* no such place */
        check(1000, "E00001L3");
        check(1001, "E00002L3");
}

static void test_exchange(void **state)
{
        const MoveMedium there_and_back = {
                .source = 1001, .destination = 500, .exchange = true, .second_destination = 1001};
        const MoveMedium aside = {
                .source = 500, .destination = 1001, .exchange = true, .second_destination = 1000};

        read_library();
        assert_true(move(1000, 500));
        assert_true(inventory_move(&inventory, &there_and_back));
        check(500, "E00002L3");
        check(1001, "E00001L3");
        assert_true(inventory_move(&inventory, &aside));
        check(1001, "E00002L3");
        check(1000, "E00001L3");
        check(500, NULL);
        assert_false(inventory_move(&inventory, &aside));
}

/* ---- what programs are told ---- */

static InventoryNews answered(const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_read, uint8_t status,
                              uint16_t code)
{
        const HoldCommand c = {.tag = 7, .cdb = cdb, .n_cdb = n_cdb, .data = data};
        const Sense sense = {.key = code >> 8 < 0x2b && code ? SENSE_UNIT_ATTENTION : SENSE_ILLEGAL_REQUEST,
                             .code = code};
        HoldAction a = {.type = HOLD_COMPLETE, .tag = 7, .status = status, .n_read = n_read};

        inventory_watch_command(&watch, &c);
        if (status == SCSI_CHECK_CONDITION)
                a.n_sense = (uint8_t) sense_build(&sense, a.sense, sizeof(a.sense));
        return inventory_watch_answer(&watch, &inventory, &a);
}

static void test_programs_moves_are_followed(void **state)
{
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n = scsi_cdb_move_medium(cdb, 0, 1000, 500);

        read_library();
        assert_int_equal(answered(cdb, n, NULL, 0, SCSI_GOOD, 0), INVENTORY_MOVED);
        check(500, "E00001L3");
        assert_int_equal(answered(cdb, n, NULL, 0, SCSI_GOOD, 0), INVENTORY_DOUBT); /* not as it was known */
        assert_int_equal(answered(cdb, n, NULL, 0, SCSI_CHECK_CONDITION, 0x3b0d), INVENTORY_DOUBT);
        assert_int_equal(answered(cdb, n, NULL, 0, SCSI_TASK_ABORTED, 0), INVENTORY_DOUBT);
        check(500, "E00001L3");
        assert_int_equal(watch.n_items, 0);
}

static void test_programs_readings_are_taken(void **state)
{
        const ElementStatusRequest request = {.count = 100, .volume_tags = true, .n_alloc = sizeof(report)};
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n = scsi_cdb_read_element_status(cdb, &request), n_data = build(library, 6, true);

        assert_int_equal(answered(cdb, n, report, (uint32_t) n_data, SCSI_GOOD, 0), INVENTORY_TOLD);
        check(1001, "E00002L3");
        assert_int_equal(answered(cdb, n, report, 3, SCSI_GOOD, 0), INVENTORY_AS_BEFORE);
        assert_int_equal(answered(cdb, n, NULL, 0, SCSI_GOOD, 0), INVENTORY_AS_BEFORE);
}

static void test_what_leaves_doubt(void **state)
{
        uint8_t ready[6] = {OP_TEST_UNIT_READY}, look[6] = {OP_INITIALIZE_ELEMENT_STATUS},
                door[6] = {OP_LOAD_UNLOAD};

        assert_int_equal(answered(ready, 6, NULL, 0, SCSI_GOOD, 0), INVENTORY_AS_BEFORE);
        assert_int_equal(answered(ready, 6, NULL, 0, SCSI_CHECK_CONDITION, ASC_IMPORT_EXPORT_ACCESSED),
                         INVENTORY_DOUBT);
        assert_int_equal(answered(ready, 6, NULL, 0, SCSI_CHECK_CONDITION, 0x2a01), INVENTORY_DOUBT);
        assert_int_equal(answered(ready, 6, NULL, 0, SCSI_CHECK_CONDITION, ASC_MEDIUM_NOT_PRESENT),
                         INVENTORY_AS_BEFORE);
        assert_int_equal(answered(look, 6, NULL, 0, SCSI_GOOD, 0), INVENTORY_DOUBT);
        assert_int_equal(answered(door, 6, NULL, 0, SCSI_GOOD, 0), INVENTORY_DOUBT);
}

/* More than the engine ever takes at a time, and answers to what was never noted. */
static void test_watch_is_bounded(void **state)
{
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n = scsi_cdb_move_medium(cdb, 0, 1000, 500);
        HoldAction a = {.type = HOLD_COMPLETE, .tag = 4711, .status = SCSI_GOOD};

        for (uint32_t i = 0; i < 2 * HOLD_COMMANDS_MAX; i++)
                inventory_watch_command(&watch, &(HoldCommand){.tag = i, .cdb = cdb, .n_cdb = n});
        assert_int_equal(watch.n_items, HOLD_COMMANDS_MAX);
        assert_int_equal(inventory_watch_answer(&watch, &inventory, &a), INVENTORY_AS_BEFORE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_merge, setup, teardown),
                cmocka_unit_test_setup_teardown(test_merge_without_labels, setup, teardown),
                cmocka_unit_test_setup_teardown(test_merge_what_is_none, setup, teardown),
                cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
                cmocka_unit_test_setup_teardown(test_moves_that_cannot_be, setup, teardown),
                cmocka_unit_test_setup_teardown(test_exchange, setup, teardown),
                cmocka_unit_test_setup_teardown(test_programs_moves_are_followed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_programs_readings_are_taken, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_leaves_doubt, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_is_bounded, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
