/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model drive's states: unit attentions and their order, loading, power cycles that lose the buffer,
 * modes, reservations, and what it tells about itself. */

#include <string.h>

#include "model/test-support.h"

#define DO(d, ...)         RUN(model_drive_execute, d, NULL, 0, __VA_ARGS__)
#define IO(d, buf, n, ...) RUN(model_drive_execute, d, buf, n, __VA_ARGS__)
#define TUR(d)             DO(d, 0, 0, 0, 0, 0, 0)

static ModelDriveConfig base = {.vendor = "MODEL",
                                .product = "ULTRIUM-7",
                                .revision = "0001",
                                .serial = "D0001",
                                .naa = 0x5000000000000010,
                                .n_buffer = 4};
static uint8_t buffer[1024];

typedef struct Fixture {
        ModelDrive *d;
        ModelMedium *m;
} Fixture;

static Fixture fixture_new(const ModelDriveConfig *config)
{
        Fixture f = {model_drive_new(config), model_medium_new("T00001L7", "SERIAL1", 1 << 20, 1 << 10)};

        assert_non_null(f.d);
        assert_non_null(f.m);
        assert_sense(TUR(f.d), 6, 0x2900);
        model_drive_load(f.d, f.m);
        assert_sense(TUR(f.d), 6, 0x2800);
        assert_good(TUR(f.d));
        return f;
}

static void fixture_free(Fixture *f)
{
        model_drive_free(f->d);
        model_medium_free(f->m);
}

static void write_blocks(ModelDrive *d, uint8_t first, uint8_t n)
{
        for (uint8_t i = 0; i < n; i++) {
                memset(buffer, first + i, 10);
                assert_good(IO(d, buffer, 10, 0x0a, 0, 0, 0, 10, 0));
        }
}

static uint8_t object_byte(const ModelMedium *m, size_t i)
{
        const uint8_t *data;
        uint32_t n;

        model_medium_object(m, i, &data, &n);
        return data ? data[0] : 0;
}

static void test_attentions(void **state)
{
        ModelDrive *d = model_drive_new(&base);
        ModelMedium *m = model_medium_new("A", "B", 1000, 100);
        ScsiResult r;

        model_drive_load(d, m);
        r = IO(d, buffer, 96, 0x12, 0, 0, 0, 96, 0); /* INQUIRY neither reports nor clears */
        assert_good(r);
        assert_int_equal(r.n_transferred, 96);
        assert_good(IO(d, buffer, 16, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0));
        assert_sense(DO(d, 0x01, 0, 0, 0, 0, 0), 6, 0x2900);
        assert_good(IO(d, buffer, 18, 0x03, 0, 0, 0, 18, 0)); /* REQUEST SENSE takes the next */
        assert_int_equal(buffer[2], 6);
        assert_int_equal(buffer[12], 0x28);
        assert_good(TUR(d));
        model_drive_load(d, NULL);
        model_drive_load(d, m);
        model_drive_load(d, m);
        model_drive_reset(d, 0x2903); /* a reset comes first and alone */
        assert_sense(TUR(d), 6, 0x2903);
        assert_good(TUR(d));
        model_drive_free(d);
        model_medium_free(m);
}

static void test_no_medium_and_becoming_ready(void **state)
{
        Fixture f = fixture_new(&base);

        model_drive_becoming_ready(f.d, 2);
        assert_sense(TUR(f.d), 2, 0x0401);
        assert_sense(DO(f.d, 0x01, 0, 0, 0, 0, 0), 2, 0x0401);
        assert_good(TUR(f.d));
        model_drive_load(f.d, NULL);
        assert_null(model_drive_medium(f.d));
        assert_sense(TUR(f.d), 2, 0x3a00);
        assert_sense(IO(f.d, buffer, 20, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0), 2, 0x3a00);
        assert_sense(DO(f.d, 0x1b, 0, 0, 0, 1, 0), 2, 0x3a00);
        assert_good(IO(f.d, buffer, 18, 0x03, 0, 0, 0, 18, 0));
        assert_int_equal(buffer[2], 2);
        assert_int_equal(buffer[12], 0x3a);
        fixture_free(&f);
}

