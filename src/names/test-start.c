/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A registry that is whole, gone, empty, cut off anywhere, spoilt in any page, of a newer evertape, or may
 * not be written to; each with the text of its names, without it, and with one that is of no use. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "names/portable-read.h"
#include "names/portable.h"
#include "names/start.h"
#include "names/test-files.h"

#define N_DRIVES 40

typedef struct World {
        Files *files;
        char text[120];
        char *image; /* of the registry as it was */
        size_t n_image;
} World;

static Identity drive(unsigned i)
{
        char key[16], serial[16];

        snprintf(key, sizeof(key), "5000%u", i);
        snprintf(serial, sizeof(serial), "SER%u", i);
        return make_identity(DEVICE_TAPE, key, serial);
}

static void write_text(const char *path, Registry *r)
{
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_int_equal(portable_export(r, f), 0);
        assert_int_equal(fclose(f), 0);
}

static char *read_all(const char *path, size_t *ret_n)
{
        FILE *f = fopen(path, "re");
        char *data;

        assert_non_null(f);
        assert_int_equal(fseek(f, 0, SEEK_END), 0);
        *ret_n = (size_t) ftell(f);
        rewind(f);
        data = malloc(*ret_n + 1);
        assert_int_equal(fread(data, 1, *ret_n, f), *ret_n);
        fclose(f);
        return data;
}

static void write_all(const char *path, const char *data, size_t n)
{
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_int_equal(fwrite(data, 1, n, f), n);
        assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        Registry *r;

        files_setup((void **) &w->files);
        snprintf(w->text, sizeof(w->text), "%s/names.txt", w->files->dir);
        r = open_registry(w->files->db);
        for (unsigned i = 0; i < N_DRIVES; i++) {
                Identity id = drive(i);

                add(r, &id, 1);
        }
        assert_int_equal(registry_rename(r, 7, "left"), 0);
        assert_int_equal(registry_set_hold(r, 7, true), 0);
        write_text(w->text, r);
        registry_close(r);
        w->image = read_all(w->files->db, &w->n_image);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;

        (void) unlink(w->text);
        files_teardown((void **) &w->files);
        free(w->image);
        free(w);
        return 0;
}

static void assert_unchanged(const World *w, const char *data, size_t n)
{
        _cleanup_free_ char *now = NULL;
        size_t n_now;

        now = read_all(w->files->db, &n_now);
        assert_int_equal(n_now, n);
        assert_memory_equal(now, data, n);
}

/* All are called what they were called, by the numbers that they had. */
static void assert_names(Registry *r)
{
        RegistryDevice d;

        for (unsigned i = 0; i < N_DRIVES; i++) {
                Identity id = drive(i);
                char name[24];

                snprintf(name, sizeof(name), i == 6 ? "left" : "drive%u", i + 1);
                assert_int_equal(registry_find(r, &id, &d), 0);
                assert_string_equal(d.name, name);
                assert_int_equal(d.id, i + 1);
                assert_int_equal(d.hold, i == 6);
        }
}

static void end(RegistryStart *s)
{
        s->registry = registry_close(s->registry);
        free(s->report);
        s->report = NULL;
}

/* What is there is used, and nothing is changed in it. */
static void assert_spare(const World *w, const char *data, size_t n, int error)
{
        Identity new = drive(999);
        RegistryDevice d;
        RegistryStart s;

        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_SPARE);
        assert_int_equal(s.error, error);
        assert_true(registry_is_spare(s.registry));
        assert_names(s.registry);
        assert_int_equal(registry_add(s.registry, &new, 5, &d), -EROFS);
        assert_int_equal(registry_rename(s.registry, 7, "right"), -EROFS);
        assert_int_equal(registry_set_hold(s.registry, 7, false), -EROFS);
        assert_int_equal(registry_forget(s.registry, "left"), -EROFS);
        assert_names(s.registry);
        end(&s);
        assert_unchanged(w, data, n);
}

static void test_whole(void **state)
{
        const World *w = *state;
        RegistryStart s;

        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_AS_IT_IS);
        assert_false(registry_is_spare(s.registry));
        assert_names(s.registry);
        end(&s);
        assert_int_equal(unlink(w->text), 0);
        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_AS_IT_IS);
        end(&s);
}

/* Of a registry that was lost, one of no bytes, and one in which there is no name yet (its maker was killed
 * before he had imported). */
static void test_lost(void **state)
{
        const World *w = *state;
        RegistryStart s;

        for (int how = 0; how < 3; how++) {
                assert_int_equal(unlink(w->files->db), 0);
                if (how == 1)
                        write_all(w->files->db, "", 0);
                else if (how == 2)
                        registry_close(open_registry(w->files->db));
                assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
                assert_int_equal(s.source, REGISTRY_RESTORED);
                assert_false(registry_is_spare(s.registry));
                assert_names(s.registry);
                end(&s);
        }
}

