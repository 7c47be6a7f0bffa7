/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program reads of a drive's log is read along, and nothing else. */

#include "daemon/log-watch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t page[] = {LOG_PAGE_TAPEALERT, 0, 0, 10, 0, 1, 0x60, 1, 0, 0, 2, 0x60, 1, 1};
static const uint8_t sense[10] = {0x4d, 0, 0x40 | LOG_PAGE_TAPEALERT, [8] = 0xff};

static void command(LogWatch *w, uint32_t tag, const uint8_t *cdb)
{
        log_watch_command(
                w, &(HoldCommand){.tag = tag, .cdb = cdb, .n_cdb = 10, .data = page, .n_data = sizeof(page)});
}

static void answer(LogWatch *w, uint32_t tag, uint8_t status)
{
        log_watch_answer(w, &(HoldAction){.tag = tag, .status = status, .n_read = sizeof(page)}, 77);
}

static void test_read_along(void **state)
{
        LogWatch w = {};

        command(&w, 1, sense);
        assert_true(log_watch_waits(&w));
        answer(&w, 2, SCSI_GOOD);
        assert_int_equal(w.tapealert_at, 0);
        answer(&w, 1, SCSI_GOOD);
        assert_int_equal(w.tapealert_at, 77);
        assert_int_equal(w.log.tapealert, UINT64_C(1) << 62);
        assert_false(log_watch_waits(&w));
}

static void test_what_fails_tells_nothing(void **state)
{
        static const uint8_t write[10] = {0x0a};
        LogWatch w = {};

        command(&w, 1, write);
        assert_false(log_watch_waits(&w));
        command(&w, 1, sense);
        answer(&w, 1, SCSI_CHECK_CONDITION);
        assert_int_equal(w.tapealert_at, 0);
        assert_false(w.log.tapealert_known || log_watch_waits(&w));
}

static void test_no_more_than_some(void **state)
{
        LogWatch w = {};

        for (uint32_t i = 0; i < 100; i++)
                command(&w, i, sense);
        assert_int_equal(w.n_items, 4);
        answer(&w, 99, SCSI_GOOD);
        assert_int_equal(w.tapealert_at, 0);
        answer(&w, 3, SCSI_GOOD);
        assert_int_equal(w.tapealert_at, 77);
        assert_int_equal(w.n_items, 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read_along),
                cmocka_unit_test(test_what_fails_tells_nothing),
                cmocka_unit_test(test_no_more_than_some),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
