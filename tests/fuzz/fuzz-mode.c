/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode parameters in all four forms: pages lie in the reply, and what is rebuilt from them parses to the
 * same. */

#include <string.h>

#include "fuzz.h"
#include "scsi/mode.h"

static void check_rebuilt(ModeForm form, const uint8_t *data, size_t n_data, ByteReader pages)
{
        ModePage a, b;

        ModeHeader h;
        ByteReader again;

        fuzz_check(mode_parse(form, data, n_data, &h, &again) == 0);
        while (mode_next_page(&pages, &a) > 0) {
                fuzz_check(mode_next_page(&again, &b) > 0);
                fuzz_check(a.page == b.page && a.subpage == b.subpage && a.n_bytes == b.n_bytes);
                fuzz_check(a.n_bytes == 0 || memcmp(a.bytes, b.bytes, a.n_bytes) == 0);
        }
        fuzz_check(mode_next_page(&again, &b) == 0);
}

static void check_form(ModeForm form, const uint8_t *data, size_t n_data)
{
        static uint8_t built[66000];
        ByteWriter w = byte_writer(built, sizeof(built));
        ByteReader pages, walk;
        ModeHeader h;
        ModePage p;
        int n;

        if (mode_parse(form, data, n_data, &h, &pages) < 0)
                return;
        mode_begin(&w, form, &h);
        walk = pages;
        while (mode_next_page(&walk, &p) > 0) {
                ModeProtection m;

                fuzz_check_within(data, n_data, p.bytes, p.n_bytes);
                if (mode_parse_protection(&p, &m))
                        fuzz_check(m.n_written < 64 && m.n_read < 64);
                mode_add_page(&w, form, &p);
        }
        n = mode_finish(&w, form);
        if (n >= 0)
                check_rebuilt(form, built, (size_t) n, pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        for (size_t form = MODE_FORM_SENSE_6; form <= MODE_FORM_SELECT_10; form++)
                check_form((ModeForm) form, data, n_data);
        return 0;
}
