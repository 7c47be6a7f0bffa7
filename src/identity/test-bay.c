/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Element status as libraries of several makes form it, and drives that it must not be mistaken for. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "identity/bay.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define FIRST 500

static Identity drive_of(const char *vendor, const char *product, const char *serial, const char *key)
{
        Identity id = {.type = DEVICE_TAPE, .rank = IDENTITY_NAA};

        snprintf(id.vendor, sizeof(id.vendor), "%s", vendor);
        snprintf(id.product, sizeof(id.product), "%s", product);
        snprintf(id.serial, sizeof(id.serial), "%s", serial);
        snprintf(id.key, sizeof(id.key), "%s", key);
        return id;
}

typedef struct Said {
        unsigned code_set, type;
        const char *bytes;
        size_t n;
} Said;

/* One page of drives; the addresses count down, so that they have to be sorted. */
static size_t make_report(uint8_t *data, const Said *said, size_t n)
{
        size_t n_descriptor = 16, at = 16;

        for (size_t i = 0; i < n; i++)
                n_descriptor = said[i].n + 16 > n_descriptor ? said[i].n + 16 : n_descriptor;
        memset(data, 0, 16 + n * n_descriptor);
        put_be(data, FIRST, 2);
        put_be(data + 2, n, 2);
        put_be(data + 5, 8 + n * n_descriptor, 3);
        data[8] = 4;
        put_be(data + 10, n_descriptor, 2);
        put_be(data + 13, n * n_descriptor, 3);
        for (size_t i = 0; i < n; i++, at += n_descriptor) {
                put_be(data + at, FIRST + n - 1 - i, 2);
                data[at + 12] = (uint8_t) said[i].code_set;
                data[at + 13] = (uint8_t) said[i].type;
                data[at + 15] = (uint8_t) said[i].n;
                memcpy(data + at + 16, said[i].bytes, said[i].n);
        }
        return at;
}

static BayReport match(const Said *said, size_t n, const Identity *drives, size_t n_drives, Bay *bays)
{
        uint8_t data[4096];
        BayReport report;

        assert_int_equal(bays_match(data, make_report(data, said, n), drives, n_drives, bays, 8, &report), 0);
        return report;
}

