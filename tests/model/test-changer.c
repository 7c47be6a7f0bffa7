/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model changer against the text of SMC-3: element status byte by byte, moves and every way to refuse
 * one. */

#include <string.h>

#include "model/test-support.h"

#define DO(c, ...)         RUN(model_changer_execute, c, NULL, 0, __VA_ARGS__)
#define IO(c, buf, n, ...) RUN(model_changer_execute, c, buf, n, __VA_ARGS__)
#define TUR(c)             DO(c, 0, 0, 0, 0, 0, 0)
#define DRIVE_TUR(d)       RUN(model_drive_execute, d, NULL, 0, 0, 0, 0, 0, 0, 0)
#define BYTES2(n)          (uint8_t)((n) >> 8), (uint8_t) (n)
#define SLOT(i)            (1024 + (i))
#define DRIVE(i)           (256 + (i))

typedef struct Fixture {
        ModelDrive *drives[2];
        ModelChanger *c;
} Fixture;

static uint8_t buffer[4096];

static int setup(void **state)
{
        static Fixture f;
        ModelDriveConfig drive = {.vendor = "MODEL", .product = "ULTRIUM-7", .revision = "1", .serial = "D1"};
        ModelChangerConfig config = {
                .vendor = "MODEL", .product = "LIBRARY", .revision = "1", .serial = "L1"};

        f.drives[0] = model_drive_new(&drive);
        drive.serial = "DRV02";
        f.drives[1] = model_drive_new(&drive);
        config.n_slots = 4;
        config.n_import_export = 1;
        config.n_drives = 2;
        config.drives = f.drives;
        f.c = model_changer_new(&config);
        (void) model_changer_insert(f.c, 0, model_medium_new("T00001L7", "S1", 1000, 100));
        (void) model_changer_insert(f.c, 1, model_medium_new("T00002L7", "S2", 1000, 100));
        (void) TUR(f.c);
        (void) DRIVE_TUR(f.drives[0]);
        *state = &f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;

        model_changer_free(f->c);
        model_drive_free(f->drives[0]);
        model_drive_free(f->drives[1]);
        return 0;
}

static ScsiResult move(ModelChanger *c, unsigned from, unsigned to)
{
        return DO(c, 0xa5, 0, BYTES2(0), BYTES2(from), BYTES2(to), 0, 0, 0, 0);
}

/* Elements of one type, with volume tags and device identifiers. Returns the first descriptor. */
static const uint8_t *status(ModelChanger *c, uint8_t type)
{
        assert_good(IO(c, buffer, sizeof(buffer), 0xb8, 0x10 | type, 0, 0, 0xff, 0xff, 1, 0, 0x10, 0, 0, 0));
        assert_int_equal(buffer[8], type);
        return buffer + 16;
}

static void test_element_status_storage(void **state)
{
        Fixture *f = *state;
        const uint8_t *d = status(f->c, 2);

        assert_int_equal(get_be(buffer, 2), SLOT(0));
        assert_int_equal(get_be(buffer + 2, 2), 4);
        assert_int_equal(get_be(buffer + 5, 3), 8 + 4 * 52);
        assert_int_equal(buffer[9], 0x80);
        assert_int_equal(get_be(buffer + 10, 2), 52);
        assert_int_equal(get_be(buffer + 13, 3), 4 * 52);
        assert_int_equal(get_be(d, 2), SLOT(0));
        assert_int_equal(d[2], 0x09); /* FULL, ACCESS */
        assert_memory_equal(d + 12, "T00001L7                        \0\0\0\0", 36);
        assert_int_equal(d[2 * 52 + 2], 0x08);
        assert_int_equal(d[2 * 52 + 12], 0);
}

static void test_element_status_drive(void **state)
{
        Fixture *f = *state;
        const uint8_t *d;
        size_t n;

        assert_good(move(f->c, SLOT(1), DRIVE(0)));
        d = status(f->c, 4);
        n = get_be(buffer + 10, 2);
        assert_int_equal(n, 12 + 36 + 4 + 24 + 5);
        assert_int_equal(get_be(d, 2), DRIVE(0));
        assert_int_equal(d[2], 0x09);
        assert_int_equal(d[9] & 0x80, 0x80);
        assert_int_equal(get_be(d + 10, 2), SLOT(1));
        assert_memory_equal(d + 12, "T00002L7 ", 9);
        assert_memory_equal(d + 48, CDB(0x02, 0x01, 0, 26), 4);
        assert_memory_equal(d + 52, "MODEL   ULTRIUM-7       D1", 26);
        assert_int_equal(d[n + 2] & 1, 0);
        assert_memory_equal(d + n + 48 + 4, "MODEL   ULTRIUM-7       DRV02", 29);
}