static void test_load_unload_prevent(void **state)
{
        Fixture f = fixture_new(&base);

        write_blocks(f.d, 1, 2);
        assert_good(DO(f.d, 0x1e, 0, 0, 0, 1, 0));
        assert_sense(DO(f.d, 0x1b, 0, 0, 0, 0, 0), 5, 0x5302);
        assert_good(TUR(f.d));
        assert_good(DO(f.d, 0x1e, 0, 0, 0, 0, 0));
        assert_good(DO(f.d, 0x1b, 0, 0, 0, 0, 0));
        assert_sense(TUR(f.d), 2, 0x3a00);
        assert_ptr_equal(model_drive_medium(f.d), f.m);
        assert_good(DO(f.d, 0x1b, 0, 0, 0, 1, 0));
        assert_good(TUR(f.d));
        assert_good(IO(f.d, buffer, 10, 0x08, 0, 0, 0, 10, 0));
        assert_int_equal(buffer[0], 1);
        fixture_free(&f);
}

static void test_power_cycle_loses(void **state)
{
        Fixture f = fixture_new(&base);

        write_blocks(f.d, 1, 3);
        assert_good(DO(f.d, 0x10, 0, 0, 0, 0, 0)); /* synchronise */
        write_blocks(f.d, 4, 6);                   /* four of them fit the buffer */
        model_drive_power_cycle(f.d, 100);
        assert_int_equal(model_medium_count(f.m), 5);
        assert_int_equal(object_byte(f.m, 4), 5);
        assert_sense(TUR(f.d), 6, 0x2901);
        assert_good(IO(f.d, buffer, 20, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(buffer[0] & 0x80, 0x80);
        write_blocks(f.d, 1, 4);
        model_drive_power_cycle(f.d, 1);
        assert_int_equal(model_medium_count(f.m), 3);
        fixture_free(&f);
}

/* Every way of getting the buffer onto the medium, and the one that does not. */
static void test_what_flushes(void **state)
{
        static const struct {
                uint8_t cdb[10];
                size_t n_cdb, n_left;
        } cases[] = {
                {{0x10, 0, 0, 0, 0}, 6, 2},        /* WRITE FILEMARKS, none */
                {{0x10, 0, 0, 0, 1}, 6, 3},        /* one */
                {{0x10, 1, 0, 0, 1}, 6, 0},        /* one, IMMED */
                {{0x10, 1, 0, 0, 0}, 6, 0},        /* none, IMMED */
                {{0x01, 0}, 6, 2},                 /* REWIND */
                {{0x01, 1}, 6, 2},                 /* REWIND, IMMED */
                {{0x2b, 0, 0, 0, 0, 0, 2}, 10, 2}, /* LOCATE to here */
                {{0x11, 3}, 6, 2},                 /* SPACE to end of data */
                {{0x1b, 0, 0, 0, 0}, 6, 2},        /* UNLOAD */
                {{0x00}, 6, 0},                    /* TEST UNIT READY */
                {{0x34}, 10, 0},                   /* READ POSITION */
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Fixture f = fixture_new(&base);
                ScsiResult r;

                write_blocks(f.d, 1, 2);
                model_drive_execute(f.d, cases[i].cdb, cases[i].n_cdb, buffer, 20, &r);
                assert_good(r);
                model_drive_power_cycle(f.d, 100);
                assert_int_equal(model_medium_count(f.m), cases[i].n_left);
                fixture_free(&f);
        }
}

static void test_old_data_shows_again(void **state)
{
        ModelDriveConfig config = base;
        Fixture f;

        config.old_data_visible = true;
        f = fixture_new(&config);
        write_blocks(f.d, 1, 8);
        assert_good(DO(f.d, 0x01, 0, 0, 0, 0, 0));
        write_blocks(f.d, 101, 3);
        assert_int_equal(model_medium_count(f.m), 3);
        model_drive_power_cycle(f.d, 2);
        assert_int_equal(model_medium_count(f.m), 8);
        assert_int_equal(object_byte(f.m, 0), 101);
        assert_int_equal(object_byte(f.m, 1), 2);
        assert_int_equal(object_byte(f.m, 7), 8);
        fixture_free(&f);
}

static void test_buffer_in_read_position(void **state)
{
        ModelDriveConfig config = base;
        Fixture f = fixture_new(&config);

        write_blocks(f.d, 1, 3);
        assert_good(IO(f.d, buffer, 20, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(get_be(buffer + 4, 4), 3);
        assert_int_equal(get_be(buffer + 8, 4), 0);
        assert_int_equal(get_be(buffer + 13, 3), 3);
        assert_int_equal(get_be(buffer + 16, 4), 30);
        assert_good(DO(f.d, 0x10, 0, 0, 0, 0, 0));
        assert_good(IO(f.d, buffer, 32, 0x34, 8, 0, 0, 0, 0, 0, 0, 32, 0));
        assert_int_equal(get_be(buffer + 8, 8), 3);
        assert_int_equal(get_be(buffer + 16, 8), 3);
        assert_int_equal(get_be(buffer + 24, 8), 0);
        fixture_free(&f);
        config.no_buffer_report = true;
        f = fixture_new(&config);
        write_blocks(f.d, 1, 3);
        assert_good(IO(f.d, buffer, 20, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(get_be(buffer + 8, 4), 3);
        assert_int_equal(get_be(buffer + 13, 3), 0);
        fixture_free(&f);
}

static void test_unbuffered_loses_nothing(void **state)
{
        Fixture f = fixture_new(&base);
        uint8_t list[4] = {0};

        assert_good(IO(f.d, list, 4, 0x15, 0x10, 0, 0, 4, 0));
        write_blocks(f.d, 1, 3);
        model_drive_power_cycle(f.d, 3);
        assert_int_equal(model_medium_count(f.m), 3);
        fixture_free(&f);
}

static void test_modes(void **state)
{
        Fixture f = fixture_new(&base);
        uint8_t list[28] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 4, 0, 0x0f, 0x0e};

        assert_good(IO(f.d, buffer, 255, 0x1a, 0, 0x3f, 0, 255, 0));
        assert_int_equal(buffer[2], 0x10);
        assert_int_equal(buffer[3], 8);
        assert_int_equal(buffer[4], 0x5c);
        assert_int_equal(get_be(buffer + 9, 3), 0);
        assert_good(IO(f.d, list, 28, 0x15, 0x10, 0, 0, 28, 0));
        assert_good(IO(f.d, buffer, 255, 0x5a, 0, 0x0f, 0, 0, 0, 0, 0, 255, 0));
        assert_int_equal(get_be(buffer, 2), 6 + 8 + 16);
        assert_int_equal(get_be(buffer + 13, 3), 1024);
        assert_int_equal(buffer[16 + 2] & 0x80, 0);
        list[4] = 0x11; /* a density it cannot write */
        assert_sense(IO(f.d, list, 28, 0x15, 0x10, 0, 0, 28, 0), 5, 0x2600);
        assert_sense(IO(f.d, buffer, 255, 0x1a, 0, 0x33, 0, 255, 0), 5, 0x2400);
        assert_sense(IO(f.d, buffer, 255, 0x1a, 0, 0xcf, 0, 255, 0), 5, 0x3900);
        model_drive_reset(f.d, 0x2900);
        (void) TUR(f.d);
        assert_good(IO(f.d, buffer, 255, 0x1a, 0, 0x0f, 0, 255, 0));
        assert_int_equal(get_be(buffer + 9, 3), 0);
        fixture_free(&f);
}

static void test_inject_and_unknown(void **state)
{
        ModelDriveConfig config = base;
        Fixture f;

        config.no_locate = config.no_read_position = config.no_mam = true;
        f = fixture_new(&config);
        model_drive_inject(f.d, 0x0a, 3, 0x0c00);
        assert_good(TUR(f.d));
        assert_sense(IO(f.d, buffer, 10, 0x0a, 0, 0, 0, 10, 0), 3, 0x0c00);
        assert_int_equal(model_medium_count(f.m), 0);
        write_blocks(f.d, 1, 1);
        assert_sense(DO(f.d, 0x2b, 0, 0, 0, 0, 0, 0, 0, 0, 0), 5, 0x2000);
        assert_sense(DO(f.d, 0x92, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 5, 0x2000);
        assert_sense(IO(f.d, buffer, 20, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0), 5, 0x2000);
        assert_sense(DO(f.d, 0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0), 5, 0x2000);
        assert_sense(DO(f.d, 0x0f, 0, 0, 0, 1, 0), 5, 0x2000);
        fixture_free(&f);
}

static void test_identity(void **state)
{
        ModelDrive *d = model_drive_new(&base);

        assert_good(IO(d, buffer, 255, 0x12, 0, 0, 0, 255, 0));
        assert_int_equal(buffer[0], 1);
        assert_int_equal(buffer[2], 6);
        assert_memory_equal(buffer + 8, "MODEL   ULTRIUM-7       0001", 28);
        assert_good(IO(d, buffer, 255, 0x12, 1, 0, 0, 255, 0));
        assert_memory_equal(buffer, CDB(1, 0, 0, 4, 0x00, 0x80, 0x83, 0xb0), 8);
        assert_good(IO(d, buffer, 255, 0x12, 1, 0x80, 0, 255, 0));
        assert_memory_equal(buffer + 3, "\5D0001", 6);
        assert_good(IO(d, buffer, 255, 0x12, 1, 0x83, 0, 255, 0));
        assert_memory_equal(buffer + 4, CDB(0x02, 0x01, 0, 29), 4);
        assert_memory_equal(buffer + 37, CDB(0x01, 0x03, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 0x10), 12);
        assert_sense(IO(d, buffer, 255, 0x12, 1, 0xd0, 0, 255, 0), 5, 0x2400);
        assert_sense(IO(d, buffer, 255, 0x12, 0, 0x80, 0, 255, 0), 5, 0x2400);
        model_drive_free(d);
}

static uint64_t log_value(ModelDrive *d, uint8_t page, uint16_t code)
{
        ByteReader r;

        assert_good(IO(d, buffer, 1000, 0x4d, 0, 0x40 | page, 0, 0, 0, 0, 3, 0xe8, 0));
        assert_int_equal(buffer[0], page);
        r = byte_reader(buffer + 4, get_be(buffer + 2, 2));
        while (reader_left(&r) > 0) {
                uint16_t found = reader_u16(&r);
                uint8_t n;

                reader_skip(&r, 1);
                n = reader_u8(&r);
                if (found == code)
                        return reader_be(&r, n);
                reader_skip(&r, n);
        }
        fail_msg("no parameter %04xh", code);
        return 0;
}

static void test_logs(void **state)
{
        Fixture f = fixture_new(&base);

        assert_int_equal(log_value(f.d, 0x14, 0x0000), 1);
        assert_int_equal(log_value(f.d, 0x14, 0x000c), 1);
        model_drive_power_cycle(f.d, 0);
        (void) TUR(f.d);
        assert_int_equal(log_value(f.d, 0x14, 0x0000), 2);
        assert_int_equal(log_value(f.d, 0x14, 0x000c), 2);
        assert_int_equal(log_value(f.d, 0x2e, 64), 0);
        write_blocks(f.d, 1, 3);
        assert_int_equal(log_value(f.d, 0x0c, 0), 30);
        assert_int_equal(log_value(f.d, 0x17, 1), 2);
        assert_sense(IO(f.d, buffer, 1000, 0x4d, 0, 0x7d, 0, 0, 0, 0, 3, 0xe8, 0), 5, 0x2400);
        fixture_free(&f);
}

static void test_attributes(void **state)
{
        Fixture f = fixture_new(&base);
        uint8_t list[] = {0, 0, 0, 13, 0x08, 0x00, 1, 0, 8, 'B', 'a', 'c', 'u', 'l', 'a', ' ', ' '};
        uint8_t read_only[] = {0, 0, 0, 6, 0x04, 0x01, 1, 0, 1, 'X'};

        assert_good(IO(f.d, buffer, 46, 0x8c, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 41, 0, 0));
        assert_memory_equal(buffer + 4, CDB(0x04, 0x01, 0x81, 0, 32), 5);
        assert_memory_equal(buffer + 9, "SERIAL1 ", 8);
        assert_good(IO(f.d, buffer, 41, 0x8c, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0, 41, 0, 0));
        assert_memory_equal(buffer + 4, CDB(0x08, 0x06, 0x01, 0, 32), 5);
        assert_memory_equal(buffer + 9, "T00001L7 ", 9);
        assert_sense(IO(f.d, buffer, 41, 0x8c, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 41, 0, 0), 5, 0x2400);
        assert_good(IO(f.d, list, 17, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0));
        assert_good(IO(f.d, buffer, 100, 0x8c, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 41, 0, 0));
        assert_memory_equal(buffer + 9, "Bacula  ", 8);
        assert_sense(IO(f.d, read_only, 10, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0), 5, 0x2600);
        fixture_free(&f);
}

static ScsiResult reserve_out(ModelDrive *d, uint8_t action, uint64_t key, uint64_t new_key)
{
        uint8_t list[24] = {0};

        put_be(list, key, 8);
        put_be(list + 8, new_key, 8);
        return IO(d, list, 24, 0x5f, action, 3, 0, 0, 0, 0, 0, 24, 0);
}

static void test_reservations(void **state)
{
        Fixture f = fixture_new(&base);

        assert_good(DO(f.d, 0x16, 0, 0, 0, 0, 0));
        assert_int_equal(reserve_out(f.d, 1, 0x1234, 0).status, SCSI_RESERVATION_CONFLICT);
        assert_good(reserve_out(f.d, 0, 0, 0x1234));
        assert_good(reserve_out(f.d, 1, 0x1234, 0));
        assert_int_equal(reserve_out(f.d, 1, 0x9999, 0).status, SCSI_RESERVATION_CONFLICT);
        assert_good(IO(f.d, buffer, 24, 0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_int_equal(get_be(buffer + 8, 8), 0x1234);
        assert_int_equal(buffer[21], 3);
        assert_int_equal(DO(f.d, 0x16, 0, 0, 0, 0, 0).status, SCSI_RESERVATION_CONFLICT);
        model_drive_reset(f.d, 0x2900);
        (void) TUR(f.d);
        assert_good(IO(f.d, buffer, 24, 0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_int_equal(get_be(buffer + 8, 8), 0x1234);
        model_drive_power_cycle(f.d, 0);
        (void) TUR(f.d);
        assert_good(IO(f.d, buffer, 24, 0x5e, 0, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_int_equal(get_be(buffer + 4, 4), 0);
        fixture_free(&f);
}

static void test_supported_opcodes(void **state)
{
        ModelDriveConfig config = base;
        uint8_t data[2048];
        ModelDrive *d;
        ScsiResult r;

        config.no_locate = true;
        d = model_drive_new(&config);
        (void) TUR(d);
        r = IO(d, data, sizeof(data), 0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 8, 0, 0, 0);
        assert_good(r);
        assert_int_equal(get_be(data, 4) + 4, r.n_transferred);
        assert_int_equal(get_be(data, 4) % 20, 0);
        assert_true(get_be(data, 4) / 20 > 30);
        for (size_t at = 4; at < r.n_transferred; at += 20)
                assert_true(data[at] != 0x2b && data[at] != 0x92);
        assert_good(IO(d, data, 64, 0xa3, 0x0c, 1, 0x0a, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(data[1] & 7, 3);
        assert_good(IO(d, data, 64, 0xa3, 0x0c, 1, 0x2b, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(data[1] & 7, 1);
        model_drive_free(d);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_attentions),
                cmocka_unit_test(test_no_medium_and_becoming_ready),
                cmocka_unit_test(test_load_unload_prevent),
                cmocka_unit_test(test_power_cycle_loses),
                cmocka_unit_test(test_what_flushes),
                cmocka_unit_test(test_old_data_shows_again),
                cmocka_unit_test(test_buffer_in_read_position),
                cmocka_unit_test(test_unbuffered_loses_nothing),
                cmocka_unit_test(test_modes),
                cmocka_unit_test(test_inject_and_unknown),
                cmocka_unit_test(test_identity),
                cmocka_unit_test(test_logs),
                cmocka_unit_test(test_attributes),
                cmocka_unit_test(test_reservations),
                cmocka_unit_test(test_supported_opcodes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
