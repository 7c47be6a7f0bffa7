/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Identities from pages as drives send them, and as broken or hostile ones could. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "identity/identity.h"
#include "util/bytes.h"
#include "util/cleanup.h"

typedef struct Device {
        uint8_t inquiry[36], vpd80[300], vpd83[1024];
        size_t n_inquiry, n_vpd80, n_vpd83;
} Device;

static void set_inquiry(Device *d, uint8_t type, const char *text28)
{
        assert_int_equal(strlen(text28), 28);
        d->inquiry[0] = type;
        d->inquiry[1] = 0x80;
        d->inquiry[2] = 5;
        d->inquiry[4] = 31;
        memcpy(d->inquiry + 8, text28, 28);
        d->n_inquiry = 36;
}

static void set_serial(Device *d, const void *serial, size_t n)
{
        d->vpd80[1] = 0x80;
        put_be(d->vpd80 + 2, n, 2);
        memcpy(d->vpd80 + 4, serial, n);
        d->n_vpd80 = 4 + n;
}

static void add_designator(Device *d, unsigned code_set, unsigned association, unsigned type,
                           const void *data, size_t n)
{
        uint8_t *p;

        if (d->n_vpd83 == 0) {
                d->vpd83[1] = 0x83;
                d->n_vpd83 = 4;
        }
        p = d->vpd83 + d->n_vpd83;
        p[0] = (uint8_t) code_set;
        p[1] = (uint8_t) (association << 4 | type);
        p[3] = (uint8_t) n;
        memcpy(p + 4, data, n);
        d->n_vpd83 += 4 + n;
        put_be(d->vpd83 + 2, d->n_vpd83 - 4, 2);
}

static Identity identity_of(const Device *d)
{
        Identity id;

        memset(&id, 0xaa, sizeof(id));
        assert_int_equal(identity_from_bytes(d->inquiry, d->n_inquiry, d->vpd80, d->n_vpd80, d->vpd83,
                                             d->n_vpd83, &id),
                         0);
        return id;
}

static void assert_key(const Device *d, IdentityRank rank, const char *key)
{
        Identity id = identity_of(d);

        assert_string_equal(id.key, key);
        assert_int_equal(id.rank, rank);
}

#define NAA6 "\x60\x01\x43\x80\x12\x34\x56\x78\x00\x01\x02\x03\x04\x05\x06\x07"
#define NAA5 "\x50\x01\x43\x80\x12\x34\x56\x78"
#define NAA2 "\x20\x01\x43\x80\x12\x34\x56\x78"
#define NAA3 "\x30\x00\x00\x00\x00\x01\x00\x01"
#define EUI  "\x00\x01\x43\x80\x12\x34\x56\x78\x00\x01\x02\x03\x04\x05\x06\x07"
#define UUID "\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x10\x11\x12\x13\x14\x15\x16"
#define NAME "iqn.2026-11.test:lib1,L,0x01\0\0\0\0"
#define T10  "HP      Ultrium 3-SCSI  DRV0001"

