/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the simulator needs of a drive beyond commands: partitions, writes that fail later, drives that lie.
 */

#include <string.h>

#include "model/test-support.h"

#define DO(d, ...)         RUN(model_drive_execute, d, NULL, 0, __VA_ARGS__)
#define IO(d, buf, n, ...) RUN(model_drive_execute, d, buf, n, __VA_ARGS__)
#define TUR(d)             DO(d, 0, 0, 0, 0, 0, 0)

static const ModelDriveConfig base = {
        .vendor = "MODEL", .product = "ULTRIUM-7", .revision = "0001", .serial = "D0001", .n_buffer = 4};
static uint8_t buffer[64];

typedef struct Fixture {
        ModelDrive *d;
        ModelMedium *m;
} Fixture;

static Fixture fixture_new(const ModelDriveConfig *config)
{
        Fixture f = {model_drive_new(config), model_medium_new("T00001L7", "SERIAL1", 1 << 20, 1 << 10)};

        assert_sense(TUR(f.d), 6, 0x2900);
        model_drive_load(f.d, f.m);
        assert_sense(TUR(f.d), 6, 0x2800);
        return f;
}

static void fixture_free(Fixture *f)
{
        model_drive_free(f->d);
        model_medium_free(f->m);
}

static void write_block(ModelDrive *d)
{
        assert_good(IO(d, buffer, 10, 0x0a, 0, 0, 0, 10, 0));
}

