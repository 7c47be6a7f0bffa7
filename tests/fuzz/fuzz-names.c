/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An import is refused as a whole or leaves names that are valid, and an export of them comes back as it was.
 */

#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "names/name.h"
#include "names/portable.h"
#include "util/cleanup.h"

static char *export_text(Registry *r, size_t *ret_n)
{
        char *text = NULL;
        FILE *out = open_memstream(&text, ret_n);

        fuzz_check(portable_export(r, out) == 0);
        fclose(out);
        return text;
}

static void check_names(Registry *r)
{
        _cleanup_free_ RegistryDevice *devices = NULL;
        size_t n;

        fuzz_check(registry_list(r, &devices, &n) == 0);
        for (size_t i = 0; i < n; i++)
                fuzz_check(name_is_valid(devices[i].name) && (devices[i].identity.rank != IDENTITY_NONE) ==
                                                                     (devices[i].identity.key[0] != '\0'));
}

static int import(Registry *r, const char *text, size_t n, bool dry)
{
        _cleanup_free_ char *report = NULL;
        size_t n_report;
        FILE *out = open_memstream(&report, &n_report);
        int error = portable_import(r, text, n, dry, out);

        fclose(out);
        fuzz_check(error == 0 || n_report > 0 || error != -EBADMSG);
        return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        static Registry *dry;
        _cleanup_(registry_closep) Registry *r = NULL, *q = NULL;
        _cleanup_free_ char *first = NULL, *second = NULL;
        size_t n_first, n_second;

        if (!dry)
                fuzz_check(registry_open(":memory:", &dry) == 0);
        if (import(dry, (const char *) data, n_data, true) <= 0)
                return 0;
        fuzz_check(registry_open(":memory:", &r) == 0 && registry_open(":memory:", &q) == 0);
        fuzz_check(import(r, (const char *) data, n_data, false) == 1);
        check_names(r);
        first = export_text(r, &n_first);
        fuzz_check(import(q, first, n_first, false) == 1);
        second = export_text(q, &n_second);
        fuzz_check(n_first == n_second && memcmp(first, second, n_first) == 0);
        return 0;
}
