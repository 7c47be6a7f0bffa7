/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hardware ids as Microsoft's documentation forms them, and what people and old files make of them. */

#include "identity/hwid.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

static HwidInquiry tape(const char *text28)
{
        uint8_t inquiry[36] = {DEVICE_TAPE, 0x80, 6, 2, 31};
        HwidInquiry out;

        memset(inquiry + 8, ' ', 28);
        memcpy(inquiry + 8, text28, strlen(text28));
        assert_int_equal(hwid_inquiry_from_bytes(inquiry, sizeof(inquiry), &out), 0);
        return out;
}

static HwidInquiry changer(const char *vendor, const char *product)
{
        HwidInquiry out;

        hwid_inquiry_from_texts(DEVICE_CHANGER, vendor, product, "0001", &out);
        return out;
}

static void assert_ids(const HwidInquiry *inquiry, const char *const expected[_HWID_KIND_MAX])
{
        char id[HWID_MAX];

        for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++)
                assert_string_equal(hwid_format(id, kind, inquiry), expected[kind]);
}

static void test_tape(void **state)
{
        static const char *const expected[_HWID_KIND_MAX] = {
                [HWID_REVISION] = "SCSI\\SequentialHP______Ultrium_3-SCSI__G24W",
                [HWID_PRODUCT_ID] = "SCSI\\SequentialHP______Ultrium_3-SCSI__",
                [HWID_INSTANCE] = "SCSI\\Sequential&Ven_HP&Prod_Ultrium_3-SCSI",
                [HWID_PREFIX] = "",
                [HWID_VENDOR_ID] = "SCSI\\SequentialHP______",
                [HWID_BUS_REVISION] = "SCSI\\HP______Ultrium_3-SCSI__G",
                [HWID_PLAIN] = "HP______Ultrium_3-SCSI__G",
                [HWID_TYPE] = "SCSI\\Sequential",
                [HWID_GENERIC] = "",
        };
        HwidInquiry inquiry = tape("HP      Ultrium 3-SCSI  G24W");

        assert_ids(&inquiry, expected);
}

static void test_changer(void **state)
{
        static const char *const expected[_HWID_KIND_MAX] = {
                [HWID_REVISION] = "SCSI\\ChangerSTK_____L700____________0001",
                [HWID_PRODUCT_ID] = "SCSI\\ChangerSTK_____L700____________",
                [HWID_INSTANCE] = "SCSI\\Changer&Ven_STK&Prod_L700",
                [HWID_PREFIX] = "",
                [HWID_VENDOR_ID] = "SCSI\\ChangerSTK_____",
                [HWID_BUS_REVISION] = "SCSI\\STK_____L700____________0",
                [HWID_PLAIN] = "STK_____L700____________0",
                [HWID_TYPE] = "SCSI\\Changer",
                [HWID_GENERIC] = "ScsiChanger",
        };
        HwidInquiry inquiry = changer("STK", "L700");

        assert_ids(&inquiry, expected);
}

static void test_odd_characters(void **state)
{
        HwidInquiry inquiry = tape("A,B\t\xff\x01  \\p/ {}~\x7f\x80        1");
        char id[HWID_MAX];

        assert_string_equal(hwid_format(id, HWID_REVISION, &inquiry),
                            "SCSI\\SequentialA_B_____\\p/_{}~__________1__");
        inquiry = tape("");
        assert_string_equal(hwid_format(id, HWID_PLAIN, &inquiry), "_________________________");
        assert_string_equal(hwid_format(id, HWID_INSTANCE, &inquiry), "SCSI\\Sequential&Ven_&Prod_");
        /* A leading blank is part of the field. */
        inquiry = tape("TANDBERG TDC 3800       -08:");
        assert_string_equal(hwid_format(id, HWID_PRODUCT_ID, &inquiry),
                            "SCSI\\SequentialTANDBERG_TDC_3800_______");
}

static void test_short_inquiry(void **state)
{
        uint8_t inquiry[36] = {DEVICE_TAPE, 0x80, 2, 2,   31,  0,   0,   0,   'H',
                               'P',         0,    0, ' ', ' ', ' ', ' ', 'U', 'l'};
        HwidInquiry out;

        for (size_t n = 0; n < 5; n++)
                assert_int_equal(hwid_inquiry_from_bytes(inquiry, n, &out), -EBADMSG);
        assert_int_equal(hwid_inquiry_from_bytes(inquiry, 5, &out), 0);
        assert_string_equal(out.vendor, "        ");
        assert_int_equal(hwid_inquiry_from_bytes(inquiry, 18, &out), 0);
        assert_string_equal(out.vendor, "HP      ");
        assert_string_equal(out.product, "Ul              ");
        assert_string_equal(out.revision, "    ");
        inquiry[0] = 0;
        assert_int_equal(hwid_inquiry_from_bytes(inquiry, 36, &out), -ENODEV);
        inquiry[0] = 0x60 | DEVICE_TAPE;
        assert_int_equal(hwid_inquiry_from_bytes(inquiry, 36, &out), -ENODEV);
}

