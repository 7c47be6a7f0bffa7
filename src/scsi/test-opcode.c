/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of commands: that it is well formed, and that the rows which decide over data say what they must.
 */

#include "scsi/opcode.h"

#include "scsi/test-fixture.h"

static void test_rows(void **state)
{
        const uint16_t known = 1U << DEVICE_TAPE | 1U << DEVICE_CHANGER;
        const ScsiOpcode *table;
        size_t n;

        table = scsi_opcode_table(&n);
        assert_true(n > 80);
        for (size_t i = 0; i < n; i++) {
                const ScsiOpcode *row = &table[i];

                assert_non_null(row->name);
                assert_true(strlen(row->name) > 3);
                assert_true(row->device_types != 0 && !(row->device_types & ~known));
                assert_int_equal(row->n_cdb, scsi_cdb_length(&row->opcode, 1));
                assert_true(row->effect < _POSITION_EFFECT_MAX && row->settle < _SETTLE_CLASS_MAX);
                assert_in_range(row->timeout_s, 30, UINT32_MAX / 1000);
                assert_true(row->service_action < 0x20 || row->service_action == SERVICE_ACTION_ANY);
        }
}

/* Sorted, and no key twice: of two rows for one opcode the types are disjoint or the service actions differ,
 * with ANY last, so that every row can be found. */
static void test_keys(void **state)
{
        const ScsiOpcode *table;
        size_t n;

        table = scsi_opcode_table(&n);
        for (size_t i = 0; i < n; i++)
                for (size_t j = i + 1; j < n; j++) {
                        const ScsiOpcode *a = &table[i], *b = &table[j];

                        assert_true(a->opcode <= b->opcode);
                        if (a->opcode != b->opcode || !(a->device_types & b->device_types))
                                continue;
                        assert_int_not_equal(a->service_action, b->service_action);
                        assert_int_not_equal(a->service_action, SERVICE_ACTION_ANY);
                }
}

static void test_every_row_is_found(void **state)
{
        static const DeviceType types[] = {DEVICE_TAPE, DEVICE_CHANGER};
        const ScsiOpcode *table;
        size_t n;

        table = scsi_opcode_table(&n);
        for (size_t i = 0; i < n; i++)
                for (size_t t = 0; t < ELEMENTSOF(types); t++) {
                        uint8_t cdb[SCSI_CDB_MAX] = {table[i].opcode, table[i].service_action};

                        if (table[i].device_types & 1U << types[t])
                                assert_ptr_equal(scsi_opcode_find(types[t], cdb, table[i].n_cdb), &table[i]);
                }
}

/* A command that reads back or only asks must not be able to lose the position, one that writes, moves or is
 * not understood must never settle as a plain repetition. */
static void test_effect_and_settlement_agree(void **state)
{
        const ScsiOpcode *table;
        size_t n;

        table = scsi_opcode_table(&n);
        for (size_t i = 0; i < n; i++) {
                if (table[i].settle == SETTLE_REPEAT || table[i].settle == SETTLE_STATE ||
                    table[i].settle == SETTLE_MOVE_MEDIUM)
                        assert_int_equal(table[i].effect, POSITION_KEPT);
                assert_int_equal(table[i].settle == SETTLE_WRITE, table[i].effect == POSITION_WRITTEN);
                if (table[i].effect == POSITION_READ)
                        assert_int_equal(table[i].settle, SETTLE_READ);
                if (table[i].settle == SETTLE_REPEAT && table[i].direction == SCSI_DATA_OUT)
                        fail_msg("%s changes something and is repeated", table[i].name);
        }
}

typedef struct SpotCheck {
        DeviceType type;
        uint8_t opcode, service_action;
        ScsiDirection direction;
        PositionEffect effect;
        SettleClass settle;
        const char *name;
} SpotCheck;

