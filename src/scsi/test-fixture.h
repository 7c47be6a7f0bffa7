/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fixtures of tests/data/hex for unit tests. HEX_DIR comes from the build. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/hex.h"

typedef struct Fixture {
        uint8_t *data;
        size_t n;
} Fixture;

#define _cleanup_fixture_ _cleanup_(fixture_done)

static inline void fixture_done(Fixture *f)
{
        free(f->data);
}

/* "vpd83/hp-ultrium-4"; fails the test when it is not there. Exactly as long as the bytes in it. */
static inline Fixture fixture(const char *name)
{
        Fixture f = {};
        char path[512];
        int r;

        snprintf(path, sizeof(path), "%s/%s.hex", HEX_DIR, name);
        r = hex_load(path, &f.data, &f.n);
        if (r < 0)
                fail_msg("%s: %s", path, strerror(-r));
        return f;
}
