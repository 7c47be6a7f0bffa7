/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption keys, logical block protection, and persistent reservations of several nexuses. */

#include <string.h>

#include "model/test-support.h"

#define DO(d, ...)         RUN(model_drive_execute, d, NULL, 0, __VA_ARGS__)
#define IO(d, buf, n, ...) RUN(model_drive_execute, d, buf, n, __VA_ARGS__)
#define TUR(d)             DO(d, 0, 0, 0, 0, 0, 0)
#define REWIND(d)          DO(d, 1, 0, 0, 0, 0, 0)
#define READ(d, n)         IO(d, buffer, n, 0x08, 0, 0, 0, n, 0)

static uint8_t buffer[256];
static ModelDrive *drive;
static ModelMedium *medium;

static int setup(void **state)
{
        const ModelDriveConfig config = {.vendor = "MODEL",
                                         .product = "ULTRIUM-7",
                                         .revision = "0001",
                                         .serial = "D0001",
                                         .n_buffer = 4};

        drive = model_drive_new(&config);
        medium = model_medium_new("T00001L7", "SERIAL1", 1 << 20, 1 << 10);
        model_drive_load(drive, medium);
        while (TUR(drive).status != SCSI_GOOD)
                ;
        return 0;
}

static int teardown(void **state)
{
        drive = model_drive_free(drive);
        medium = model_medium_free(medium);
        return 0;
}

/* ---- encryption ---- */

static ScsiResult set_key(uint8_t scope, uint8_t bits, uint8_t encryption, uint8_t decryption, uint8_t fill)
{
        uint8_t page[52] = {0,    0x10,       0,          48, (uint8_t) (scope << 5),
                            bits, encryption, decryption, 1,  [19] = 32};

        memset(page + 20, fill, 32);
        return IO(drive, page, 52, 0xb5, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 52, 0, 0);
}

static uint64_t name_of(uint8_t fill)
{
        uint8_t key[32];

        memset(key, fill, sizeof(key));
        return model_key_name(key, sizeof(key));
}

static ScsiResult write_one(uint8_t fill)
{
        memset(buffer, fill, 100);
        return IO(drive, buffer, 100, 0x0a, 0, 0, 0, 100, 0);
}

static uint8_t status_mode(void)
{
        assert_good(IO(drive, buffer, 24, 0xa2, 0x20, 0, 0x20, 0, 0, 0, 0, 0, 24, 0, 0));
        return buffer[5];
}

static void test_key_of_a_block(void **state)
{
        assert_good(write_one(1));
        assert_good(set_key(2, 0, 2, 3, 0x11));
        assert_good(write_one(2));
        assert_good(set_key(2, 0, 2, 2, 0x22));
        assert_good(write_one(3));
        assert_int_equal(model_medium_key_in(medium, 0, 0), 0);
        assert_int_equal(model_medium_key_in(medium, 0, 1), name_of(0x11));
        assert_int_equal(model_medium_key_in(medium, 0, 2), name_of(0x22));
        assert_true(name_of(0x11) != name_of(0x22));
}

static void test_reading(void **state)
{
        assert_good(write_one(1));
        assert_good(set_key(2, 0, 2, 3, 0x11));
        assert_good(write_one(2));
        assert_good(REWIND(drive));
        assert_good(READ(drive, 100)); /* mixed */
        assert_good(READ(drive, 100));
        assert_int_equal(buffer[99], 2);
        assert_good(set_key(2, 0, 2, 2, 0x11));
        assert_good(REWIND(drive));
        assert_sense(READ(drive, 100), 7, 0x7402); /* the first one is not encrypted */
        assert_good(set_key(2, 0, 2, 3, 0x22));
        assert_good(READ(drive, 100));
        assert_sense(READ(drive, 100), 7, 0x7403);
        assert_good(set_key(2, 0, 0, 0, 0));
        assert_sense(READ(drive, 100), 7, 0x7401); /* nothing has moved */
}

