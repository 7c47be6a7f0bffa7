/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both formats of sense data mean the same value, and what is cut or lies is never more than what was
 * received. */

#include "scsi/sense.h"

#include <errno.h>

#include "scsi/command.h"
#include "scsi/test-fixture.h"

static void assert_sense_equal(const Sense *a, const Sense *b)
{
        assert_int_equal(a->deferred, b->deferred);
        assert_int_equal(a->filemark, b->filemark);
        assert_int_equal(a->eom, b->eom);
        assert_int_equal(a->ili, b->ili);
        assert_int_equal(a->key, b->key);
        assert_int_equal(a->code, b->code);
        assert_int_equal(a->information_valid, b->information_valid);
        assert_int_equal(a->information, b->information);
        assert_int_equal(a->progress_valid, b->progress_valid);
        assert_int_equal(a->progress, b->progress);
}

typedef struct SenseCase {
        const char *fixture;
        Sense sense;
} SenseCase;

/* clang-format off */
static const SenseCase cases[] = {
        {"sense/fixed-filemark", {.filemark = true, .information_valid = true, .code = 0x0001, .information = 1}},
        {"sense/fixed-ili-longer", {.ili = true, .information_valid = true, .information = -32768}},
        {"sense/fixed-early-warning", {.eom = true, .code = ASC_EARLY_WARNING}},
        {"sense/fixed-becoming-ready", {.key = SENSE_NOT_READY, .code = ASC_BECOMING_READY}},
        {"sense/fixed-deferred", {.deferred = true, .key = SENSE_MEDIUM_ERROR, .code = 0x0c00,
                                  .information_valid = true, .information = 4}},
        {"sense/fixed-unit-attention", {.key = SENSE_UNIT_ATTENTION, .code = ASC_POWER_ON_RESET}},
        {"sense/fixed-cut", {.key = SENSE_ILLEGAL_REQUEST}},
        {"sense/fixed-additional-length-short", {.key = SENSE_ILLEGAL_REQUEST}},
        {"sense/fixed-additional-length-lies", {.key = SENSE_UNIT_ATTENTION, .code = ASC_MEDIUM_MAY_HAVE_CHANGED}},
        {"sense/descriptor-filemark", {.filemark = true, .code = ASC_FILEMARK_DETECTED,
                                       .information_valid = true, .information = 3}},
        {"sense/descriptor-ili-longer", {.ili = true, .information_valid = true, .information = -32768}},
        {"sense/descriptor-deferred-eom", {.deferred = true, .eom = true, .key = SENSE_VOLUME_OVERFLOW,
                                           .code = ASC_EARLY_WARNING}},
        {"sense/descriptor-information-invalid", {.key = SENSE_MEDIUM_ERROR, .code = 0x1100}},
        {"sense/descriptor-zero-length", {.filemark = true, .key = SENSE_UNIT_ATTENTION, .code = 0x2901}},
        {"sense/fixed-progress", {.key = SENSE_NOT_READY, .code = 0x0407, .progress_valid = true, .progress = 0x8000}},
        {"sense/descriptor-progress", {.code = 0x0016, .progress_valid = true, .progress = 0x4000}},
        {"sense/fixed-field-pointer", {.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_FIELD_IN_CDB}},
        {"sense/descriptor-cut", {.key = SENSE_MEDIUM_ERROR, .code = 0x1100}},
};
/* clang-format on */

static void test_parse(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fixture_ Fixture f = fixture(cases[i].fixture);
                Sense s;

                assert_int_equal(sense_parse(f.data, f.n, &s), 0);
                assert_sense_equal(&s, &cases[i].sense);
        }
}

