/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is pure of the iscsi transport. The rest has real targets: tests/iscsi. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport/iscsi-guard.h"
#include "transport/iscsi-login.h"
#include "transport/iscsi-outcome.h"
#include "transport/iscsi-secrets.h"
#include "util/bytes.h"
#include "util/cleanup.h"

/* ---- outcomes ---- */

/* Nothing that was given to a socket may count as not executed, but for what the target says it did not
 * begin. */
static void test_outcomes(void **state)
{
        static const IscsiOutcome not_sent[] = {ISCSI_NO_SESSION, ISCSI_NOT_TAKEN, ISCSI_LOST_UNSENT,
                                                ISCSI_REJECTED_UNRUN};
        ScsiResult r;

        for (IscsiOutcome o = 0; o < _ISCSI_OUTCOME_MAX; o++) {
                ScsiDelivery wanted = o == ISCSI_STATUS ? SCSI_ANSWERED : SCSI_IN_DOUBT;

                for (size_t i = 0; i < ELEMENTSOF(not_sent); i++)
                        if (o == not_sent[i])
                                wanted = SCSI_NOT_SENT;
                iscsi_outcome_result(o, &r);
                assert_int_equal(r.delivery, wanted);
                assert_int_equal(r.path_gone, o != ISCSI_STATUS && o != ISCSI_ABORTED);
                assert_int_equal(iscsi_outcome_text(o)[0] == '\0', o == ISCSI_STATUS);
        }
        for (unsigned reason = 0; reason < 256; reason++)
                assert_int_equal(iscsi_outcome_of_reject(reason),
                                 reason == 5 || reason == 6 || reason == 9 || reason == 12
                                         ? ISCSI_REJECTED_UNRUN
                                         : ISCSI_REJECTED);
}

static void test_sense(void **state)
{
        uint8_t data[300] = {0, 18, 0x70, 0, 6};
        ScsiResult r = {};

        iscsi_take_sense(data, 20, &r);
        assert_int_equal(r.n_sense, 18);
        assert_int_equal(r.sense[2], 6);
        iscsi_take_sense(data, 10, &r); /* it claims more than there is */
        assert_int_equal(r.n_sense, 8);
        put_be(data, 0xffff, 2);
        iscsi_take_sense(data, sizeof(data), &r);
        assert_int_equal(r.n_sense, SCSI_SENSE_MAX);
        for (size_t n = 0; n < 3; n++) {
                iscsi_take_sense(data, n, &r);
                assert_int_equal(r.n_sense, 0);
        }
}

/* ---- logins ---- */

static size_t make_reply(uint8_t *pdu, uint8_t class, uint8_t detail, const char *keys, size_t n_keys)
{
        memset(pdu, 0, ISCSI_LOGIN_SIZE);
        pdu[0] = 0x23;
        put_be(pdu + 5, n_keys, 3);
        pdu[36] = class;
        pdu[37] = detail;
        memcpy(pdu + ISCSI_BHS, keys, n_keys);
        return ISCSI_BHS + (n_keys + 3) / 4 * 4;
}

static void test_login(void **state)
{
        static const char keys[] =
                "HeaderDigest=CRC32C\0MaxRecvDataSegmentLength=8192\0FirstBurstLength=65536";
        uint8_t pdu[ISCSI_LOGIN_SIZE];
        size_t n = make_reply(pdu, 0, 0, keys, sizeof(keys)), n_needed;
        IscsiLoginReply reply;

        for (size_t i = 0; i < n; i++) {
                assert_int_equal(iscsi_login_check(pdu, i, &n_needed, &reply), 0);
                assert_int_equal(n_needed, i < ISCSI_BHS ? ISCSI_BHS : n);
        }
        assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), 1);
        assert_string_equal(reply.why, "");
        assert_true(reply.header_digest);
        n = make_reply(pdu, 2, 1, "", 0);
        assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), 1);
        assert_non_null(strstr(reply.why, "authentication failed"));
        n = make_reply(pdu, 9, 9, "", 0);
        assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), 1);
        assert_non_null(strstr(reply.why, "0909"));
}

static void test_login_lies(void **state)
{
        static const struct {
                const char *keys;
                size_t n;
        } rows[] = {
                {"TargetAlias=x", 13}, /* no end */
                {"no key\0", 7},
                {"=x\0", 3},
                {"MaxRecvDataSegmentLength=0\0", 27},
                {"MaxRecvDataSegmentLength=512\0", 29},
                {"MaxRecvDataSegmentLength=99999999\0", 34},
                {"MaxRecvDataSegmentLength=-1\0", 28},
                {"MaxBurstLength=\0", 16},
        };
        uint8_t pdu[ISCSI_LOGIN_SIZE];
        IscsiLoginReply reply;
        size_t n, n_needed;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                n = make_reply(pdu, 0, 0, rows[i].keys, rows[i].n);
                assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), -EBADMSG);
                assert_string_not_equal(reply.why, "");
        }
        n = make_reply(pdu, 0, 0, "", 0);
        pdu[4] = 1; /* an additional header */
        assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), -EBADMSG);
        n = make_reply(pdu, 0, 0, "", 0);
        pdu[5] = 0xff; /* 16 MiB */
        assert_int_equal(iscsi_login_check(pdu, n, &n_needed, &reply), -EBADMSG);
        memset(pdu, 'x', sizeof(pdu));
        assert_int_equal(iscsi_login_check(pdu, sizeof(pdu), &n_needed, &reply), -EBADMSG);
}

