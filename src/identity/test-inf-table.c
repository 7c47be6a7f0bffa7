/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which entry is a device's, among files that compete; and the file that is shipped (argv[1]): every entry is
 * well formed, the only one of its id, and found again by the INQUIRY data it stands for. */

#include "identity/inf-table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static const char *shipped;

/* ---- competing files ---- */

#define FILE_HEAD                                                                                            \
        "[Version]\nSignature=\"$Windows "                                                                   \
        "NT$\"\nClass=TapeDrive\n[Manufacturer]\nm\n[i.Services]\nAddService=ltotape,2\n"

static InfTable table;

static int teardown(void **state)
{
        inf_table_deinit(&table);
        return 0;
}

static void add(const char *name, const char *models)
{
        char text[2048];
        InfFile *f = NULL;

        snprintf(text, sizeof(text), FILE_HEAD "[m]\n%s", models);
        assert_int_equal(inf_parse(name, (const uint8_t *) text, strlen(text), &f), 0);
        assert_int_equal(f->problems.n_errors, 0);
        assert_int_equal(inf_table_add(&table, f), 0);
}

/* The description of the entry that a tape drive with this INQUIRY data has; "" for none. */
static const char *winner(const char *vendor, const char *product, const char *revision)
{
        HwidInquiry inquiry;
        InfMatch match;

        hwid_inquiry_from_texts(DEVICE_TAPE, vendor, product, revision, &inquiry);
        match = inf_table_match(&table, &inquiry);
        return match.entry ? match.entry->description : "";
}

