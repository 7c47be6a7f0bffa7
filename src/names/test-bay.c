/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rule of bays: what a library's reading does to names. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "names/bay.h"
#include "names/test-files.h"

#define FIRST 256

typedef struct Library {
        Registry *r;
        uint32_t id;
        LibrariesThere there;
        Identity drives[8]; /* serial numbers A, B, ... */
} Library;

static Library new_library(const Files *f)
{
        Identity changer = make_identity(DEVICE_CHANGER, "5c", "LIB");
        Library l = {.r = open_registry(f->db)};

        l.id = add(l.r, &changer, 1).id;
        for (unsigned i = 0; i < 8; i++)
                l.drives[i] = make_identity(DEVICE_TAPE, (char[]){(char) ('a' + i), 0},
                                            (char[]){(char) ('A' + i), 0});
        return l;
}

/* "AB-C": who is in the bays, '-' nobody known. Returns the changes as letters: named, found, replaced,
 * moved, left, kept. */
static const char *read_bays(Library *l, const char *drives, BayFollow follow)
{
        static const char letters[] = "nfrmlk";
        static char done[32];
        BayDrive bays[8];
        BayChange *changes;
        size_t n = strlen(drives), n_changes;

        for (size_t i = 0; i < n; i++)
                bays[i] = (BayDrive){.element = (uint16_t) (FIRST + i),
                                     .ordinal = (unsigned) i + 1,
                                     .drive = drives[i] == '-' ? NULL : &l->drives[drives[i] - 'A']};
        assert_int_equal(
                registry_update_bays(l->r, l->id, bays, n, &l->there, follow, 2, &changes, &n_changes), 0);
        for (size_t i = 0; i < n_changes; i++) {
                done[i] = letters[changes[i].event];
                assert_true(changes[i].text[0] != '\0');
        }
        done[n_changes] = '\0';
        free(changes);
        return done;
}

static void assert_name(Library *l, char drive, const char *name, uint16_t element)
{
        RegistryDevice d;

        assert_int_equal(registry_find(l->r, &l->drives[drive - 'A'], &d), 0);
        assert_string_equal(d.name, name);
        assert_int_equal(d.element, element);
        assert_int_equal(d.library, element ? l->id : 0);
}

static void test_new(void **state)
{
        Library l = new_library(*state);

        assert_string_equal(read_bays(&l, "A-C", FOLLOW_BAY), "nn");
        assert_name(&l, 'A', "lib1-drive1", FIRST);
        assert_name(&l, 'C', "lib1-drive3", FIRST + 2); /* by its bay, not by the order it comes in */
        assert_string_equal(read_bays(&l, "A-C", FOLLOW_BAY), "");
        assert_string_equal(read_bays(&l, "ABC", FOLLOW_BAY), "n");
        assert_name(&l, 'B', "lib1-drive2", FIRST + 1);
        assert_string_equal(read_bays(&l, "---", FOLLOW_BAY), ""); /* away, and their names stay */
        assert_string_equal(read_bays(&l, "ABC", FOLLOW_BAY), "");
        registry_close(l.r);
}

/* A stand-alone drive that is found in a library keeps its name; the drive after it gets the bay's. */
static void test_found(void **state)
{
        Library l = new_library(*state);

        add(l.r, &l.drives[0], 1);
        assert_string_equal(read_bays(&l, "AB", FOLLOW_BAY), "fn");
        assert_name(&l, 'A', "drive1", FIRST);
        assert_name(&l, 'B', "lib1-drive2", FIRST + 1);
        assert_string_equal(read_bays(&l, "CB", FOLLOW_BAY), "r");
        assert_name(&l, 'C', "drive1", FIRST);
        registry_close(l.r);
}

