/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a portal may say to SendTargets. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/iscsi-login.h"
#include "transport/iscsi-targets.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define TEXT(s) (const uint8_t *) (s), sizeof(s) - 1

static void test_pdus(void **state)
{
        uint8_t pdu[ISCSI_BHS + 12] = {0x24, 0x80, [7] = 9};
        IscsiTextReply reply = {};
        const char *why = NULL;
        size_t n = 0;

        for (size_t i = 0; i < sizeof(pdu); i++) {
                assert_int_equal(iscsi_text_check(pdu, i, &n, &reply, &why), ISCSI_TEXT_CUT);
                assert_int_equal(n, i < ISCSI_BHS ? ISCSI_BHS : sizeof(pdu));
        }
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), ISCSI_TEXT_REPLY);
        assert_int_equal(reply.n_text, 9);
        assert_true(reply.final);
        pdu[1] = 0;
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), ISCSI_TEXT_REPLY);
        assert_false(reply.final);
        pdu[0] = 0x20; /* NOP-In */
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), ISCSI_TEXT_OTHER);
}

static void test_pdus_lie(void **state)
{
        uint8_t pdu[ISCSI_BHS] = {0x24, 0x80};
        IscsiTextReply reply;
        const char *why;
        size_t n;

        pdu[4] = 1;
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), -EBADMSG);
        assert_non_null(strstr(why, "malformed"));
        pdu[4] = 0;
        put_be(pdu + 5, 0xffffff, 3);
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), -EBADMSG);
        put_be(pdu + 5, 0, 3);
        pdu[0] = 0x3f;
        assert_int_equal(iscsi_text_check(pdu, sizeof(pdu), &n, &reply, &why), -EBADMSG);
        assert_non_null(strstr(why, "refuses"));
}

static void test_go_on(void **state)
{
        uint8_t reply[ISCSI_BHS] = {0x24}, request[ISCSI_BHS];

        put_be(reply + 16, 7, 4);          /* task tag */
        put_be(reply + 20, 0x12345678, 4); /* transfer tag */
        put_be(reply + 24, 0xffffffff, 4); /* StatSN */
        put_be(reply + 28, 5, 4);          /* ExpCmdSN */
        iscsi_text_go_on(reply, request);
        assert_int_equal(request[0], 0x44);
        assert_int_equal(request[1], 0x80);
        assert_int_equal(get_be(request + 4, 4), 0);
        assert_int_equal(get_be(request + 16, 4), 7);
        assert_int_equal(get_be(request + 20, 4), 0x12345678);
        assert_int_equal(get_be(request + 24, 4), 5);
        assert_int_equal(get_be(request + 28, 4), 0);
}

static void test_targets(void **state)
{
        _cleanup_free_ IscsiFound *found = NULL;
        size_t n = 0;

        assert_int_equal(iscsi_targets_parse(TEXT("TargetName=iqn.a\0TargetAddress=10.0.0.1:3260,1\0"
                                                  "TargetAddress=[fe80::1]:860,2\0\0\0"
                                                  "TargetName=iqn.b\0TargetAlias=x\0"
                                                  "TargetName=iqn.c\0TargetAddress=h\x01st,1\0"),
                                             "1.2.3.4:5", &found, &n),
                         0);
        assert_int_equal(n, 4);
        assert_string_equal(found[0].target, "iqn.a");
        assert_string_equal(found[0].portal, "10.0.0.1:3260");
        assert_string_equal(found[1].target, "iqn.a");
        assert_string_equal(found[1].portal, "[fe80::1]:860");
        assert_string_equal(found[2].target, "iqn.b"); /* without an address: where it was asked */
        assert_string_equal(found[2].portal, "1.2.3.4:5");
        assert_string_equal(found[3].portal, "h?st");
}

static void test_targets_lie(void **state)
{
        static char names[ISCSI_FOUND_MAX + 10][32];
        char text[400];
        IscsiFound *found = NULL;
        size_t n = 1;

        /* an address of nobody, which libiscsi takes for one of the target at NULL */
        assert_int_equal(iscsi_targets_parse(TEXT("TargetAddress=10.0.0.1,1\0"), "p", &found, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(
                iscsi_targets_parse(TEXT("TargetName=bad name\0TargetAddress=10.0.0.1,1\0"), "p", &found, &n),
                0);
        assert_int_equal(n, 0);
        assert_int_equal(iscsi_targets_parse(TEXT("TargetName=iqn.a"), "p", &found, &n), -EBADMSG);
        assert_int_equal(iscsi_targets_parse(TEXT("nonsense\0"), "p", &found, &n), -EBADMSG);
        assert_int_equal(iscsi_targets_parse(NULL, 0, "p", &found, &n), 0);
        assert_int_equal(n, 0);
        n = (size_t) snprintf(text, sizeof(text), "TargetName=iqn.a%cTargetAddress=%0300d", 0, 1) + 1;
        assert_int_equal(iscsi_targets_parse((uint8_t *) text, n, "p", &found, &n), 0);
        assert_int_equal(n, 1); /* where it was asked */
        assert_string_equal(found[0].portal, "p");
        free(found);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                snprintf(names[i], sizeof(names[i]), "TargetName=iqn.%zu", i);
        assert_int_equal(iscsi_targets_parse((uint8_t *) names, sizeof(names), "p", &found, &n), 0);
        assert_int_equal(n, ISCSI_FOUND_MAX);
        free(found);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pdus),        cmocka_unit_test(test_pdus_lie),
                cmocka_unit_test(test_go_on),       cmocka_unit_test(test_targets),
                cmocka_unit_test(test_targets_lie),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
