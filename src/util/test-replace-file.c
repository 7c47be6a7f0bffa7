/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/replace-file.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

static char folder[] = "/tmp/test-replace-file-XXXXXX";
static char path[64], other[64];

static int setup(void **state)
{
        if (!mkdtemp(folder))
                return -1;
        snprintf(path, sizeof(path), "%s/file", folder);
        snprintf(other, sizeof(other), "%s/other", folder);
        return 0;
}

static int teardown(void **state)
{
        (void) unlink(path);
        (void) unlink(other);
        return rmdir(folder); /* and nothing else is in it */
}

static void assert_text(const char *file, const char *text)
{
        _cleanup_fclose_ FILE *f = fopen(file, "re");
        char b[64] = "";

        assert_non_null(f);
        assert_int_equal(fread(b, 1, sizeof(b) - 1, f), strlen(text));
        assert_string_equal(b, text);
}

static mode_t mode_of(const char *file)
{
        struct stat st;

        assert_int_equal(stat(file, &st), 0);
        return st.st_mode & 07777;
}

static void test_new_and_replaced(void **state)
{
        mode_t mask = umask(077);

        assert_int_equal(replace_file(path, "one\n", strlen("one\n"), 0644), 0);
        assert_text(path, "one\n");
        assert_int_equal(mode_of(path), 0644);
        assert_int_equal(replace_file(path, "", strlen(""), 0600), 0);
        assert_text(path, "");
        assert_int_equal(mode_of(path), 0600);
        umask(mask);
}

static void test_here(void **state)
{
        char before[256];

        assert_non_null(getcwd(before, sizeof(before)));
        assert_int_equal(chdir(folder), 0);
        assert_int_equal(replace_file("file", "here\n", strlen("here\n"), 0644), 0);
        assert_int_equal(chdir(before), 0);
        assert_text(path, "here\n");
}

static void test_link_is_not_followed(void **state)
{
        assert_int_equal(replace_file(other, "other\n", strlen("other\n"), 0644), 0);
        (void) unlink(path);
        assert_int_equal(symlink(other, path), 0);
        assert_int_equal(replace_file(path, "mine\n", strlen("mine\n"), 0644), 0);
        assert_text(other, "other\n");
        assert_text(path, "mine\n");
}

static unsigned count_files(void)
{
        DIR *d = opendir(folder);
        unsigned n = 0;

        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));)
                n += e->d_name[0] != '.';
        closedir(d);
        return n;
}

/* What was there stays, and nothing lies beside it. */
static void test_failures(void **state)
{
        char missing[96];

        snprintf(missing, sizeof(missing), "%s/none/file", folder);
        assert_int_equal(replace_file(missing, "x", strlen("x"), 0644), -ENOENT);
        (void) unlink(path);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_true(replace_file(path, "x", strlen("x"), 0644) < 0);
        assert_int_equal(count_files(), 1 + (access(other, F_OK) == 0));
        assert_int_equal(rmdir(path), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new_and_replaced),
                cmocka_unit_test(test_here),
                cmocka_unit_test(test_link_is_not_followed),
                cmocka_unit_test(test_failures),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
