/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is told of a held device, from a unit whose state the test makes up. */

#include "daemon/held-facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NOW (1000 * USEC_PER_SEC)

static Held held;

static int setup(void **state)
{
        held = (Held){.unit = calloc(1, sizeof(Unit))};
        if (!held.unit)
                return -1;
        held.unit->phase = UNIT_HELD;
        held.unit->config.type = DEVICE_TAPE;
        held.unit->record.introduced = 1;
        held.unit->record.medium = MEDIUM_PRESENT;
        held.unit->journal.index = &held.unit->record.journal;
        held.unit->journal.n_ring = 1 << 20;
        return 0;
}

static int teardown(void **state)
{
        free(held.unit);
        return 0;
}

static HeldFacts facts(void)
{
        HeldFacts f;

        held_facts(&held, NOW, &f);
        return f;
}

/* A date that is `ago` before this moment. */
static void assert_date(uint64_t date, usec_t ago)
{
        uint64_t now = usec_now(CLOCK_REALTIME);

        assert_in_range(date + ago, now - 10 * USEC_PER_SEC, now);
}

static void begin_command(DeviceType type, uint8_t opcode, uint8_t byte4)
{
        Unit *u = held.unit;
        UnitCommand *c = &u->queue[0];

        *c = (UnitCommand){.n_cdb = 6, .cdb = {opcode, 0, 0, 0, byte4}, .since = NOW - 7 * USEC_PER_SEC};
        c->opcode = scsi_opcode_find(type, c->cdb, c->n_cdb);
        u->config.type = type;
        u->n_queue = 1;
        u->submitted = SUBMITTED_PROGRAM;
}

/* What is still to be written, and what a failure has left, are told apart. */
static void test_unproven(void **state)
{
        assert_false(facts().unproven);
        begin_command(DEVICE_TAPE, OP_READ_6, 0);
        assert_false(facts().unproven);
        begin_command(DEVICE_TAPE, OP_WRITE_FILEMARKS_6, 1);
        assert_true(facts().unproven);
        assert_false(facts().failed_unproven);
        held.unit->n_queue = 0;
        held.unit->failed_unproven = true;
        assert_false(facts().unproven);
        assert_true(facts().failed_unproven);
        held.unit->record.loss_unreported = 1;
        assert_true(facts().unproven);
        begin_command(DEVICE_CHANGER, OP_MOVE_MEDIUM, 0);
        assert_false(facts().unproven);
}

static void test_idle(void **state)
{
        HeldFacts f = facts();

        assert_string_equal(f.motion, "");
        assert_int_equal(f.motion_since, 0);
        assert_int_equal(f.progress, -1);
        assert_false(f.out);
        assert_int_equal(f.outage_began, 0);
        assert_string_equal(f.outage_cause, "");
        assert_int_equal(f.journal_size, 1 << 20);
        assert_int_equal(f.rate, 0);
        assert_string_equal(f.cartridge, "");
}

static void test_motions(void **state)
{
        static const struct {
                DeviceType type;
                uint8_t opcode, byte4;
                const char *motion;
        } rows[] = {
                {DEVICE_TAPE, OP_REWIND, 0, "rewind"},
                {DEVICE_TAPE, OP_LOCATE_10, 0, "locate"},
                {DEVICE_TAPE, OP_SPACE_6, 0, "space"},
                {DEVICE_TAPE, OP_ERASE_6, 0, "erase"},
                {DEVICE_TAPE, OP_LOAD_UNLOAD, 1, "load"},
                {DEVICE_TAPE, OP_LOAD_UNLOAD, 0, "unload"},
                {DEVICE_CHANGER, OP_MOVE_MEDIUM, 0, "move"},
                {DEVICE_CHANGER, OP_LOCATE_10, 0, "position"},
                {DEVICE_CHANGER, OP_LOAD_UNLOAD, 1, ""}, /* OPEN/CLOSE IMPORT/EXPORT ELEMENT */
                {DEVICE_TAPE, OP_WRITE_6, 0, ""},
                {DEVICE_TAPE, OP_TEST_UNIT_READY, 0, ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                HeldFacts f;

                begin_command(rows[i].type, rows[i].opcode, rows[i].byte4);
                f = facts();
                assert_string_equal(f.motion, rows[i].motion);
                assert_int_equal(f.n_waiting, 1);
                if (rows[i].motion[0])
                        assert_date(f.motion_since, 7 * USEC_PER_SEC);
        }
}

/* The drive says how far it is: in 65536ths. */
static void test_progress_of_the_drive(void **state)
{
        begin_command(DEVICE_TAPE, OP_ERASE_6, 0);
        held.unit->progress = 0x4000 + 1;
        assert_int_equal(facts().progress, 25);
        held.unit->progress = 0xffff + 1;
        assert_int_equal(facts().progress, 99);
        held.unit->progress = 1;
        assert_int_equal(facts().progress, 0);
}

static void test_outage(void **state)
{
        Unit *u = held.unit;
        HeldFacts f;

        u->tally.last_began = NOW - 500 * USEC_PER_SEC;
        u->last_outage = 3 * USEC_PER_SEC;
        strcpy(u->tally.last_cause, "the first");
        f = facts();
        assert_false(f.out);
        assert_date(f.outage_began, 500 * USEC_PER_SEC);
        assert_string_equal(f.outage_cause, "the first");
        u->in_trouble = true;
        u->trouble_since = NOW - 20 * USEC_PER_SEC;
        strcpy(u->trouble, "the second");
        u->phase = UNIT_RESUMING;
        held.clock = (ResumeClock){.running = true, .back_at = NOW - 4 * USEC_PER_SEC};
        f = facts();
        assert_true(f.out);
        assert_date(f.outage_began, 20 * USEC_PER_SEC);
        assert_string_equal(f.outage_cause, "the second");
        assert_string_equal(f.motion, "resume");
        assert_date(f.motion_since, 4 * USEC_PER_SEC);
}

/* By its barcode if there is one; nothing of the one that was there before. */
static void test_cartridge(void **state)
{
        UnitRecord *r = &held.unit->record;

        memcpy(r->medium_id, "SER\033[2J", 7);
        r->n_medium_id = 7;
        assert_string_equal(facts().cartridge, "SER?[2J");
        strcpy(held.unit->barcode, "E00001L3");
        assert_string_equal(facts().cartridge, "E00001L3");
        assert_string_equal(facts().medium_serial, "SER?[2J");
        r->medium = MEDIUM_ABSENT;
        assert_string_equal(facts().cartridge, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unproven, setup, teardown),
                cmocka_unit_test_setup_teardown(test_motions, setup, teardown),
                cmocka_unit_test_setup_teardown(test_progress_of_the_drive, setup, teardown),
                cmocka_unit_test_setup_teardown(test_outage, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cartridge, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
