/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are not what they should be: large, binary, pipes, nodes of devices, links in a circle; and what
 * modprobe would make of its own. argv[1] is the folder of evertape's rules. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "doctor/files.h"
#include "doctor/modules.h"
#include "doctor/test-machine.h"

static const char *rules;

static int setup(void **state)
{
        *state = tree_new();
        return 0;
}

static int teardown(void **state)
{
        tree_free(*state);
        return 0;
}

static void make_large(TestTree *t, const char *path)
{
        int fd;

        tree_text(t, path, "");
        fd = openat(t->root, path, O_WRONLY | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, (off_t) 1 << 34), 0);
        close(fd);
}

static void test_read_text(void **state)
{
        TestTree *t = *state;
        _cleanup_free_ char *text = NULL;
        char *none = NULL;

        tree_write(t, "etc/a", "one\0two\n", 8);
        assert_int_equal(file_read_text(t->root, "etc/a", &text), 0);
        assert_string_equal(text, "one?two\n");
        assert_int_equal(file_read_text(t->root, "etc/none", &none), -ENOENT);
        assert_int_equal(file_read_text(t->root, "etc", &none), -EBADMSG);
        assert_int_equal(mkfifoat(t->root, "etc/fifo", 0644), 0);
        assert_int_equal(file_read_text(t->root, "etc/fifo", &none), -EBADMSG);
        make_large(t, "etc/large");
        assert_int_equal(file_read_text(t->root, "etc/large", &none), -EFBIG);
        tree_link(t, "etc/circle", "circle");
        assert_int_equal(file_read_text(t->root, "etc/circle", &none), -ELOOP);
        tree_link(t, "etc/device", "/dev/null");
        assert_int_equal(file_read_text(t->root, "etc/device", &none), -EBADMSG);
        assert_null(none);
}

static void test_empty_text(void **state)
{
        TestTree *t = *state;
        _cleanup_free_ char *text = NULL;
        unsigned line = 0;
        char *rest;

        tree_text(t, "etc/empty", "");
        assert_int_equal(file_read_text(t->root, "etc/empty", &text), 0);
        rest = text;
        assert_null(line_next(&rest, &line));
        assert_int_equal(line, 0);
}

static void test_lines(void **state)
{
        char text[] = "a\n\nb", *rest = text;
        unsigned line = 0;

        assert_string_equal(line_next(&rest, &line), "a");
        assert_string_equal(line_next(&rest, &line), "");
        assert_string_equal(line_next(&rest, &line), "b");
        assert_int_equal(line, 3);
        assert_null(line_next(&rest, &line));
}

static void test_find_word(void **state)
{
        TestTree *t = *state;

        tree_text(t, "etc/f", "# word\nwords\nsword\nx.word=1\nword");
        assert_int_equal(file_find_word(t->root, "etc/f", "word"), 4);
        assert_int_equal(file_find_word(t->root, "etc/f", "absent"), 0);
        assert_int_equal(file_find_word(t->root, "etc/g", "word"), -ENOENT);
}

static void test_read_number(void **state)
{
        static const char *const wrong[] = {"", "\n", "x", "1x", "99999999999999999999"};
        TestTree *t = *state;
        long long number = 7;

        tree_text(t, "n", "-12\n");
        assert_int_equal(file_read_number(t->root, "n", &number), 0);
        assert_int_equal(number, -12);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                tree_text(t, "n", wrong[i]);
                assert_int_equal(file_read_number(t->root, "n", &number), -ERANGE);
        }
        assert_int_equal(number, -12);
}

/* By name over all directories, the first directory wins, hidden ones and other suffixes are none. */
static void test_conf_list(void **state)
{
        static const char *const dirs[] = {"etc/x.d", "run/x.d", "usr/lib/x.d"};
        static const char *const expected[] = {"usr/lib/x.d/10-a.conf", "etc/x.d/20-b.conf",
                                               "run/x.d/30-c.conf"};
        TestTree *t = *state;
        _cleanup_free_ ConfFile *files = NULL;
        size_t n;

        tree_text(t, "usr/lib/x.d/10-a.conf", "");
        tree_text(t, "usr/lib/x.d/20-b.conf", "");
        tree_link(t, "etc/x.d/20-b.conf", "/dev/null");
        tree_text(t, "run/x.d/30-c.conf", "");
        tree_text(t, "run/x.d/.40.conf", "");
        tree_text(t, "run/x.d/50.conf~", "");
        tree_text(t, "run/x.d/.conf", "");
        assert_int_equal(conf_list(t->root, dirs, ELEMENTSOF(dirs), ".conf", &files, &n), 0);
        assert_int_equal(n, ELEMENTSOF(expected));
        for (size_t i = 0; i < n; i++) {
                assert_string_equal(files[i].path, expected[i]);
                assert_int_equal(files[i].masked, i == 1);
        }
        assert_string_equal(conf_name(&files[0]), "10-a.conf");
}

static void test_processes(void **state)
{
        TestTree *t = *state;

        assert_false(process_runs(t->root, "tgtd"));
        tree_text(t, "proc/17/comm", "tgtd\n");
        tree_text(t, "proc/acpi/comm", "other\n");
        tree_text(t, "proc/18/other", "");
        assert_true(process_runs(t->root, "tgtd"));
        assert_false(process_runs(t->root, "tgt"));
        assert_false(process_runs(t->root, "other"));
}

