/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An encryption key: set again, seen to be set, and kept nowhere but in the memory lent for it. */

#include "hold/test-unit.h"

#define SET        "b5 20 00 10 00 00 00 00 00 34 00 00"
#define STATUS_CDB "a2 20 00 20 00 00 00 00 04 00 00 00"
#define KEY        "0123456789abcdef0123456789ABCDEF"
#define OTHER_KEY  "fedcba9876543210FEDCBA9876543210"
#define LIST       52
#define CKOD       0x04
#define CKORL      0x01

/* Set Data Encryption: all nexuses, algorithm 1, a key of 32 bytes. */
static uint8_t *set_page(uint8_t bits, uint8_t encryption, uint8_t decryption, const char *key)
{
        static uint8_t page[LIST];

        memset(page, 0, sizeof(page));
        put_be(page, 0x00100030, 4);
        page[4] = 0x40;
        page[5] = bits;
        page[6] = encryption;
        page[7] = decryption;
        page[8] = 1;
        page[19] = 32;
        memcpy(page + 20, key, strnlen(key, 32));
        return page;
}

static Answer status_reply(uint8_t encryption, uint8_t decryption, uint8_t algorithm)
{
        static uint8_t page[24];

        memset(page, 0, sizeof(page));
        put_be(page, 0x00200014, 4);
        page[4] = 0x42;
        page[5] = encryption;
        page[6] = decryption;
        page[7] = algorithm;
        page[11] = 7; /* key instance counter: any */
        return DATA(page, sizeof(page));
}

static bool contains(const void *memory, size_t n, const char *what)
{
        return memmem(memory, n, what, strlen(what)) != NULL;
}

static void set_key(Fake *f, const char *key)
{
        uint8_t copy[LIST];

        memcpy(copy, set_page(0, 2, 2, key), LIST);
        do_set(f, SET, copy, LIST);
}

static void expect_key(Fake *f, const uint8_t *list)
{
        const uint8_t *memory = (const uint8_t *) f->memory.secrets;

        assert_true((uint8_t *) f->command.data >= memory &&
                    (uint8_t *) f->command.data < memory + sizeof(UnitSecrets)); /* no copy of it */
        expect_out(f, SET, list, LIST, GOOD);
}

static void finish_return(Fake *f)
{
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
}

static void test_restored(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        write_block(f, 100);
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 00 64 00", CHECK(SENSE_BLANK_CHECK, ASC_END_OF_DATA));
        expect_write(f, 0, 100, GOOD);
        assert_int_equal(f->unit.phase, UNIT_HELD);
}

/* Also where no reset was seen: another path may be another nexus. */
static void test_path_change(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        lose_and_return(f, false);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
}

/* The drive must say so itself, in every respect, or nothing is written. */
static void test_not_proven(void **state)
{
        static const uint8_t modes[][3] = {{0, 0, 0}, {0, 2, 1}, {2, 0, 1}, {1, 2, 1}, {2, 2, 2}};

        for (size_t i = 0; i <= ELEMENTSOF(modes) + 1; i++) {
                uint32_t tag;
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                set_key(f, KEY);
                write_block(f, 100);
                lose_and_return(f, true);
                expect_key(f, set_page(0, 2, 2, KEY));
                if (i < ELEMENTSOF(modes))
                        expect(f, STATUS_CDB, status_reply(modes[i][0], modes[i][1], modes[i][2]));
                else if (i == ELEMENTSOF(modes))
                        expect(f, STATUS_CDB, CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB));
                else
                        expect(f, STATUS_CDB, DATA("\0\x20\0\0", 4));
                assert_medium_given_up(f, "does not say that it encrypts");
                tag = fake_command(f, "0a 00 00 00 64 00", block(0, 100), 100);
                assert_error(f, tag, SENSE_DATA_PROTECT, ASC_ENCRYPTION_PARAMETERS_NOT_USABLE);
                assert_nothing_sent(f);
                fake_teardown(state);
        }
}

