/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names that people change, devices that cannot be told apart, and a registry of the version before. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "names/test-files.h"

static void test_rename(void **state)
{
        static const char *const bad[] = {"",
                                          "a/b",
                                          "..",
                                          "-a",
                                          "a b",
                                          "drive-nst",
                                          "x-sch",
                                          "lib-changer",
                                          "nst0",
                                          "sg3",
                                          "sch1",
                                          "a\nb",
                                          "0123456789012345678901234567890123456789012345678901234567890123"};
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", "B");
        RegistryDevice d;
        uint32_t owner;

        add(r, &a, 1);
        add(r, &b, 1);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(registry_rename(r, 1, bad[i]), -EINVAL);
        assert_int_equal(registry_rename(r, 1, "left"), 0);
        assert_int_equal(registry_rename(r, 1, "left"), 1);
        assert_int_equal(registry_rename(r, 2, "left"), -EEXIST);
        assert_int_equal(registry_rename(r, 2, "drive1"), -EEXIST); /* still the other one's */
        assert_int_equal(registry_rename(r, 9, "right"), -ENOENT);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.name, "left");
        assert_int_equal(registry_find_owner(r, "drive1", &owner), 0);
        assert_int_equal(owner, 1);
        assert_int_equal(registry_rename(r, 1, "drive1"), 0); /* back */
        assert_int_equal(registry_find_name(r, "drive1", &d), 0);
        registry_close(r);
}

static void test_forget(void **state)
{
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", "B");
        char name[NAME_LENGTH_MAX];
        RegistryDevice d;

        add(r, &a, 1);
        assert_int_equal(registry_rename(r, 1, "left"), 0);
        assert_int_equal(registry_last_name(r, 1, name, sizeof(name)), 0);
        assert_string_equal(name, "left");
        assert_int_equal(registry_forget(r, "nobody"), -ENOENT);
        assert_int_equal(registry_forget(r, "drive1"), 0); /* only the name that it had */
        assert_int_equal(registry_forget(r, "drive1"), -ENOENT);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(add(r, &b, 1).name, "drive1");
        assert_int_equal(registry_forget(r, "left"), 0);
        assert_int_equal(registry_find(r, &a, &d), -ENOENT);
        assert_int_equal(registry_last_name(r, 1, name, sizeof(name)), 0);
        assert_string_equal(name, "");
        assert_int_equal(add(r, &a, 1).id, 3); /* a number is never given again */
        assert_int_equal(registry_rename(r, 3, "left"), 0);
        registry_close(r);
}

static void test_replace(void **state)
{
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", "B"),
                 l = make_identity(DEVICE_CHANGER, "5c", "L"), n = make_identity(DEVICE_TAPE, "5d", "N");
        RegistryDevice d;

        add(r, &a, 1);
        add(r, &b, 2);
        add(r, &l, 2);
        assert_int_equal(registry_set_hold(r, 1, true), 0);
        assert_int_equal(registry_replace(r, 1, 1), -EINVAL);
        assert_int_equal(registry_replace(r, 1, 3), -EINVAL);
        assert_int_equal(registry_replace(r, 1, 9), -ENOENT);
        assert_int_equal(registry_replace(r, 1, 2), 0);
        assert_int_equal(registry_find(r, &b, &d), 0);
        assert_string_equal(d.name, "drive1");
        assert_int_equal(d.id, 1);
        assert_true(d.hold);
        assert_string_equal(d.identity.serial, "B");
        assert_int_equal(registry_find(r, &a, &d), -ENOENT);
        assert_int_equal(registry_find_name(r, "drive2", &d), -ENOENT);
        assert_string_equal(add(r, &n, 3).name, "drive3"); /* drive2 stays reserved */
        assert_string_equal(add(r, &a, 3).name, "drive4"); /* repaired, and back */
        registry_close(r);
}

/* Equal in all they say of themselves, and both there. */
static void test_apart(void **state)
{
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "S"), b = a, third = a, lun = a;
        RegistryDevice d;

        strcpy(a.address, "iscsi.iqn.x:1");
        strcpy(b.address, "iscsi.iqn.x:2");
        strcpy(third.address, "iscsi.iqn.x:3");
        assert_string_equal(add(r, &b, 1).name, "drive1"); /* the first for days */
        assert_string_equal(add(r, &a, 2).name, "drive1"); /* it has moved, or is another one: who knows */
        assert_string_equal(add(r, &b, 3).name, "drive1");
        /* Now both are there. The name stays where it was last. */
        assert_int_equal(registry_add_apart(r, &a, 100, &d), 0);
        assert_string_equal(d.name, "drive2");
        assert_int_equal(registry_add_apart(r, &b, 100, &d), 0);
        assert_string_equal(d.name, "drive1");
        /* From now on each is known by its place too, also when it is alone. */
        assert_string_equal(add(r, &a, 200).name, "drive2");
        assert_string_equal(add(r, &b, 200).name, "drive1");
        assert_string_equal(add(r, &third, 200).name, "drive3");
        assert_int_equal(registry_find(r, &lun, &d), -ENOTUNIQ); /* without a place */
        registry_close(r);
}

