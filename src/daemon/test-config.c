/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape.conf and its drop-ins: what is understood is taken, what is not is reported and left as it was. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"
#include "util/log.h"

#define MINUTE  (60 * USEC_PER_SEC)
#define DEFAULT (15 * MINUTE)
#define MIB     (UINT64_C(1) << 20)
#define GIB     (UINT64_C(1) << 30)

static char directory[64], path[96];

static int setup(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/test-config-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/evertape.conf", directory);
        log_set_max_level(LOG_ERR);
        return 0;
}

static int teardown(void **state)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

static void write_file(const char *file, const char *text)
{
        _cleanup_fclose_ FILE *f = fopen(file, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
}

static void write_drop_in(const char *name, const char *text)
{
        char file[160];

        snprintf(file, sizeof(file), "%s.d", path);
        (void) mkdir(file, 0700);
        snprintf(file, sizeof(file), "%s.d/%s", path, name);
        write_file(file, text);
}

/* The timeout of drive1 as well. */
static void check(int result, usec_t timeout, uint64_t journal, usec_t of_drive1)
{
        Config c;

        assert_int_equal(config_load(path, &c), result);
        assert_int_equal(c.timeout, timeout);
        assert_int_equal(c.journal, journal);
        assert_int_equal(config_timeout(&c, "drive1", 0), of_drive1);
        assert_int_equal(config_timeout(&c, "drive2", 0), timeout);
        assert_int_equal(config_timeout(&c, "drive2", 12345), 12345); /* of the model: before [Hold] */
        if (of_drive1 != timeout)
                assert_int_equal(config_timeout(&c, "drive1", 12345), of_drive1);
        config_deinit(&c);
}

static void test_not_there(void **state)
{
        check(0, DEFAULT, GIB, DEFAULT);
}

static void test_follow(void **state)
{
        static const struct {
                const char *text;
                int result;
                BayFollow follow;
        } cases[] = {
                {"", 0, FOLLOW_BAY},
                {"[Names]\nFollow=drive\n", 0, FOLLOW_DRIVE},
                {"[Names]\nFollow=drive\nFollow=bay\n", 0, FOLLOW_BAY},
                {"[Names]\nFollow=both\n", 1, FOLLOW_BAY},
                {"[Hold]\nFollow=drive\n", 1, FOLLOW_BAY},
                {"[Device \"drive1\"]\nFollow=drive\n", 1, FOLLOW_BAY},
        };
        Config c;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                write_file(path, cases[i].text);
                assert_int_equal(config_load(path, &c), cases[i].result);
                assert_int_equal(c.follow, cases[i].follow);
                config_deinit(&c);
        }
}

static void test_iscsi(void **state)
{
        static const struct {
                const char *text;
                int result;
                const char *initiator;
                bool header_digest;
        } cases[] = {
                {"", 0, "", false},
                {"[iSCSI]\nInitiatorName=iqn.2026-11.example:host\nHeaderDigest=yes\n", 0,
                 "iqn.2026-11.example:host", true},
                {"[iSCSI]\nInitiatorName=host\n", 1, "", false},
                {"[iSCSI]\nInitiatorName=iqn.a/b\n", 1, "", false},
                {"[iSCSI]\nHeaderDigest=maybe\n", 1, "", false},
                {"[Hold]\nHeaderDigest=yes\n", 1, "", false},
        };
        Config c;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                write_file(path, cases[i].text);
                assert_int_equal(config_load(path, &c), cases[i].result);
                assert_string_equal(c.initiator, cases[i].initiator);
                assert_int_equal(c.header_digest, cases[i].header_digest);
                config_deinit(&c);
        }
}

static const struct {
        const char *text;
        int result;
        usec_t timeout;
        uint64_t journal;
        usec_t of_drive1;
} files[] = {
        {"", 0, DEFAULT, GIB, DEFAULT},
        {"# nothing\n\n; nor here\n", 0, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimeout=5min\nJournal=512M\n", 0, 5 * MINUTE, 512 * MIB, 5 * MINUTE},
        {"[Hold]\n Timeout = 90s \n", 0, 90 * USEC_PER_SEC, GIB, 90 * USEC_PER_SEC},
        {"[Hold]\nTimeout=infinity\n", 0, USEC_INFINITY, GIB, USEC_INFINITY},
        {"[Hold]\nTimeout=1h 30min", 0, 90 * MINUTE, GIB, 90 * MINUTE},
        {"[Hold]\nTimeout=5min\n[Device \"drive1\"]\nTimeout=1min\n", 0, 5 * MINUTE, GIB, MINUTE},
        {"[Device \"drive1\"]\nTimeout=1min\nTimeout=2min\n[Device \"other\"]\nTimeout=3min\n", 0, DEFAULT,
         GIB, 2 * MINUTE},
        {"[Hold]\nJournal=4M\n", 0, DEFAULT, 4 * MIB, DEFAULT},
        {"[Hold]\nJournal=64G\n", 0, DEFAULT, 64 * GIB, DEFAULT},
        /* reported, and left */
        {"[Hold]\nTimeout=0\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimeout=\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimeout=-1\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimeout=5 minutes\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimeout=99999999999999999999d\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nJournal=3M\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nJournal=65G\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nJournal=lots\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nTimout=5min\nJournal=8M\n", 1, DEFAULT, 8 * MIB, DEFAULT},
        {"[Hald]\nTimeout=5min\n", 1, DEFAULT, GIB, DEFAULT},
        {"Timeout=5min\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Hold]\nneither\nTimeout=5min\n", 1, 5 * MINUTE, GIB, 5 * MINUTE},
        {"[Device \"drive1\"]\nJournal=8M\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Device drive1]\nTimeout=1min\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Device \"\"]\nTimeout=1min\n", 1, DEFAULT, GIB, DEFAULT},
        {"[Device \"drive1]\nTimeout=1min\n", 1, DEFAULT, GIB, DEFAULT},
};

static void test_files(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                print_message("%zu\n", i);
                write_file(path, files[i].text);
                check(files[i].result, files[i].timeout, files[i].journal, files[i].of_drive1);
        }
}