static void test_modules(void **state)
{
        TestTree *t = *state;
        char where[400];

        assert_int_equal(module_state(t->root, "1", "st", where, sizeof(where)), MODULE_UNKNOWN);
        tree_text(t, "lib/modules/1/modules.builtin", "kernel/drivers/scsi/sg.ko\n");
        tree_text(t, "lib/modules/1/modules.dep",
                  "kernel/a/tcm-loop.ko.zst: kernel/b/x_st.ko\nkernel/a/xst.ko:\nst_no_slash.ko:\n");
        assert_int_equal(module_state(t->root, "1", "sg", where, sizeof(where)), MODULE_BUILTIN);
        assert_int_equal(module_state(t->root, "1", "tcm_loop", where, sizeof(where)), MODULE_LOADABLE);
        assert_int_equal(module_state(t->root, "1", "st_no_slash", where, sizeof(where)), MODULE_LOADABLE);
        assert_int_equal(module_state(t->root, "1", "st", where, sizeof(where)), MODULE_MISSING);
        tree_text(t, "etc/modprobe.d/a.conf", "install\ninstall tcm_loop\n\ninstall tcm_loop  true \n");
        assert_int_equal(module_state(t->root, "1", "tcm_loop", where, sizeof(where)), MODULE_REFUSED);
        assert_string_equal(where, "/etc/modprobe.d/a.conf:4");
        tree_text(t, "sys/module/tcm_loop/refcnt", "0\n"); /* loaded by hand all the same */
        assert_int_equal(module_state(t->root, "1", "tcm_loop", where, sizeof(where)), MODULE_LOADED);
        assert_string_equal(where, "");
}

static void test_module_options(void **state)
{
        TestTree *t = *state;
        char value[16], where[400];

        assert_int_equal(module_option(t->root, "ch", "init", value, sizeof(value), where, sizeof(where)),
                         -ENOENT);
        tree_text(t, "usr/lib/modprobe.d/b.conf", "options ch dt_id=1,2 init=0 init=3\noptions st init=4\n");
        assert_int_equal(module_option(t->root, "ch", "init", value, sizeof(value), where, sizeof(where)), 0);
        assert_string_equal(value, "3");
        assert_string_equal(where, "/usr/lib/modprobe.d/b.conf:1");
        tree_text(t, "etc/modprobe.d/c.conf", "options ch init=123456789012345678901234567890\n");
        assert_int_equal(module_option(t->root, "ch", "init", value, sizeof(value), where, sizeof(where)), 0);
        assert_string_equal(value, "123456789012345");
        assert_string_equal(where, "/etc/modprobe.d/c.conf:1");
}

/* Every file that a site may write, as a pipe, as 16 GiB, as noise, as a folder, as a link to nowhere: all
 * checks come to an end, and what could not be read is said or left out. */
static const char *const site_files[] = {
        "etc/modprobe.d/x.conf",
        "etc/udev/rules.d/99-x.rules",
        "etc/udev/rules.d/61-evertape.rules",
        "etc/sysctl.d/x.conf",
        "etc/sysctl.conf",
        "etc/stinit.def",
        "etc/smartd.conf",
        "etc/target/saveconfig.json",
        "etc/systemd/system/evertaped.service.d/x.conf",
        "etc/evertape/evertape.conf",
        "etc/bacula/bacula-sd.conf",
        "etc/amanda/x/amanda.conf",
        "dev/tape/by-name/x",
        "etc/systemd/system/evertaped.service",
};

static void make_noise(TestTree *t, const char *path)
{
        static uint8_t noise[100000];
        uint32_t x = 1;

        for (size_t i = 0; i < sizeof(noise); i++) {
                x = x * 1664525 + 1013904223;
                noise[i] = (uint8_t) (x >> 24);
        }
        tree_write(t, path, noise, sizeof(noise));
}

static void make_fifo(TestTree *t, const char *path)
{
        tree_text(t, path, "");
        tree_unlink(t, path);
        assert_int_equal(mkfifoat(t->root, path, 0600), 0);
}

static void make_folder(TestTree *t, const char *path)
{
        char below[128];

        snprintf(below, sizeof(below), "%s/below", path);
        tree_text(t, below, "");
}

static void make_dangling(TestTree *t, const char *path)
{
        tree_link(t, path, "/nonexistent/x");
}

/* One rule as long as a file may be. */
static void make_long_line(TestTree *t, const char *path)
{
        static char text[1 << 20];

        memset(text, 'A', sizeof(text) - 1);
        tree_text(t, path, text);
}

static void test_hostile_files(void **state)
{
        static void (*const makes[])(TestTree *, const char *) = {make_fifo,   make_large,    make_noise,
                                                                  make_folder, make_dangling, make_long_line};

        for (size_t i = 0; i < ELEMENTSOF(makes); i++) {
                Machine *m = machine_new(rules);

                for (size_t j = 0; j < ELEMENTSOF(site_files); j++)
                        makes[i](m->tree, site_files[j]);
                machine_run(m);
                assert_non_null(machine_find(m, "links", i == 4 ? SEVERITY_PROBLEM : SEVERITY_WARNING,
                                             "/dev/tape/by-name/x", ""));
                for (size_t j = 0; j < m->report.n_items; j++)
                        for (const char *p = m->report.items[j].what; *p; p++)
                                assert_true(*p >= 0x20 && *p < 0x7f);
                machine_free(m);
        }
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read_text, setup, teardown),
                cmocka_unit_test_setup_teardown(test_empty_text, setup, teardown),
                cmocka_unit_test(test_lines),
                cmocka_unit_test_setup_teardown(test_find_word, setup, teardown),
                cmocka_unit_test_setup_teardown(test_read_number, setup, teardown),
                cmocka_unit_test_setup_teardown(test_conf_list, setup, teardown),
                cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_modules, setup, teardown),
                cmocka_unit_test_setup_teardown(test_module_options, setup, teardown),
                cmocka_unit_test(test_hostile_files),
        };

        if (argc != 2)
                return EXIT_FAILURE;
        rules = argv[1];
        alarm(60); /* what waits for a pipe does not wait for ever */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
