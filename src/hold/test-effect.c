/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The position after every command and every way for it to end: a table of facts of SSC-4. Each row starts at
 * object 10, file 3, block 5, with nothing in the journal and blocks of 512 bytes where FIXED is 1. */

#include "hold/test-unit.h"

#include <stdio.h>

#define AT(o, f, b)                                                                                          \
        {                                                                                                    \
                .object = (o), .file = (f), .block = (b), .object_known = 1, .file_known = 1                 \
        }
#define AT_OBJECT(o)                                                                                         \
        {                                                                                                    \
                .object = (o), .object_known = 1                                                             \
        }
#define AT_FILE(f, b)                                                                                        \
        {                                                                                                    \
                .file = (f), .block = (b), .file_known = 1                                                   \
        }
#define UNKNOWN                                                                                              \
        {                                                                                                    \
                .object_known = 0                                                                            \
        }
#define BEGINNING AT(0, 0, 0)

#define CHECKED(...)                                                                                         \
        {                                                                                                    \
                .status = SCSI_CHECK_CONDITION, .sense = { __VA_ARGS__ }                                     \
        }
#define INFORMATION(n)  .information_valid = true, .information = (n)
#define EARLY_WARNING   .eom = true, .code = ASC_EARLY_WARNING
#define FILEMARK        .filemark = true, .code = ASC_FILEMARK_DETECTED
#define OVERFLOWS       .key = SENSE_VOLUME_OVERFLOW, .eom = true, .code = ASC_EARLY_WARNING
#define BLANK           .key = SENSE_BLANK_CHECK, .code = ASC_END_OF_DATA
#define MEDIUM_FAILS(c) .key = SENSE_MEDIUM_ERROR, .code = (c)

#define WRITE_1     "0a 00 00 00 64 00"
#define WRITE_4     "0a 01 00 00 04 00"
#define READ_1      "08 00 00 00 64 00"
#define READ_SILI   "08 02 00 01 00 00"
#define READ_4      "08 01 00 00 04 00"
#define FILEMARKS_3 "10 00 00 00 03 00"

