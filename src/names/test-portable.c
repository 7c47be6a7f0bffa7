/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names as text: there and back, what is refused, and text that nobody of us has written. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "names/bay.h"
#include "names/portable.h"
#include "names/test-files.h"

static char *export_text(Registry *r)
{
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);

        assert_int_equal(portable_export(r, out), 0);
        fclose(out);
        return text;
}

static char report[4096];

static int import_text(Registry *r, const char *text, bool dry)
{
        FILE *out = fmemopen(report, sizeof(report), "w");
        int error = portable_import(r, text, strlen(text), dry, out);

        fclose(out);
        return error;
}

static void fill(Registry *r)
{
        Identity l = make_identity(DEVICE_CHANGER, "5c", "LIB"),
                 a = make_identity(DEVICE_TAPE, "5a\\x2f", "A B=\"]"),
                 b = make_identity(DEVICE_TAPE, "5b", ""), apart = make_identity(DEVICE_TAPE, "5d", "D"), c;
        BayDrive bays[] = {{.element = 256, .ordinal = 1, .drive = &a}, {.element = 257, .ordinal = 2}};
        BayChange *changes;
        RegistryDevice d;
        size_t n;

        add(r, &l, 1);
        assert_int_equal(
                registry_update_bays(r, 1, bays, 2, &(LibrariesThere){0}, FOLLOW_BAY, 5, &changes, &n), 0);
        free(changes);
        add(r, &b, 100);
        assert_int_equal(registry_rename(r, 3, "left"), 0);
        assert_int_equal(registry_set_hold(r, 3, true), 0);
        strcpy(apart.address, "scsi.1:0:0:1");
        assert_int_equal(registry_add_apart(r, &apart, 100, &d), 0);
        c = make_identity(DEVICE_TAPE, "5e", "C"); /* the bay's name moves on and leaves one empty */
        bays[0].drive = NULL;
        bays[1].drive = &a;
        assert_int_equal(
                registry_update_bays(r, 1, bays, 2, &(LibrariesThere){0}, FOLLOW_BAY, 5, &changes, &n), 0);
        free(changes);
        add(r, &c, 100);
}

static void test_round_trip(void **state)
{
        const Files *f = *state;
        char other[120];
        Registry *r = open_registry(f->db), *q;
        char *before, *after;
        RegistryDevice d;

        fill(r);
        before = export_text(r);
        snprintf(other, sizeof(other), "%s.other", f->db);
        q = open_registry(other);
        assert_int_equal(import_text(q, before, true), 1);
        assert_int_equal(registry_find_name(q, "left", &d), -ENOENT); /* it was a dry run */
        assert_int_equal(import_text(q, before, false), 1);
        after = export_text(q);
        assert_string_equal(before, after);
        assert_int_equal(import_text(q, before, false), 0);
        assert_non_null(strstr(report, "left: is there\n"));
        assert_int_equal(registry_find_name(q, "left", &d), 0);
        assert_int_equal(d.id, 3); /* the number of its held LUN */
        assert_true(d.hold);
        assert_int_equal(import_text(r, before, false), 0);
        free(before);
        free(after);
        registry_close(q);
        registry_close(r);
        assert_int_equal(unlink(other), 0);
}

#define HEADER "# evertape names, version 1\n"
#define DEVICE "[Device \"x\"]\nNumber=9\nType=tape\nRank=naa\nIdentity=naa.5x\nSerial=X\n"

