/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model drive against the text of SSC-4: data, residues, positions. What is about its state and its
 * information is in test-drive-state.c. */

#include <string.h>

#include "model/test-support.h"

#define DO(d, ...)         RUN(model_drive_execute, d, NULL, 0, __VA_ARGS__)
#define IO(d, buf, n, ...) RUN(model_drive_execute, d, buf, n, __VA_ARGS__)
#define BYTES3(n)          (uint8_t)((n) >> 16), (uint8_t) ((n) >> 8), (uint8_t) (n)
#define KILO               1000
#define CAPACITY           (100 * KILO)
#define EARLY              (20 * KILO)

typedef struct Fixture {
        ModelDrive *d;
        ModelMedium *m;
} Fixture;

static uint8_t buffer[64 * KILO];

static int setup(void **state)
{
        static Fixture f;
        ModelDriveConfig config = {
                .vendor = "MODEL", .product = "ULTRIUM-7", .revision = "0001", .serial = "D1", .n_buffer = 8};

        f.d = model_drive_new(&config);
        f.m = model_medium_new("T00001L7", "SN1", CAPACITY, EARLY);
        model_drive_load(f.d, f.m);
        (void) DO(f.d, 0, 0, 0, 0, 0, 0);
        (void) DO(f.d, 0, 0, 0, 0, 0, 0);
        *state = &f;
        return f.d && f.m ? 0 : -1;
}

static int teardown(void **state)
{
        Fixture *f = *state;

        model_drive_free(f->d);
        model_medium_free(f->m);
        return 0;
}

static ScsiResult write_block(ModelDrive *d, uint8_t fill, uint32_t n)
{
        memset(buffer, fill, n);
        return IO(d, buffer, n, 0x0a, 0, BYTES3(n), 0);
}

static ScsiResult read_block(ModelDrive *d, uint32_t n)
{
        memset(buffer, 0xee, sizeof(buffer));
        return IO(d, buffer, n, 0x08, 0, BYTES3(n), 0);
}

static ScsiResult filemarks(ModelDrive *d, uint32_t n)
{
        return DO(d, 0x10, 0, BYTES3(n), 0);
}

static ScsiResult space(ModelDrive *d, uint8_t code, int32_t n)
{
        return DO(d, 0x11, code, BYTES3(n), 0);
}

static ScsiResult rewind_tape(ModelDrive *d)
{
        return DO(d, 0x01, 0, 0, 0, 0, 0);
}

static ScsiResult set_block_size(ModelDrive *d, uint32_t n)
{
        uint8_t list[12] = {0, 0, 0x10, 8, 0, 0, 0, 0, 0, BYTES3(n)};

        return IO(d, list, sizeof(list), 0x15, 0x10, 0, 0, 12, 0);
}