static void test_apart_in_any_order(void **state)
{
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        Identity a = make_identity(DEVICE_TAPE, "5a", "S"), b = a;
        RegistryDevice d;

        strcpy(a.address, "scsi.1:0:0:1");
        strcpy(b.address, "scsi.1:0:0:2");
        add(r, &a, 1);
        assert_int_equal(registry_add_apart(r, &b, 100, &d), 0);
        assert_string_equal(d.name, "drive2");
        assert_int_equal(registry_add_apart(r, &a, 100, &d), 0);
        assert_string_equal(d.name, "drive1");
        registry_close(r);
}

/* As schema.c made it before there were bays. */
static const char version1[] =
        "CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
        " type INTEGER NOT NULL, rank TEXT NOT NULL, key TEXT NOT NULL, vendor TEXT NOT NULL,"
        " product TEXT NOT NULL, revision TEXT NOT NULL, serial TEXT NOT NULL,"
        " hold INTEGER NOT NULL DEFAULT 0, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " UNIQUE (type, key, serial));"
        "CREATE TABLE used_name (name TEXT PRIMARY KEY NOT NULL, device INTEGER NOT NULL);"
        "CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL,"
        " at INTEGER NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL);"
        "CREATE INDEX event_device ON event (device, id);"
        "PRAGMA application_id = 1702261872; PRAGMA user_version = 1;"
        "INSERT INTO device VALUES (2, 'lib1', 8, 'naa', 'naa.5c', 'STK', 'L700', '1', 'L', 0, 10, 20);"
        "INSERT INTO device VALUES (3, 'drive1', 1, 'naa', 'naa.5a', 'HP', 'Ultrium', '1', 'A', 1, 11, 21);"
        "INSERT INTO device VALUES (7, 'gone', 1, 'serial', 'sn.HP:U:G', 'HP', 'U', '1', 'G', 0, 12, 22);"
        "DELETE FROM device WHERE id = 7;"
        "INSERT INTO used_name VALUES ('lib1', 2), ('drive1', 3), ('drive2', 7);"
        "INSERT INTO event (device, at, event, detail) VALUES (3, 11, 'arrived', 'sg1');";

/* As schema.c made it before old events were found by their kind. */
static const char version2[] =
        "CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
        " type INTEGER NOT NULL, rank TEXT NOT NULL, key TEXT NOT NULL, vendor TEXT NOT NULL,"
        " product TEXT NOT NULL, revision TEXT NOT NULL, serial TEXT NOT NULL,"
        " address TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '',"
        " hold INTEGER NOT NULL DEFAULT 0, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " UNIQUE (type, key, serial, address));"
        "CREATE TABLE used_name (name TEXT PRIMARY KEY NOT NULL, device INTEGER NOT NULL);"
        "CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL,"
        " at INTEGER NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL);"
        "CREATE INDEX event_device ON event (device, id);"
        "CREATE INDEX device_serial ON device (serial);"
        "CREATE TABLE bay (library INTEGER NOT NULL, element INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
        " device INTEGER UNIQUE, PRIMARY KEY (library, element)) WITHOUT ROWID;"
        "CREATE TABLE counter (prefix TEXT PRIMARY KEY NOT NULL, given INTEGER NOT NULL) WITHOUT ROWID;"
        "PRAGMA application_id = 1702261872; PRAGMA user_version = 2;"
        "INSERT INTO device VALUES (3, 'drive1', 1, 'naa', 'naa.5a', 'HP', 'Ultrium', '1', 'A', '', '', 1, "
        "11, 21);"
        "INSERT INTO used_name VALUES ('drive1', 3);"
        "INSERT INTO event (device, at, event, detail) VALUES (3, 11, 'arrived', 'sg1');";

