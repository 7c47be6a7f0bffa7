/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A persistent reservation: held through resets, losses of power and changes of the path, taken from nobody,
 * and a PERSISTENT RESERVE OUT whose answer was lost done once. */

#include "hold/test-unit.h"

#include "scsi/reserve.h"

#include <stdio.h>

#define KEYS     "5e 00 00 00 00 00 00 10 00 00"
#define HOLDER   "5e 01 00 00 00 00 00 00 18 00"
#define IGNORE   "5f 06 00 00 00 00 00 00 18 00"
#define REGISTER "5f 00 00 00 00 00 00 00 18 00"
#define RESERVE  "5f 01 03 00 00 00 00 00 18 00"
#define RELEASE  "5f 02 03 00 00 00 00 00 18 00"
#define CLEAR    "5f 03 00 00 00 00 00 00 18 00"
#define PREEMPT  "5f 04 03 00 00 00 00 00 18 00"
#define OURS     0x1234
#define THEIRS   0x5678
#define CONFLICT STATUS(SCSI_RESERVATION_CONFLICT)

static uint8_t *list(uint64_t key, uint64_t action_key, uint8_t flags)
{
        static uint8_t l[RESERVE_OUT_LENGTH];

        memset(l, 0, sizeof(l));
        put_be(l, key, 8);
        put_be(l + 8, action_key, 8);
        l[20] = flags;
        return l;
}

static Answer keys_reply(uint64_t first, uint64_t second)
{
        static uint8_t data[24];
        unsigned n = (first != 0) + (second != 0);

        memset(data, 0, sizeof(data));
        put_be(data, n > 0 ? 7 : 0, 4); /* PRGENERATION */
        put_be(data + 4, 8U * n, 4);
        put_be(data + 8, first != 0 ? first : second, 8);
        put_be(data + 16, second, 8);
        return DATA(data, 8 + 8 * n);
}

static Answer holder_reply(uint64_t key, uint8_t type)
{
        static uint8_t data[24];

        memset(data, 0, sizeof(data));
        put_be(data + 4, 16, 4);
        put_be(data + 8, key, 8);
        data[21] = type;
        return DATA(data, sizeof(data));
}

static Answer nobody_reply(void)
{
        static const uint8_t data[8];

        return DATA(data, sizeof(data));
}

static void do_out(Fake *f, const char *cdb, uint64_t key, uint64_t action_key, uint8_t flags)
{
        uint8_t copy[RESERVE_OUT_LENGTH];

        memcpy(copy, list(key, action_key, flags), sizeof(copy));
        do_set(f, cdb, copy, sizeof(copy));
}

#define expect_reserve(f, cdb, key, action_key, flags, answer)                                               \
        expect_out(f, cdb, list(key, action_key, flags), RESERVE_OUT_LENGTH, answer)

static void hold(Fake *f)
{
        do_out(f, REGISTER, 0, OURS, 0);
        do_out(f, RESERVE, OURS, 0, 0);
}

/* Who is registered, and then the program, with its key. */
static void expect_registered(Fake *f, Answer keys)
{
        expect(f, KEYS, keys);
        expect_reserve(f, IGNORE, 0, OURS, 0, GOOD);
}

/* It reserves again what there is. */
static void expect_held(Fake *f, Answer before)
{
        expect(f, HOLDER, before);
        expect_reserve(f, RESERVE, OURS, 0, 0, GOOD);
        expect(f, HOLDER, holder_reply(OURS, 3));
}

/* Another path has it. */
static void expect_taken_over(Fake *f)
{
        expect(f, HOLDER, holder_reply(OURS, 3));
        expect_reserve(f, RESERVE, OURS, 0, 0, CONFLICT);
        expect_reserve(f, PREEMPT, OURS, OURS, 0, GOOD);
        expect(f, HOLDER, holder_reply(OURS, 3));
}

static void assert_restored(Fake *f)
{
        expect(f, CDB_MODE_SENSE, mode_reply(0));
}

/* ---- all good ---- */

static void test_after_power(void **state)
{
        Fake *f = *state;

        hold(f);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(0, 0));
        expect_held(f, nobody_reply());
        assert_restored(f);
}

/* APTPL, or a reset that keeps it: the same commands are harmless. */
static void test_still_there(void **state)
{
        Fake *f = *state;

        do_out(f, REGISTER, 0, OURS, RESERVE_OUT_APTPL | RESERVE_OUT_ALL_TG_PT);
        do_out(f, RESERVE, OURS, 0, 0);
        lose_and_return(f, true);
        expect(f, KEYS, keys_reply(OURS, 0));
        expect_reserve(f, IGNORE, 0, OURS, RESERVE_OUT_APTPL | RESERVE_OUT_ALL_TG_PT, GOOD);
        expect_held(f, holder_reply(OURS, 3));
        assert_restored(f);
}

