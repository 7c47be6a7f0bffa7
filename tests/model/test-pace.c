/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scsi/opcode.h"

#define BLOCK  262144
#define RATE   UINT64_C(400)
#define T      (UINT64_C(1000) * USEC_PER_SEC)
#define BUFFER (PACE_BUFFER / BLOCK) /* blocks */

static usec_t pace(ModelPace *p, uint8_t opcode, usec_t now)
{
        const uint8_t cdb[16] = {opcode};

        return model_pace(p, cdb, BLOCK, now);
}

/* When the n-th of n blocks is done with, for who has the next one after late microseconds. */
static usec_t stream(ModelPace *p, uint8_t opcode, unsigned n, usec_t late)
{
        usec_t now = T;

        for (unsigned i = 0; i < n; i++)
                now = pace(p, opcode, now + (i > 0 ? late : 0));
        return now;
}

static void test_no_rate(void **state)
{
        ModelPace p = {};

        assert_int_equal(stream(&p, OP_WRITE_6, 1000, 0), T);
}

/* The buffer takes as much as it holds; then it is the tape that says how fast. */
static void test_write(void **state)
{
        ModelPace p = {.rate = RATE};

        assert_int_equal(stream(&p, OP_WRITE_6, BUFFER, 0), T);
        p = (ModelPace){.rate = RATE};
        assert_in_range(stream(&p, OP_WRITE_6, BUFFER + 100, 0), T + 65535, T + 65537);
        assert_in_range(pace(&p, OP_WRITE_FILEMARKS_6, T + 65537), T + 76020,
                        T + 76025); /* all that it holds */
        assert_int_equal(pace(&p, OP_WRITE_6, T + 80000), T + 80000);
}

/* Nothing is there to read before the tape has moved. */
static void test_read(void **state)
{
        ModelPace p = {.rate = RATE};

        (void) pace(&p, OP_REWIND, T);
        assert_in_range(stream(&p, OP_READ_6, 100, 0), T + 65535, T + 65537);
}

/* As fast as the tape, somewhat late with each block: nothing is lost. Slower than the tape: as slow as that.
 */
static void test_late(void **state)
{
        ModelPace p = {.rate = RATE};

        assert_in_range(stream(&p, OP_WRITE_6, BUFFER + 1000, 600), T + 655300, T + 655400);
        p = (ModelPace){.rate = RATE};
        assert_int_equal(stream(&p, OP_WRITE_6, 1001, 700), T + 700000);
        p = (ModelPace){.rate = RATE};
        (void) pace(&p, OP_REWIND, T);
        assert_in_range(stream(&p, OP_READ_6, 1000, 700), T + 699000, T + 700700);
}

/* An empty buffer gains nothing by waiting. */
static void test_pause(void **state)
{
        ModelPace p = {.rate = RATE};
        usec_t now = T + 10 * USEC_PER_SEC;

        (void) stream(&p, OP_WRITE_6, BUFFER, 0);
        for (unsigned i = 0; i < BUFFER; i++)
                assert_int_equal(pace(&p, OP_WRITE_6, now), now);
        assert_in_range(pace(&p, OP_WRITE_6, now), now + 650, now + 660);
}

static void test_other(void **state)
{
        ModelPace p = {.rate = RATE};

        (void) stream(&p, OP_WRITE_6, 10 * BUFFER, 0);
        assert_int_equal(pace(&p, OP_TEST_UNIT_READY, T), T);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_rate), cmocka_unit_test(test_write), cmocka_unit_test(test_read),
                cmocka_unit_test(test_late),    cmocka_unit_test(test_pause), cmocka_unit_test(test_other),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