/* One library after the other; each has the drive in question and two that it must not be taken for. */
static void test_forms(void **state)
{
        static const struct {
                const char *vendor, *product, *serial, *key;
                Said said;
                bool found;
        } cases[] = {
                {"HP",
                 "Ultrium 4-SCSI",
                 "HU19487T7N",
                 "naa.50014380023560c0",
                 {2, 1, "HP      Ultrium 4-SCSI  HU19487T7N", 34},
                 true},
                {"IBM",
                 "ULT3580-TD5",
                 "1068000123",
                 "naa.5005076312345678",
                 {2, 1, "IBM     ULT3580-TD5     1068000123", 34},
                 true},
                {"IBM", "ULT3580-TD5", "1068000123", "naa.5005076312345678", {2, 0, "1068000123", 10}, true},
                {"STK",
                 "T10000C",
                 "576001001234",
                 "naa.500104f000a1b2c3",
                 {2, 0, "576001001234                    ", 32},
                 true},
                {"STK",
                 "T10000C",
                 "576001001234",
                 "naa.500104f000a1b2c3",
                 {1, 0, "576001001234\0\0\0\0", 16},
                 true}, /* text that is called binary */
                {"STK",
                 "T10000C",
                 "576001001234",
                 "naa.500104f000a1b2c3",
                 {1, 3, "\x50\x01\x04\xf0\x00\xa1\xb2\xc3", 8},
                 true},
                {"QUANTUM",
                 "ULTRIUM 5",
                 "HU1234ABCD",
                 "naa.500e09e000000001",
                 {2, 1, "QUANTUM HU1234ABCD", 18},
                 true},
                {"IBM",
                 "ULTRIUM-TD6",
                 "10WT012345",
                 "naa.5005076300000001",
                 {2, 1, "IBM     ULT3580-TD6     10WT012345", 34},
                 true}, /* another product, the serial fits */
                {"IBM",
                 "ULT3580-TD5",
                 "1068000123",
                 "naa.5005076312345678",
                 {2, 0, "001068000123", 12},
                 true},
                {"IBM", "ULT3580-TD5", "0001068123", "naa.5005076312345678", {2, 0, "1068123", 7}, true},
                {"IBM", "ULT3580-TD5", "1068000123", "naa.5005076312345678", {2, 0, "106800012", 9}, false},
                {"IBM",
                 "ULT3580-TD5",
                 "1068000123",
                 "naa.5005076312345678",
                 {2, 0, "X1068000123", 11},
                 false},
                {"IBM", "ULT3580-TD5", "", "naa.5005076312345678", {2, 0, "    ", 4}, false},
                {"IBM", "ULT3580-TD5", "000", "naa.5005076312345678", {2, 0, "0000", 4}, false},
                {"IBM",
                 "ULT3580-TD5",
                 "1068000123",
                 "naa.5005076312345678",
                 {1, 3, "\x50\x05\x07\x63\x12\x34\x56\x79", 8},
                 false},
                {"IBM", "ULT3580-TD5", "1068000123", "naa.5005076312345678", {1, 0, "\x01\x02", 2}, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Identity drives[] = {
                        drive_of("HP", "Ultrium 3-SCSI", "OTHER1", "naa.5000000000000001"),
                        drive_of(cases[i].vendor, cases[i].product, cases[i].serial, cases[i].key),
                        drive_of("HP", "Ultrium 3-SCSI", "", "naa.5000000000000002")};
                BayReport report;
                Bay bays[8];

                report = match(&cases[i].said, 1, drives, ELEMENTSOF(drives), bays);
                assert_int_equal(report.n_bays, 1);
                assert_int_equal(report.n_ambiguous, 0);
                assert_int_equal(bays[0].element, FIRST);
                if (bays[0].drive != (cases[i].found ? 1 : -1))
                        fail_msg("case %zu: %d", i, bays[0].drive);
        }
}

static void test_several(void **state)
{
        static const Said said[] = {{2, 0, "C", 1}, {0, 0, "", 0}, {2, 0, "A", 1}, {2, 0, "nobody", 6}};
        const Identity drives[] = {drive_of("V", "P", "A", "a"), drive_of("V", "P", "B", "b"),
                                   drive_of("V", "P", "C", "c")};
        BayReport report;
        Bay bays[8];

        report = match(said, ELEMENTSOF(said), drives, ELEMENTSOF(drives), bays);
        assert_int_equal(report.n_bays, 4);
        assert_int_equal(report.n_identified, 3);
        assert_int_equal(bays[0].element, FIRST);
        assert_int_equal(bays[0].drive, -1);
        assert_int_equal(bays[1].drive, 0);
        assert_int_equal(bays[2].drive, -1);
        assert_int_equal(bays[3].element, FIRST + 3);
        assert_int_equal(bays[3].drive, 2);
}

/* Two drives with one serial number, one number in two bays: nobody is named. */
static void test_ambiguous(void **state)
{
        static const Said once[] = {{2, 0, "A", 1}},
                          twice[] = {{2, 0, "B", 1}, {2, 0, "B", 1}, {2, 0, "C", 1}},
                          zeros[] = {{2, 0, "007", 3}};
        const Identity drives[] = {drive_of("V", "P", "A", "a1"), drive_of("V", "P", "A", "a2"),
                                   drive_of("V", "P", "B", "b"),  drive_of("V", "P", "C", "c"),
                                   drive_of("V", "P", "7", "d"),  drive_of("V", "P", "07", "e")};
        BayReport report;
        Bay bays[8];

        report = match(once, 1, drives, ELEMENTSOF(drives), bays);
        assert_int_equal(bays[0].drive, -1);
        assert_int_equal(report.n_ambiguous, 1);
        report = match(twice, 3, drives, ELEMENTSOF(drives), bays);
        assert_int_equal(bays[0].drive, 3);
        assert_int_equal(bays[1].drive, -1);
        assert_int_equal(bays[2].drive, -1);
        assert_int_equal(report.n_ambiguous, 2);
        report = match(zeros, 1, drives, ELEMENTSOF(drives), bays);
        assert_int_equal(bays[0].drive, -1);
        assert_int_equal(report.n_ambiguous, 1);
}

static void test_broken(void **state)
{
        static const Said said[] = {{2, 0, "A", 1}, {2, 0, "B", 1}};
        const Identity drive = drive_of("V", "P", "A", "a");
        uint8_t data[4096];
        size_t n = make_report(data, said, 2);
        BayReport report;
        Bay bays[1];

        assert_int_equal(bays_match(data, 7, &drive, 1, bays, 1, &report), -EBADMSG);
        assert_int_equal(bays_match(data, n, &drive, 1, bays, 1, &report), 0); /* no room for the second */
        assert_int_equal(report.n_bays, 1);
        assert_int_equal(bays_match(data, n - 8, &drive, 1, bays, 1, &report), -EMSGSIZE);
        put_be(data + 10, 3, 2); /* descriptors that cannot be */
        assert_int_equal(bays_match(data, n, &drive, 1, bays, 1, &report), -EBADMSG);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),
                cmocka_unit_test(test_several),
                cmocka_unit_test(test_ambiguous),
                cmocka_unit_test(test_broken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