/* ---- the guard ---- */

static void put_header(uint8_t *h, uint8_t opcode, uint8_t response, uint32_t offset, uint32_t n)
{
        memset(h, 0, ISCSI_BHS);
        h[0] = opcode;
        h[2] = response;
        put_be(h + 40, offset, 4);
        put_be(h + 44, n, 4);
}

static void test_guard(void **state)
{
        const IscsiExpected expected = {.n_out = 100000};
        uint8_t data[200] = {};
        uint64_t offset = 0;

        put_header(data, 0x31, 0, 8192, 65536);
        put_header(data + 48, 0x21, 0, 0, 0);
        put_be(data + 48 + 5, 18, 3);
        assert_null(iscsi_guard_check(data, 48 + 48 + 20, 48, &expected, &offset));
        assert_int_equal(offset, 48 + 48 + 20);
        offset = 0; /* the second is not whole: not looked at yet */
        data[48 + 2] = 1;
        assert_null(iscsi_guard_check(data, 48 + 47, 48, &expected, &offset));
        assert_int_equal(offset, 48);
        assert_non_null(iscsi_guard_check(data, 48 + 48, 48, &expected, &offset)); /* target failure */
        offset = 0;
        put_header(data, 0x31, 0, 65536, 65536);
        assert_non_null(iscsi_guard_check(data, 48, 48, &expected, &offset));
        offset = 0;
        put_header(data, 0x31, 0, 0xfffffff0, 0xffffffff);
        assert_non_null(iscsi_guard_check(data, 48, 48, &expected, &offset));
        offset = 0;
        put_header(data, 0x25, 0, 0, 0);
        put_be(data + 5, 4, 3);
        assert_non_null(
                iscsi_guard_check(data, 48, 48, &expected, &offset)); /* data, and none was asked for */
        offset = 0;
        put_header(data, 0x20, 0, 0, 0);
        data[4] = 3;
        assert_non_null(iscsi_guard_check(data, 48, 48, &expected, &offset));
}

/* ---- secrets ---- */

static int find(const char *text, const char *target, const char *user, IscsiSecrets *ret, unsigned *line)
{
        char copy[512];

        snprintf(copy, sizeof(copy), "%s", text);
        return iscsi_secrets_find(copy, strlen(text), target, user, ret, line);
}

static void test_secrets(void **state)
{
        static const char text[] = "# a comment\n\niqn.a me s1\niqn.a you\ts2 # more\n* all s3 them s4\n";
        IscsiSecrets s;
        unsigned line;

        assert_int_equal(find(text, "iqn.a", "", &s, &line), 1);
        assert_string_equal(s.secret, "s1");
        assert_string_equal(s.target_user, "");
        assert_int_equal(find(text, "iqn.a", "you", &s, &line), 1);
        assert_string_equal(s.secret, "s2");
        assert_int_equal(find(text, "iqn.b", "", &s, &line), 1);
        assert_string_equal(s.user, "all");
        assert_string_equal(s.target_secret, "s4");
        assert_int_equal(find(text, "iqn.b", "me", &s, &line), 0);
        assert_int_equal(find("iqn.a me\n", "iqn.b", "", &s, &line), -EINVAL);
        assert_int_equal(line, 1);
        assert_int_equal(find("\niqn.a me s t\n", "iqn.b", "", &s, &line), -EINVAL);
        assert_int_equal(line, 2);
        assert_int_equal(find("a b c d e f\n", "a", "", &s, &line), -EINVAL);
}

static void test_secrets_file(void **state)
{
        char path[] = "/tmp/evertape-secrets.XXXXXX";
        int fd = mkstemp(path);
        IscsiSecrets s;
        unsigned line;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "* me s1", 7), 7);
        assert_int_equal(iscsi_secrets_read(path, "iqn.a", "me", &s, &line), 1);
        assert_string_equal(s.secret, "s1");
        assert_int_equal(fchmod(fd, 0640), 0);
        assert_int_equal(iscsi_secrets_read(path, "iqn.a", "me", &s, &line), -EPERM);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(iscsi_secrets_read(path, "iqn.a", "me", &s, &line), 0);
        assert_int_equal(iscsi_secrets_read("/tmp", "iqn.a", "me", &s, &line), -EPERM);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_outcomes),     cmocka_unit_test(test_sense),
                cmocka_unit_test(test_login),        cmocka_unit_test(test_login_lies),
                cmocka_unit_test(test_guard),        cmocka_unit_test(test_secrets),
                cmocka_unit_test(test_secrets_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
