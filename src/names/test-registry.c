/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The registry over restarts, with several users at once, with killed writers and with files that are not
 * ours. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "names/test-files.h"

static void test_names(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", ""),
                 c = make_identity(DEVICE_CHANGER, "5a", "A"),
                 none = {.type = DEVICE_TAPE, .rank = IDENTITY_NONE};
        RegistryDevice d;

        assert_int_equal(registry_find(r, &a, &d), -ENOENT);
        d = add(r, &a, 100);
        assert_string_equal(d.name, "drive1");
        assert_int_equal(d.id, 1);
        assert_int_equal(d.first_seen, 100);
        assert_false(d.hold);
        assert_string_equal(add(r, &b, 100).name, "drive2");
        assert_string_equal(add(r, &c, 100).name, "lib1");
        assert_string_equal(add(r, &a, 200).name, "drive1");
        assert_int_equal(registry_add(r, &none, 1, &d), -ENODATA);
        assert_int_equal(registry_find(r, &none, &d), -ENOENT);
        assert_int_equal(registry_find_name(r, "lib1", &d), 0);
        assert_true(identity_equal(&d.identity, &c));
        assert_int_equal(registry_find_name(r, "lib2", &d), -ENOENT);
        assert_int_equal(registry_find_name(r, "' OR 1 --", &d), -ENOENT);
        registry_close(r);
}

/* What was written is there after a restart, as it was. */
static void test_reopen(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a\\x2f'%s", "A'"),
                 b = make_identity(DEVICE_TAPE, "5b", "B");
        RegistryDevice d;

        add(r, &a, 100);
        add(r, &b, 100);
        assert_int_equal(registry_set_hold(r, 2, true), 0);
        assert_int_equal(registry_set_hold(r, 3, true), -ENOENT);
        registry_close(r);
        r = open_registry(f->db);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_memory_equal(&d.identity, &a, sizeof(a));
        assert_false(d.hold);
        assert_int_equal(registry_find(r, &b, &d), 0);
        assert_true(d.hold);
        assert_string_equal(d.name, "drive2");
        assert_int_equal(registry_set_hold(r, 2, false), 0);
        assert_int_equal(registry_find_name(r, "drive2", &d), 0);
        assert_false(d.hold);
        registry_close(r);
}

/* A number is not given again when its device is renamed or gone. */
static void test_never_again(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", ""), b = make_identity(DEVICE_TAPE, "5b", ""),
                 c = make_identity(DEVICE_TAPE, "5c", "");

        add(r, &a, 1);
        execute(f->db,
                "UPDATE device SET name = 'left' WHERE id = 1; INSERT INTO used_name VALUES ('drive3', 1)");
        assert_string_equal(add(r, &a, 1).name, "left");
        assert_string_equal(add(r, &b, 1).name, "drive2");
        execute(f->db, "DELETE FROM device WHERE id = 2");
        assert_string_equal(add(r, &c, 1).name, "drive4");
        assert_int_equal(add(r, &c, 1).id, 3);
        registry_close(r);
}

static void test_seen(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", ""), b;
        RegistryDevice d;

        add(r, &a, 1000);
        assert_int_equal(add(r, &a, 1059).last_seen, 1000);
        assert_int_equal(add(r, &a, 1060).last_seen, 1060);
        assert_int_equal(add(r, &a, 900).last_seen, 900); /* the clock was set back */
        b = a;
        strcpy(b.revision, "2");
        strcpy(b.serial, "NOW-KNOWN");
        add(r, &b, 901);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.identity.revision, "2");
        assert_string_equal(d.identity.serial, "NOW-KNOWN");
        assert_int_equal(d.first_seen, 1000);
        add(r, &a, 902); /* once without it again: it stays */
        assert_int_equal(registry_find(r, &b, &d), 0);
        assert_string_equal(d.identity.serial, "NOW-KNOWN");
        registry_close(r);
}