static void test_nothing_to_restore(void **state)
{
        const World *w = *state;
        RegistryStart s;

        assert_int_equal(unlink(w->files->db), 0);
        write_all(w->text, "# not ours\n", 11);
        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_UNUSABLE);
        assert_non_null(strstr(s.report, "line 1"));
        end(&s);
        write_all(w->text, PORTABLE_HEADER "\n", strlen(PORTABLE_HEADER) + 1); /* no device has ever come */
        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_AS_IT_IS);
        end(&s);
        assert_int_equal(unlink(w->text), 0);
        assert_int_equal(registry_start(w->files->db, w->text, &s), 0);
        assert_int_equal(s.source, REGISTRY_AS_IT_IS);
        end(&s);
}

/* A disk that is full is no reason to put the text aside. */
static void test_no_room_to_restore(void **state)
{
        const World *w = *state;
        struct rlimit before, small;
        RegistryStart s;
        int r;

        assert_int_equal(unlink(w->files->db), 0);
        registry_close(open_registry(w->files->db));
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = before;
        small.rlim_cur = 8192;
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        r = registry_start(w->files->db, w->text, &s);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, 0);
        assert_int_equal(s.source, REGISTRY_SPARE);
        assert_names(s.registry);
        end(&s);
        assert_int_equal(registry_start(w->files->db, w->text, &s), 0); /* there is room again */
        assert_int_equal(s.source, REGISTRY_RESTORED);
        assert_names(s.registry);
        end(&s);
}

/* A single byte is to SQLite what none is, and of a last page in which there is nothing yet the rest may be
 * missing. */
static void test_cut_off(void **state)
{
        const World *w = *state;

        for (size_t n = 14; n <= w->n_image - 4096; n += n < 100 ? 13 : 1021) {
                write_all(w->files->db, w->image, n);
                assert_spare(w, w->image, n, -EUCLEAN);
        }
        for (size_t n = 4096; n < w->n_image; n += 4096) {
                write_all(w->files->db, w->image, n);
                assert_spare(w, w->image, n, -EUCLEAN);
        }
}

static void test_any_page_spoilt(void **state)
{
        const World *w = *state;
        _cleanup_free_ char *spoilt = malloc(w->n_image);

        for (size_t at = 0; at < w->n_image; at += 4096) {
                memcpy(spoilt, w->image, w->n_image);
                memset(spoilt + at, 0xa5, 512);
                write_all(w->files->db, spoilt, w->n_image);
                assert_spare(w, spoilt, w->n_image, -EUCLEAN);
        }
}

static void test_newer(void **state)
{
        const World *w = *state;
        _cleanup_free_ char *newer = NULL;
        size_t n;

        execute(w->files->db, "PRAGMA user_version = 99");
        newer = read_all(w->files->db, &n);
        assert_spare(w, newer, n, -EPROTO);
}

/* Without a text, or with a bad one, there is nothing to begin with. */
static void test_neither(void **state)
{
        const World *w = *state;
        RegistryStart s;

        execute(w->files->db, "PRAGMA user_version = 99");
        write_all(w->text, "# evertape names, version 1\n[Device \"../x\"]\n", 44);
        assert_int_equal(registry_start(w->files->db, w->text, &s), -EPROTO);
        assert_null(s.registry);
        assert_non_null(strstr(s.report, "line 2"));
        end(&s);
        assert_int_equal(unlink(w->text), 0);
        assert_int_equal(registry_start(w->files->db, w->text, &s), -EPROTO);
        end(&s);
        assert_int_equal(truncate(w->files->db, 5000), 0);
        assert_int_equal(registry_start(w->files->db, w->text, &s), -EUCLEAN);
        end(&s);
}

/* That another program keeps it locked says nothing of it. */
static void test_locked(void **state)
{
        const World *w = *state;
        RegistryStart s;
        sqlite3 *db;

        assert_int_equal(sqlite3_open(w->files->db, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(registry_start(w->files->db, w->text, &s), -EBUSY);
        assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        end(&s);
}

static void test_no_folder(void **state)
{
        const World *w = *state;
        char path[160];
        RegistryStart s;

        snprintf(path, sizeof(path), "%s/nowhere/evertape.db", w->files->dir);
        assert_int_equal(registry_start(path, w->text, &s), -ENOENT);
        end(&s);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_to_restore, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_room_to_restore, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cut_off, setup, teardown),
                cmocka_unit_test_setup_teardown(test_any_page_spoilt, setup, teardown),
                cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_neither, setup, teardown),
                cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
