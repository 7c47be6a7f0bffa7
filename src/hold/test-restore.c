/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program set is set again before its commands go on, and what cannot be is said. Mode pages one by
 * one are test-modes.c, persistent reservations test-reserve.c, keys test-secret.c. */

#include "hold/test-unit.h"

static void begin_return(Fake *f)
{
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
}

static void assert_is_ready(Fake *f)
{
        expect(f, CDB_MODE_SENSE, mode_reply(0));
}

static void test_restore(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8};
        Fake *f = *state;

        do_set(f, "1e 00 00 00 01 00", NULL, 0);
        do_set(f, "16 00 00 00 00 00", NULL, 0);
        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        begin_return(f);
        expect_ready(f);
        expect(f, "1e 00 00 00 01 00", GOOD);
        expect(f, "16 00 00 00 00 00", GOOD);
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        assert_is_ready(f);
}

static void test_taken_back(void **state)
{
        Fake *f = *state;

        do_set(f, "1e 00 00 00 01 00", NULL, 0);
        do_set(f, "16 00 00 00 00 00", NULL, 0);
        do_set(f, "1e 00 00 00 00 00", NULL, 0);
        do_set(f, "17 00 00 00 00 00", NULL, 0);
        begin_return(f);
        expect_ready(f);
        assert_is_ready(f);
}

/* What the device refused was never set. */
static void test_refused_setting(void **state)
{
        Fake *f = *state;
        uint32_t tag = fake_command(f, "1e 00 00 00 01 00", NULL, 0);

        expect(f, "1e 00 00 00 01 00", CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        assert_error(f, tag, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        begin_return(f);
        expect_ready(f);
        assert_is_ready(f);
}

static void test_reservation_gone(void **state)
{
        Fake *f = *state;

        do_set(f, "16 00 00 00 00 00", NULL, 0);
        write_block(f, 100);
        begin_return(f);
        expect_ready(f);
        expect(f, "16 00 00 00 00 00", STATUS(SCSI_RESERVATION_CONFLICT));
        assert_medium_given_up(f, "could not be reserved again");
}

static void test_mode_refused(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8};
        Fake *f = *state;

        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        write_block(f, 100);
        begin_return(f);
        expect_ready(f);
        expect(f, "15 10 00 00 0c 00", CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        assert_medium_given_up(f, "MODE SELECT was refused");
}

static const struct {
        const char *cdb;
        uint8_t data[24];
        uint32_t n_data;
        const char *reason; /* NULL: it can go on after a reset */
} unrestorable[] = {
        /* PUBLIC: the key of others; SDK: one of several; another page, another protocol */
        {"b5 20 00 10 00 00 00 00 00 18 00 00", {0, 0x10, 0, 0x14, 0x00, 0, 2, 2}, 24, "encryption key"},
        {"b5 20 00 10 00 00 00 00 00 18 00 00", {0, 0x10, 0, 0x14, 0x40, 8, 2, 2}, 24, "encryption key"},
        {"b5 20 00 11 00 00 00 00 00 18 00 00", {0, 0x11, 0, 0x14, 0x40, 0, 2, 2}, 24, "encryption key"},
        {"b5 21 00 10 00 00 00 00 00 18 00 00", {0, 0x10, 0, 0x14, 0x40, 0, 2, 2}, 24, "encryption key"},
        {"b5 20 00 10 00 00 00 00 00 18 00 00", {0, 0x10, 0, 0x14, 0x40, 0, 0, 0}, 24, NULL},
        /* SPEC_I_PT: registers others too; a service action that nobody knows */
        {"5f 00 00 00 00 00 00 00 18 00", {[15] = 1, [20] = 8}, 24, "persistent reservation"},
        {"5f 09 03 00 00 00 00 00 18 00", {0}, 24, "persistent reservation"},
        {"5f 03 00 00 00 00 00 00 18 00", {0}, 24, NULL},
};

/* A reset loses what cannot be set again: that is said, and nothing is written without the key. */
static void test_unrestorable(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(unrestorable); i++) {
                uint8_t data[24];
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                memcpy(data, unrestorable[i].data, sizeof(data));
                do_set(f, unrestorable[i].cdb, data, unrestorable[i].n_data);
                write_block(f, 100);
                begin_return(f);
                expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
                expect_ready(f);
                if (unrestorable[i].reason)
                        assert_medium_given_up(f, unrestorable[i].reason);
                else
                        assert_is_ready(f);
                fake_teardown(state);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_restore, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_taken_back, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_refused_setting, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_reservation_gone, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_mode_refused, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_unrestorable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