/* Devices that claim one designator are told apart by their serial numbers, or not at all. */
static void test_shared_key(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5a", "B"),
                 without = make_identity(DEVICE_TAPE, "5a", "");
        RegistryDevice d;

        assert_string_equal(add(r, &a, 1).name, "drive1");
        assert_string_equal(add(r, &without, 1).name, "drive1");
        assert_string_equal(add(r, &b, 1).name, "drive2");
        assert_string_equal(add(r, &a, 1).name, "drive1");
        assert_string_equal(add(r, &b, 1).name, "drive2");
        assert_int_equal(registry_find(r, &without, &d), -ENOTUNIQ);
        assert_int_equal(registry_add(r, &without, 1, &d), -ENOTUNIQ);
        registry_close(r);
}

static void test_list(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        RegistryDevice *devices;
        size_t n;

        assert_int_equal(registry_list(r, &devices, &n), 0);
        assert_int_equal(n, 0);
        free(devices);
        for (unsigned i = 0; i < 11; i++) {
                char key[16];
                Identity id;

                snprintf(key, sizeof(key), "5%u", i);
                id = make_identity(i == 5 ? DEVICE_CHANGER : DEVICE_TAPE, key, "");
                add(r, &id, 1);
        }
        assert_int_equal(registry_list(r, &devices, &n), 0);
        assert_int_equal(n, 11);
        assert_string_equal(devices[0].name, "drive1");
        assert_string_equal(devices[1].name, "drive2");
        assert_string_equal(devices[9].name, "drive10");
        assert_string_equal(devices[10].name, "lib1");
        free(devices);
        registry_close(r);
}