static void test_key_is_lost(void **state)
{
        assert_good(set_key(2, 0, 2, 2, 0x11));
        assert_int_equal(status_mode(), 2);
        model_drive_lose_nexus(drive);
        (void) TUR(drive);
        assert_int_equal(status_mode(), 2); /* it was for all */
        model_drive_reset(drive, 0x2900);
        (void) TUR(drive);
        assert_int_equal(status_mode(), 0);
        assert_good(set_key(1, 0, 2, 2, 0x11));
        model_drive_lose_nexus(drive);
        (void) TUR(drive);
        assert_int_equal(status_mode(), 0);
        assert_good(set_key(2, 0, 2, 2, 0x11));
        assert_good(DO(drive, 0x1b, 0, 0, 0, 0, 0));
        assert_int_equal(status_mode(), 2);
        assert_good(DO(drive, 0x1b, 0, 0, 0, 1, 0));
        assert_good(set_key(2, 4, 2, 2, 0x11)); /* CKOD */
        assert_good(DO(drive, 0x1b, 0, 0, 0, 0, 0));
        assert_int_equal(status_mode(), 0);
}

static void test_refused_keys(void **state)
{
        uint8_t page[52] = {0, 0x10, 0, 48, 0x40, 0, 2, 2, 1, [19] = 32};

        assert_sense(set_key(3, 0, 2, 2, 1), 5, 0x2600);
        assert_sense(set_key(2, 0, 1, 2, 1), 5, 0x2600);
        assert_sense(set_key(2, 0, 2, 1, 1), 5, 0x2600);
        page[8] = 2;
        assert_sense(IO(drive, page, 52, 0xb5, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 52, 0, 0), 5, 0x2600);
        page[8] = 1;
        page[19] = 16;
        assert_sense(IO(drive, page, 52, 0xb5, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 52, 0, 0), 5, 0x2600);
        assert_sense(IO(drive, page, 52, 0xb5, 0x20, 0, 0x11, 0, 0, 0, 0, 0, 52, 0, 0), 5, 0x2400);
        assert_int_equal(status_mode(), 0);
}