static void test_element_status_limits(void **state)
{
        Fixture *f = *state;
        ScsiResult r;

        /* All types, no tags: 1 + 4 + 1 + 2 elements of 16 bytes in four pages. */
        assert_good(IO(f->c, buffer, sizeof(buffer), 0xb8, 0, 0, 0, 0xff, 0xff, 0, 0, 0x10, 0, 0, 0));
        assert_int_equal(get_be(buffer, 2), 1);
        assert_int_equal(get_be(buffer + 2, 2), 8);
        assert_int_equal(get_be(buffer + 5, 3), 4 * 8 + 8 * 16);
        /* Eight bytes of allocation tell how much there is. */
        r = IO(f->c, buffer, 8, 0xb8, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 8, 0, 0);
        assert_int_equal(r.n_transferred, 8);
        assert_int_equal(get_be(buffer + 5, 3), 4 * 8 + 8 * 16);
        /* Two from the second slot on. */
        r = IO(f->c, buffer, sizeof(buffer), 0xb8, 2, BYTES2(SLOT(1)), 0, 2, 0, 0, 0x10, 0, 0, 0);
        assert_int_equal(get_be(buffer, 2), SLOT(1));
        assert_int_equal(get_be(buffer + 2, 2), 2);
        assert_int_equal(r.n_transferred, 8 + 8 + 2 * 16);
        /* By address over types: first two of all are the picker and a drive. */
        r = IO(f->c, buffer, sizeof(buffer), 0xb8, 0, 0, 0, 0, 2, 0, 0, 0x10, 0, 0, 0);
        assert_int_equal(get_be(buffer + 2, 2), 2);
        assert_int_equal(buffer[8], 1);
        assert_int_equal(buffer[8 + 8 + 16], 4);
        /* Nothing there. */
        r = IO(f->c, buffer, sizeof(buffer), 0xb8, 0, BYTES2(9999), 0, 2, 0, 0, 0x10, 0, 0, 0);
        assert_good(r);
        assert_int_equal(r.n_transferred, 8);
        assert_sense(IO(f->c, buffer, 100, 0xb8, 5, 0, 0, 0, 2, 0, 0, 0x10, 0, 0, 0), 5, 0x2400);
}

static void test_move(void **state)
{
        Fixture *f = *state;

        assert_sense(DRIVE_TUR(f->drives[0]), 2, 0x3a00);
        assert_good(move(f->c, SLOT(0), DRIVE(0)));
        assert_sense(DRIVE_TUR(f->drives[0]), 6, 0x2800);
        assert_good(DRIVE_TUR(f->drives[0]));
        assert_sense(move(f->c, SLOT(0), SLOT(3)), 5, 0x3b0e);
        assert_sense(move(f->c, SLOT(1), DRIVE(0)), 5, 0x3b0d);
        assert_sense(move(f->c, SLOT(9), DRIVE(0)), 5, 0x2101);
        assert_sense(DO(f->c, 0xa5, 0, BYTES2(2), BYTES2(SLOT(1)), BYTES2(SLOT(2)), 0, 0, 0, 0), 5, 0x2101);
        assert_good(move(f->c, DRIVE(0), SLOT(3))); /* unloads by itself */
        assert_sense(DRIVE_TUR(f->drives[0]), 2, 0x3a00);
        assert_int_equal(status(f->c, 2)[3 * 52 + 2], 0x09);
}

static void test_prevent(void **state)
{
        Fixture *f = *state;

        assert_good(move(f->c, SLOT(0), DRIVE(0)));
        (void) DRIVE_TUR(f->drives[0]);
        assert_good(RUN(model_drive_execute, f->drives[0], NULL, 0, 0x1e, 0, 0, 0, 1, 0));
        assert_sense(move(f->c, DRIVE(0), SLOT(0)), 5, 0x5302);
        assert_non_null(model_drive_medium(f->drives[0]));
        assert_good(RUN(model_drive_execute, f->drives[0], NULL, 0, 0x1e, 0, 0, 0, 0, 0));
        assert_good(move(f->c, DRIVE(0), SLOT(0)));
}