static void test_events(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        RegistryEvent *events;
        char longer[400];
        size_t n;

        memset(longer, 'x', sizeof(longer) - 1);
        longer[sizeof(longer) - 1] = '\0';
        assert_int_equal(registry_add_event(r, 1, 10, "away", "path lost"), 0);
        assert_int_equal(registry_add_event(r, 2, 11, "held", ""), 0);
        assert_int_equal(registry_add_event(r, 1, 12, longer, longer), 0);
        assert_int_equal(registry_list_events(r, 1, 0, &events, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(events[0].at, 10);
        assert_string_equal(events[0].event, "away");
        assert_string_equal(events[0].detail, "path lost");
        assert_int_equal(strlen(events[1].event), sizeof(events[1].event) - 1);
        assert_int_equal(strlen(events[1].detail), sizeof(events[1].detail) - 1);
        free(events);
        assert_int_equal(registry_list_events(r, 0, 0, &events, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(events[1].device, 2);
        free(events);
        execute(f->db, "UPDATE sqlite_sequence SET seq = 100001 WHERE name = 'event'");
        assert_int_equal(registry_add_event(r, 1, 13, "held", ""), 0); /* number 100002: the first two go */
        assert_int_equal(registry_list_events(r, 0, 0, &events, &n), 0);
        assert_int_equal(n, 2);
        free(events);
        execute(f->db, "WITH RECURSIVE c(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM c WHERE i < 12000) "
                       "INSERT INTO event (device, at, event, detail) SELECT 3, i, 'away', '' FROM c");
        for (uint32_t device = 0; device <= 3; device += 3) { /* the last 10000, oldest first */
                assert_int_equal(registry_list_events(r, device, 0, &events, &n), 0);
                assert_int_equal(n, 10000);
                assert_int_equal(events[0].at, 2001);
                assert_int_equal(events[n - 1].at, 12000);
                free(events);
        }
        registry_close(r);
}

/* A path that flaps for a night pushes nothing out but its own like. */
static void test_many_events(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        RegistryEvent *events;
        size_t n;

        assert_int_equal(registry_add_event(r, 1, 1, "arrived", "sg1"), 0);
        execute(f->db, "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2501)"
                       " INSERT INTO event (device, at, event, detail) SELECT 1, i, 'away', i FROM n");
        assert_int_equal(registry_add_event(r, 2, 2502, "away", "another one"), 0);
        assert_int_equal(registry_add_event(r, 1, 2503, "away", "the last"), 0);
        assert_int_equal(registry_list_events(r, 1, 0, &events, &n), 0);
        assert_int_equal(n, 2001);
        assert_string_equal(events[0].event, "arrived");
        assert_int_equal(events[1].at, 503);
        assert_string_equal(events[2000].detail, "the last");
        free(events);
        assert_int_equal(registry_list_events(r, 2, 0, &events, &n), 0);
        assert_int_equal(n, 1);
        free(events);
        registry_close(r);
}

/* Two that open, create and write at once, as a daemon and a command would. */
static void test_two_handles(void **state)
{
        Files *f = *state;
        Registry *r, *q;
        Identity a = make_identity(DEVICE_TAPE, "5a", ""), b = make_identity(DEVICE_TAPE, "5b", "");
        RegistryDevice d;

        r = open_registry(f->db);
        q = open_registry(f->db);
        assert_string_equal(add(r, &a, 1).name, "drive1");
        assert_string_equal(add(q, &a, 1).name, "drive1");
        assert_string_equal(add(q, &b, 1).name, "drive2");
        assert_int_equal(registry_find(r, &b, &d), 0);
        assert_int_equal(registry_set_hold(r, d.id, true), 0);
        assert_int_equal(registry_find(q, &b, &d), 0);
        assert_true(d.hold);
        registry_close(r);
        registry_close(q);
}

#define N_PROCESSES 4
#define N_EACH      20

static void test_many_processes(void **state)
{
        Files *f = *state;
        RegistryDevice *devices;
        Registry *r;
        size_t n;

        for (unsigned p = 0; p < N_PROCESSES; p++) {
                pid_t child = fork();

                assert_true(child >= 0);
                if (child > 0)
                        continue;
                if (registry_open(f->db, &r) < 0)
                        _exit(1);
                for (unsigned i = 0; i < N_EACH; i++) {
                        RegistryDevice d;
                        char key[16];
                        Identity id;

                        snprintf(key, sizeof(key), "5%u", i); /* the same devices in all */
                        id = make_identity(DEVICE_TAPE, key, "");
                        if (registry_add(r, &id, 1, &d) < 0)
                                _exit(2);
                }
                registry_close(r);
                _exit(0);
        }
        for (unsigned p = 0; p < N_PROCESSES; p++) {
                int status;

                assert_true(wait(&status) > 0);
                assert_int_equal(status, 0);
        }
        r = open_registry(f->db);
        assert_int_equal(registry_list(r, &devices, &n), 0);
        assert_int_equal(n, N_EACH);
        assert_string_equal(devices[N_EACH - 1].name, "drive20");
        free(devices);
        registry_close(r);
}

/* A process that is killed in the middle of its writing, when part of it is in the file already. */
static void kill_writer(const char *path)
{
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                sqlite3 *db;

                if (sqlite3_open(path, &db) != SQLITE_OK ||
                    sqlite3_exec(
                            db,
                            "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE device SET name = 'half';"
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                            " INSERT INTO event (device, at, event, detail)"
                            " SELECT 1, i, 'x', hex(zeroblob(100)) FROM n",
                            NULL, NULL, NULL) != SQLITE_OK)
                        _exit(1);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

static void test_killed_writer(void **state)
{
        Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "");
        RegistryDevice d;

        add(r, &a, 1);
        registry_close(r);
        kill_writer(f->db);
        assert_int_equal(access(f->journal, F_OK), 0);
        r = open_registry(f->db);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.name, "drive1");
        registry_close(r);

        kill_writer(f->db);
        assert_int_equal(registry_open_readonly(f->db, &r), 0);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.name, "drive1");
        assert_int_equal(access(f->journal, F_OK), -1);
        registry_close(r);
}

static void test_readonly(void **state)
{
        Files *f = *state;
        Registry *writer, *reader;
        Identity a = make_identity(DEVICE_TAPE, "5a", ""), b = make_identity(DEVICE_TAPE, "5b", "");
        RegistryDevice d;
        sqlite3 *db;

        assert_int_equal(registry_open_readonly(f->db, &reader), -ENOENT);
        assert_int_equal(access(f->db, F_OK), -1);
        execute(f->db, ""); /* created, and nothing in it yet */
        assert_int_equal(registry_open_readonly(f->db, &reader), -ENOENT);
        writer = open_registry(f->db);
        add(writer, &a, 1);
        /* While a writer is in the middle of it, the reader sees what was before, at once. */
        assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; UPDATE device SET hold = 1", NULL, NULL, NULL),
                         0);
        assert_int_equal(chmod(f->db, 0444), 0);
        assert_int_equal(registry_open_readonly(f->db, &reader), 0);
        assert_int_equal(registry_find(reader, &a, &d), 0);
        assert_false(d.hold);
        assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), 0);
        assert_int_equal(registry_find(reader, &a, &d), 0);
        assert_true(d.hold);
        assert_int_equal(registry_add(reader, &b, 1, &d), -EROFS);
        assert_int_equal(registry_set_hold(reader, 1, false), -EROFS);
        assert_int_equal(registry_find(reader, &a, &d), 0);
        assert_true(d.hold);
        sqlite3_close(db);
        registry_close(reader);
        registry_close(writer);
}