static const struct Row {
        const char *cdb;
        uint32_t n_data;
        Answer answer;
        MediumPlace after;
} rows[] = {
        /* WRITE, one block of 100 bytes */
        {WRITE_1, 100, {}, AT(11, 3, 6)},
        {WRITE_1, 100, CHECKED(EARLY_WARNING), AT(11, 3, 6)},
        {WRITE_1, 100, CHECKED(EARLY_WARNING, INFORMATION(0)), AT(11, 3, 6)},
        {WRITE_1, 100, CHECKED(.key = SENSE_RECOVERED_ERROR, .code = 0x0c01), AT(11, 3, 6)},
        {WRITE_1, 100, CHECKED(OVERFLOWS, INFORMATION(100)), AT(10, 3, 5)},
        {WRITE_1, 100, CHECKED(.key = SENSE_DATA_PROTECT, .code = 0x2700), AT(10, 3, 5)},
        {WRITE_1, 100, CHECKED(.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_FIELD_IN_CDB), AT(10, 3, 5)},
        {WRITE_1, 100, CHECKED(MEDIUM_FAILS(0x0c00), INFORMATION(100)), UNKNOWN},
        {WRITE_1, 100, CHECKED(.key = SENSE_HARDWARE_ERROR, .code = 0x4400), UNKNOWN},
        {WRITE_1, 100, CHECKED(.deferred = true, MEDIUM_FAILS(0x0c00)), UNKNOWN},
        {WRITE_1, 100, {.status = SCSI_RESERVATION_CONFLICT}, AT(10, 3, 5)},
        /* WRITE, four blocks of 512; the residue is in blocks */
        {WRITE_4, 2048, {}, AT(14, 3, 9)},
        {WRITE_4, 2048, CHECKED(EARLY_WARNING, INFORMATION(0)), AT(14, 3, 9)},
        {WRITE_4, 2048, CHECKED(EARLY_WARNING, INFORMATION(1)), AT(13, 3, 8)},
        {WRITE_4, 2048, CHECKED(OVERFLOWS, INFORMATION(3)), AT(11, 3, 6)},
        {WRITE_4, 2048, CHECKED(OVERFLOWS, INFORMATION(4)), AT(10, 3, 5)},
        {WRITE_4, 2048, CHECKED(MEDIUM_FAILS(0x0c00), INFORMATION(2)), UNKNOWN},
        /* WRITE FILEMARKS */
        {FILEMARKS_3, 0, {}, AT(13, 6, 0)},
        {"10 01 00 00 03 00", 0, {}, AT(13, 6, 0)},
        {"10 00 00 00 00 00", 0, {}, AT(10, 3, 5)},
        {FILEMARKS_3, 0, CHECKED(EARLY_WARNING), AT(13, 6, 0)},
        {FILEMARKS_3, 0, CHECKED(EARLY_WARNING, INFORMATION(0)), AT(13, 6, 0)},
        {FILEMARKS_3, 0, CHECKED(OVERFLOWS, INFORMATION(1)), AT(12, 5, 0)},
        {FILEMARKS_3, 0, CHECKED(.key = SENSE_DATA_PROTECT, .code = 0x2700), AT(10, 3, 5)},
        /* READ, one block */
        {READ_1, 100, {}, AT(11, 3, 6)},
        {READ_1, 100, CHECKED(.ili = true, INFORMATION(60)), AT(11, 3, 6)},
        {READ_1, 100, CHECKED(.ili = true, INFORMATION(-60)), AT(11, 3, 6)},
        {READ_1, 100, CHECKED(FILEMARK, INFORMATION(100)), AT(11, 4, 0)},
        {READ_1, 100, CHECKED(BLANK, INFORMATION(100)), AT(10, 3, 5)},
        {READ_1, 100, CHECKED(.key = SENSE_RECOVERED_ERROR, .code = 0x1700), AT(11, 3, 6)},
        {READ_1, 100, CHECKED(EARLY_WARNING), AT(11, 3, 6)},
        {READ_1, 100, CHECKED(MEDIUM_FAILS(0x1100), INFORMATION(100)), UNKNOWN},
        {READ_1, 100, CHECKED(.key = SENSE_NOT_READY, .code = ASC_MEDIUM_NOT_PRESENT), AT(10, 3, 5)},
        {READ_SILI, 256, {}, AT(11, 3, 6)},
        {"08 00 00 00 00 00", 0, {}, AT(10, 3, 5)},
        /* READ, four blocks */
        {READ_4, 2048, {}, AT(14, 3, 9)},
        {READ_4, 2048, CHECKED(FILEMARK, INFORMATION(1)), AT(14, 4, 0)},
        {READ_4, 2048, CHECKED(FILEMARK, INFORMATION(4)), AT(11, 4, 0)},
        {READ_4, 2048, CHECKED(BLANK, INFORMATION(3)), AT(11, 3, 6)},
        {READ_4, 2048, CHECKED(.ili = true, INFORMATION(2)), AT(13, 3, 8)},
        {READ_4, 2048, CHECKED(EARLY_WARNING, INFORMATION(0)), AT(14, 3, 9)},
        /* SPACE */
        {"11 00 00 00 02 00", 0, {}, AT(12, 3, 7)},
        {"11 00 ff ff fe 00", 0, {}, AT(8, 3, 3)},
        {"11 00 ff ff fa 00", 0, {}, AT_OBJECT(4)}, /* GOOD, so there was no filemark: our file was wrong */
        {"11 00 00 00 00 00", 0, {}, AT(10, 3, 5)},
        {"11 01 00 00 02 00", 0, {}, AT_FILE(5, 0)},
        {"11 01 ff ff ff 00", 0, {}, UNKNOWN},
        {"11 01 00 00 00 00", 0, {}, AT(10, 3, 5)},
        {"11 03 00 00 00 00", 0, {}, UNKNOWN},
        {"91 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00", 0, {}, AT(12, 3, 7)},
        {"91 01 00 00 00 00 00 00 00 00 00 02 00 00 00 00", 0, {}, AT_FILE(5, 0)},
        {"11 00 00 00 02 00", 0, CHECKED(FILEMARK, INFORMATION(1)), UNKNOWN},
        {"11 01 00 00 02 00", 0, CHECKED(BLANK, INFORMATION(1)), UNKNOWN},
        {"11 00 80 00 00 00", 0, CHECKED(.eom = true, .code = ASC_BEGINNING_OF_PARTITION), BEGINNING},
        {"11 00 00 00 02 00", 0, CHECKED(.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_FIELD_IN_CDB),
         AT(10, 3, 5)},
        /* LOCATE; BT = 1 is a place in the drive's own numbers */
        {"2b 00 00 00 00 00 07 00 00 00", 0, {}, AT_OBJECT(7)},
        {"2b 00 00 00 00 00 00 00 00 00", 0, {}, BEGINNING},
        {"2b 01 00 00 00 00 07 00 00 00", 0, {}, AT_OBJECT(7)},
        {"2b 04 00 00 00 00 07 00 00 00", 0, {}, UNKNOWN},
        {"2b 00 00 00 00 00 07 00 00 00", 0, CHECKED(BLANK), UNKNOWN},
        {"2b 00 00 00 00 00 07 00 00 00", 0,
         CHECKED(.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_OPCODE), AT(10, 3, 5)},
        {"92 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00", 0, {}, AT_OBJECT(UINT64_C(0x100000000))},
        {"92 08 00 00 00 00 00 00 00 00 00 02 00 00 00 00", 0, {}, UNKNOWN}, /* to a file */
        {"92 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 0, {}, UNKNOWN}, /* to end of data */
        /* and the rest */
        {"01 00 00 00 00 00", 0, {}, BEGINNING},
        {"01 01 00 00 00 00", 0, {}, BEGINNING},
        {"01 00 00 00 00 00", 0, CHECKED(.key = SENSE_HARDWARE_ERROR, .code = 0x1501), UNKNOWN},
        {"01 00 00 00 00 00", 0, CHECKED(.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_FIELD_IN_CDB),
         AT(10, 3, 5)},
        {"1b 00 00 00 01 00", 0, {}, BEGINNING},
        {"1b 00 00 00 00 00", 0, {}, UNKNOWN},
        {"0f 00 00 00 64 00", 100, {}, UNKNOWN}, /* READ REVERSE */
        {"13 00 00 00 64 00", 0, {}, UNKNOWN},   /* VERIFY */
        {"c5 00 00 00 00 00 00 00 00 00", 0, {}, UNKNOWN},
        {"c5 00 00 00 00 00 00 00 00 00", 0,
         CHECKED(.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_OPCODE), AT(10, 3, 5)},
        {"1a 00 3f 00 ff 00", 255, {}, AT(10, 3, 5)},
        {"34 00 00 00 00 00 00 00 00 00", 20, {}, AT(10, 3, 5)},
        {"00 00 00 00 00 00", 0, {}, AT(10, 3, 5)},
        {"00 00 00 00 00 00", 0, CHECKED(.key = SENSE_NOT_READY, .code = ASC_MEDIUM_NOT_PRESENT), UNKNOWN},
};

static Fake *f_new(void **state, uint32_t block_length)
{
        Fake *f;

        assert_int_equal(fake_setup_held(state), 0);
        f = *state;
        f->unit.record.position = f->unit.record.commit = (MediumPlace) AT(10, 3, 5);
        f->unit.record.position_trusted = 1;
        f->unit.record.position_used = 1;
        f->unit.record.block_length = block_length;
        f->unit.record.block_fixed = block_length > 0;
        return f;
}

static bool same_place(const MediumPlace *a, const MediumPlace *b)
{
        return a->object_known == b->object_known && a->file_known == b->file_known &&
               a->partition == b->partition && (!a->object_known || a->object == b->object) &&
               (!a->file_known || (a->file == b->file && a->block == b->block));
}

static void check_row(void **state, size_t i)
{
        const struct Row *row = &rows[i];
        static uint8_t data[2048];
        Fake *f = f_new(state, 512);
        const MediumPlace *p = &f->unit.record.position;
        uint32_t tag = fake_command(f, row->cdb, data, row->n_data);

        expect(f, row->cdb, row->answer);
        assert_answered(f, tag, row->answer.status);
        if (!same_place(p, &row->after))
                fail_msg("row %zu, %s: object %d %llu, file %d %llu %llu", i, row->cdb, p->object_known,
                         (unsigned long long) p->object, p->file_known, (unsigned long long) p->file,
                         (unsigned long long) p->block);
        fake_teardown(state);
}

static void test_positions(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check_row(state, i);
}

/* ---- what is proven ---- */

/* After four blocks in the journal: what makes them safe, and what does not. */
static void test_commit_points(void **state)
{
        static const struct {
                const char *cdb;
                uint32_t n_data;
                uint64_t n_left; /* objects in the journal */
        } commits[] = {
                {"10 00 00 00 01 00", 0, 0},
                {"10 00 00 00 00 00", 0, 0},
                {"10 01 00 00 01 00", 0, 5}, /* IMMED */
                {CDB_REWIND, 0, 0},
                {"01 01 00 00 00 00", 0, 4}, /* IMMED: not before it has been proven */
                {"2b 00 00 00 00 00 01 00 00 00", 0, 0},
                {"11 00 ff ff ff 00", 0, 0},
                {CDB_READY, 0, 4},
                {"34 00 00 00 00 00 00 00 00 00", 20, 4},
                {"1a 00 3f 00 ff 00", 255, 4},
        };
        static uint8_t data[256];

        for (size_t i = 0; i < ELEMENTSOF(commits); i++) {
                Fake *f;

                assert_int_equal(fake_setup_held(state), 0);
                f = *state;
                for (int k = 0; k < 4; k++)
                        write_block(f, 100);
                fake_command(f, commits[i].cdb, data, commits[i].n_data);
                answer_position(f);
                expect(f, commits[i].cdb, GOOD);
                if (journal_count_objects(&f->unit.journal) != commits[i].n_left)
                        fail_msg("%s: %llu objects left in the journal", commits[i].cdb,
                                 (unsigned long long) journal_count_objects(&f->unit.journal));
                fake_teardown(state);
        }
}

/* A write that failed takes its objects out of the journal, and no others. */
static void test_journal_after_errors(void **state)
{
        static const struct {
                Answer answer;
                uint64_t n_left; /* of 1 + 4 objects */
        } failures[] = {
                {{}, 5},
                {CHECKED(EARLY_WARNING, INFORMATION(1)), 4},
                {CHECKED(OVERFLOWS, INFORMATION(4)), 1},
                {CHECKED(OVERFLOWS, INFORMATION(2)), 3},
                {CHECKED(.key = SENSE_DATA_PROTECT, .code = 0x2700), 1},
                {{.status = SCSI_RESERVATION_CONFLICT}, 1},
        };

        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                uint8_t data[2048] = {};
                Fake *f = f_new(state, 512);

                do_set(f, "0a 01 00 00 01 00", data, 512);
                fake_command(f, WRITE_4, data, sizeof(data));
                expect(f, WRITE_4, failures[i].answer);
                assert_int_equal(journal_count_objects(&f->unit.journal), failures[i].n_left);
                assert_true(journal_verify(&f->unit.journal));
                fake_teardown(state);
        }
}

