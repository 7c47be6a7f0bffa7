/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every host status, driver status and errno that the sg driver can report, written down independently of the
 * tables in sg-decode.c: what is certain, what is in doubt, and whether the path is dead. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "transport/sg.h"

static ScsiResult decode(struct sg_io_hdr header, const uint8_t *sense, size_t n_sense)
{
        uint8_t buffer[255] = {0};
        ScsiResult result;

        if (n_sense > 0)
                memcpy(buffer, sense, n_sense);
        memset(&result, 0xee, sizeof(result));
        transport_sg_decode(&header, buffer, &result);
        return result;
}

static const uint8_t sense_ua29[18] = {0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29};

static void test_good(void **state)
{
        ScsiResult r = decode((struct sg_io_hdr){.dxfer_len = 65536}, NULL, 0);

        assert_int_equal(r.delivery, SCSI_ANSWERED);
        assert_int_equal(r.status, SCSI_GOOD);
        assert_int_equal(r.n_transferred, 65536);
        assert_int_equal(r.n_sense, 0);
        assert_int_equal(r.error, 0);
        assert_false(r.path_gone);
}

static void test_residual_is_clipped(void **state)
{
        static const struct {
                unsigned len;
                int resid;
                uint32_t moved;
        } table[] = {
                {1000, 0, 1000},
                {1000, 1, 999},
                {1000, 1000, 0},
                {1000, 1001, 0},
                {1000, -1, 1000},
                {0, 0, 0},
                {0, -5, 0},
                {0, 5, 0},
                {1000, INT32_MIN, 1000},
                {UINT32_MAX, 0, UINT32_MAX},
                {1000, INT32_MAX, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct sg_io_hdr h = {.dxfer_len = table[i].len, .resid = table[i].resid};

                assert_int_equal(decode(h, NULL, 0).n_transferred, table[i].moved);
        }
}

/* A lost WRITE comes with status 0: it must never look like GOOD. */
static void test_every_host_status(void **state)
{
        for (unsigned host = 1; host <= 0xffff; host++) {
                struct sg_io_hdr h = {.host_status = (unsigned short) host, .dxfer_len = 512};
                ScsiResult r = decode(h, NULL, 0);

                assert_int_equal(r.delivery, SCSI_IN_DOUBT);
                assert_int_equal(r.host_status, host);
                assert_int_equal(r.n_transferred, 0);
                assert_int_equal(r.path_gone, host == 0x01 || host == 0x04 || host == 0x0f);
                assert_int_equal(r.path_suspect, !(host == 0x05 || host == 0x08 || host == 0x0a ||
                                                   (host >= 0x10 && host <= 0x13)));
        }
}

/* Sense data left over from before, or a status byte, does not make a lost command an answered one. */
static void test_host_status_comes_before_status_and_sense(void **state)
{
        static const uint8_t lost[] = {0x01, 0x02, 0x03, 0x05, 0x07, 0x08, 0x0b, 0x0e, 0x0f, 0x14, 0x99};

        for (size_t i = 0; i < ELEMENTSOF(lost); i++) {
                struct sg_io_hdr h = {.host_status = lost[i],
                                      .status = SCSI_CHECK_CONDITION,
                                      .driver_status = 8,
                                      .sb_len_wr = 18};
                ScsiResult r = decode(h, sense_ua29, sizeof(sense_ua29));

                assert_int_equal(r.delivery, SCSI_IN_DOUBT);
                assert_int_equal(r.status, 0);
                assert_int_equal(r.n_sense, 0);
        }
}

static void test_midlayer_notes_keep_the_status(void **state)
{
        for (unsigned short host = 0x10; host <= 0x13; host++) {
                struct sg_io_hdr h = {.host_status = host, .status = SCSI_RESERVATION_CONFLICT};
                ScsiResult r = decode(h, NULL, 0);

                assert_int_equal(r.delivery, SCSI_ANSWERED);
                assert_int_equal(r.status, SCSI_RESERVATION_CONFLICT);
        }
}

static void test_every_status_is_the_devices_word(void **state)
{
        for (unsigned status = 0; status <= 0xff; status++) {
                ScsiResult r = decode((struct sg_io_hdr){.status = (uint8_t) status}, NULL, 0);

                assert_int_equal(r.delivery, SCSI_ANSWERED);
                assert_int_equal(r.status, status);
                assert_false(r.path_gone);
        }
}

static void test_driver_status(void **state)
{
        for (unsigned driver = 0; driver <= 0xff; driver++) {
                struct sg_io_hdr h = {.driver_status = (unsigned short) driver};
                unsigned code = driver & 0xf;

                assert_int_equal(decode(h, NULL, 0).delivery,
                                 code == 0 || code == 8 ? SCSI_ANSWERED : SCSI_IN_DOUBT);
        }
}

static void test_sense(void **state)
{
        static const struct {
                uint8_t received, n_sense;
        } table[] = {{0, 0}, {8, 8}, {18, 18}, {96, 96}, {97, 96}, {255, 96}};
        const uint8_t none[8] = {0};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct sg_io_hdr h = {
                        .status = SCSI_CHECK_CONDITION, .driver_status = 8, .sb_len_wr = table[i].received};
                ScsiResult r = decode(h, sense_ua29, sizeof(sense_ua29));

                assert_int_equal(r.delivery, SCSI_ANSWERED);
                assert_int_equal(r.status, SCSI_CHECK_CONDITION);
                assert_int_equal(r.n_sense, table[i].n_sense);
                assert_memory_equal(r.sense, sense_ua29, r.n_sense < 18 ? r.n_sense : 18);
        }
        /* the driver hands out eight zeros when there was no sense data */
        assert_int_equal(
                decode((struct sg_io_hdr){.status = SCSI_CHECK_CONDITION, .sb_len_wr = 8}, none, 8).n_sense,
                0);
}

static void test_errno(void **state)
{
        for (int error = 1; error < 200; error++) {
                ScsiResult r;

                memset(&r, 0xee, sizeof(r));
                transport_sg_decode_errno(error, &r);
                assert_int_equal(r.delivery, SCSI_NOT_SENT);
                assert_int_equal(r.error, error);
                assert_int_equal(r.path_gone, error == ENODEV || error == ENXIO);
                assert_int_equal(r.status, 0);
                assert_int_equal(r.n_transferred, 0);
                assert_int_equal(r.n_sense, 0);
        }
}

static void test_host_status_names(void **state)
{
        for (unsigned host = 0; host <= 0x14; host++) {
                assert_non_null(transport_host_status_name(host));
                assert_string_not_equal(transport_host_status_name(host), "DID_?");
                assert_int_equal(strncmp(transport_host_status_name(host), "DID_", 4), 0);
        }
        assert_string_equal(transport_host_status_name(0x0e), "DID_TRANSPORT_DISRUPTED");
        assert_string_equal(transport_host_status_name(0x15), "DID_?");
        assert_string_equal(transport_host_status_name(UINT32_MAX), "DID_?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_residual_is_clipped),
                cmocka_unit_test(test_every_host_status),
                cmocka_unit_test(test_host_status_comes_before_status_and_sense),
                cmocka_unit_test(test_midlayer_notes_keep_the_status),
                cmocka_unit_test(test_every_status_is_the_devices_word),
                cmocka_unit_test(test_driver_status),
                cmocka_unit_test(test_sense),
                cmocka_unit_test(test_errno),
                cmocka_unit_test(test_host_status_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
