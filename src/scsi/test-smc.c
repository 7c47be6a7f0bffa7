/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Element status of libraries that tell the truth and of those that do not. */

#include "scsi/smc.h"

#include <errno.h>

#include "scsi/test-fixture.h"

#define HP_IDENTIFIER "HP      Ultrium 4-SCSI  HU19487T3P"

/* Reads the fixture into e and checks how iteration ended. Identifiers point into f. */
static size_t read_elements(const Fixture *f, ElementIter *it, Element *e, size_t n_e, int expected_end)
{
        size_t n = 0;
        int r;

        assert_int_equal(smc_elements_init(it, f->data, f->n), 0);
        while (n < n_e && (r = smc_elements_next(it, &e[n])) > 0)
                n++;
        assert_int_equal(smc_elements_next(it, &e[n]), expected_end < 0 ? 0 : expected_end);
        assert_int_equal(r, expected_end);
        return n;
}

static void test_library(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("elements/stk-l700");
        ElementIter it;
        Element e[8];

        assert_int_equal(read_elements(&f, &it, e, 7, 0), 6);
        assert_false(it.truncated);
        assert_int_equal(it.n_report, f.n);
        assert_int_equal(it.n_elements, 6);
        assert_int_equal(e[0].type, ELEMENT_TRANSPORT);
        assert_false(e[0].full || e[0].source_valid);

        assert_int_equal(e[1].type, ELEMENT_DRIVE);
        assert_int_equal(e[1].address, 500);
        assert_true(e[1].full && e[1].access && e[1].source_valid && !e[1].except && !e[1].inverted);
        assert_int_equal(e[1].source, 1001);
        assert_string_equal(e[1].volume_tag, "A00002L4");
        assert_int_equal(e[1].identifier_code_set, 2);
        assert_int_equal(e[1].n_identifier, strlen(HP_IDENTIFIER));
        assert_memory_equal(e[1].identifier, HP_IDENTIFIER, strlen(HP_IDENTIFIER));
        assert_int_equal(e[2].address, 501);
        assert_false(e[2].full || e[2].source_valid);
        assert_string_equal(e[2].volume_tag, "");
        assert_non_null(e[2].identifier);

        assert_int_equal(e[3].type, ELEMENT_IMPORT_EXPORT);
        assert_true(e[3].access);
        assert_string_equal(e[4].volume_tag, "A00001L4");
        assert_null(e[4].identifier);
        assert_true(e[5].except && !e[5].full);
        assert_int_equal(e[5].code, 0x8301);
}

static void test_plain(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("elements/scsi2-plain");
        ElementIter it;
        Element e[5];

        assert_int_equal(read_elements(&f, &it, e, 4, 0), 3);
        assert_int_equal(e[0].address, 1);
        assert_true(e[0].full);
        assert_int_equal(e[2].type, ELEMENT_DRIVE);
        assert_int_equal(e[2].source, 3);
        assert_string_equal(e[2].volume_tag, "");
        assert_null(e[2].identifier);
}

static void test_alternate(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("elements/alternate-tags");
        ElementIter it;
        Element e[3];

        assert_int_equal(read_elements(&f, &it, e, 2, 0), 1);
        assert_string_equal(e[0].volume_tag, "FRONT");
        assert_string_equal(e[0].alternate_volume_tag, "BACK");
}

static void test_truncated(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("elements/truncated");
        _cleanup_fixture_ Fixture whole = fixture("elements/stk-l700");
        ElementIter it;
        Element e[8];

        assert_int_equal(read_elements(&f, &it, e, 7, 0), 2);
        assert_true(it.truncated);
        assert_int_equal(it.n_report, whole.n);
        assert_int_equal(e[1].address, 500);
        for (size_t n = 8; n < whole.n; n++) {
                const Fixture cut = {whole.data, n};

                assert_true(read_elements(&cut, &it, e, 7, 0) < 6);
                assert_true(it.truncated);
        }
}

typedef struct HostileCase {
        const char *fixture;
        int end;
        size_t n;
} HostileCase;

static void test_hostile(void **state)
{
        static const HostileCase cases[] = {
                {"elements/empty", 0, 0},
                {"elements/zero-descriptor", -EBADMSG, 0},
                {"elements/short-descriptor", -EBADMSG, 0},
                {"elements/huge-counts", 0, 1},
                {"elements/odd-remainder", -EBADMSG, 1},
                {"elements/identifier-lies", 0, 1},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fixture_ Fixture f = fixture(cases[i].fixture);
                ElementIter it;
                Element e[4];

                assert_int_equal(read_elements(&f, &it, e, 3, cases[i].end), cases[i].n);
                for (size_t j = 0; j < cases[i].n; j++)
                        assert_true(!e[j].identifier && e[j].n_identifier == 0);
        }
}

static void test_cut_header(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("elements/cut-header");
        ElementIter it;

        assert_int_equal(smc_elements_init(&it, f.data, f.n), -EBADMSG);
        assert_int_equal(smc_elements_init(&it, NULL, 0), -EBADMSG);
}

static void test_move(void **state)
{
        static const uint8_t move[12] = {0xa5, 0, 0, 1, 0x03, 0xe8, 0x01, 0xf4, 0xff, 0xff, 1};
        static const uint8_t exchange[12] = {0xa6, 0, 0, 1, 0x03, 0xe8, 0x01, 0xf4, 0x03, 0xe9, 2};
        MoveMedium m;

        assert_int_equal(smc_parse_move(move, 12, &m), 0);
        assert_int_equal(m.transport, 1);
        assert_int_equal(m.source, 1000);
        assert_int_equal(m.destination, 500);
        assert_true(m.invert && !m.exchange && !m.invert_second);
        assert_int_equal(m.second_destination, 0);
        assert_int_equal(smc_parse_move(exchange, 12, &m), 0);
        assert_true(m.invert && m.exchange && !m.invert_second);
        assert_int_equal(m.second_destination, 1001);
        assert_int_equal(smc_parse_move(move, 11, &m), -EBADMSG);
        assert_int_equal(smc_parse_move(move, 0, &m), -EBADMSG);
        assert_int_equal(smc_parse_move(move + 1, 11, &m), -EOPNOTSUPP);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_library),   cmocka_unit_test(test_plain),
                cmocka_unit_test(test_alternate), cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_hostile),   cmocka_unit_test(test_cut_header),
                cmocka_unit_test(test_move),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