static void test_pipeline(void **state)
{
        static const struct {
                const char *text;
                int result;
                uint64_t all, of_drive1;
        } cases[] = {
                {"", 0, 16 * MIB, 16 * MIB},
                {"[Hold]\nPipeline=no\n", 0, 0, 0},
                {"[Hold]\nPipeline=64K\n", 0, MIB / 16, MIB / 16},
                {"[Hold]\nPipeline=256M\n[Device \"drive1\"]\nPipeline=no\n", 0, 256 * MIB, 0},
                {"[Device \"drive1\"]\nPipeline=1M\n[Hold]\nPipeline=no\n", 0, 0, MIB},
                {"[Device \"drive1\"]\nTimeout=1min\n[Hold]\nPipeline=no\n", 0, 0, 0},
                {"[Hold]\nPipeline=63K\n", 1, 16 * MIB, 16 * MIB},
                {"[Hold]\nPipeline=257M\n", 1, 16 * MIB, 16 * MIB},
                {"[Hold]\nPipeline=yes\n", 1, 16 * MIB, 16 * MIB},
                {"[Hold]\nPipeline=\n", 1, 16 * MIB, 16 * MIB},
                {"[Names]\nPipeline=1M\n", 1, 16 * MIB, 16 * MIB},
        };
        Config c;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                print_message("%zu\n", i);
                write_file(path, cases[i].text);
                assert_int_equal(config_load(path, &c), cases[i].result);
                assert_int_equal(config_pipeline(&c, "other"), cases[i].all);
                assert_int_equal(config_pipeline(&c, "drive1"), cases[i].of_drive1);
                config_deinit(&c);
        }
}

static void test_group(void **state)
{
        static const struct {
                const char *text;
                int result;
                bool all, of_drive1;
        } cases[] = {
                {"", 0, true, true},
                {"[Hold]\nGroup=no\n", 0, false, false},
                {"[Hold]\nGroup=no\n[Device \"drive1\"]\nGroup=yes\n", 0, false, true},
                {"[Device \"drive1\"]\nGroup=no\n", 0, true, false},
                {"[Device \"drive1\"]\nPipeline=no\n[Hold]\nGroup=no\n", 0, false, false},
                {"[Hold]\nGroup=1\n", 1, true, true},
                {"[Hold]\nGroup=\n", 1, true, true},
                {"[Device \"drive1\"]\nGroup=maybe\n", 1, true, true},
        };
        Config c;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                print_message("%zu\n", i);
                write_file(path, cases[i].text);
                assert_int_equal(config_load(path, &c), cases[i].result);
                assert_int_equal(config_group(&c, "other"), cases[i].all);
                assert_int_equal(config_group(&c, "drive1"), cases[i].of_drive1);
                config_deinit(&c);
        }
}

/* Its section says nothing of Timeout=: what the model has counts. */
static void test_other_keys_of_a_device(void **state)
{
        Config c;

        write_file(path, "[Device \"drive1\"]\nPipeline=no\n[Hold]\nTimeout=2min\n");
        assert_int_equal(config_load(path, &c), 0);
        assert_int_equal(config_timeout(&c, "drive1", 7 * MINUTE), 7 * MINUTE);
        assert_int_equal(config_timeout(&c, "drive1", 0), 2 * MINUTE);
        config_deinit(&c);
}

/* A name that is too long for any device is another one's section. */
static void test_long_name(void **state)
{
        char text[NAME_LENGTH_MAX + 64], name[NAME_LENGTH_MAX + 1];

        memset(name, 'a', sizeof(name));
        name[NAME_LENGTH_MAX] = '\0';
        snprintf(text, sizeof(text), "[Device \"%s\"]\nTimeout=1min\n", name);
        write_file(path, text);
        check(1, DEFAULT, GIB, DEFAULT);
}