/* Another path is another nexus: what the old one holds is taken over. */
static void test_other_path(void **state)
{
        Fake *f = *state;

        hold(f);
        lose_and_return(f, false);
        expect_registered(f, keys_reply(OURS, THEIRS));
        expect_taken_over(f);
        assert_restored(f);
}

/* An exclusive one keeps even the question out, whether the drive is ready. */
static void test_not_even_ready(void **state)
{
        Fake *f = *state;

        hold(f);
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CONFLICT);
        expect_registered(f, keys_reply(OURS, 0));
        expect_taken_over(f);
        expect_ready(f);
        expect_registered(f, keys_reply(OURS, 0));
        expect_held(f, holder_reply(OURS, 3));
        assert_restored(f);
}

static void test_all_registrants(void **state)
{
        Fake *f = *state;

        do_out(f, REGISTER, 0, OURS, 0);
        do_out(f, "5f 01 07 00 00 00 00 00 18 00", OURS, 0, 0);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(OURS, THEIRS));
        expect(f, HOLDER, holder_reply(0, 7));
        expect_reserve(f, "5f 01 07 00 00 00 00 00 18 00", OURS, 0, 0, GOOD);
        expect(f, HOLDER, holder_reply(0, 7));
        assert_restored(f);
}

static void test_registered_only(void **state)
{
        Fake *f = *state;

        do_out(f, IGNORE, 0, OURS, 0);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(0, 0));
        assert_restored(f);
}

/* REGISTER AND IGNORE EXISTING KEY is not in every device. */
static void test_old_device(void **state)
{
        Fake *f = *state;

        hold(f);
        lose_and_return(f, true);
        expect(f, KEYS, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_reserve(f, IGNORE, 0, OURS, 0, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
        expect_reserve(f, REGISTER, OURS, OURS, 0, CONFLICT);
        expect_reserve(f, REGISTER, 0, OURS, 0, GOOD);
        expect(f, HOLDER, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE));
        expect_reserve(f, RESERVE, OURS, 0, 0, GOOD);
        expect(f, HOLDER, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE));
        assert_restored(f);
}

static void test_changer(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        expect_registered(f, keys_reply(0, 0));
        expect_held(f, nobody_reply());
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* ---- what the program has given up is not held again ---- */

static void test_given_up(void **state)
{
        Fake *f = *state;

        hold(f);
        do_out(f, RELEASE, OURS, 0, 0);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(0, 0));
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        do_out(f, CLEAR, OURS, 0, 0);
        assert_int_equal(f->unit.record.persistent.registered, 0);
        hold(f);
        do_out(f, REGISTER, OURS, 0, 0);
        lose_and_return(f, true);
        assert_restored(f);
}

/* ---- another host ---- */

static void assert_taken(Fake *f)
{
        assert_medium_given_up(f, "another host has taken");
        assert_int_equal(f->unit.record.persistent.registered, 0);
}

static void test_other_holder(void **state)
{
        Fake *f = *state;

        hold(f);
        write_block(f, 100);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(THEIRS, 0));
        expect(f, HOLDER, holder_reply(THEIRS, 3));
        assert_taken(f);
}

/* Registered only, and kept out. */
static void test_kept_out(void **state)
{
        Fake *f = *state;

        do_out(f, REGISTER, 0, OURS, 0);
        write_block(f, 100);
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CONFLICT);
        expect_registered(f, keys_reply(OURS, THEIRS));
        expect(f, CDB_READY, CONFLICT);
        assert_medium_given_up(f, "another host has reserved");
}

/* It came in between. */
static void test_race(void **state)
{
        Fake *f = *state;

        hold(f);
        write_block(f, 100);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(0, 0));
        expect(f, HOLDER, nobody_reply());
        expect_reserve(f, RESERVE, OURS, 0, 0, CONFLICT);
        assert_medium_given_up(f, "could not be reserved again");
}

