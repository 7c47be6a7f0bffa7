/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of the designators that a logical unit reports says best who it is. Those of its ports and of its
 * target device are passed over: a port is a path and not a device, and one target may have several units. A
 * designator counts only when its length is exactly what its type says; some drives report formats they do
 * not fill. */

#include "identity/designator.h"

#include <stdbool.h>

#include "identity/key.h"
#include "scsi/vpd.h"
#include "util/cleanup.h"

#define N_T10_VENDOR     8
#define N_DESIGNATOR_MAX 255

/* A set of code sets, SPC-5 table 595. */
#define BINARY (1u << 1)
#define ASCII  (1u << 2)
#define UTF8   (1u << 3)

#define NAA_ANY 0

/* How one kind of designator is judged and written. */
typedef struct DesignatorForm {
        IdentityRank rank;
        const char *prefix;
        bool (*is_unique)(const uint8_t *data, size_t n_data); /* says more than nothing or a vendor's name */
        void (*add)(KeyWriter *w, const void *data, size_t n_data);
} DesignatorForm;

typedef struct DesignatorRule {
        const DesignatorForm *form;
        unsigned type;
        unsigned code_sets;
        unsigned naa; /* first half byte, or NAA_ANY */
        size_t n_min, n_max;
} DesignatorRule;

/* A number whose every bit after the first half byte (the NAA) is zero was never assigned. */
static bool number_is_assigned(const uint8_t *data, size_t n_data)
{
        unsigned any = data[0] & 0xf;

        for (size_t i = 1; i < n_data; i++)
                any |= data[i];
        return any != 0;
}

static bool text_is_filled(const uint8_t *data, size_t n_data)
{
        for (size_t i = 0; i < n_data; i++)
                if (data[i] != ' ' && data[i] != '\0')
                        return true;
        return false;
}

static bool t10_is_filled(const uint8_t *data, size_t n_data)
{
        return text_is_filled(data + N_T10_VENDOR, n_data - N_T10_VENDOR);
}

static const DesignatorForm form_naa = {IDENTITY_NAA, "naa.", number_is_assigned, key_add_hex};
static const DesignatorForm form_eui = {IDENTITY_EUI64, "eui.", number_is_assigned, key_add_hex};
static const DesignatorForm form_uuid = {IDENTITY_UUID, "uuid.", number_is_assigned, key_add_hex};
static const DesignatorForm form_name = {IDENTITY_NAME, "name.", text_is_filled, key_add_text};
static const DesignatorForm form_t10 = {IDENTITY_T10, "t10.", t10_is_filled, key_add_text};

/* Best first. A worldwide number goes before one that somebody assigned locally (NAA 3h). */
/* clang-format off */
static const DesignatorRule rules[] = {
        {&form_naa,  DESIGNATOR_NAA,   BINARY,                6,       16,               16},
        {&form_naa,  DESIGNATOR_NAA,   BINARY,                5,       8,                8},
        {&form_naa,  DESIGNATOR_NAA,   BINARY,                2,       8,                8},
        {&form_naa,  DESIGNATOR_NAA,   BINARY,                3,       8,                8},
        {&form_eui,  DESIGNATOR_EUI64, BINARY,                NAA_ANY, 16,               16},
        {&form_eui,  DESIGNATOR_EUI64, BINARY,                NAA_ANY, 12,               12},
        {&form_eui,  DESIGNATOR_EUI64, BINARY,                NAA_ANY, 8,                8},
        {&form_uuid, DESIGNATOR_UUID,  BINARY,                NAA_ANY, 18,              18},
        {&form_name, DESIGNATOR_NAME,  UTF8,                  NAA_ANY, 1,                N_DESIGNATOR_MAX},
        {&form_t10,  DESIGNATOR_T10,   BINARY | ASCII | UTF8, NAA_ANY, N_T10_VENDOR + 1, N_DESIGNATOR_MAX},
};
/* clang-format on */

static bool rule_matches(const DesignatorRule *rule, const Designator *d)
{
        return d->association == DESIGNATOR_OF_UNIT && d->type == rule->type &&
               (rule->code_sets & 1u << d->code_set) && d->n_bytes >= rule->n_min &&
               d->n_bytes <= rule->n_max &&
               (rule->naa == NAA_ANY || (unsigned) d->bytes[0] >> 4 == rule->naa) &&
               rule->form->is_unique(d->bytes, d->n_bytes);
}

IdentityRank designator_best(const uint8_t *vpd83, size_t n_vpd83, char *key)
{
        const DesignatorRule *best = rules + ELEMENTSOF(rules);
        DesignatorIter it;
        Designator d, chosen = {0};
        KeyWriter w;

        if (vpd_designators_init(&it, vpd83, n_vpd83) < 0)
                return IDENTITY_NONE;
        while (vpd_designators_next(&it, &d))
                for (const DesignatorRule *rule = rules; rule < best; rule++)
                        if (rule_matches(rule, &d)) {
                                best = rule;
                                chosen = d;
                        }
        if (best == rules + ELEMENTSOF(rules))
                return IDENTITY_NONE;
        key_begin(&w, key, best->form->prefix);
        best->form->add(&w, chosen.bytes, chosen.n_bytes);
        key_end(&w);
        return best->form->rank;
}