/* In order of their names, after the main file; what is hidden or not .conf is no drop-in. */
static void test_drop_ins(void **state)
{
        write_file(path, "[Hold]\nTimeout=1min\nJournal=8M\n");
        write_drop_in("20-b.conf", "[Hold]\nTimeout=3min\n");
        write_drop_in("10-a.conf", "[Hold]\nTimeout=2min\n[Device \"drive1\"]\nTimeout=7min\n");
        write_drop_in("99-old.conf.bak", "[Hold]\nTimeout=9min\n");
        write_drop_in(".hidden.conf", "[Hold]\nTimeout=9min\n");
        check(0, 3 * MINUTE, 8 * MIB, 7 * MINUTE);
        write_drop_in("30-bad.conf", "[Hold]\nTimeout=never\n");
        check(1, 3 * MINUTE, 8 * MIB, 7 * MINUTE);
}

static void test_drop_ins_alone(void **state)
{
        write_drop_in("a.conf", "[Hold]\nTimeout=2min\n");
        check(0, 2 * MINUTE, GIB, 2 * MINUTE);
}

/* What config_load() logs, into text. */
static void load_logged(char *text, size_t n_text)
{
        char log[160];
        _cleanup_fclose_ FILE *f = NULL;
        _cleanup_close_ int own = dup(STDERR_FILENO);
        Config c;

        snprintf(log, sizeof(log), "%s/log", directory);
        f = fopen(log, "w+e");
        assert_non_null(f);
        assert_true(own >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
        log_set_max_level(LOG_INFO);
        assert_int_equal(config_load(path, &c), 1);
        log_set_max_level(LOG_ERR);
        assert_true(dup2(own, STDERR_FILENO) >= 0);
        config_deinit(&c);
        rewind(f);
        text[fread(text, 1, n_text - 1, f)] = '\0';
}

/* Each mistake with its file and line, also after a line that is longer than what inih takes at a time. */
static void test_where(void **state)
{
        static const char *const wanted[] = {
                "evertape.conf:3: [Hold] Timeout=soon: not a span of time such as",
                "evertape.conf:5: [Hold] Journal=lots: not a size such as",
                "evertape.conf.d/a.conf:2: [Hold] Timout=1min: unknown key; ignored\n",
                "evertape.conf.d/a.conf:4: [Hald] Timeout=1min: unknown section; ignored\n",
        };
        char text[2048], comment[512] = "#";

        memset(comment + 1, 'x', sizeof(comment) - 2);
        snprintf(text, sizeof(text), "[Hold]\n\nTimeout=soon\n%s\nJournal=lots\nTimeout=1min\n", comment);
        write_file(path, text);
        write_drop_in("a.conf", "[Hold]\nTimout=1min\n[Hald]\nTimeout=1min\n");
        load_logged(text, sizeof(text));
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (!strstr(text, wanted[i]))
                        fail_msg("missing: %s\nlogged: %s", wanted[i], text);
}

/* What cannot be read is a mistake like others: said by its name, and the rest counts. Programs wait for an
 * evertaped that does not start. */
static void test_unreadable(void **state)
{
        char text[2048], file[160];

        write_drop_in("a.conf", "[Hold]\nTimeout=1min\n");
        snprintf(file, sizeof(file), "%s.d/b.conf", path);
        assert_int_equal(mkdir(file, 0700), 0);
        write_drop_in("c.conf", "[Hold]\nJournal=2G\n");
        load_logged(text, sizeof(text));
        assert_non_null(strstr(text, "b.conf: Is a directory; ignored\n"));
        check(1, 1 * MINUTE, 2 * GIB, 1 * MINUTE);

        assert_int_equal(symlink(path, path), 0);
        load_logged(text, sizeof(text));
        assert_non_null(strstr(text, "evertape.conf: Too many levels of symbolic links; ignored\n"));
        check(1, 1 * MINUTE, 2 * GIB, 1 * MINUTE);
}

static void test_no_folder(void **state)
{
        char text[2048], file[160];

        write_file(path, "[Hold]\nTimeout=1min\n");
        snprintf(file, sizeof(file), "%s.d", path);
        write_file(file, "");
        load_logged(text, sizeof(text));
        assert_non_null(strstr(text, "evertape.conf.d: Not a directory; ignored\n"));
        check(1, 1 * MINUTE, GIB, 1 * MINUTE);
}

/* Nothing in a file commands a terminal, or makes a line of its own in the log. */
static void test_control_characters(void **state)
{
        char text[2048];

        write_file(path, "[Hold]\nTimeout=\033[2Jx\ty\r\n");
        load_logged(text, sizeof(text));
        assert_non_null(strstr(text, "evertape.conf:2: [Hold] Timeout=?[2Jx?y: not a span"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
                cmocka_unit_test_setup_teardown(test_iscsi, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
                cmocka_unit_test_setup_teardown(test_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pipeline, setup, teardown),
                cmocka_unit_test_setup_teardown(test_group, setup, teardown),
                cmocka_unit_test_setup_teardown(test_other_keys_of_a_device, setup, teardown),
                cmocka_unit_test_setup_teardown(test_long_name, setup, teardown),
                cmocka_unit_test_setup_teardown(test_drop_ins, setup, teardown),
                cmocka_unit_test_setup_teardown(test_drop_ins_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_where, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
                cmocka_unit_test_setup_teardown(test_control_characters, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
