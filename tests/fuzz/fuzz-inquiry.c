/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* INQUIRY data: texts are terminated, printable and trimmed. */

#include <string.h>

#include "fuzz.h"
#include "scsi/inquiry.h"

static void check_text(const char *text, size_t n_max)
{
        size_t n = strnlen(text, n_max);

        fuzz_check(n < n_max);
        for (size_t i = 0; i < n; i++)
                fuzz_check(text[i] >= 0x20 && text[i] < 0x7f);
        fuzz_check(n == 0 || (text[0] != ' ' && text[n - 1] != ' '));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        InquiryData d;

        if (inquiry_parse(data, n_data, &d) < 0)
                return 0;
        fuzz_check(d.qualifier < 8 && d.type < 32);
        check_text(d.vendor, sizeof(d.vendor));
        check_text(d.product, sizeof(d.product));
        check_text(d.revision, sizeof(d.revision));
        return 0;
}