/* clang-format off */
static const SpotCheck spots[] = {
        {DEVICE_TAPE, 0x00, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_REPEAT, "TEST UNIT READY"},
        {DEVICE_TAPE, 0x01, 0, SCSI_NO_DATA, POSITION_BEGINNING, SETTLE_ABSOLUTE, "REWIND"},
        {DEVICE_TAPE, 0x04, 0, SCSI_DATA_OUT, POSITION_LOST, SETTLE_RELATIVE, "FORMAT MEDIUM"},
        {DEVICE_CHANGER, 0x07, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_REPEAT, "INITIALIZE ELEMENT STATUS"},
        {DEVICE_TAPE, 0x08, 1, SCSI_DATA_IN, POSITION_READ, SETTLE_READ, "READ(6)"},
        {DEVICE_TAPE, 0x0a, 1, SCSI_DATA_OUT, POSITION_WRITTEN, SETTLE_WRITE, "WRITE(6)"},
        {DEVICE_TAPE, 0x0f, 0, SCSI_DATA_IN, POSITION_LOST, SETTLE_READ, "READ REVERSE(6)"},
        {DEVICE_TAPE, 0x10, 0, SCSI_NO_DATA, POSITION_WRITTEN, SETTLE_WRITE, "WRITE FILEMARKS(6)"},
        {DEVICE_TAPE, 0x11, 3, SCSI_NO_DATA, POSITION_SPACED, SETTLE_RELATIVE, "SPACE(6)"},
        {DEVICE_TAPE, 0x16, 0, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_STATE, "RESERVE(6)"},
        {DEVICE_CHANGER, 0x16, 0, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_STATE, "RESERVE ELEMENT(6)"},
        {DEVICE_TAPE, 0x19, 1, SCSI_NO_DATA, POSITION_LOST, SETTLE_RELATIVE, "ERASE(6)"},
        {DEVICE_TAPE, 0x1b, 0, SCSI_NO_DATA, POSITION_LOADED, SETTLE_ABSOLUTE, "LOAD UNLOAD"},
        {DEVICE_CHANGER, 0x1b, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_ABSOLUTE, "OPEN/CLOSE IMPORT/EXPORT ELEMENT"},
        {DEVICE_TAPE, 0x2b, 2, SCSI_NO_DATA, POSITION_LOCATED, SETTLE_ABSOLUTE, "LOCATE(10)"},
        {DEVICE_CHANGER, 0x2b, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_ABSOLUTE, "POSITION TO ELEMENT"},
        {DEVICE_TAPE, 0x34, 6, SCSI_DATA_IN, POSITION_KEPT, SETTLE_REPEAT, "READ POSITION"},
        {DEVICE_CHANGER, 0x34, 6, SCSI_DATA_IN, POSITION_LOST, SETTLE_NEVER_REPEAT, "unknown command"},
        {DEVICE_TAPE, 0x3b, 5, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_NEVER_REPEAT, "WRITE BUFFER"},
        {DEVICE_TAPE, 0x5f, 0, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_STATE, "PERSISTENT RESERVE OUT"},
        {DEVICE_TAPE, 0x91, 0, SCSI_DATA_OUT, POSITION_SPACED, SETTLE_RELATIVE, "SPACE(16)"},
        {DEVICE_TAPE, 0x92, 0, SCSI_NO_DATA, POSITION_LOCATED, SETTLE_ABSOLUTE, "LOCATE(16)"},
        {DEVICE_TAPE, 0xa3, 0x0c, SCSI_DATA_IN, POSITION_KEPT, SETTLE_REPEAT, "REPORT SUPPORTED OPERATION CODES"},
        {DEVICE_TAPE, 0xa3, 0x8f, SCSI_DATA_IN, POSITION_KEPT, SETTLE_REPEAT, "REPORT TIMESTAMP"},
        {DEVICE_TAPE, 0xa3, 0x1f, SCSI_DATA_IN, POSITION_LOST, SETTLE_NEVER_REPEAT, "MAINTENANCE IN"},
        {DEVICE_TAPE, 0xa4, 0x0f, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_STATE, "SET TIMESTAMP"},
        {DEVICE_CHANGER, 0xa5, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_MOVE_MEDIUM, "MOVE MEDIUM"},
        {DEVICE_CHANGER, 0xa6, 0, SCSI_NO_DATA, POSITION_KEPT, SETTLE_MOVE_MEDIUM, "EXCHANGE MEDIUM"},
        {DEVICE_TAPE, 0xb5, 0x20, SCSI_DATA_OUT, POSITION_KEPT, SETTLE_STATE, "SECURITY PROTOCOL OUT"},
        {DEVICE_CHANGER, 0xb5, 0, SCSI_DATA_IN, POSITION_KEPT, SETTLE_REPEAT, "REQUEST VOLUME ELEMENT ADDRESS"},
        {DEVICE_TAPE, 0x0c, 0, SCSI_DATA_IN, POSITION_LOST, SETTLE_NEVER_REPEAT, "unknown command"},
        {DEVICE_TAPE, 0xff, 0, SCSI_DATA_IN, POSITION_LOST, SETTLE_NEVER_REPEAT, "unknown command"},
};
/* clang-format on */

static void test_spots(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(spots); i++) {
                uint8_t cdb[SCSI_CDB_MAX] = {spots[i].opcode, spots[i].service_action};
                const ScsiOpcode *row = scsi_opcode_find(spots[i].type, cdb, sizeof(cdb));

                assert_string_equal(row->name, spots[i].name);
                assert_int_equal(row->direction, spots[i].direction);
                assert_int_equal(row->effect, spots[i].effect);
                assert_int_equal(row->settle, spots[i].settle);
        }
}

static void test_short_cdb(void **state)
{
        static const uint8_t cdb[] = {OP_MAINTENANCE_IN, 0x0c};

        assert_int_equal(scsi_opcode_find(DEVICE_TAPE, NULL, 0)->settle, SETTLE_NEVER_REPEAT);
        assert_string_equal(scsi_opcode_find(DEVICE_TAPE, cdb, 1)->name, "MAINTENANCE IN");
        assert_int_equal(scsi_cdb_length(NULL, 0), 0);
}

static void test_length(void **state)
{
        static const uint8_t variable[8] = {0x7f, 0, 0, 0, 0, 0, 0, 24};
        static const uint8_t ends[][2] = {{0x00, 6},  {0x1f, 6},  {0x20, 10}, {0x5f, 10},
                                          {0x60, 12}, {0x7e, 12}, {0x80, 16}, {0x9f, 16},
                                          {0xa0, 12}, {0xbf, 12}, {0xc0, 10}, {0xff, 10}};

        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                assert_int_equal(scsi_cdb_length(ends[i], 1), ends[i][1]);
        assert_int_equal(scsi_cdb_length(variable, 8), 32);
        assert_int_equal(scsi_cdb_length(variable, 7), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_every_row_is_found),
                cmocka_unit_test(test_effect_and_settlement_agree),
                cmocka_unit_test(test_spots),
                cmocka_unit_test(test_short_cdb),
                cmocka_unit_test(test_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