static uint64_t position(ModelDrive *d)
{
        uint8_t p[32];

        assert_good(IO(d, p, 32, 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(p[0] & 0x80, get_be(p + 8, 8) == 0 ? 0x80 : 0);
        return get_be(p + 8, 8);
}

static uint64_t file_number(ModelDrive *d)
{
        uint8_t p[32];

        assert_good(IO(d, p, 32, 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        return get_be(p + 16, 8);
}

/* Blocks of 100, 200, 300 bytes; filemark; 400, 500; filemark. */
static void write_sample(ModelDrive *d)
{
        for (uint8_t i = 1; i <= 3; i++)
                assert_good(write_block(d, i, i * 100u));
        assert_good(filemarks(d, 1));
        assert_good(write_block(d, 4, 400));
        assert_good(write_block(d, 5, 500));
        assert_good(filemarks(d, 1));
}

static void test_write_and_read_back(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        assert_int_equal(position(d), 7);
        assert_int_equal(file_number(d), 2);
        assert_good(rewind_tape(d));
        assert_int_equal(position(d), 0);
        r = read_block(d, 100);
        assert_good(r);
        assert_int_equal(r.n_transferred, 100);
        assert_int_equal(buffer[0], 1);
        assert_int_equal(buffer[99], 1);
        assert_int_equal(position(d), 1);
}

static void test_read_wrong_length(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        (void) rewind_tape(d);
        r = read_block(d, 150); /* block is shorter: residue positive */
        assert_sense(r, SENSE_ILI_BIT, 0);
        assert_information(r, 50);
        assert_int_equal(r.n_transferred, 100);
        assert_int_equal(buffer[100], 0xee);
        r = read_block(d, 150); /* longer: negative, and the rest of the block is lost */
        assert_sense(r, SENSE_ILI_BIT, 0);
        assert_information(r, -50);
        assert_int_equal(r.n_transferred, 150);
        assert_int_equal(position(d), 2);
}

static void test_read_sili(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        (void) rewind_tape(d);
        r = IO(d, buffer, 1000, 0x08, 2, BYTES3(1000), 0);
        assert_good(r);
        assert_int_equal(r.n_transferred, 100);
        assert_good(IO(d, buffer, 50, 0x08, 2, BYTES3(50), 0)); /* overlength, block length 0 */
        assert_good(set_block_size(d, 512));
        r = IO(d, buffer, 50, 0x08, 2, BYTES3(50), 0); /* overlength, block length not 0 */
        assert_sense(r, SENSE_ILI_BIT, 0);
        assert_information(r, -250);
        r = IO(d, buffer, 512, 0x08, 3, BYTES3(1), 0); /* FIXED and SILI */
        assert_sense(r, 5, 0x2400);
}

static void test_read_filemark_and_end(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        assert_good(DO(d, 0x2b, 0, 0, 0, 0, 0, 3, 0, 0, 0));
        r = read_block(d, 777);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001);
        assert_information(r, 777);
        assert_int_equal(r.n_transferred, 0);
        assert_int_equal(position(d), 4);
        assert_good(space(d, 3, 0));
        r = read_block(d, 777);
        assert_sense(r, 8, 0x0005);
        assert_information(r, 777);
        assert_int_equal(position(d), 7);
        assert_good(IO(d, buffer, 0, 0x08, 0, 0, 0, 0, 0)); /* nothing asked for */
}

static void test_fixed_blocks(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        r = IO(d, buffer, 1024, 0x0a, 1, BYTES3(2), 0); /* block length is 0 */
        assert_sense(r, 5, 0x2400);
        assert_good(set_block_size(d, 512));
        for (size_t i = 0; i < 4 * 512; i++)
                buffer[i] = (uint8_t) (i / 512 + 1);
        assert_good(IO(d, buffer, 4 * 512, 0x0a, 1, BYTES3(4), 0));
        assert_int_equal(position(d), 4);
        assert_good(filemarks(d, 1));
        (void) rewind_tape(d);
        memset(buffer, 0, sizeof(buffer));
        r = IO(d, buffer, 6 * 512, 0x08, 1, BYTES3(6), 0);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001);
        assert_information(r, 2);
        assert_int_equal(r.n_transferred, 4 * 512);
        assert_int_equal(buffer[3 * 512], 4);
        assert_int_equal(position(d), 5);
        r = IO(d, buffer, 512, 0x08, 1, BYTES3(1), 0);
        assert_sense(r, 8, 0x0005);
        assert_information(r, 1);
}

static void test_fixed_wrong_length(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        assert_good(write_block(d, 1, 512));
        assert_good(write_block(d, 2, 300));
        assert_good(write_block(d, 3, 512));
        (void) rewind_tape(d);
        assert_good(set_block_size(d, 512));
        r = IO(d, buffer, 3 * 512, 0x08, 1, BYTES3(3), 0);
        assert_sense(r, SENSE_ILI_BIT, 0);
        assert_information(r, 2); /* blocks not read; the wrong one does not count as read */
        assert_int_equal(r.n_transferred, 512);
        assert_int_equal(position(d), 2);
}

static void test_space_blocks(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        (void) rewind_tape(d);
        assert_good(space(d, 0, 2));
        assert_int_equal(position(d), 2);
        r = space(d, 0, 5);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001);
        assert_information(r, 4);
        assert_int_equal(position(d), 4); /* beyond the filemark */
        r = space(d, 0, -1);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001);
        assert_information(r, 1);
        assert_int_equal(position(d), 3); /* before it */
        r = space(d, 0, -10);
        assert_sense(r, SENSE_EOM_BIT, 0x0004);
        assert_information(r, 7);
        assert_int_equal(position(d), 0);
        assert_good(DO(d, 0x2b, 0, 0, 0, 0, 0, 7, 0, 0, 0));
        r = space(d, 0, 3);
        assert_sense(r, 8, 0x0005);
        assert_information(r, 3);
        assert_good(space(d, 0, 0));
        assert_int_equal(position(d), 7);
}