/* Whatever would make a name another device's. Nothing at all is done then. */
static void test_conflicts(void **state)
{
        static const struct {
                const char *text, *report;
        } cases[] = {
                {"[Device \"left\"]\nNumber=9\nType=tape\nRank=naa\nIdentity=naa.5y\nSerial=Y\n",
                 "left: refused: it is the name of serial number "},
                {"[Device \"y\"]\nNumber=9\nType=changer\nRank=naa\nIdentity=naa.5c\nSerial=LIB\n",
                 "y: refused: serial number LIB is called lib1 here"},
                {"[Device \"drive1\"]\nNumber=9\nType=tape\nRank=naa\nIdentity=naa.5y\nSerial=Y\n",
                 "drive1: refused: the name is reserved"},
                {"[Device \"x\"]\nNumber=10\nType=tape\nRank=naa\nIdentity=naa.5y\nSerial=Y\n",
                 "x: refused: it is the name of serial number X here"},
                {"[Device \"y\"]\nNumber=10\nType=tape\nRank=naa\nIdentity=naa.5x\nSerial=X\n",
                 "y: refused: serial number X is called x"},
                {"[Bay]\nLibrary=lib9\nElement=1\n", "lib9: refused: there is no library"},
                {"[Bay]\nLibrary=x\nElement=1\n", "x: refused: there is no library"},
                {"[Bay]\nLibrary=lib1\nElement=1\nDrive=nobody\n", "nobody: refused: bay 1 of lib1"},
        };
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        char text[1024];
        RegistryDevice d;

        fill(r);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                snprintf(text, sizeof(text), HEADER DEVICE "%s", cases[i].text);
                assert_int_equal(import_text(r, text, i % 2), -EEXIST);
                assert_non_null(strstr(report, cases[i].report));
                assert_int_equal(registry_find_name(r, "x", &d), -ENOENT);
        }
        registry_close(r);
}

static void test_not_understood(void **state)
{
        static const struct {
                const char *text, *report;
        } cases[] = {
                {"", "empty"},
                {"[Device \"x\"]\n", "line 1: this is no export"},
                {"# evertape names, version 2\n", "line 1: this is no export"},
                {HEADER "Number=1\n", "line 2: outside of a section"},
                {HEADER "[Drive \"x\"]\n", "line 2: unknown section"},
                {HEADER "[Device \"x]\n", "line 2: unknown section"},
                {HEADER "[Device \"\"]\n", "line 2: unknown section"},
                {HEADER "[Device \"../x\"]\n", "line 2: this is no name"},
                {HEADER "[Device \"x-nst\"]\n", "line 2: this is no name"},
                {HEADER "[Device \"x\" \"]\n", "line 2: this is no name"},
                {HEADER "[Device \"x\"]\nColour=1\n", "line 3: unknown key"},
                {HEADER "[Device \"x\"]\nnonsense\n", "line 3: neither"},
                {HEADER "[Device \"x\"]\nNumber=0\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nNumber=-1\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nNumber=99999999999999999999\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nIdentity=a/b\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nSerial=a\033b\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nVendor=ninechars\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nType=disk\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nHold=maybe\n", "line 3: this value"},
                {HEADER "[Device \"x\"]\nNumber=1\n", "line 2: Type= is missing"},
                {HEADER "[Device \"x\"]\nType=tape\nRank=naa\nNumber=1\n", "line 2: Rank= and Identity="},
                {HEADER "[Device \"x\"]\nType=tape\nRank=naa\nIdentity=naa.5\n",
                 "line 2: Number= is missing"},
                {HEADER "[Bay]\nElement=65536\n", "line 3: this value"},
                {HEADER "[Bay]\nElement=1\n", "line 2: Library= is missing"},
                {HEADER "[Reserved \"x\"]\nSerial=1\n", "line 3: unknown key"},
                {HEADER "[Reserved \"x\"]\n", "line 2: Number= is missing"},
        };
        const Files *f = *state;
        Registry *r = open_registry(f->db);
        RegistryDevice *devices;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(import_text(r, cases[i].text, false), -EBADMSG);
                if (!strstr(report, cases[i].report))
                        fail_msg("%zu: '%s' instead of '%s'", i, report, cases[i].report);
        }
        assert_int_equal(registry_list(r, &devices, &n), 0);
        assert_int_equal(n, 0);
        free(devices);
        registry_close(r);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_round_trip, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_conflicts, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(test_not_understood, files_setup, files_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