/* Put out on purpose, and told so: nobody registers again over that. */
static void test_fenced(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        write_block(f, 100);
        tag = fake_command(f, "0a 00 00 00 64 00", block(1, 100), 100);
        answer_position(f);
        expect(f, "0a 00 00 00 64 00", CHECK(SENSE_UNIT_ATTENTION, ASC_REGISTRATIONS_PREEMPTED));
        expect_ready(f);
        expect(f, KEYS, keys_reply(THEIRS, 0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        assert_nothing_sent(f);
        assert_event(f, "failed", "another host has taken");
        assert_int_equal(f->unit.record.persistent.registered, 0);
}

/* Nobody has registered since power came back: no unit attention is needed to know that it was gone. */
static void test_power_in_silence(void **state)
{
        Fake *f = *state;

        hold(f);
        write_block(f, 100);
        lose_and_return(f, false);
        expect_registered(f, keys_reply(0, 0));
        expect_held(f, nobody_reply());
        assert_restored(f);
}

/* The unit attention went to somebody else. */
static void test_fenced_in_silence(void **state)
{
        Fake *f = *state;

        hold(f);
        write_block(f, 100);
        lose_and_return(f, false);
        expect(f, KEYS, keys_reply(THEIRS, 0));
        assert_taken(f);
}

/* It was our own PREEMPT on another path that the unit attention tells of. */
static void test_own_preempt(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        tag = fake_command(f, CDB_READY, NULL, 0);
        answer_position(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_REGISTRATIONS_PREEMPTED));
        expect_ready(f);
        expect_registered(f, keys_reply(OURS, 0));
        expect_held(f, holder_reply(OURS, 3));
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        assert_int_equal(f->unit.record.persistent.taken, 0);
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* ---- in flight ---- */

static uint32_t lose(Fake *f, const char *cdb, uint8_t *data)
{
        uint32_t tag = fake_command(f, cdb, data, RESERVE_OUT_LENGTH);

        answer_position(f);
        expect(f, cdb, LOST);
        expect_return(f);
        return tag;
}

static void finish(Fake *f, const char *cdb, uint32_t tag)
{
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        if (cdb)
                expect(f, cdb, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* The first one, perhaps executed: it would conflict with itself. */
static void test_register_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag = lose(f, REGISTER, memcpy(data, list(0, OURS, 0), sizeof(data)));

        expect_reserve(f, IGNORE, 0, 0, 0, GOOD);
        finish(f, REGISTER, tag);
        assert_int_equal(f->unit.record.persistent.key, OURS);
}

/* From one key to another: back to the first. */
static void test_change_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        do_out(f, REGISTER, 0, OURS, 0);
        tag = lose(f, REGISTER, memcpy(data, list(OURS, 0x99, 0), sizeof(data)));
        expect_registered(f, keys_reply(0x99, 0));
        finish(f, REGISTER, tag);
        assert_int_equal(f->unit.record.persistent.key, 0x99);
}

static void test_reserve_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        do_out(f, REGISTER, 0, OURS, 0);
        tag = lose(f, RESERVE, memcpy(data, list(OURS, 0, 0), sizeof(data)));
        expect_registered(f, keys_reply(OURS, 0));
        expect(f, HOLDER, nobody_reply());
        finish(f, RESERVE, tag);
        assert_int_equal(f->unit.record.persistent.held, 1);
}

/* Executed, on a path that is gone: no command gets through but by taking it over. */
static void test_reserved_on_other_path(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        do_out(f, REGISTER, 0, OURS, 0);
        tag = fake_command(f, RESERVE, memcpy(data, list(OURS, 0, 0), sizeof(data)), sizeof(data));
        expect(f, RESERVE, LOST);
        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_READY, CONFLICT);
        expect_registered(f, keys_reply(OURS, 0));
        expect_taken_over(f);
        expect_ready(f);
        expect_registered(f, keys_reply(OURS, 0));
        expect_held(f, holder_reply(OURS, 3));
        finish(f, RESERVE, tag);
}

/* Executed, and another host has it since: no error, nothing is held again. */
static void test_release_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        tag = lose(f, RELEASE, memcpy(data, list(OURS, 0, 0), sizeof(data)));
        expect_registered(f, keys_reply(OURS, THEIRS));
        expect(f, HOLDER, holder_reply(THEIRS, 3));
        finish(f, RELEASE, tag);
        assert_int_equal(f->unit.record.persistent.held, 0);
}

/* Not executed, on a path that is gone: only who holds it can release it. */
static void test_release_on_other_path(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        tag = lose(f, RELEASE, memcpy(data, list(OURS, 0, 0), sizeof(data)));
        expect_registered(f, keys_reply(OURS, 0));
        expect_taken_over(f);
        finish(f, RELEASE, tag);
}

