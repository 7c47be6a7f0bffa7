/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Faults of the engine that the simulator or a reader found, each as the shortest exchange that shows it. */

#include <string.h>

#include "hold/test-unit.h"

#define READ_100  "08 00 00 00 64 00"
#define WRITE_100 "0a 00 00 00 64 00"

/* Two blocks are read back, the second is another one, then comes the end of data: the drive stands behind
 * it. */
static void test_fixed_old_block(void **state)
{
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0x02, 0x00}, data[2048], found[1024];
        Fake *f = *state;
        memcpy(data, block(9, sizeof(data)), sizeof(data));
        memcpy(found, data, 1024);
        found[700] ^= 1;
        do_set(f, "15 10 00 00 0c 00", list, sizeof(list));
        fake_command(f, "0a 01 00 00 04 00", data, sizeof(data));
        expect_out(f, "0a 01 00 00 04 00", data, sizeof(data), LOST);
        fake_path_up(f);
        expect_identity(f);
        expect_ready(f);
        expect_out(f, "15 10 00 00 0c 00", list, sizeof(list), GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(512));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 01 00 00 04 00",
               ((Answer){.status = SCSI_CHECK_CONDITION,
                         .sense = {.key = SENSE_BLANK_CHECK,
                                   .code = ASC_END_OF_DATA,
                                   .information_valid = true,
                                   .information = 2},
                         .data = found,
                         .n_data = 1024}));
        expect(f, "2b 00 00 00 00 00 01 00 00 00", GOOD);
}
/* A filemark where one was written is on many a cartridge. */
static void test_filemark_proves(void **state)
{
        Fake *f = *state;
        uint32_t tag;
        f->unit.record.no_mam = 1;
        f->unit.record.n_medium_id = 0;
        tag = fake_command(f, "10 01 00 00 01 00", NULL, 0);
        expect(f, "10 01 00 00 01 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        write_block(f, 100);
        fake_path_down(f);
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        if (f->submitted && f->command.cdb[0] == 0x34)
                expect(f, CDB_POSITION, position_reply(0));
        expect(f, CDB_REWIND, GOOD);
        expect(f, "08 00 00 02 00 00", CHECK_IN_FULL(.filemark = true, .code = ASC_FILEMARK_DETECTED));
        expect(f, READ_100, CHECK_IN_FULL(.ili = true, .information_valid = true, .information = -900));
        assert_int_equal(f->unit.phase, UNIT_FAILED);
}
/* Data that the drive had acknowledged are gone: the unit says so. */
static void test_commit_failed_phase(void **state)
{
        Fake *f = *state;
        while (f->unit.record.journal.data_end < FAKE_RING)
                write_block(f, SCSI_TRANSFER_MAX);
        fake_command(f, WRITE_100, block(4, 100), 100);
        expect(f, CDB_COMMIT, CHECK(SENSE_MEDIUM_ERROR, 0x0c00));
        assert_int_equal(f->unit.phase, UNIT_FAILED);
}
/* Early warning is no failure of a commit. */
static void test_commit_early_warning(void **state)
{
        Fake *f = *state;
        while (f->unit.record.journal.data_end < FAKE_RING)
                write_block(f, SCSI_TRANSFER_MAX);
        fake_command(f, WRITE_100, block(4, 100), 100);
        expect(f, CDB_COMMIT, CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING));
        expect_write(f, 4, 100, GOOD);
}
/* Nor of the program's own filemark, which commits. */
static void test_filemark_early_warning_commits(void **state)
{
        Fake *f = *state;
        write_block(f, 100);
        fake_command(f, "10 00 00 00 01 00", NULL, 0);
        expect(f, CDB_POSITION, position_reply(1));
        expect(f, "10 00 00 00 01 00", CHECK_IN_FULL(.eom = true, .code = ASC_EARLY_WARNING));
        assert_int_equal(journal_count_objects(&f->unit.journal), 0);
}
int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_fixed_old_block, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemark_proves, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_commit_failed_phase, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_commit_early_warning, fake_setup_held, fake_teardown),
                cmocka_unit_test_setup_teardown(test_filemark_early_warning_commits, fake_setup_held,
                                                fake_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