static void test_refused(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        set_key(f, KEY);
        write_block(f, 100);
        lose_and_return(f, true);
        expect_out(f, SET, set_page(0, 2, 2, KEY), LIST, CHECK(SENSE_ILLEGAL_REQUEST, 0x2600));
        assert_medium_given_up(f, "refused its encryption key");
        tag = fake_command(f, "0a 00 00 00 64 00", block(0, 100), 100);
        assert_error(f, tag, SENSE_DATA_PROTECT, ASC_ENCRYPTION_PARAMETERS_NOT_USABLE);
        set_key(f, OTHER_KEY); /* the program knows what it does */
        f->object = 0;
        tag = fake_command(f, "0a 00 00 00 64 00", block(0, 100), 100);
        answer_position(f);
        expect(f, "0a 00 00 00 64 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
}

/* A resume that ends before the key was seen to be set leaves it open whether it is. */
static void test_given_up_before(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        do_set(f, "16 00 00 00 00 00", NULL, 0);
        set_key(f, KEY);
        write_block(f, 100);
        lose_and_return(f, false);
        expect(f, "16 00 00 00 00 00", STATUS(SCSI_RESERVATION_CONFLICT));
        assert_medium_given_up(f, "could not be reserved again");
        tag = fake_command(f, "0a 00 00 00 64 00", block(0, 100), 100);
        assert_error(f, tag, SENSE_DATA_PROTECT, ASC_ENCRYPTION_PARAMETERS_NOT_USABLE);
}

/* In the middle of it the drive is reset again. */
static void test_interrupted(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, LOST);
        fake_path_up(f);
        expect_identity(f);
        expect_ready(f);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
}

/* Nothing but the memory that was lent has it: not the state, the journal, the scratch buffer or the unit. */
static void test_kept_nowhere_else(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;

        memcpy(list, set_page(0, 2, 2, KEY), LIST);
        do_set(f, SET, list, LIST);
        assert_false(contains(list, LIST, KEY)); /* the buffer of the command */
        assert_true(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
        assert_int_equal(f->unit.record.in_flight.crc, 0);
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
        assert_false(contains(f->memory.state, sizeof(UnitState), KEY));
        assert_false(contains(f->memory.ring, FAKE_RING, KEY));
        assert_false(contains(f->memory.scratch, HOLD_SCRATCH_SIZE, KEY));
        assert_false(contains(&f->unit, sizeof(f->unit), KEY));
}

static void assert_wiped(Fake *f)
{
        static const UnitSecrets empty;

        assert_memory_equal(f->memory.secrets, &empty, sizeof(empty));
        lose_and_return(f, true);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
}

static void test_replaced(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        set_key(f, OTHER_KEY);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, OTHER_KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
}

static void test_taken_back(void **state)
{
        uint8_t off[LIST];
        Fake *f = *state;

        set_key(f, KEY);
        memcpy(off, set_page(0, 0, 0, ""), 20);
        do_set(f, SET, off, LIST);
        assert_wiped(f);
}

/* CKOD: with the cartridge. */
static void test_demounted(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        memcpy(list, set_page(CKOD, 2, 2, KEY), LIST);
        do_set(f, SET, list, LIST);
        tag = fake_command(f, "1b 00 00 00 00 00", NULL, 0);
        answer_position(f);
        expect(f, "1b 00 00 00 00 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_wiped(f);
}

/* And stays without CKOD. */
static void test_stays_over_unload(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        do_set(f, "1b 00 00 00 00 00", NULL, 0);
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, KEY));
}

/* The cartridge was changed, says the drive, which has forgotten the key, or has not: no guess. */
static void test_perhaps_demounted(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        memcpy(list, set_page(CKOD, 2, 2, KEY), LIST);
        do_set(f, SET, list, LIST);
        tag = fake_command(f, CDB_READY, NULL, 0);
        answer_position(f);
        expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED));
        assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_ENCRYPTION);
}

/* CKORL: with the reservation. */
static void test_released(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;

        memcpy(list, set_page(CKORL, 2, 2, KEY), LIST);
        do_set(f, "16 00 00 00 00 00", NULL, 0);
        do_set(f, SET, list, LIST);
        do_set(f, "17 00 00 00 00 00", NULL, 0);
        assert_wiped(f);
}

/* Given up by who sent it, and set all the same: the old one must not be set over it. */
static void test_aborted(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        set_key(f, KEY);
        memcpy(list, set_page(0, 2, 2, OTHER_KEY), LIST);
        tag = fake_command(f, SET, list, LIST);
        answer_position(f);
        fake_abort(f, tag);
        assert_answered(f, tag, SCSI_TASK_ABORTED);
        fake_answer(f, GOOD);
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_ENCRYPTION);
        assert_int_equal(f->unit.record.key.number, 0);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
}

