/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sense data: what was parsed can be built and parsed to the same value. */

#include "fuzz.h"
#include "scsi/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        uint8_t built[18];
        char text[64];
        Sense s, t;

        if (sense_parse(data, n_data, &s) < 0)
                return 0;
        fuzz_check(sense_format(text, sizeof(text), &s) == text);
        fuzz_check(sense_build(&s, built, sizeof(built)) == sizeof(built));
        fuzz_check(sense_parse(built, sizeof(built), &t) == 0);
        fuzz_check(t.key == s.key && t.code == s.code && t.deferred == s.deferred);
        fuzz_check(t.filemark == s.filemark && t.eom == s.eom && t.ili == s.ili);
        fuzz_check(!t.information_valid || t.information == s.information);
        return 0;
}