/* Whatever the cut, no key, bit or number appears that the whole does not have. */
static void test_every_prefix(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fixture_ Fixture f = fixture(cases[i].fixture);

                for (size_t n = 0; n <= f.n; n++) {
                        _cleanup_free_ uint8_t *copy = malloc(n + 1);
                        Sense s;

                        memcpy(copy, f.data, n);
                        if (sense_parse(copy, n, &s) < 0) {
                                assert_true(n < 3);
                                continue;
                        }
                        assert_int_equal(s.key, cases[i].sense.key);
                        assert_true(s.code == cases[i].sense.code || s.code == 0 ||
                                    s.code == (cases[i].sense.code & 0xff00));
                        if (s.information_valid)
                                assert_int_equal(s.information, cases[i].sense.information);
                        assert_true(s.filemark <= cases[i].sense.filemark && s.eom <= cases[i].sense.eom &&
                                    s.ili <= cases[i].sense.ili);
                }
        }
}

static void test_not_sense(void **state)
{
        static const uint8_t zeros[18] = {};
        _cleanup_fixture_ Fixture f = fixture("sense/unknown-response");
        Sense s = {.key = 9};

        assert_int_equal(sense_parse(f.data, f.n, &s), -EBADMSG);
        assert_int_equal(sense_parse(zeros, sizeof(zeros), &s), -EBADMSG);
        assert_int_equal(sense_parse(NULL, 0, &s), -EBADMSG);
        assert_int_equal(s.key, 9);
}

static void test_build(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint8_t data[SCSI_SENSE_MAX];
                Sense s;

                assert_int_equal(sense_build(&cases[i].sense, data, sizeof(data)), 18);
                assert_int_equal(sense_parse(data, 18, &s), 0);
                assert_sense_equal(&s, &cases[i].sense);
        }
}

static void test_build_bytes(void **state)
{
        static const uint8_t expected[18] = {0xf1, 0, 0xe6, 0xff, 0xff, 0xff, 0xfe,
                                             10,   0, 0,    0,    0,    0x29, 0x01};
        const Sense s = {
                .deferred = true,
                .filemark = true,
                .eom = true,
                .ili = true,
                .key = SENSE_UNIT_ATTENTION,
                .code = 0x2901,
                .information_valid = true,
                .information = -2,
        };
        uint8_t data[18];

        assert_int_equal(sense_build(&s, data, sizeof(data)), 18);
        assert_memory_equal(data, expected, sizeof(expected));
}

static void test_build_limits(void **state)
{
        const Sense far = {.information_valid = true, .information = INT64_C(1) << 40};
        uint8_t data[4] = {9, 9, 9, 9};
        uint8_t whole[18];
        Sense s;

        assert_int_equal(sense_build(&far, data, 3), 3);
        assert_int_equal(data[3], 9);
        assert_int_equal(sense_build(&far, NULL, 0), 0);
        sense_build(&far, whole, sizeof(whole));
        assert_int_equal(sense_parse(whole, sizeof(whole), &s), 0);
        assert_false(s.information_valid); /* rather nothing than a number cut to 32 bits */
}

static void test_text(void **state)
{
        const Sense s = {.key = SENSE_UNIT_ATTENTION, .code = 0x2901};
        const Sense all = {
                .deferred = true, .filemark = true, .eom = true, .ili = true, .key = 3, .code = 0x0c00};
        char text[64], small[8];

        assert_string_equal(sense_format(text, sizeof(text), &s), "UNIT ATTENTION 29/01");
        assert_string_equal(sense_format(text, sizeof(text), &all), "deferred MEDIUM ERROR 0C/00 FM EOM ILI");
        assert_string_equal(sense_format(small, sizeof(small), &s), "UNIT AT");
        assert_string_equal(sense_key_name(SENSE_MISCOMPARE), "MISCOMPARE");
        assert_string_equal(sense_key_name(SENSE_BLANK_CHECK), "BLANK CHECK");
        assert_string_equal(sense_key_name(SENSE_ABORTED_COMMAND), "ABORTED COMMAND");
        assert_string_equal(sense_key_name(SENSE_VOLUME_OVERFLOW), "VOLUME OVERFLOW");
        assert_string_equal(sense_key_name(16), "INVALID SENSE KEY");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),       cmocka_unit_test(test_every_prefix),
                cmocka_unit_test(test_not_sense),   cmocka_unit_test(test_build),
                cmocka_unit_test(test_build_bytes), cmocka_unit_test(test_build_limits),
                cmocka_unit_test(test_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