/* Each step adds a better designator behind the worse ones, and the better one is taken. */
static void test_ranks(void **state)
{
        static const struct {
                unsigned code_set, type;
                const char *data;
                size_t n;
                IdentityRank rank;
                const char *key;
        } steps[] = {
                {2, 1, T10, sizeof(T10) - 1, IDENTITY_T10, "t10.HP_Ultrium_3-SCSI_DRV0001"},
                {3, 8, NAME, sizeof(NAME) - 1, IDENTITY_NAME, "name.iqn.2026-11.test\\x3alib1,L,0x01"},
                {1, 10, UUID, sizeof(UUID) - 1, IDENTITY_UUID, "uuid.100001020304050607080910111213141516"},
                {1, 2, EUI, 8, IDENTITY_EUI64, "eui.0001438012345678"},
                {1, 2, EUI, 12, IDENTITY_EUI64, "eui.000143801234567800010203"},
                {1, 2, EUI, 16, IDENTITY_EUI64, "eui.00014380123456780001020304050607"},
                {1, 3, NAA3, 8, IDENTITY_NAA, "naa.3000000000010001"},
                {1, 3, NAA2, 8, IDENTITY_NAA, "naa.2001438012345678"},
                {1, 3, NAA5, 8, IDENTITY_NAA, "naa.5001438012345678"},
                {1, 3, NAA6, 16, IDENTITY_NAA, "naa.60014380123456780001020304050607"},
        };
        Device up = {0}, down = {0};

        set_inquiry(&up, 1, "HP      Ultrium 3-SCSI  G24W");
        set_serial(&up, "DRV0001", 7);
        assert_key(&up, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:DRV0001");
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                add_designator(&up, steps[i].code_set, 0, steps[i].type, steps[i].data, steps[i].n);
                assert_key(&up, steps[i].rank, steps[i].key);
        }
        set_inquiry(&down, 1, "HP      Ultrium 3-SCSI  G24W");
        for (size_t i = ELEMENTSOF(steps); i-- > 0;) {
                add_designator(&down, steps[i].code_set, 0, steps[i].type, steps[i].data, steps[i].n);
                assert_key(&down, IDENTITY_NAA, "naa.60014380123456780001020304050607");
        }
}

/* Ports and the target device are not the logical unit. */
static void test_association(void **state)
{
        Device d = {0};

        set_inquiry(&d, 1, "IBM     ULT3580-TD5     D2AD");
        add_designator(&d, 1, 1, 3, "\x50\x05\x07\x63\x12\x34\x56\x79", 8);
        add_designator(&d, 1, 2, 3, "\x50\x05\x07\x63\x12\x34\x56\x7a", 8);
        add_designator(&d, 1, 1, 4, "\0\0\0\1", 4);
        add_designator(&d, 3, 2, 8, "naa.500507631234567A", 20);
        assert_key(&d, IDENTITY_NONE, "");
        add_designator(&d, 2, 0, 1, "IBM     ULT3580-TD5     1068000123", 34);
        assert_key(&d, IDENTITY_T10, "t10.IBM_ULT3580-TD5_1068000123");
        add_designator(&d, 1, 0, 3, "\x50\x05\x07\x63\x12\x34\x56\x78", 8);
        assert_key(&d, IDENTITY_NAA, "naa.5005076312345678");
}

