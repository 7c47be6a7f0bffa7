/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bacula's configuration. */

#include "fuzz-plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        check_plan(data, n_data, plan_bacula);
        return 0;
}