/* ---- medium ---- */

static void test_medium_comes_and_goes(void **state)
{
        Fake *f = *state;
        uint32_t tag;

        write_block(f, 100);
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, CDB_READY, CHECK(SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT));
        assert_error(f, tag, SENSE_NOT_READY, ASC_MEDIUM_NOT_PRESENT);
        assert_int_equal(f->unit.record.medium, MEDIUM_ABSENT);
        assert_true(journal_is_empty(&f->unit.journal)); /* whoever takes the tape out has ended */
        tag = fake_command(f, CDB_READY, NULL, 0);
        expect(f, CDB_READY, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.medium, MEDIUM_PRESENT);
        assert_true(position_at_beginning(&f->unit.record.position));
        tag = fake_command(f, "05 00 00 00 00 00", block(0, 6), 6);
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-9"));
        expect(f, "05 00 00 00 00 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        assert_int_equal(f->unit.record.n_medium_id, 8);
        assert_memory_equal(f->unit.record.medium_id, "MEDIUM-9", 8);
}

/* An anchor that was written over is none. */
static void test_anchor_overwritten(void **state)
{
        Fake *f = *state;

        write_block(f, 100);
        write_block(f, 100);
        write_filemark(f);
        assert_true(f->unit.record.anchor.valid);
        assert_int_equal(f->unit.record.anchor.place.object, 1);
        do_set(f, CDB_REWIND, NULL, 0);
        assert_true(f->unit.record.anchor.valid);
        f->object = 0;
        write_block(f, 100);
        assert_false(f->unit.record.anchor.valid);
}

/* A CDB that contradicts its data is not sent. */
static void test_contradictions(void **state)
{
        static const struct {
                const char *cdb;
                uint32_t n_data;
        } bad[] = {
                {WRITE_1, 99}, {WRITE_1, 0}, {WRITE_4, 2047}, {WRITE_4, 4}, {"0a 00 20 00 00 00", 0x200000},
        };
        static uint8_t data[0x200000];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Fake *f = f_new(state, 512);
                uint32_t tag = fake_command(f, bad[i].cdb, data, bad[i].n_data);

                assert_nothing_sent(f);
                assert_error(f, tag, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                assert_true(journal_is_empty(&f->unit.journal));
                fake_teardown(state);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_positions),
                cmocka_unit_test(test_commit_points),
                cmocka_unit_test(test_journal_after_errors),
                cmocka_unit_test_setup_teardown(test_medium_comes_and_goes, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_anchor_overwritten, fake_setup_held, fake_teardown),
                cmocka_unit_test(test_contradictions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