static void test_clear_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        hold(f);
        tag = lose(f, CLEAR, memcpy(data, list(OURS, 0, 0), sizeof(data)));
        expect_registered(f, keys_reply(0, 0));
        expect(f, HOLDER, nobody_reply());
        finish(f, CLEAR, tag);
        assert_int_equal(f->unit.record.persistent.registered, 0);
}

/* The other one is out: it was executed, and would conflict the second time. */
static void test_preempt_in_flight(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        do_out(f, REGISTER, 0, OURS, 0);
        tag = lose(f, PREEMPT, memcpy(data, list(OURS, THEIRS, 0), sizeof(data)));
        expect_registered(f, keys_reply(OURS, 0));
        expect_held(f, holder_reply(OURS, 3));
        finish(f, NULL, tag);
        assert_int_equal(f->unit.record.persistent.held, 1);
}

/* It is still there. */
static void test_preempt_not_executed(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        do_out(f, REGISTER, 0, OURS, 0);
        tag = lose(f, PREEMPT, memcpy(data, list(OURS, THEIRS, 0), sizeof(data)));
        expect_registered(f, keys_reply(OURS, THEIRS));
        expect(f, HOLDER, holder_reply(THEIRS, 3));
        finish(f, PREEMPT, tag);
}

/* What a PREEMPT has brought is looked up when it matters. */
static void test_after_preempt(void **state)
{
        Fake *f = *state;

        do_out(f, REGISTER, 0, OURS, 0);
        do_out(f, PREEMPT, OURS, THEIRS, 0);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(OURS, 0));
        expect(f, HOLDER, nobody_reply());
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        assert_int_equal(f->unit.record.persistent.held, 0);
        assert_int_equal(f->unit.record.persistent.unsure, 0);
}

/* The holder puts a registrant out: its own reservation stays what it was. */
static void test_preempt_by_holder(void **state)
{
        Fake *f = *state;

        hold(f);
        do_out(f, "5f 04 05 00 00 00 00 00 18 00", OURS, THEIRS, 0);
        assert_int_equal(f->unit.record.persistent.held, 1);
        assert_int_equal(f->unit.record.persistent.scope_type, 3);
        do_out(f, "5f 04 05 00 00 00 00 00 18 00", OURS, OURS, 0);
        assert_int_equal(f->unit.record.persistent.scope_type, 5);
        assert_int_equal(f->unit.record.persistent.unsure, 0);
}

static void test_after_preempt_and_power(void **state)
{
        Fake *f = *state;

        do_out(f, REGISTER, 0, OURS, 0);
        do_out(f, PREEMPT, OURS, THEIRS, 0);
        write_block(f, 100);
        lose_and_return(f, true);
        expect_registered(f, keys_reply(0, 0));
        expect(f, HOLDER, nobody_reply());
        assert_medium_given_up(f, "persistent reservation cannot be restored");
}

/* By a successor, too. */
static void test_successor(void **state)
{
        uint8_t data[RESERVE_OUT_LENGTH];
        Fake *f = *state;
        uint32_t tag;

        fake_command(f, REGISTER, memcpy(data, list(0, OURS, 0), sizeof(data)), sizeof(data));
        fake_restart(f);
        tag = fake_command(f, REGISTER, data, sizeof(data));
        expect_return(f);
        expect_reserve(f, IGNORE, 0, 0, 0, GOOD);
        finish(f, REGISTER, tag);
}

int main(void)
{
#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)
        const struct CMUnitTest tests[] = {
                HELD(test_after_power),
                HELD(test_still_there),
                HELD(test_other_path),
                HELD(test_not_even_ready),
                HELD(test_all_registrants),
                HELD(test_registered_only),
                HELD(test_old_device),
                cmocka_unit_test_setup_teardown(test_changer, fake_setup_held_changer, fake_teardown),
                HELD(test_given_up),
                HELD(test_other_holder),
                HELD(test_kept_out),
                HELD(test_race),
                HELD(test_power_in_silence),
                HELD(test_fenced),
                HELD(test_fenced_in_silence),
                HELD(test_own_preempt),
                HELD(test_register_in_flight),
                HELD(test_change_in_flight),
                HELD(test_reserve_in_flight),
                HELD(test_reserved_on_other_path),
                HELD(test_release_in_flight),
                HELD(test_release_on_other_path),
                HELD(test_clear_in_flight),
                HELD(test_preempt_in_flight),
                HELD(test_preempt_not_executed),
                HELD(test_after_preempt),
                HELD(test_after_preempt_and_power),
                HELD(test_preempt_by_holder),
                HELD(test_successor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