static void assert_at(ModelDrive *d, uint64_t partition, uint64_t object)
{
        uint8_t p[32];

        assert_good(IO(d, p, sizeof(p), 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(get_be(p + 4, 4), partition);
        assert_int_equal(get_be(p + 8, 8), object);
}

/* ---- partitions ---- */

static void format_two(ModelDrive *d)
{
        uint8_t list[12] = {0, 0, 0x10, 0, 0x11, 6, 1, 1, 0x24, 3};

        assert_good(IO(d, list, sizeof(list), 0x15, 0x10, 0, 0, 12, 0));
        assert_good(DO(d, 4, 0, 1, 0, 0, 0));
}

static void test_partitions(void **state)
{
        Fixture f = fixture_new(&base);

        write_block(f.d);
        assert_good(DO(f.d, 1, 0, 0, 0, 0, 0));
        assert_sense(DO(f.d, 0x2b, 2, 0, 0, 0, 0, 0, 0, 1, 0), 5, 0x2400);
        format_two(f.d);
        assert_int_equal(model_medium_partitions(f.m), 2);
        assert_int_equal(model_medium_count(f.m), 0);
        assert_good(DO(f.d, 0x2b, 2, 0, 0, 0, 0, 0, 0, 1, 0));
        write_block(f.d);
        write_block(f.d);
        assert_at(f.d, 1, 2);
        assert_good(DO(f.d, 1, 0, 0, 0, 0, 0)); /* stays in its partition */
        assert_at(f.d, 1, 0);
        assert_good(DO(f.d, 0x2b, 2, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_at(f.d, 0, 0);
        assert_int_equal(model_medium_count_in(f.m, 0), 0);
        assert_int_equal(model_medium_count_in(f.m, 1), 2);
        fixture_free(&f);
}

/* A reset goes to partition 0, and forgets how to partition. */
static void test_reset_of_partitions(void **state)
{
        Fixture f = fixture_new(&base);

        format_two(f.d);
        assert_good(DO(f.d, 0x2b, 2, 0, 0, 0, 0, 0, 0, 1, 0));
        model_drive_reset(f.d, 0x2900);
        assert_sense(TUR(f.d), 6, 0x2900);
        assert_at(f.d, 0, 0);
        assert_good(DO(f.d, 4, 0, 1, 0, 0, 0));
        assert_int_equal(model_medium_partitions(f.m), 1);
        fixture_free(&f);
}

static void test_format_elsewhere(void **state)
{
        Fixture f = fixture_new(&base);

        format_two(f.d);
        assert_good(DO(f.d, 0x2b, 2, 0, 0, 0, 0, 0, 0, 1, 0));
        assert_sense(DO(f.d, 4, 0, 1, 0, 0, 0), 5, 0x3b0c);
        fixture_free(&f);
}

/* ---- writes that fail later ---- */

static void test_deferred_error(void **state)
{
        Fixture f = fixture_new(&base);
        ScsiResult r;

        for (int i = 0; i < 3; i++)
                write_block(f.d);
        assert_false(model_drive_fail_writes(f.d, 4));
        assert_false(model_drive_fail_writes(f.d, 0));
        assert_true(model_drive_fail_writes(f.d, 2));
        r = DO(f.d, 1, 0, 0, 0, 0, 0);
        assert_int_equal(r.sense[0] & 0x7f, 0x71);
        assert_int_equal(r.sense[2], 3);
        assert_at(f.d, 0, 1); /* not executed: it stands behind what was written */
        assert_int_equal(model_medium_count(f.m), 1);
        fixture_free(&f);
}

/* A reset takes the error away, and nobody is told. */
static void test_deferred_error_lost(void **state)
{
        Fixture f = fixture_new(&base);

        write_block(f.d);
        assert_true(model_drive_fail_writes(f.d, 1));
        model_drive_reset(f.d, 0x2901);
        assert_sense(TUR(f.d), 6, 0x2901);
        assert_good(TUR(f.d));
        fixture_free(&f);
}

static void test_flushed_is_safe(void **state)
{
        Fixture f = fixture_new(&base);

        write_block(f.d);
        assert_int_equal(model_drive_unflushed(f.d), 1);
        assert_good(DO(f.d, 0x10, 0, 0, 0, 0, 0));
        assert_int_equal(model_drive_unflushed(f.d), 0);
        assert_false(model_drive_fail_writes(f.d, 1));
        fixture_free(&f);
}

/* ---- what a drive says of itself ---- */

static void test_false_ready(void **state)
{
        Fixture f = fixture_new(&base);

        model_drive_false_ready(f.d, 2);
        assert_good(TUR(f.d));
        assert_sense(DO(f.d, 1, 0, 0, 0, 0, 0), 2, 0x3a00);
        assert_good(TUR(f.d));
        assert_sense(TUR(f.d), 2, 0x0401);
        fixture_free(&f);
}

static void test_zero_position(void **state)
{
        ModelDriveConfig config = base;
        Fixture f;
        uint8_t p[32];

        config.zero_position = true;
        f = fixture_new(&config);
        write_block(f.d);
        memset(p, 0xff, sizeof(p));
        assert_good(IO(f.d, p, 32, 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        for (size_t i = 0; i < sizeof(p); i++)
                assert_int_equal(p[i], 0);
        fixture_free(&f);
}

/* Only PREVENT goes. */
static void test_nexus_loss(void **state)
{
        Fixture f = fixture_new(&base);
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0}, mode[12];

        assert_good(IO(f.d, list, sizeof(list), 0x15, 0x10, 0, 0, 12, 0));
        assert_good(DO(f.d, 0x1e, 0, 0, 0, 1, 0));
        write_block(f.d);
        assert_true(model_drive_prevented(f.d));
        model_drive_lose_nexus(f.d);
        assert_sense(TUR(f.d), 6, 0x2907);
        assert_false(model_drive_prevented(f.d));
        assert_int_equal(model_drive_unflushed(f.d), 1);
        assert_at(f.d, 0, 1);
        assert_good(IO(f.d, mode, 12, 0x1a, 0, 0, 0, 12, 0));
        assert_int_equal(get_be(mode + 9, 3), 512);
        fixture_free(&f);
}

static void test_verify(void **state)
{
        Fixture f = fixture_new(&base);
        ScsiResult r;

        write_block(f.d);
        assert_good(DO(f.d, 0x10, 0, 0, 0, 1, 0));
        assert_good(DO(f.d, 1, 0, 0, 0, 0, 0));
        assert_good(DO(f.d, 0x13, 0, 0, 0, 10, 0));
        r = DO(f.d, 0x13, 0, 0, 0, 10, 0);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001);
        assert_at(f.d, 0, 2);
        assert_sense(DO(f.d, 0x13, 2, 0, 0, 10, 0), 5, 0x2400); /* BYTCMP */
        assert_good(DO(f.d, 1, 0, 0, 0, 0, 0));
        r = DO(f.d, 0x13, 0, 0, 0, 12, 0);
        assert_sense(r, SENSE_ILI_BIT, 0);
        assert_information(r, 2);
        fixture_free(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_partitions),          cmocka_unit_test(test_reset_of_partitions),
                cmocka_unit_test(test_format_elsewhere),    cmocka_unit_test(test_deferred_error),
                cmocka_unit_test(test_deferred_error_lost), cmocka_unit_test(test_flushed_is_safe),
                cmocka_unit_test(test_false_ready),         cmocka_unit_test(test_zero_position),
                cmocka_unit_test(test_nexus_loss),          cmocka_unit_test(test_verify),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