/* Wrong lengths, code sets and empty numbers say nothing. */
static void test_useless_designators(void **state)
{
        Device d = {0};

        set_inquiry(&d, 1, "HP      Ultrium 3-SCSI  G24W");
        add_designator(&d, 1, 0, 3, NAA5, 7);
        add_designator(&d, 1, 0, 3, NAA6, 15);
        add_designator(&d, 1, 0, 3, NAA6, 8);
        add_designator(&d, 2, 0, 3, NAA5, 8);
        add_designator(&d, 1, 0, 3, "\x50\0\0\0\0\0\0\0", 8);
        add_designator(&d, 1, 0, 3, "\xf0\1\2\3\4\5\6\7", 8);
        add_designator(&d, 1, 0, 3, "", 0);
        add_designator(&d, 1, 0, 2, EUI, 10);
        add_designator(&d, 1, 0, 2, "\0\0\0\0\0\0\0\0", 8);
        add_designator(&d, 3, 0, 8, "", 0);
        add_designator(&d, 3, 0, 8, "\0\0\0\0", 4);
        add_designator(&d, 2, 0, 1, "HP      ", 8);
        add_designator(&d, 2, 0, 1, "HP              ", 16);
        add_designator(&d, 1, 0, 0, "whatever", 8);
        add_designator(&d, 1, 0, 15, "whatever", 8);
        assert_key(&d, IDENTITY_NONE, "");
        set_serial(&d, "X1", 2);
        assert_key(&d, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:X1");
}

/* tgt pads on the left, others on the right or with NULs: the same number. */
static void test_padding(void **state)
{
        Device d = {0}, e = {0};
        Identity a, b;

        set_inquiry(&d, 8, "STK     L700            0001");
        e = d;
        set_serial(&d, "                                 LIB0001", 40);
        set_serial(&e, "LIB0001\0\0\0", 10);
        assert_key(&d, IDENTITY_SERIAL, "sn.STK:L700:LIB0001");
        a = identity_of(&d);
        b = identity_of(&e);
        assert_string_equal(a.serial, "LIB0001");
        assert_string_equal(a.vendor, "STK");
        assert_string_equal(a.product, "L700");
        assert_string_equal(a.revision, "0001");
        assert_int_equal(a.type, DEVICE_CHANGER);
        assert_true(identity_equal(&a, &b));
}

static void test_hostile_text(void **state)
{
        Device d = {0};
        Identity id;

        set_inquiry(&d, 1, "A:B     \x01\n\xff~            0001");
        set_serial(&d, "dead/../../beef", 15);
        assert_key(&d, IDENTITY_SERIAL, "sn.A\\x3aB:???\\x7e:dead\\x2f..\\x2f..\\x2fbeef");
        set_serial(&d, "a\nEVERTAPE_HELD=1\\", 18);
        id = identity_of(&d);
        assert_string_equal(id.key, "sn.A\\x3aB:???\\x7e:a?EVERTAPE_HELD=1\\x5c");
        assert_string_equal(id.serial, "a?EVERTAPE_HELD=1\\");
        add_designator(&d, 3, 0, 8, "  ../x  y\0z ", 12);
        assert_key(&d, IDENTITY_NAME, "name...\\x2fx_y_z");
}

/* Too long for a key: cut, and told apart by the hash of what was cut. */
static void test_long(void **state)
{
        char text[255];
        Device d = {0}, e = {0};
        Identity a, b;

        memset(text, 'n', sizeof(text));
        set_inquiry(&d, 1, "HP      Ultrium 3-SCSI  G24W");
        e = d;
        add_designator(&d, 3, 0, 8, text, sizeof(text));
        text[254] = 'm';
        add_designator(&e, 3, 0, 8, text, sizeof(text));
        a = identity_of(&d);
        b = identity_of(&e);
        assert_int_equal(strlen(a.key), IDENTITY_MAX - 1);
        assert_int_equal(strlen(b.key), IDENTITY_MAX - 1);
        assert_int_equal(a.key[IDENTITY_MAX - 1 - 17], '~');
        assert_memory_equal(a.key, b.key, IDENTITY_MAX - 1 - 17);
        assert_string_not_equal(a.key, b.key);
        assert_false(identity_equal(&a, &b));

        e = (Device){0};
        set_inquiry(&e, 1, "HP      Ultrium 3-SCSI  G24W");
        memset(text, 'n', sizeof(text));
        add_designator(&e, 3, 0, 8, text, IDENTITY_MAX - 1 - strlen("name."));
        b = identity_of(&e);
        assert_int_equal(strlen(b.key), IDENTITY_MAX - 1);
        assert_null(strchr(b.key, '~'));

        memset(text, '/', sizeof(text));
        set_serial(&e, text, 250);
        e.n_vpd83 = 0;
        b = identity_of(&e);
        assert_int_equal(strlen(b.key), IDENTITY_MAX - 1);
        assert_int_equal(strlen(b.serial), sizeof(b.serial) - 1);
        assert_null(strchr(b.key, '/'));
}

/* A length field that claims more than came, or less than a descriptor needs. */
static void test_lying_lengths(void **state)
{
        Device d = {0};

        set_inquiry(&d, 1, "HP      Ultrium 3-SCSI  G24W");
        d.inquiry[4] = 255;
        set_serial(&d, "SER1", 4);
        put_be(d.vpd80 + 2, 5, 2); /* half a serial number is somebody else's */
        assert_key(&d, IDENTITY_NONE, "");
        put_be(d.vpd80 + 2, 4, 2);
        add_designator(&d, 1, 0, 3, NAA5, 8);
        put_be(d.vpd83 + 2, 0xffff, 2);
        assert_key(&d, IDENTITY_NAA, "naa.5001438012345678");
        d.vpd83[7] = 9; /* the descriptor's own length, one more than there is */
        assert_key(&d, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:SER1");
        d.vpd83[7] = 8;
        put_be(d.vpd83 + 2, 11, 2);
        assert_key(&d, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:SER1");
        put_be(d.vpd83 + 2, 12, 2);
        for (size_t n = 0; n < 16; n++) {
                d.n_vpd83 = n;
                assert_key(&d, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:SER1");
        }
        d.n_vpd83 = 16;
        d.vpd83[1] = 0x80; /* another page */
        assert_key(&d, IDENTITY_SERIAL, "sn.HP:Ultrium_3-SCSI:SER1");
        d.vpd80[1] = 0x83;
        assert_key(&d, IDENTITY_NONE, "");
}

static void test_no_identifier(void **state)
{
        Device d = {0};
        Identity id;

        set_inquiry(&d, 1, "SEAGATE DAT             0001");
        id = identity_of(&d);
        assert_int_equal(id.rank, IDENTITY_NONE);
        assert_string_equal(id.key, "");
        assert_string_equal(id.serial, "");
        assert_false(identity_equal(&id, &id));
        set_serial(&d, "        ", 8);
        assert_key(&d, IDENTITY_NONE, "");
        set_serial(&d, "123", 3);
        d.n_inquiry = 16; /* a number of no product */
        assert_key(&d, IDENTITY_NONE, "");
}

static void test_not_ours(void **state)
{
        Device d = {0};
        Identity id = {.key = "untouched"};

        for (size_t n = 0; n < 5; n++)
                assert_int_equal(identity_from_bytes(d.inquiry, n, NULL, 0, NULL, 0, &id), -EBADMSG);
        assert_int_equal(identity_from_bytes(NULL, 0, NULL, 0, NULL, 0, &id), -EBADMSG);
        set_inquiry(&d, 0, "ATA     Disk            0001");
        assert_int_equal(identity_from_bytes(d.inquiry, 36, NULL, 0, NULL, 0, &id), -ENODEV);
        d.inquiry[0] = 0x21; /* a tape that could be there, but is not connected */
        assert_int_equal(identity_from_bytes(d.inquiry, 36, NULL, 0, NULL, 0, &id), -ENODEV);
        d.inquiry[0] = 0x7f;
        assert_int_equal(identity_from_bytes(d.inquiry, 36, NULL, 0, NULL, 0, &id), -ENODEV);
        assert_string_equal(id.key, "untouched");
}

/* A virtual library whose devices all claim one designator, and a changer behind its drive's. */
static void test_equal(void **state)
{
        Device d = {0}, e;
        Identity a, b;

        set_inquiry(&d, 1, "HP      Ultrium 3-SCSI  G24W");
        add_designator(&d, 1, 0, 3, NAA5, 8);
        a = identity_of(&d);
        assert_true(identity_equal(&a, &a));
        e = d;
        set_serial(&e, "DRV0002", 7);
        b = identity_of(&e);
        assert_true(identity_equal(&a, &b));
        set_serial(&d, "DRV0001", 7);
        a = identity_of(&d);
        assert_false(identity_equal(&a, &b));
        e = d;
        e.inquiry[0] = 8;
        b = identity_of(&e);
        assert_string_equal(a.key, b.key);
        assert_false(identity_equal(&a, &b));
        e = d;
        e.inquiry[32] = 'X'; /* new firmware */
        b = identity_of(&e);
        assert_true(identity_equal(&a, &b));
}

static void test_rank_names(void **state)
{
        assert_string_equal(identity_rank_name(IDENTITY_NAA), "naa");
        assert_string_equal(identity_rank_name(IDENTITY_SERIAL), "serial");
        assert_string_equal(identity_rank_name(IDENTITY_NONE), "none");
        assert_string_equal(identity_rank_name(_IDENTITY_RANK_MAX), "none");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ranks),
                cmocka_unit_test(test_association),
                cmocka_unit_test(test_useless_designators),
                cmocka_unit_test(test_padding),
                cmocka_unit_test(test_hostile_text),
                cmocka_unit_test(test_long),
                cmocka_unit_test(test_lying_lengths),
                cmocka_unit_test(test_no_identifier),
                cmocka_unit_test(test_not_ours),
                cmocka_unit_test(test_equal),
                cmocka_unit_test(test_rank_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
