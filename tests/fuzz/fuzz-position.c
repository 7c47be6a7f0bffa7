/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* READ POSITION: a form is understood if and only if all of it is there. */

#include "fuzz.h"
#include "scsi/ssc.h"

static void check_form(ReadPositionForm form, size_t n_form, const uint8_t *data, size_t n_data)
{
        TapePosition p;

        fuzz_check((ssc_parse_position(form, data, n_data, &p) == 0) == (n_data >= n_form));
        if (n_data >= n_form)
                fuzz_check(form == READ_POSITION_LONG || (!p.file_known && p.partition < 256));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        check_form(READ_POSITION_SHORT, READ_POSITION_SHORT_LENGTH, data, n_data);
        check_form(READ_POSITION_LONG, READ_POSITION_LONG_LENGTH, data, n_data);
        check_form(READ_POSITION_EXTENDED, READ_POSITION_LONG_LENGTH, data, n_data);
        return 0;
}