static void test_security_in(void **state)
{
        assert_good(IO(drive, buffer, 64, 0xa2, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(buffer[7], 2);
        assert_int_equal(buffer[9], 0x20);
        assert_good(IO(drive, buffer, 64, 0xa2, 0x20, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(get_be(buffer + 2, 2), 8);
        assert_good(IO(drive, buffer, 64, 0xa2, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(get_be(buffer + 20 + 10, 2), 32);
        assert_sense(IO(drive, buffer, 64, 0xa2, 0x20, 0, 0x30, 0, 0, 0, 0, 0, 64, 0, 0), 5, 0x2400);
        assert_sense(IO(drive, buffer, 64, 0xa2, 0x40, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 5, 0x2400);
}

/* What a loss of power takes away has no key either; what was there before it has its own again. */
static void test_old_data_keep_their_key(void **state)
{
        const ModelDriveConfig config = {.vendor = "MODEL",
                                         .product = "ULTRIUM-7",
                                         .revision = "0001",
                                         .serial = "D0001",
                                         .n_buffer = 4,
                                         .old_data_visible = true};
        ModelDrive *d = model_drive_new(&config);

        assert_good(set_key(2, 0, 2, 2, 0x11));
        assert_good(write_one(1));
        assert_good(DO(drive, 0x10, 0, 0, 0, 0, 0));
        model_drive_load(drive, NULL);
        model_drive_load(d, medium);
        while (TUR(d).status != SCSI_GOOD)
                ;
        memset(buffer, 9, 100);
        assert_good(IO(d, buffer, 100, 0x0a, 0, 0, 0, 100, 0));
        assert_int_equal(model_medium_key_in(medium, 0, 0), 0);
        model_drive_power_cycle(d, 1);
        assert_int_equal(model_medium_count(medium), 1);
        assert_int_equal(model_medium_key_in(medium, 0, 0), name_of(0x11));
        model_drive_free(d);
}

/* ---- logical block protection ---- */

static ScsiResult set_protection(uint8_t method, uint8_t length, uint8_t bits)
{
        uint8_t list[40] = {0, 0, 0, 0x10, 0, 0, 0, 0, 0x4a, 0xf0, 0, 28, method, length, bits};

        return IO(drive, list, 40, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 40, 0);
}

static void fill_protected(uint8_t fill)
{
        memset(buffer, fill, 100);
        put_be(buffer + 100, model_block_crc(buffer, 100), 4);
}

static void test_crc(void **state)
{
        assert_int_equal(model_block_crc((const uint8_t *) "123456789", 9), 0xe3069283);
}

static void test_protection(void **state)
{
        const uint8_t *data;
        uint32_t n;

        assert_good(set_protection(2, 4, 0xc0));
        fill_protected(1);
        assert_good(IO(drive, buffer, 104, 0x0a, 0, 0, 0, 104, 0));
        model_medium_object(medium, 0, &data, &n);
        assert_int_equal(n, 100);
        buffer[7] ^= 1;
        assert_sense(IO(drive, buffer, 104, 0x0a, 0, 0, 0, 104, 0), 0xb, 0x1001);
        assert_int_equal(model_medium_count(medium), 1);
        assert_good(REWIND(drive));
        memset(buffer, 0, sizeof(buffer));
        assert_good(READ(drive, 104));
        assert_int_equal(get_be(buffer + 100, 4), model_block_crc(buffer, 100));
        assert_good(set_protection(2, 4, 0x80));
        assert_good(REWIND(drive));
        assert_good(READ(drive, 100));
        assert_good(REWIND(drive));
        assert_sense(READ(drive, 104), SENSE_ILI_BIT, 0);
        model_drive_reset(drive, 0x2900);
        (void) TUR(drive);
        assert_good(IO(drive, buffer, 64, 0x5a, 8, 0x0a, 0xf0, 0, 0, 0, 0, 64, 0));
        assert_int_equal(buffer[12], 0);
        assert_int_equal(buffer[14], 0);
}

static void test_protected_fixed(void **state)
{
        uint8_t descriptor[12] = {0, 0, 0x10, 8, [11] = 104};

        assert_good(IO(drive, descriptor, 12, 0x15, 0x10, 0, 0, 12, 0));
        assert_good(set_protection(2, 4, 0xc0));
        fill_protected(5);
        memcpy(buffer + 104, buffer, 104);
        assert_good(IO(drive, buffer, 208, 0x0a, 1, 0, 0, 2, 0));
        assert_good(REWIND(drive));
        memset(buffer, 0, sizeof(buffer));
        assert_good(IO(drive, buffer, 208, 0x08, 1, 0, 0, 2, 0));
        assert_int_equal(get_be(buffer + 204, 4), model_block_crc(buffer + 104, 100));
}

static void test_refused_protection(void **state)
{
        assert_sense(set_protection(1, 4, 0xc0), 5, 0x2600);
        assert_sense(set_protection(2, 8, 0xc0), 5, 0x2600);
        assert_good(set_protection(0, 0, 0xc0)); /* off */
        assert_good(write_one(1));
        assert_good(IO(drive, buffer, 64, 0x5a, 8, 0x0a, 0xf0, 0, 0, 0, 0, 64, 0));
        assert_int_equal(buffer[8], 0x4a);
        assert_int_equal(buffer[14], 0);
}

/* ---- reservations of several nexuses ---- */

static ScsiResult out(size_t nexus, uint8_t action, uint8_t type, uint64_t key, uint64_t action_key,
                      uint8_t flags)
{
        uint8_t list[24] = {[20] = flags};

        put_be(list, key, 8);
        put_be(list + 8, action_key, 8);
        model_drive_use_nexus(drive, nexus);
        return IO(drive, list, 24, 0x5f, action, type, 0, 0, 0, 0, 0, 24, 0);
}

static void test_conflicts(void **state)
{
        assert_good(out(0, 0, 0, 0, 0x11, 0));
        assert_good(out(0, 1, 3, 0x11, 0, 0));
        model_drive_use_nexus(drive, 1);
        assert_int_equal(TUR(drive).status, SCSI_RESERVATION_CONFLICT);
        assert_int_equal(write_one(1).status, SCSI_RESERVATION_CONFLICT);
        assert_good(IO(drive, buffer, 36, 0x12, 0, 0, 0, 36, 0));
        assert_good(IO(drive, buffer, 24, 0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_good(out(1, 0, 0, 0, 0x22, 0));
        assert_int_equal(out(1, 1, 3, 0x22, 0, 0).status, SCSI_RESERVATION_CONFLICT);
        assert_good(out(1, 2, 3, 0x22, 0, 0)); /* not the holder: nothing */
        assert_int_equal(model_drive_holder(drive), 0x11);
        assert_good(out(0, 2, 3, 0x11, 0, 0));
        assert_int_equal(model_drive_holder(drive), 0);
        assert_good(out(1, 1, 1, 0x22, 0, 0)); /* write exclusive */
        model_drive_use_nexus(drive, 0);
        assert_good(TUR(drive));
        assert_int_equal(write_one(1).status, SCSI_RESERVATION_CONFLICT);
}

static void test_preempt(void **state)
{
        assert_good(out(0, 0, 0, 0, 0x11, 0));
        assert_good(out(0, 1, 3, 0x11, 0, 0));
        assert_good(out(1, 6, 0, 0, 0x11, 0)); /* another path of the same host */
        assert_int_equal(out(1, 1, 3, 0x11, 0, 0).status, SCSI_RESERVATION_CONFLICT);
        assert_good(out(1, 4, 3, 0x11, 0x11, 0));
        assert_good(TUR(drive));
        assert_good(IO(drive, buffer, 64, 0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0));
        assert_int_equal(get_be(buffer + 4, 4), 8); /* the old path is out */
        assert_good(out(2, 0, 0, 0, 0x33, 0));
        assert_int_equal(out(2, 4, 3, 0x33, 0x99, 0).status, SCSI_RESERVATION_CONFLICT);
        assert_good(out(2, 4, 1, 0x33, 0x11, 0));
        assert_int_equal(model_drive_holder(drive), 0x33);
        assert_int_equal(out(1, 1, 3, 0x11, 0, 0).status, SCSI_RESERVATION_CONFLICT);
}

static void test_all_registrants(void **state)
{
        assert_good(out(0, 0, 0, 0, 0x11, 0));
        assert_good(out(0, 1, 8, 0x11, 0, 0));
        assert_good(out(1, 0, 0, 0, 0x22, 0));
        assert_good(out(1, 1, 8, 0x22, 0, 0));
        assert_good(write_one(1));
        assert_good(out(0, 0, 0, 0x11, 0, 0)); /* one is left */
        model_drive_use_nexus(drive, 1);
        assert_good(IO(drive, buffer, 24, 0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_int_equal(get_be(buffer + 4, 4), 16);
        assert_int_equal(get_be(buffer + 8, 8), 0);
        assert_good(out(1, 0, 0, 0x22, 0, 0));
        assert_good(IO(drive, buffer, 24, 0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0));
        assert_int_equal(get_be(buffer + 4, 4), 0);
}

static void test_power(void **state)
{
        assert_good(out(0, 0, 0, 0, 0x11, 1)); /* APTPL */
        assert_good(out(0, 1, 3, 0x11, 0, 0));
        model_drive_power_cycle(drive, 0);
        (void) TUR(drive);
        assert_int_equal(model_drive_holder(drive), 0x11);
        assert_good(out(0, 6, 0, 0, 0x11, 0));
        model_drive_reset(drive, 0x2900);
        (void) TUR(drive);
        assert_int_equal(model_drive_holder(drive), 0x11);
        model_drive_power_cycle(drive, 0);
        (void) TUR(drive);
        assert_int_equal(model_drive_holder(drive), 0);
        assert_int_equal(out(0, 1, 3, 0x11, 0, 0).status, SCSI_RESERVATION_CONFLICT);
}

int main(void)
{
#define DRIVE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        static const struct CMUnitTest tests[] = {
                DRIVE(test_key_of_a_block),     DRIVE(test_reading),     DRIVE(test_key_is_lost),
                DRIVE(test_refused_keys),       DRIVE(test_security_in), DRIVE(test_old_data_keep_their_key),
                cmocka_unit_test(test_crc),     DRIVE(test_protection),  DRIVE(test_protected_fixed),
                DRIVE(test_refused_protection), DRIVE(test_conflicts),   DRIVE(test_preempt),
                DRIVE(test_all_registrants),    DRIVE(test_power),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