/* Whoever makes it, all may read it: evertaped has a umask for the data of backups. */
static void test_rights(void **state)
{
        Files *f = *state;
        mode_t mask = umask(0077);
        struct stat st;

        registry_close(open_registry(f->db));
        assert_int_equal(stat(f->db, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_int_equal(chmod(f->db, 0640), 0); /* as a site likes it */
        registry_close(open_registry(f->db));
        assert_int_equal(stat(f->db, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        umask(mask);
}

/* Not even touched. */
static void assert_refused(const char *path, int error)
{
        struct stat before, after;
        Registry *r;

        assert_int_equal(stat(path, &before), 0);
        assert_int_equal(registry_open(path, &r), error);
        assert_int_equal(registry_open_readonly(path, &r), error);
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
        assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
        assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void test_refused(void **state)
{
        static const char *const spoilt[] = {
                "PRAGMA user_version = 99",
                "PRAGMA user_version = 0",
                "PRAGMA user_version = -1",
                "PRAGMA application_id = 0",
        };
        Files *f = *state;
        char text[8192];
        int fd;

        for (size_t i = 0; i < ELEMENTSOF(spoilt); i++) {
                registry_close(open_registry(f->db));
                execute(f->db, spoilt[i]);
                assert_refused(f->db, i == 0 ? -EPROTO : -EUCLEAN);
                assert_int_equal(unlink(f->db), 0);
        }
        execute(f->db, "CREATE TABLE somebody_elses (x)");
        assert_refused(f->db, -EUCLEAN);
        assert_int_equal(unlink(f->db), 0);
        memset(text, 'x', sizeof(text));
        fd = open(f->db, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
        close(fd);
        assert_refused(f->db, -EUCLEAN);
}

/* Rows that no program of ours has written. */
static void test_damaged_rows(void **state)
{
        static const char *const damages[] = {
                "UPDATE device SET type = 5",
                "UPDATE device SET rank = 'best'",
                "UPDATE device SET vendor = 'longer than eight'",
                "UPDATE device SET name = hex(zeroblob(100))",
        };
        Files *f = *state;
        Identity a = make_identity(DEVICE_TAPE, "5a", "");
        RegistryDevice *devices;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                Registry *r = open_registry(f->db);

                add(r, &a, 1);
                execute(f->db, damages[i]);
                assert_int_equal(registry_list(r, &devices, &n), -EUCLEAN);
                registry_close(r);
                assert_int_equal(unlink(f->db), 0);
        }
}

static void test_no_directory(void **state)
{
        Registry *r;

        assert_int_equal(registry_open("/nonexistent/evertape.db", &r), -ENOENT);
        assert_int_equal(registry_open_readonly("/nonexistent/evertape.db", &r), -ENOENT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_names, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_reopen, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_never_again, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_seen, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_shared_key, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_list, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_events, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_many_events, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_two_handles, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_many_processes, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_killed_writer, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_readonly, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_rights, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_refused, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_damaged_rows, files_setup, files_teardown),
                cmocka_unit_test(test_no_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
