/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is attached is there again after a restart. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/attached-file.h"
#include "util/cleanup.h"

static char path[64];

static int setup(void **state)
{
        static char folder[] = "/tmp/evertape-attached.XXXXXX";

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/list", folder);
        *state = folder;
        return 0;
}

static int teardown(void **state)
{
        (void) unlink(path);
        return rmdir(*state); /* nothing else is left there */
}

static void write_text(const char *text)
{
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
}

static void test_again(void **state)
{
        static const char *const texts[] = {"iscsi://10.0.0.1:3260/iqn.2026-11.example:a",
                                            "iscsi://me@[fe80::1]:860/iqn.2026-11.example:b/7"};
        IscsiUrl urls[ELEMENTSOF(texts)], *read = NULL;
        char again[ISCSI_URL_MAX];
        unsigned n_bad = 1;
        const char *why;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(iscsi_url_parse(texts[i], &urls[i], &why), 0);
        assert_int_equal(attached_file_write(path, urls, ELEMENTSOF(urls)), 0);
        assert_int_equal(attached_file_read(path, &read, &n, &n_bad), 0);
        assert_int_equal(n, ELEMENTSOF(texts));
        assert_int_equal(n_bad, 0);
        for (size_t i = 0; i < n; i++)
                assert_string_equal(iscsi_url_format(&read[i], again), texts[i]);
        free(read);
        assert_int_equal(attached_file_write(path, NULL, 0), 0);
        assert_int_equal(attached_file_read(path, &read, &n, &n_bad), 0);
        assert_int_equal(n, 0);
        free(read);
}

static void test_no_file(void **state)
{
        IscsiUrl *read = NULL;
        unsigned n_bad = 1;
        size_t n = 1;

        (void) unlink(path);
        assert_int_equal(attached_file_read(path, &read, &n, &n_bad), 0);
        assert_int_equal(n, 0);
        assert_int_equal(n_bad, 0);
        free(read);
        assert_int_equal(attached_file_read("/dev/null/x", &read, &n, &n_bad), -ENOTDIR);
        assert_int_equal(attached_file_write("/dev/null/x", NULL, 0), -ENOTDIR);
}

/* What evertaped would have to look up, and what is none, is left out and counted; the rest counts. */
static void test_bad_lines(void **state)
{
        static char text[3 * ISCSI_URL_MAX] = "# a comment\n\niscsi://10.0.0.1/iqn.2026-11.example:a\n"
                                              "nonsense\niscsi://host/iqn.2026-11.example:a\n";
        IscsiUrl *read = NULL;
        unsigned n_bad = 0;
        size_t n = 0;

        write_text(text);
        assert_int_equal(attached_file_read(path, &read, &n, &n_bad), 0);
        assert_int_equal(n, 1);
        assert_int_equal(n_bad, 2);
        free(read);
        memset(text, 'x', sizeof(text) - 1); /* one line, longer than any that is right */
        write_text(text);
        assert_int_equal(attached_file_read(path, &read, &n, &n_bad), 0);
        assert_int_equal(n, 0);
        assert_true(n_bad > 0);
        free(read);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_again),
                cmocka_unit_test(test_no_file),
                cmocka_unit_test(test_bad_lines),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
