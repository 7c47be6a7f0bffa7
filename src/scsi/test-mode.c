/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode parameters of both sizes and directions; what is sensed can be selected. */

#include "scsi/mode.h"

#include <errno.h>

#include "scsi/test-fixture.h"

static void test_sense_6(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("mode/sense6-lto");
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        assert_int_equal(mode_parse(MODE_FORM_SENSE_6, f.data, f.n, &h, &pages), 0);
        assert_true(h.write_protected && h.has_descriptor);
        assert_int_equal(h.buffered, 1);
        assert_int_equal(h.speed, 0);
        assert_int_equal(h.density, 0x46);
        assert_int_equal(h.block_length, 0);
        assert_int_equal(mode_find_page(pages, MODE_PAGE_DATA_COMPRESSION, 0, &p), 1);
        assert_true(p.savable && !p.has_subpage);
        assert_int_equal(p.n_bytes, 14);
        assert_int_equal(p.bytes[0], 0xc0);
        assert_int_equal(mode_next_page(&pages, &p), 1);
        assert_int_equal(mode_next_page(&pages, &p), 1);
        assert_int_equal(p.page, MODE_PAGE_DEVICE_CONFIGURATION);
        assert_int_equal(mode_next_page(&pages, &p), 0);
        assert_int_equal(mode_find_page(pages, MODE_PAGE_CONTROL, 0, &p), 0);
}

static void test_sense_10(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("mode/sense10-lto");
        _cleanup_fixture_ Fixture lba = fixture("mode/sense10-longlba");
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        assert_int_equal(mode_parse(MODE_FORM_SENSE_10, f.data, f.n, &h, &pages), 0);
        assert_false(h.write_protected);
        assert_int_equal(h.density, 0x58);
        assert_int_equal(h.block_length, 65536);
        assert_int_equal(mode_find_page(pages, MODE_PAGE_DEVICE_CONFIGURATION, 1, &p), 1);
        assert_true(p.has_subpage);
        assert_int_equal(p.n_bytes, 28);
        assert_int_equal(mode_find_page(pages, MODE_PAGE_DEVICE_CONFIGURATION, 0, &p), 0);

        assert_int_equal(mode_parse(MODE_FORM_SENSE_10, lba.data, lba.n, &h, &pages), 0);
        assert_false(h.has_descriptor);
        assert_int_equal(mode_next_page(&pages, &p), 1);
        assert_int_equal(p.page, MODE_PAGE_CONTROL);
}

static void test_select_6(void **state)
{
        _cleanup_fixture_ Fixture f = fixture("mode/select6-st");
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        assert_int_equal(mode_parse(MODE_FORM_SELECT_6, f.data, f.n, &h, &pages), 0);
        assert_int_equal(h.buffered, 1);
        assert_int_equal(h.block_length, 512);
        assert_int_equal(mode_next_page(&pages, &p), 0);
}

static void test_hostile(void **state)
{
        _cleanup_fixture_ Fixture descriptor = fixture("mode/descriptor-lies");
        _cleanup_fixture_ Fixture page = fixture("mode/page-lies");
        _cleanup_fixture_ Fixture zero = fixture("mode/page-zero");
        _cleanup_fixture_ Fixture cut = fixture("mode/cut");
        ModeHeader h = {.speed = 9};
        ByteReader pages;
        ModePage p;

        assert_int_equal(mode_parse(MODE_FORM_SENSE_6, descriptor.data, descriptor.n, &h, &pages), -EBADMSG);
        for (size_t form = MODE_FORM_SENSE_6; form <= MODE_FORM_SELECT_10; form++)
                assert_int_equal(mode_parse((ModeForm) form, cut.data, cut.n, &h, &pages), -EBADMSG);
        assert_int_equal(h.speed, 9);
        assert_int_equal(mode_parse(MODE_FORM_SENSE_6, page.data, page.n, &h, &pages), 0);
        assert_int_equal(mode_next_page(&pages, &p), -EBADMSG);
        assert_int_equal(mode_next_page(&pages, &p), 0);
        assert_int_equal(mode_parse(MODE_FORM_SENSE_6, zero.data, zero.n, &h, &pages), 0);
        for (size_t i = 0; i < 4; i++) {
                assert_int_equal(mode_next_page(&pages, &p), 1);
                assert_int_equal(p.n_bytes, 0);
        }
        assert_int_equal(mode_next_page(&pages, &p), -EBADMSG);
}