/* Of a kind that is not kept: nor is the one before it set over it. */
static void test_one_more(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;

        set_key(f, KEY);
        memcpy(list, set_page(0x08, 2, 2, OTHER_KEY), LIST); /* SDK */
        do_set(f, SET, list, LIST);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
        lose_and_return(f, false);
        finish_return(f);
}

/* Of the old key nothing can be read or written again: what is in the journal goes first. */
static void test_commits_first(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        set_key(f, KEY);
        write_block(f, 100);
        memcpy(list, set_page(0, 2, 2, OTHER_KEY), LIST);
        tag = fake_command(f, SET, list, LIST);
        answer_position(f);
        expect(f, CDB_COMMIT, GOOD);
        expect_out(f, SET, list, LIST, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_false(f->unit.record.anchor.valid);
}

/* ---- evertaped dies ---- */

static void test_successor(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        fake_restart(f);
        lose_and_return(f, true);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
}

/* Its memory was the process's own. */
static void test_died_with_it(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        set_key(f, KEY);
        write_block(f, 100);
        memset(f->memory.secrets, 0, sizeof(UnitSecrets));
        fake_restart(f);
        lose_and_return(f, true);
        assert_medium_given_up(f, "encryption key cannot be set again");
        tag = fake_command(f, "0a 00 00 00 64 00", block(0, 100), 100);
        assert_error(f, tag, SENSE_DATA_PROTECT, ASC_ENCRYPTION_PARAMETERS_NOT_USABLE);
}

static void test_damaged(void **state)
{
        Fake *f = *state;

        set_key(f, KEY);
        f->memory.secrets->secret[f->unit.record.key.number % 2].list[30] ^= 1;
        fake_restart(f);
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_ENCRYPTION);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), "0123456789"));
}

static void test_no_memory(void **state)
{
        Fake *f = *state;
        UnitSecrets *kept = f->memory.secrets;

        f->memory.secrets = NULL;
        fake_restart(f);
        lose_and_return(f, false);
        finish_return(f);
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        set_key(f, KEY);
        assert_true(f->unit.record.unrestorable & UNRESTORABLE_ENCRYPTION);
        f->memory.secrets = kept;
}

/* Settled, not answered: it is done again, since another key in the same command could not be told from it.
 */
static void test_redelivered(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        memcpy(list, set_page(0, 2, 2, KEY), LIST);
        f->keeps_answers = f->notes_nothing = true;
        fake_command(f, SET, list, LIST);
        expect_out(f, SET, list, LIST, GOOD);
        f->keeps_answers = f->notes_nothing = false;
        fake_restart(f);
        tag = fake_command(f, SET, memcpy(list, set_page(0, 2, 2, OTHER_KEY), LIST), LIST);
        lose_and_return(f, false);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_out(f, SET, set_page(0, 2, 2, OTHER_KEY), LIST, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
}

/* Lost on the way: the old key is set, and then the new one again. */
static void test_in_doubt(void **state)
{
        uint8_t list[LIST];
        Fake *f = *state;
        uint32_t tag;

        set_key(f, KEY);
        memcpy(list, set_page(0, 2, 2, OTHER_KEY), LIST);
        tag = fake_command(f, SET, list, LIST);
        answer_position(f);
        expect_out(f, SET, list, LIST, LOST);
        expect_return(f);
        expect_key(f, set_page(0, 2, 2, KEY));
        expect(f, STATUS_CDB, status_reply(2, 2, 1));
        finish_return(f);
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect_out(f, SET, list, LIST, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_true(contains(f->memory.secrets, sizeof(UnitSecrets), OTHER_KEY));
        assert_false(contains(f->memory.secrets, sizeof(UnitSecrets), KEY));
}

int main(void)
{
#define HELD(test) cmocka_unit_test_setup_teardown(test, fake_setup_held, fake_teardown)
        const struct CMUnitTest tests[] = {
                HELD(test_restored),          HELD(test_path_change),       cmocka_unit_test(test_not_proven),
                HELD(test_refused),           HELD(test_given_up_before),   HELD(test_interrupted),
                HELD(test_kept_nowhere_else), HELD(test_replaced),          HELD(test_taken_back),
                HELD(test_demounted),         HELD(test_stays_over_unload), HELD(test_perhaps_demounted),
                HELD(test_released),          HELD(test_aborted),           HELD(test_one_more),
                HELD(test_commits_first),     HELD(test_successor),         HELD(test_died_with_it),
                HELD(test_damaged),           HELD(test_no_memory),         HELD(test_redelivered),
                HELD(test_in_doubt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