static void test_space_filemarks(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        assert_good(space(d, 1, -1));
        assert_int_equal(position(d), 6);
        assert_good(space(d, 1, -1));
        assert_int_equal(position(d), 3);
        r = space(d, 1, -2);
        assert_sense(r, SENSE_EOM_BIT, 0x0004);
        assert_information(r, 2);
        assert_int_equal(position(d), 0);
        assert_good(space(d, 1, 1));
        assert_int_equal(position(d), 4);
        assert_int_equal(file_number(d), 1);
        r = space(d, 1, 3);
        assert_sense(r, 8, 0x0005);
        assert_information(r, 2);
        assert_int_equal(position(d), 7);
        assert_sense(space(d, 2, 1), 5, 0x2400);
}

static void test_space_16(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        ScsiResult r;

        write_sample(d);
        r = DO(d, 0x91, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd, 0, 0, 0, 0);
        assert_sense(r, SENSE_FILEMARK_BIT, 0x0001); /* -3: over the filemark at 6 at once */
        assert_information(r, 3);
        assert_int_equal(position(d), 6);
        assert_good(DO(d, 0x91, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(position(d), 7);
}

static void test_locate(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;

        write_sample(d);
        assert_good(DO(d, 0x2b, 4, 0, 0, 0, 0, 5, 0, 0, 0)); /* BT and form 01h, as st has them */
        assert_good(IO(d, buffer, 20, 0x34, 1, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(get_be(buffer + 4, 4), 5);
        assert_sense(DO(d, 0x2b, 0, 0, 0, 0, 0, 99, 0, 0, 0), 8, 0x0005);
        assert_int_equal(position(d), 7);
        assert_sense(DO(d, 0x2b, 2, 0, 0, 0, 0, 1, 0, 1, 0), 5, 0x2400); /* no partition 1 */
        assert_good(DO(d, 0x92, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0));
        assert_int_equal(position(d), 2);
        assert_good(DO(d, 0x92, 1 << 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0));
        assert_int_equal(position(d), 4);
        assert_good(DO(d, 0x92, 1 << 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(position(d), 0);
        assert_good(DO(d, 0x92, 3 << 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(position(d), 7);
        assert_sense(DO(d, 0x92, 1 << 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0), 8, 0x0005);
}

static void test_overwrite_hides_the_rest(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;

        write_sample(d);
        assert_good(DO(d, 0x2b, 0, 0, 0, 0, 0, 1, 0, 0, 0));
        assert_good(write_block(d, 9, 50));
        assert_sense(read_block(d, 10), 8, 0x0005);
        assert_int_equal(model_medium_count(((Fixture *) *state)->m), 2);
        (void) rewind_tape(d);
        assert_good(DO(d, 0x19, 0, 0, 0, 0, 0));
        assert_int_equal(model_medium_count(((Fixture *) *state)->m), 0);
}

static void test_write_filemarks(void **state)
{
        Fixture *f = *state;
        const uint8_t *data;
        uint32_t n;

        assert_good(filemarks(f->d, 0));
        assert_int_equal(position(f->d), 0);
        assert_good(filemarks(f->d, 3));
        assert_int_equal(file_number(f->d), 3);
        assert_good(DO(f->d, 0x10, 1, 0, 0, 1, 0));
        assert_sense(DO(f->d, 0x10, 2, 0, 0, 1, 0), 5, 0x2400); /* setmarks */
        assert_int_equal(model_medium_count(f->m), 4);
        model_medium_object(f->m, 3, &data, &n);
        assert_null(data);
        assert_int_equal(n, 0);
}

static void test_explicit_forms(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;

        write_sample(d);
        memset(buffer, 0, sizeof(buffer));
        assert_good(IO(d, buffer, 500, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, BYTES3(500), 0));
        assert_int_equal(buffer[499], 5);
        assert_good(IO(d, buffer, 10, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, BYTES3(10), 0));
        assert_int_equal(position(d), 3);
        assert_good(DO(d, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0));
        assert_int_equal(model_medium_count(((Fixture *) *state)->m), 2);
}

static void test_early_warning_and_end(void **state)
{
        Fixture *f = *state;
        uint32_t n = 10 * KILO;
        uint8_t p[32];
        ScsiResult r;

        for (int i = 0; i < 7; i++)
                assert_good(write_block(f->d, 1, n));
        assert_good(IO(f->d, p, 32, 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(p[0] & 0x40, 0);
        for (int i = 7; i < 10; i++) { /* written, and told */
                r = write_block(f->d, 2, n);
                assert_sense(r, SENSE_EOM_BIT, 0x0002);
                assert_information(r, 0);
        }
        assert_int_equal(model_medium_count(f->m), 10);
        assert_good(IO(f->d, p, 32, 0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0));
        assert_int_equal(p[0] & 0x40, 0x40);
        r = write_block(f->d, 3, n); /* not written */
        assert_sense(r, 0xd | SENSE_EOM_BIT, 0x0002);
        assert_information(r, 10 * KILO);
        assert_int_equal(model_medium_count(f->m), 10);
        assert_sense(filemarks(f->d, 1), SENSE_EOM_BIT, 0x0002); /* always finds room */
        assert_int_equal(model_medium_count(f->m), 11);
        assert_good(filemarks(f->d, 0));
        assert_sense(read_block(f->d, n), 8 | SENSE_EOM_BIT, 0x0005);
}

static void test_fixed_overflow(void **state)
{
        Fixture *f = *state;
        ScsiResult r;

        assert_good(set_block_size(f->d, 30 * KILO));
        assert_good(IO(f->d, buffer, 60 * KILO, 0x0a, 1, BYTES3(2), 0));
        r = IO(f->d, buffer, 60 * KILO, 0x0a, 1, BYTES3(2), 0);
        assert_sense(r, 0xd | SENSE_EOM_BIT, 0x0002);
        assert_information(r, 1);
        assert_int_equal(model_medium_count(f->m), 3);
}

static void test_limits_of_transfer(void **state)
{
        ModelDrive *d = ((Fixture *) *state)->d;
        uint8_t limits[6];

        assert_good(IO(d, limits, 6, 0x05, 0, 0, 0, 0, 0));
        assert_int_equal(get_be(limits + 1, 3), 8388608);
        assert_int_equal(get_be(limits + 4, 2), 1);
        assert_sense(IO(d, buffer, 100, 0x0a, 0, BYTES3(8388609), 0), 5, 0x2400);
        assert_sense(IO(d, buffer, 100, 0x0a, 0, BYTES3(200), 0), 0xb, 0x4b00); /* fewer bytes than said */
        assert_int_equal(position(d), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_write_and_read_back),
                TEST(test_read_wrong_length),
                TEST(test_read_sili),
                TEST(test_read_filemark_and_end),
                TEST(test_fixed_blocks),
                TEST(test_fixed_wrong_length),
                TEST(test_space_blocks),
                TEST(test_space_filemarks),
                TEST(test_space_16),
                TEST(test_locate),
                TEST(test_overwrite_hides_the_rest),
                TEST(test_write_filemarks),
                TEST(test_explicit_forms),
                TEST(test_early_warning_and_end),
                TEST(test_fixed_overflow),
                TEST(test_limits_of_transfer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
