/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Log pages of drives that tell the truth and of those that do not. */

#include "scsi/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t alert_cdb[10] = {0x4d, 0, 0x40 | LOG_PAGE_TAPEALERT, [8] = 0xff};
static const uint8_t write_cdb[10] = {0x4d, 0, 0x40 | LOG_PAGE_WRITE_ERRORS, [8] = 0xff};

/* A TapeAlert page of n flags, of which one is set. */
static size_t tapealert(uint8_t *data, unsigned n, unsigned set)
{
        memset(data, 0, 4 + 5 * (size_t) n);
        data[0] = LOG_PAGE_TAPEALERT;
        put_be(data + 2, 5 * n, 2);
        for (unsigned i = 1; i <= n; i++) {
                uint8_t *p = data + 4 + 5 * (i - 1);

                put_be(p, i, 2);
                p[3] = 1;
                p[4] = i == set;
        }
        return 4 + 5 * (size_t) n;
}

static void test_tapealert(void **state)
{
        uint8_t data[512];
        DriveLog log = {};

        assert_true(drive_log_take(&log, alert_cdb, 10, data, tapealert(data, 64, 20)));
        assert_true(log.tapealert_known && log.tapealert == UINT64_C(1) << 44);
        assert_true(drive_log_take(&log, alert_cdb, 10, data, tapealert(data, 64, 64)));
        assert_int_equal(log.tapealert, 1);
        assert_true(drive_log_take(&log, alert_cdb, 10, data, tapealert(data, 64, 0)));
        assert_int_equal(log.tapealert, 0);
        assert_true(
                drive_log_take(&log, alert_cdb, 10, data, tapealert(data, 90, 77))); /* there is no flag 77 */
        assert_int_equal(log.tapealert, 0);
}

static const uint8_t errors[] = {LOG_PAGE_WRITE_ERRORS,
                                 0,
                                 0,
                                 8 + 12,
                                 0,
                                 3,
                                 0x60,
                                 4,
                                 0,
                                 0,
                                 1,
                                 2,
                                 0,
                                 6,
                                 0x60,
                                 8,
                                 1,
                                 2,
                                 3,
                                 4,
                                 5,
                                 6,
                                 7,
                                 8};

static void test_error_counters(void **state)
{
        uint8_t threshold[10], read[sizeof(errors)];
        DriveLog log = {};

        assert_true(drive_log_take(&log, write_cdb, 10, errors, sizeof(errors)));
        assert_true(log.write_known && !log.read_known);
        assert_int_equal(log.write_corrected, 0x102);
        assert_int_equal(log.write_uncorrected, UINT64_C(0x0102030405060708));
        memcpy(threshold, write_cdb, 10);
        threshold[2] = LOG_PAGE_WRITE_ERRORS;
        assert_false(drive_log_take(&log, threshold, 10, errors, sizeof(errors)));
        threshold[2] = 0xc0 | LOG_PAGE_WRITE_ERRORS;
        assert_false(drive_log_take(&log, threshold, 10, errors, sizeof(errors)));
        memcpy(read, errors, sizeof(read));
        read[0] = LOG_PAGE_READ_ERRORS;
        assert_true(drive_log_take(&log, write_cdb, 10, read, sizeof(read)));
        assert_true(log.read_known);
}

static void test_what_does_not_count(void **state)
{
        uint8_t other[sizeof(errors)], from[10];
        DriveLog log = {};

        memcpy(other, errors, sizeof(other));
        other[0] = 0x31;
        assert_false(drive_log_take(&log, write_cdb, 10, other, sizeof(other)));
        other[0] = 0x40 | LOG_PAGE_WRITE_ERRORS;
        other[1] = 1; /* another page, SPF */
        assert_false(drive_log_take(&log, write_cdb, 10, other, sizeof(other)));
        memcpy(from, alert_cdb, 10);
        from[6] = 9; /* from parameter 9 on: not all flags */
        assert_false(drive_log_take(&log, from, 10, errors, sizeof(errors)));
        assert_false(drive_log_take(&log, write_cdb, 6, errors, sizeof(errors)));
        assert_false(log.write_known || log.tapealert_known);
}

/* Cut anywhere: what was whole counts. */
static void test_cut(void **state)
{
        for (size_t n = 0; n < sizeof(errors); n++) {
                DriveLog log = {};

                assert_int_equal(drive_log_take(&log, write_cdb, 10, errors, n), n >= 4);
                assert_int_equal(log.write_known, n >= 12);
                assert_int_equal(log.write_uncorrected, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tapealert),
                cmocka_unit_test(test_error_counters),
                cmocka_unit_test(test_what_does_not_count),
                cmocka_unit_test(test_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