static void test_the_more_specific_id_wins(void **state)
{
        add("a", "vendor=i,SCSI\\SequentialHP______\n"
                 "plain=i,HP______Ultrium_3-SCSI__G\n"
                 "bus=i,SCSI\\HP______Ultrium_3-SCSI__G\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "vendor");
        add("b", "product=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n"
                 "short=i,PREFIX\nlong=i,PREFIX2\n"
                 "[AlternateDriverSearch]\nPREFIX=HP,Ultr\nPREFIX2=HP,\"Ultrium 4\"\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "product");
        assert_string_equal(winner("HP", "Ultrium 4-SCSI", "G24W"), "long");
        assert_string_equal(winner("HP", "Ultrium 5-SCSI", "G24W"), "short");
        assert_string_equal(winner("HP", "DAT72", "G24W"), "vendor");
        add("c", "revision=i,SCSI\\SequentialHP______Ultrium_3-SCSI__G24W\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "revision");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24V"), "product");
        assert_string_equal(winner("HPE", "Ultrium 3-SCSI", "G24W"), "short");
        assert_string_equal(winner("HPE", "DAT72", "G24W"), "");
}

static void test_compatible_ids_come_last(void **state)
{
        add("a", "compatible=i,SCSI\\SequentialX_______,SCSI\\SequentialHP______Ultrium_3-SCSI__\n"
                 "vendor=i,SCSI\\SequentialHP______\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "vendor");
        inf_table_deinit(&table);
        add("a", "kind=i,SCSI\\Sequential\n"
                 "compatible=i,X,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "compatible");
        assert_string_equal(winner("HP", "Ultrium 4-SCSI", "G24W"), "kind");
        inf_table_deinit(&table);
        add("a",
            "product=i,X,Y,SCSI\\SequentialHP______Ultrium_3-SCSI__\nvendor=i,X,SCSI\\SequentialHP______\n"
            "second=i,X,Y,Z,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "product");
}

static void test_the_earlier_file_and_line_win(void **state)
{
        add("a", "one=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\ntwo=i,SCSI\\SequentialHP______Ultrium_3-"
                 "SCSI__\n");
        add("b", "three=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "one");
}

static void write_file(const char *directory, const char *name, const char *models)
{
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        f = fopen(path, "we");
        assert_non_null(f);
        fprintf(f, FILE_HEAD "[m]\n%s", models);
        assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
        char directory[] = "/tmp/test-inf-XXXXXX", path[256], command[256];

        assert_non_null(mkdtemp(directory));
        write_file(directory, "20.inf", "twenty=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        write_file(directory, "10.INF", "ten=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        write_file(directory, "05.inf.bak", "five=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        write_file(directory, ".01.inf", "one=i,SCSI\\SequentialHP______Ultrium_3-SCSI__\n");
        snprintf(path, sizeof(path), "%s/30.inf", directory);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/40.inf", directory);
        assert_int_equal(mkfifo(path, 0600), 0);
        snprintf(path, sizeof(path), "%s/50.inf", directory);
        assert_int_equal(symlink("/nonexistent", path), 0);
        snprintf(path, sizeof(path), "%s/60.inf", directory);
        assert_int_equal(symlink("/dev/zero", path), 0);

        assert_int_equal(inf_table_load(&table, directory, shipped), 0);
        assert_int_equal(table.n_files, 7);
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "ten");
        assert_string_equal(winner("HP", "Ultrium 4-SCSI", "G24W"), "HP LTO-4");
        for (size_t i = 2; i < 6; i++)
                assert_int_equal(table.files[i]->problems.n_errors, 1);
        assert_string_equal(table.files[2]->problems.items[0].text, "Is a directory");
        assert_string_equal(table.files[4]->problems.items[0].text, "No such file or directory");
        assert_string_equal(table.files[6]->name, shipped);
        inf_table_deinit(&table);

        assert_int_equal(inf_table_load(&table, "/nonexistent", "/nonexistent/tape.inf"), 0);
        assert_int_equal(table.n_files, 0);
        assert_string_equal(winner("HP", "Ultrium 3-SCSI", "G24W"), "");
        snprintf(command, sizeof(command), "rm -r %s", directory);
        assert_int_equal(system(command), 0);
}

/* ---- the shipped file ---- */

static void load_shipped(void)
{
        assert_int_equal(inf_table_load(&table, NULL, shipped), 0);
        assert_int_equal(table.n_files, 1);
}

static void test_shipped_is_clean(void **state)
{
        load_shipped();
        for (size_t i = 0; i < table.files[0]->problems.n_items; i++)
                fail_msg("%s:%u: %s", shipped, table.files[0]->problems.items[i].line,
                         table.files[0]->problems.items[i].text);
        assert_true(table.files[0]->n_entries > 100);
}

/* The INQUIRY data that an id of v(8)p(16) stands for, as far as it can be told: a '_' may have been one. */
static DeviceType split_id(const char *id, char *vendor, char *product)
{
        bool changer = strncmp(id, "SCSI\\Changer", 12) == 0;
        const char *p = id + (changer ? 12 : 15);

        assert_true(changer || strncmp(id, "SCSI\\Sequential", 15) == 0);
        assert_int_equal(strlen(p), HWID_VENDOR + HWID_PRODUCT);
        memcpy(vendor, p, HWID_VENDOR);
        memcpy(product, p + HWID_VENDOR, HWID_PRODUCT);
        vendor[HWID_VENDOR] = product[HWID_PRODUCT] = '\0';
        for (char *c = vendor; *c; c++)
                *c = *c == '_' ? ' ' : *c;
        for (char *c = product; *c; c++)
                *c = *c == '_' ? ' ' : *c;
        return changer ? DEVICE_CHANGER : DEVICE_TAPE;
}

static void test_shipped_ids(void **state)
{
        const InfFile *f;

        load_shipped();
        f = table.files[0];
        for (size_t i = 0; i < f->n_entries; i++) {
                const InfEntry *e = &f->entries[i];
                char vendor[HWID_VENDOR + 1], product[HWID_PRODUCT + 1], id[HWID_MAX];
                HwidInquiry inquiry;
                InfMatch match;

                hwid_inquiry_from_texts(split_id(e->id, vendor, product), vendor, product, "1234", &inquiry);
                assert_string_equal(hwid_format(id, HWID_PRODUCT_ID, &inquiry), e->id);
                match = inf_table_match(&table, &inquiry);
                assert_ptr_equal(match.entry, e); /* unique, too: else the earlier one had won */
                assert_int_equal(match.kind, HWID_PRODUCT_ID);
                assert_int_equal(e->facts.profile,
                                 inquiry.type == DEVICE_TAPE ? PROFILE_LTO : PROFILE_GENERIC);
                assert_true(e->description[0] && e->manufacturer[0] && e->service[0]);
        }
}

static void test_shipped_knows(void **state)
{
        static const struct {
                const char *vendor, *product, *description;
        } drives[] = {
                {"IBM", "ULT3580-TD1", "IBM LTO-1, ULT3580"},
                {"IBM", "ULT3580-TDA", "IBM LTO-10, ULT3580"},
                {"IBM", "ULTRIUM-HH8", "IBM LTO-8 half height"},
                {"HP", "Ultrium 1-SCSI", "HP LTO-1"},
                {"HPE", "Ultrium 9-SCSI", "HPE LTO-9"},
                {"QUANTUM", "ULTRIUM 5", "Quantum LTO-5"},
                {"SEAGATE", "ULTRIUM06242-XXX", "Seagate Viper LTO-1"},
                {"CERTANCE", "ULTRIUM 2", "Certance LTO-2"},
                {"TANDBERG", "LTO-6 HH", "Tandberg LTO-6 half height"},
                {"HP", "Ultrium 33-SCSI", ""},
                {"HP", "", ""},
                {"", "", ""},
        };

        load_shipped();
        for (size_t i = 0; i < ELEMENTSOF(drives); i++)
                assert_string_equal(winner(drives[i].vendor, drives[i].product, "0000"),
                                    drives[i].description);
}

/* Any INQUIRY data: the ids formed from it, put into a file, find it again, each by its kind; and nothing
 * else. */
static void test_every_inquiry_finds_its_ids(void **state)
{
        unsigned seed = 1;

        for (int round = 0; round < 2000; round++) {
                uint8_t inquiry[36] = {round % 2 ? DEVICE_TAPE : DEVICE_CHANGER, 0x80, 6, 2, 31};
                HwidInquiry own, other;
                HwidSet own_set, other_set;

                for (size_t i = 8; i < sizeof(inquiry); i++) {
                        seed = seed * 1103515245 + 12345;
                        inquiry[i] = round % 3 ? (uint8_t) ('A' + (seed >> 16) % 26) : (uint8_t) (seed >> 16);
                }
                assert_int_equal(hwid_inquiry_from_bytes(inquiry, sizeof(inquiry), &own), 0);
                inquiry[8] = (inquiry[8] | 0x20) == 'a' ? 'B' : 'A'; /* case does not count */
                assert_int_equal(hwid_inquiry_from_bytes(inquiry, sizeof(inquiry), &other), 0);
                hwid_set_init(&own_set, &own);
                hwid_set_init(&other_set, &other);
                for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++) {
                        InfEntry entry = {};
                        HwidKind found = 0;
                        char id[HWID_MAX];

                        entry.id = hwid_format(id, kind, &own);
                        if (id[0] == '\0')
                                continue;
                        assert_true(inf_entry_rank(&entry, &own_set, &found) != SIZE_MAX);
                        assert_true(found <= kind);
                        if (!hwid_is_compatible(kind))
                                assert_true(inf_entry_rank(&entry, &other_set, &found) == SIZE_MAX);
                }
        }
}

static void test_shipped_is_read_fast(void **state)
{
        struct timespec begin, end;
        long best = 1000000000;

        for (int i = 0; i < 20; i++) {
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
                load_shipped();
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
                inf_table_deinit(&table);
                long ns = (end.tv_sec - begin.tv_sec) * 1000000000L + (end.tv_nsec - begin.tv_nsec);
                best = ns < best ? ns : best;
        }
        print_message("%s: %ld us\n", shipped, best / 1000);
#if !defined(__SANITIZE_ADDRESS__)
        assert_true(best < 5000000);
#endif
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_the_more_specific_id_wins, teardown),
                cmocka_unit_test_teardown(test_compatible_ids_come_last, teardown),
                cmocka_unit_test_teardown(test_the_earlier_file_and_line_win, teardown),
                cmocka_unit_test_teardown(test_files, teardown),
                cmocka_unit_test_teardown(test_shipped_is_clean, teardown),
                cmocka_unit_test_teardown(test_shipped_ids, teardown),
                cmocka_unit_test_teardown(test_shipped_knows, teardown),
                cmocka_unit_test(test_every_inquiry_finds_its_ids),
                cmocka_unit_test_teardown(test_shipped_is_read_fast, teardown),
        };

        assert_int_equal(argc, 2);
        shipped = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