/* MODE DATA LENGTH smaller than the reply: what stands behind it is not ours. */
static void test_length_cuts(void **state)
{
        static const uint8_t data[] = {0x03, 0, 0, 0, 0x0f, 0x02, 0, 0};
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        assert_int_equal(mode_parse(MODE_FORM_SENSE_6, data, sizeof(data), &h, &pages), 0);
        assert_false(h.has_descriptor);
        assert_int_equal(mode_next_page(&pages, &p), 0);
}

/* Every page of a MODE SENSE reply goes into another form and comes back the same. */
static size_t rebuild(ModeForm from, const Fixture *f, ModeForm to, uint8_t *dst, size_t n_dst)
{
        ByteWriter w = byte_writer(dst, n_dst);
        ByteReader pages;
        ModeHeader h;
        ModePage p;
        int n;

        assert_int_equal(mode_parse(from, f->data, f->n, &h, &pages), 0);
        mode_begin(&w, to, &h);
        while (mode_next_page(&pages, &p) > 0)
                mode_add_page(&w, to, &p);
        n = mode_finish(&w, to);
        assert_true(n > 0);
        return (size_t) n;
}

static void test_build_same(void **state)
{
        _cleanup_fixture_ Fixture six = fixture("mode/sense6-lto");
        _cleanup_fixture_ Fixture ten = fixture("mode/sense10-lto");
        uint8_t out[128];

        assert_int_equal(rebuild(MODE_FORM_SENSE_6, &six, MODE_FORM_SENSE_6, out, sizeof(out)), six.n);
        assert_memory_equal(out, six.data, six.n);
        assert_int_equal(rebuild(MODE_FORM_SENSE_10, &ten, MODE_FORM_SENSE_10, out, sizeof(out)), ten.n);
        assert_memory_equal(out, ten.data, ten.n);
}

static void test_build_select(void **state)
{
        _cleanup_fixture_ Fixture six = fixture("mode/sense6-lto");
        uint8_t out[128];
        size_t n;

        n = rebuild(MODE_FORM_SENSE_6, &six, MODE_FORM_SELECT_10, out, sizeof(out));
        assert_int_equal(n, six.n + 4);
        /* No length, no WP, PS cleared. */
        assert_memory_equal(out, "\0\0\0\x10\0\0\0\x08\x46\0\0\0\0\0\0\0\x0f\x0e\xc0\x80", 20);
}

static void test_build_no_room(void **state)
{
        const ModePage page = {.page = 0x10, .n_bytes = 14, .bytes = (const uint8_t *) "01234567890123"};
        const ModeHeader h = {.has_descriptor = true};
        uint8_t out[27], much[400];
        ByteWriter w = byte_writer(out, sizeof(out));

        mode_begin(&w, MODE_FORM_SELECT_6, &h);
        mode_add_page(&w, MODE_FORM_SELECT_6, &page);
        assert_int_equal(mode_finish(&w, MODE_FORM_SELECT_6), -ENOBUFS);
        w = byte_writer(much, sizeof(much));
        mode_begin(&w, MODE_FORM_SENSE_6, &h);
        for (size_t i = 0; i < 16; i++)
                mode_add_page(&w, MODE_FORM_SENSE_6, &page);
        assert_int_equal(mode_finish(&w, MODE_FORM_SENSE_6), -ENOBUFS); /* 268 > 255 */
}

static void test_protection(void **state)
{
        uint8_t bytes[28] = {1, 4, 0xc0};
        ModePage p = {.page = 0x0a, .subpage = 0xf0, .has_subpage = true, .bytes = bytes, .n_bytes = 28};
        ModeProtection m = {9, 9};

        assert_true(mode_parse_protection(&p, &m));
        assert_int_equal(m.n_written, 4);
        assert_int_equal(m.n_read, 4);
        bytes[2] = 0x80;
        assert_true(mode_parse_protection(&p, &m));
        assert_int_equal(m.n_written, 4);
        assert_int_equal(m.n_read, 0);
        bytes[0] = 0;
        assert_true(mode_parse_protection(&p, &m));
        assert_int_equal(m.n_written, 0);
        p.n_bytes = 2;
        assert_false(mode_parse_protection(&p, &m));
        p.n_bytes = 28;
        p.subpage = 0;
        assert_false(mode_parse_protection(&p, &m));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sense_6),      cmocka_unit_test(test_sense_10),
                cmocka_unit_test(test_select_6),     cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_length_cuts),  cmocka_unit_test(test_build_same),
                cmocka_unit_test(test_build_select), cmocka_unit_test(test_build_no_room),
                cmocka_unit_test(test_protection),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