static void test_migration_2(void **state)
{
        const Files *f = *state;
        Identity a = make_identity(DEVICE_TAPE, "5a", "A");
        RegistryEvent *events;
        RegistryDevice d;
        Registry *r;
        size_t n;

        execute(f->db, version2);
        r = open_registry(f->db);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.name, "drive1");
        assert_true(d.hold);
        assert_int_equal(registry_add_event(r, 3, 12, "away", ""), 0);
        assert_int_equal(registry_list_events(r, 3, 0, &events, &n), 0);
        assert_int_equal(n, 2);
        assert_string_equal(events[0].event, "arrived");
        free(events);
        registry_close(r);
        assert_int_equal(registry_open_readonly(f->db, &r), 0);
        registry_close(r);
}

static void test_migration(void **state)
{
        const Files *f = *state;
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", "B");
        RegistryEvent *events;
        RegistryDevice d;
        Registry *r;
        size_t n;

        execute(f->db, version1);
        assert_int_equal(registry_open_readonly(f->db, &r), -ENOENT); /* not by a reader */
        r = open_registry(f->db);
        assert_int_equal(registry_find(r, &a, &d), 0);
        assert_string_equal(d.name, "drive1");
        assert_int_equal(d.id, 3);
        assert_true(d.hold);
        assert_int_equal(d.first_seen, 11);
        assert_int_equal(d.last_seen, 21);
        assert_int_equal(d.library, 0);
        assert_int_equal(registry_list_events(r, 3, 0, &events, &n), 0);
        assert_int_equal(n, 1);
        free(events);
        d = add(r, &b, 30);
        assert_string_equal(d.name, "drive3"); /* drive2 was given */
        assert_int_equal(d.id, 8);             /* 7 was given */
        registry_close(r);
        assert_int_equal(registry_open_readonly(f->db, &r), 0);
        registry_close(r);
}

/* Renames to and fro in a transaction each, until it is killed. */
static void write_for_ever(const char *path)
{
        Registry *r;

        if (registry_open(path, &r) < 0)
                _exit(1);
        for (unsigned i = 0;; i++) {
                char name[32];

                snprintf(name, sizeof(name), "name%u", i % 50);
                if (registry_rename(r, 1 + i % 2, name) == -EUCLEAN)
                        _exit(2);
                (void) registry_set_hold(r, 1, i % 2);
        }
}

/* Whenever it is killed, what is left is whole: both devices with one name each that is given to them. */
static void test_killed_at_any_point(void **state)
{
        const Files *f = *state;
        Identity a = make_identity(DEVICE_TAPE, "5a", "A"), b = make_identity(DEVICE_TAPE, "5b", "B");
        Registry *r = open_registry(f->db);

        add(r, &a, 1);
        add(r, &b, 1);
        registry_close(r);
        for (unsigned i = 0; i < 40; i++) {
                struct timespec before_death = {.tv_nsec = 1000000 + (long) i * 377773};
                RegistryDevice *devices;
                uint32_t owner;
                int status;
                size_t n;
                pid_t child = fork();

                assert_true(child >= 0);
                if (child == 0)
                        write_for_ever(f->db);
                nanosleep(&before_death, NULL);
                assert_int_equal(kill(child, SIGKILL), 0);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_true(WIFSIGNALED(status));
                assert_int_equal(i % 2 ? registry_open(f->db, &r) : registry_open_readonly(f->db, &r), 0);
                assert_int_equal(registry_list(r, &devices, &n), 0);
                assert_int_equal(n, 2);
                for (size_t k = 0; k < n; k++) {
                        assert_int_equal(registry_find_owner(r, devices[k].name, &owner), 0);
                        assert_int_equal(owner, devices[k].id);
                }
                free(devices);
                registry_close(r);
        }
}

/* A file that lost its end, or part of its middle. */
static void test_truncated(void **state)
{
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        int error = 0;

        for (unsigned i = 0; i < 100; i++) {
                char key[16];
                Identity id;

                snprintf(key, sizeof(key), "5%u", i);
                id = make_identity(DEVICE_TAPE, key, key);
                add(r, &id, 1);
        }
        registry_close(r);
        assert_int_equal(truncate(f->db, 4096 + 100), 0);
        error = registry_open(f->db, &r);
        if (error >= 0) {
                RegistryDevice d;
                Identity id = make_identity(DEVICE_TAPE, "5new", "new");

                error = registry_add(r, &id, 1, &d);
                registry_close(r);
        }
        assert_int_equal(error, -EUCLEAN);
        assert_non_null(strstr(registry_explain(error), "names import"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_rename, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_forget, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_replace, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_apart, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_apart_in_any_order, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_migration, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_migration_2, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_killed_at_any_point, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_truncated, files_setup, files_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
