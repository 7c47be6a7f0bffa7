/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is said of a device or a path: keys as man/org.evertape1.5.scd has them, each with a text or a number. What
 * draws asks for the keys that it knows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Fact {
        char *key, *text; /* text NULL: it is a number */
        uint64_t number;
        bool flag; /* the number is a yes or no */
} Fact;

typedef struct Facts {
        Fact *items;
        size_t n_items;
} Facts;

void facts_deinit(Facts *f);
/* Copy what they are given, and make text safe (utf8_get). -ENOMEM. A key that comes again is the new one. */
int facts_add_text(Facts *f, const char *key, const char *text);
int facts_add_number(Facts *f, const char *key, uint64_t number);
int facts_add_flag(Facts *f, const char *key, bool flag);

/* "", 0: there is none, or it is of the other kind. */
const char *facts_text(const Facts *f, const char *key);
uint64_t facts_number(const Facts *f, const char *key);
bool facts_has_number(const Facts *f, const char *key);