static void test_replaced(void **state)
{
        Library l = new_library(*state);
        BayDrive bay = {.element = FIRST, .ordinal = 1, .drive = &l.drives[2]};
        BayChange *changes;
        RegistryDevice d;
        size_t n;

        read_bays(&l, "AB", FOLLOW_BAY);
        assert_int_equal(registry_find(l.r, &l.drives[0], &d), 0);
        assert_int_equal(registry_set_hold(l.r, d.id, true), 0);
        assert_int_equal(registry_update_bays(l.r, l.id, &bay, 1, &l.there, FOLLOW_BAY, 3, &changes, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(changes[0].event, BAY_REPLACED);
        assert_string_equal(changes[0].before.serial, "A");
        assert_string_equal(changes[0].device.identity.serial, "C");
        assert_string_equal(changes[0].device.name, "lib1-drive1");
        assert_true(changes[0].device.hold);
        assert_int_equal(changes[0].device.id, d.id);
        assert_string_equal(changes[0].text, "serial number C, before A");
        free(changes);
        assert_name(&l, 'C', "lib1-drive1", FIRST);
        assert_int_equal(registry_find(l.r, &l.drives[0], &d), -ENOENT);
        registry_close(l.r);
}

static void test_replaced_also_when_drives_are_followed(void **state)
{
        Library l = new_library(*state);

        read_bays(&l, "AB", FOLLOW_DRIVE);
        assert_string_equal(read_bays(&l, "CB", FOLLOW_DRIVE), "r");
        assert_name(&l, 'C', "lib1-drive1", FIRST);
        registry_close(l.r);
}

static void test_swapped(void **state)
{
        Library l = new_library(*state);

        read_bays(&l, "AB", FOLLOW_BAY);
        assert_string_equal(read_bays(&l, "BA", FOLLOW_BAY), "rr");
        assert_name(&l, 'A', "lib1-drive2", FIRST + 1);
        assert_name(&l, 'B', "lib1-drive1", FIRST);
        /* All one further, the last one gone, a new one first. */
        assert_string_equal(read_bays(&l, "CB", FOLLOW_BAY), "rr");
        assert_name(&l, 'B', "lib1-drive2", FIRST + 1);
        assert_name(&l, 'C', "lib1-drive1", FIRST);
        registry_close(l.r);
}

/* What is left behind waits for a drive. */
static void test_left(void **state)
{
        Library l = new_library(*state);
        RegistryDevice d;

        read_bays(&l, "AB", FOLLOW_BAY);
        assert_string_equal(read_bays(&l, "-A", FOLLOW_BAY), "lr");
        assert_name(&l, 'A', "lib1-drive2", FIRST + 1);
        assert_int_equal(registry_find_name(l.r, "lib1-drive1", &d), 0);
        assert_int_equal(d.identity.rank, IDENTITY_NONE);
        assert_string_equal(d.identity.key, "");
        assert_string_equal(read_bays(&l, "BA", FOLLOW_BAY), "r");
        assert_name(&l, 'B', "lib1-drive1", FIRST);
        assert_string_equal(read_bays(&l, "BAC", FOLLOW_BAY), "n"); /* the library was enlarged */
        assert_string_equal(read_bays(&l, "-BC", FOLLOW_BAY), "lr");
        assert_string_equal(read_bays(&l, "--C", FOLLOW_BAY), "");
        assert_string_equal(read_bays(&l, "---C", FOLLOW_BAY), "ln"); /* and moved to a bay never used */
        assert_name(&l, 'C', "lib1-drive4", FIRST + 3);
        registry_close(l.r);
}

static void test_drives_are_followed(void **state)
{
        Library l = new_library(*state);

        read_bays(&l, "ABC", FOLLOW_DRIVE);
        assert_string_equal(read_bays(&l, "BAC", FOLLOW_DRIVE), "mm");
        assert_name(&l, 'A', "lib1-drive1", FIRST + 1);
        assert_name(&l, 'B', "lib1-drive2", FIRST);
        /* B goes on to another bay, and a new drive comes to where it was. */
        assert_string_equal(read_bays(&l, "DABC", FOLLOW_DRIVE), "nmm");
        assert_name(&l, 'B', "lib1-drive2", FIRST + 2);
        assert_name(&l, 'C', "lib1-drive3", FIRST + 3);
        assert_name(&l, 'D', "lib1-drive4", FIRST); /* number 1 is A's for ever */
        registry_close(l.r);
}

/* The drive of a bay was taken for a stand-alone one before the library could be asked. */
static void test_stand_alone_for_a_while(void **state)
{
        Library l = new_library(*state);
        RegistryDevice d;

        read_bays(&l, "AB", FOLLOW_BAY);
        assert_string_equal(add(l.r, &l.drives[2], 1).name, "drive1");
        assert_string_equal(read_bays(&l, "CB", FOLLOW_BAY), "lr");
        assert_name(&l, 'C', "lib1-drive1", FIRST);
        assert_int_equal(registry_find_name(l.r, "drive1", &d), -ENOENT);
        assert_string_equal(add(l.r, &l.drives[3], 1).name, "drive2");
        /* Held by a name of its own: nobody takes it from under the programs. */
        assert_int_equal(registry_find(l.r, &l.drives[3], &d), 0);
        assert_int_equal(registry_set_hold(l.r, d.id, true), 0);
        assert_string_equal(read_bays(&l, "DB", FOLLOW_BAY), "k");
        assert_name(&l, 'D', "drive2", 0);
        assert_name(&l, 'C', "lib1-drive1", FIRST);
        registry_close(l.r);
}

/* In whatever order the bays show their drives, the names are the same. */
static void test_order(void **state)
{
        static const char *const orders[][3] = {
                {"--C-", "A-C-", "ABCD"}, {"ABCD", "-B--", "ABCD"}, {"---D", "-BCD", "ABCD"}};
        Files *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                Library l = new_library(f);

                for (size_t k = 0; k < 3; k++)
                        read_bays(&l, orders[i][k], FOLLOW_BAY);
                assert_name(&l, 'A', "lib1-drive1", FIRST);
                assert_name(&l, 'B', "lib1-drive2", FIRST + 1);
                assert_name(&l, 'C', "lib1-drive3", FIRST + 2);
                assert_name(&l, 'D', "lib1-drive4", FIRST + 3);
                registry_close(l.r);
                assert_int_equal(unlink(f->db), 0);
        }
}

static void test_renamed_library(void **state)
{
        Library l = new_library(*state);

        read_bays(&l, "A", FOLLOW_BAY);
        assert_int_equal(registry_rename(l.r, l.id, "vault"), 0);
        assert_string_equal(read_bays(&l, "AB", FOLLOW_BAY), "n");
        assert_name(&l, 'A', "lib1-drive1", FIRST); /* as it was */
        assert_name(&l, 'B', "vault-drive2", FIRST + 1);
        assert_int_equal(registry_forget(l.r, "vault"), 0);
        assert_name(&l, 'A', "lib1-drive1", 0);
        registry_close(l.r);
}

/* A new controller has a new serial number: the library is another one, and its drives keep their names. A
 * drive that was carried to another library, which is there, does not. */
static void test_another_library(void **state)
{
        Library l = new_library(*state);
        Identity other = make_identity(DEVICE_CHANGER, "5d", "LIB2");
        const uint32_t first[] = {l.id};

        read_bays(&l, "AB", FOLLOW_BAY);
        l.id = add(l.r, &other, 1).id;
        assert_string_equal(read_bays(&l, "A", FOLLOW_BAY), "f");
        assert_name(&l, 'A', "lib1-drive1", FIRST);
        l.there = (LibrariesThere){first, 1};
        assert_string_equal(read_bays(&l, "AB", FOLLOW_BAY), "ln");
        assert_name(&l, 'B', "lib2-drive2", FIRST + 1);
        registry_close(l.r);
}

static void test_nonsense(void **state)
{
        Library l = new_library(*state);
        BayChange *changes;
        BayFollow follow;
        size_t n;

        assert_int_equal(registry_update_bays(l.r, 99, NULL, 0, &l.there, FOLLOW_BAY, 1, &changes, &n),
                         -ENOENT);
        assert_int_equal(
                registry_update_bays(l.r, l.id, NULL, BAYS_MAX + 1, &l.there, FOLLOW_BAY, 1, &changes, &n),
                -E2BIG);
        assert_int_equal(bay_follow_parse("bay", &follow), 0);
        assert_int_equal(bay_follow_parse("drive", &follow), 0);
        assert_int_equal(follow, FOLLOW_DRIVE);
        assert_int_equal(bay_follow_parse("Drive", &follow), -EINVAL);
        registry_close(l.r);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_new, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_found, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_replaced, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_replaced_also_when_drives_are_followed, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(test_swapped, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_left, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_drives_are_followed, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_stand_alone_for_a_while, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_order, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_renamed_library, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_another_library, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_nonsense, files_setup, files_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