static void test_matches(void **state)
{
        static const struct {
                const char *id;
                HwidKind kind;
                bool matches;
        } table[] = {
                {"scsi\\SEQUENTIALhp______ultrium_3-scsi__", HWID_PRODUCT_ID, true},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI", HWID_PRODUCT_ID, true},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI_____", HWID_PRODUCT_ID, true},
                {"SCSI\\SequentialHP______Ultrium_3-SCS", HWID_PRODUCT_ID, false},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI2_", HWID_PRODUCT_ID, false},
                {"SCSI\\SequentialHP______", HWID_PRODUCT_ID, false},
                {"SCSI\\SequentialHP______", HWID_VENDOR_ID, true},
                {"SCSI\\SequentialHP", HWID_VENDOR_ID, true},
                {"SCSI\\SequentialH", HWID_VENDOR_ID, false},
                {"SCSI\\SequentialHPE_____", HWID_VENDOR_ID, false},
                {"SCSI\\ChangerHP______Ultrium_3-SCSI__", HWID_PRODUCT_ID, false},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI__G24W", HWID_REVISION, true},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI__G24", HWID_REVISION, false},
                {"SCSI\\SequentialHP______Ultrium_3-SCSI__", HWID_REVISION, false},
                {"USBSTOR\\SequentialHP______Ultrium_3-SCSI", HWID_PRODUCT_ID, true},
                {"USBSTOR\\SequentialHP______Ultrium_3-SCSI__G24W", HWID_REVISION, true},
                {"USBSTOR\\", HWID_PRODUCT_ID, false},
                {"IDE\\SequentialHP______Ultrium_3-SCSI__", HWID_PRODUCT_ID, false},
                {"HP______Ultrium_3-SCSI__G", HWID_PLAIN, true},
                {"HP______Ultrium_3-SCSI__", HWID_PLAIN, false},
                {"SCSI\\HP______Ultrium_3-SCSI__G", HWID_BUS_REVISION, true},
                {"SCSI\\SEQUENTIAL&VEN_HP&PROD_ULTRIUM_3-SCSI", HWID_INSTANCE, true},
                {"SCSI\\SEQUENTIAL&VEN_HP&PROD_ULTRIUM_3-SCSI\\5&23894D7F&0&001800", HWID_INSTANCE, true},
                {"SCSI\\SEQUENTIAL&VEN_HP&PROD_ULTRIUM_3-SCSI&REV_G24W", HWID_INSTANCE, false},
                {"USBSTOR\\SEQUENTIAL&VEN_HP&PROD_ULTRIUM_3-SCSI\\1", HWID_INSTANCE, true},
                {"", HWID_PRODUCT_ID, false},
                {"", HWID_GENERIC, false},
                {"", HWID_PREFIX, false},
                {"ScsiChanger", HWID_GENERIC, false},
                {"scsi\\sequential", HWID_TYPE, true},
                {"SCSI\\Sequential_", HWID_TYPE, false},
                {"SCSI\\Changer", HWID_TYPE, false},
        };
        HwidInquiry inquiry = tape("HP      Ultrium 3-SCSI  G24W");
        HwidSet set;

        hwid_set_init(&set, &inquiry);
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (hwid_matches(table[i].id, table[i].kind, &set) != table[i].matches)
                        fail_msg("%s, kind %d", table[i].id, (int) table[i].kind);
        inquiry = tape("");
        hwid_set_init(&set, &inquiry);
        assert_false(hwid_matches("SCSI\\Sequential", HWID_PRODUCT_ID, &set));
        assert_false(hwid_matches("USBSTOR\\Sequential", HWID_VENDOR_ID, &set));
        assert_true(hwid_matches("USBSTOR\\Sequential", HWID_TYPE, &set));
        inquiry = changer("STK", "L700");
        hwid_set_init(&set, &inquiry);
        assert_true(hwid_matches("scsichanger", HWID_GENERIC, &set));
}

static void test_prefixes(void **state)
{
        HwidInquiry inquiry = tape("ACME    OT-30 Drive     1.00");

        assert_true(hwid_prefix_matches("ACME", "OT-", &inquiry));
        assert_true(hwid_prefix_matches("acme", "ot-30 drive     ", &inquiry));
        assert_true(hwid_prefix_matches("AC", "", &inquiry));
        assert_false(hwid_prefix_matches("", "", &inquiry));
        assert_false(hwid_prefix_matches("ACME", "OT-31", &inquiry));
        assert_false(hwid_prefix_matches("ACME", "OT-30  ", &inquiry));
        assert_false(hwid_prefix_matches("ACME     ", "OT-", &inquiry));
        assert_false(hwid_prefix_matches("ACME", "OT-30 Drive     1", &inquiry));
}

static void test_complaints(void **state)
{
        assert_null(hwid_complaint("SCSI\\SequentialHP______Ultrium_3-SCSI__"));
        assert_null(hwid_complaint("SCSI\\SequentialHP______Ultrium_3-SCSI__G24W"));
        assert_null(hwid_complaint("SCSI\\ChangerHP______"));
        assert_null(hwid_complaint("SCSI\\SEQUENTIAL&VEN_IBM&PROD_ULT3580-HH9\\5&23894D7F&0&001800"));
        assert_null(hwid_complaint("IDE\\SequentialACME"));
        assert_null(hwid_complaint("ScsiChanger"));
        assert_null(hwid_complaint("SCSI\\Changer"));
        assert_non_null(hwid_complaint("SCSI\\SequentialHP______Ultrium_3-SCSI"));
        assert_non_null(hwid_complaint("USBSTOR\\SequentialHP______Ultrium_3-SCSI___"));
        assert_non_null(hwid_complaint("SCSI\\SequentialHP      Ultrium 3-SCSI  "));
        assert_true(hwid_is_scsi("HP______Ultrium_3-SCSI__G"));
        assert_true(hwid_is_scsi("ScsiChanger"));
        assert_true(hwid_is_scsi("usbstor\\x"));
        assert_false(hwid_is_scsi("4MM_TAPE"));
        assert_false(hwid_is_scsi("IDE\\SequentialACME"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tape),           cmocka_unit_test(test_changer),
                cmocka_unit_test(test_odd_characters), cmocka_unit_test(test_short_inquiry),
                cmocka_unit_test(test_matches),        cmocka_unit_test(test_prefixes),
                cmocka_unit_test(test_complaints),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