static void test_exchange(void **state)
{
        Fixture *f = *state;
        const ModelMedium *first;

        assert_good(move(f->c, SLOT(0), DRIVE(0)));
        first = model_drive_medium(f->drives[0]);
        assert_good(DO(f->c, 0xa6, 0, 0, 0, BYTES2(SLOT(1)), BYTES2(DRIVE(0)), BYTES2(SLOT(1)), 0, 0));
        assert_true(model_drive_medium(f->drives[0]) != first);
        assert_memory_equal(status(f->c, 2) + 52 + 12, "T00001L7 ", 9);
        assert_sense(DO(f->c, 0xa6, 0, 0, 0, BYTES2(SLOT(2)), BYTES2(DRIVE(0)), BYTES2(SLOT(2)), 0, 0), 5,
                     0x3b0e);
        assert_sense(DO(f->c, 0xa6, 0, 0, 0, BYTES2(SLOT(1)), BYTES2(DRIVE(1)), BYTES2(SLOT(1)), 0, 0), 5,
                     0x3b0e);
}

static void test_drop_in_picker(void **state)
{
        Fixture *f = *state;

        model_changer_drop_in_picker(f->c, 1);
        assert_sense(move(f->c, SLOT(0), DRIVE(1)), 4, 0x1501);
        assert_int_equal(status(f->c, 1)[2] & 1, 1);
        assert_memory_equal(buffer + 16 + 12, "T00001L7 ", 9);
        assert_sense(move(f->c, SLOT(1), DRIVE(1)), 5, 0x3b0d); /* the hand is full */
        assert_good(move(f->c, 1, DRIVE(1)));
        assert_non_null(model_drive_medium(f->drives[1]));
        assert_int_equal(status(f->c, 1)[2] & 1, 0);
}

static void test_operator(void **state)
{
        Fixture *f = *state;
        ModelMedium *m = model_changer_remove(f->c, 0);

        assert_non_null(m);
        assert_null(model_changer_remove(f->c, 0));
        assert_sense(TUR(f->c), 6, 0x2800);
        assert_int_equal(model_changer_insert(f->c, 1, m), -16);
        assert_int_equal(model_changer_insert(f->c, 5, m), -2);
        assert_int_equal(model_changer_insert(f->c, 4, m), 0);
        assert_sense(TUR(f->c), 6, 0x2801);
        assert_good(TUR(f->c));
        assert_int_equal(status(f->c, 3)[2], 0x3b); /* FULL, IMPEXP, ACCESS, EXENAB, INENAB */
        model_changer_reset(f->c, 0x2903);
        assert_sense(TUR(f->c), 6, 0x2903);
}

static void test_mode_pages(void **state)
{
        Fixture *f = *state;
        static const uint8_t addresses[] = {0x1d, 0x12, 0, 1, 0, 1, 4, 0, 0, 4, 3, 0, 0, 1, 1, 0, 0, 2, 0, 0};

        assert_good(IO(f->c, buffer, 255, 0x1a, 8, 0x1d, 0, 255, 0));
        assert_int_equal(buffer[0], 23);
        assert_memory_equal(buffer + 4, addresses, sizeof(addresses));
        assert_good(IO(f->c, buffer, 255, 0x5a, 8, 0x3f, 0, 0, 0, 0, 0, 255, 0));
        assert_int_equal(get_be(buffer, 2), 6 + 20 + 4 + 20);
        assert_sense(IO(f->c, buffer, 255, 0x1a, 8, 0x0f, 0, 255, 0), 5, 0x2400);
}

static void test_other_commands(void **state)
{
        Fixture *f = *state;

        assert_good(DO(f->c, 0x07, 0, 0, 0, 0, 0));
        assert_good(DO(f->c, 0x37, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_good(DO(f->c, 0x2b, 0, 0, 1, BYTES2(SLOT(0)), 0, 0, 0, 0));
        assert_sense(DO(f->c, 0x2b, 0, 0, 1, BYTES2(7), 0, 0, 0, 0), 5, 0x2101);
        assert_good(DO(f->c, 0x1e, 0, 0, 0, 1, 0));
        assert_sense(DO(f->c, 0x0a, 0, 0, 0, 1, 0), 5, 0x2000);
        assert_good(IO(f->c, buffer, 96, 0x12, 0, 0, 0, 96, 0));
        assert_int_equal(buffer[0], 8);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_element_status_storage),
                TEST(test_element_status_drive),
                TEST(test_element_status_limits),
                TEST(test_move),
                TEST(test_prevent),
                TEST(test_exchange),
                TEST(test_drop_in_picker),
                TEST(test_operator),
                TEST(test_mode_pages),
                TEST(test_other_commands),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
