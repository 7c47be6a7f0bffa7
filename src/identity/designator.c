/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of the designators that a logical unit reports says best who it is. Those of its ports and of its
 * target device are passed over: a port is a path and not a device, and one target may have several units. A
 * designator counts only when its length is exactly what its type says; some drives report formats they do
 * not fill. */

#include "identity/designator.h"

#include <stdbool.h>

#include "identity/key.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define PAGE_CODE        0x83
#define ASSOCIATION_UNIT 0
#define TYPE_T10         1
#define TYPE_EUI64       2
#define TYPE_NAA         3
#define TYPE_NAME        8
#define N_T10_VENDOR     8
#define N_DESIGNATOR_MAX 255

/* A set of code sets, SPC-5 table 595. */
#define BINARY (1u << 1)
#define ASCII  (1u << 2)
#define UTF8   (1u << 3)

#define NAA_ANY 0

typedef struct Designator {
        unsigned code_set, association, type;
        const uint8_t *data;
        size_t n_data;
} Designator;

typedef struct DesignatorRule {
        IdentityRank rank;
        unsigned type;
        unsigned code_sets;
        unsigned naa; /* first half byte, or NAA_ANY */
        size_t n_min, n_max;
        const char *prefix;
        bool (*is_unique)(const uint8_t *data, size_t n_data); /* says more than nothing or a vendor's name */
        void (*add)(KeyWriter *w, const uint8_t *data, size_t n_data);
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

/* Best first. A worldwide number goes before one that somebody assigned locally (NAA 3h). */
/* clang-format off */
static const DesignatorRule rules[] = {
        {IDENTITY_NAA,   TYPE_NAA,   BINARY,              6,       16, 16, "naa.",  number_is_assigned, key_add_hex},
        {IDENTITY_NAA,   TYPE_NAA,   BINARY,              5,       8,  8,  "naa.",  number_is_assigned, key_add_hex},
        {IDENTITY_NAA,   TYPE_NAA,   BINARY,              2,       8,  8,  "naa.",  number_is_assigned, key_add_hex},
        {IDENTITY_NAA,   TYPE_NAA,   BINARY,              3,       8,  8,  "naa.",  number_is_assigned, key_add_hex},
        {IDENTITY_EUI64, TYPE_EUI64, BINARY,              NAA_ANY, 16, 16, "eui.",  number_is_assigned, key_add_hex},
        {IDENTITY_EUI64, TYPE_EUI64, BINARY,              NAA_ANY, 12, 12, "eui.",  number_is_assigned, key_add_hex},
        {IDENTITY_EUI64, TYPE_EUI64, BINARY,              NAA_ANY, 8,  8,  "eui.",  number_is_assigned, key_add_hex},
        {IDENTITY_NAME,  TYPE_NAME,  UTF8,                NAA_ANY, 1,  N_DESIGNATOR_MAX, "name.", text_is_filled, key_add_text},
        {IDENTITY_T10,   TYPE_T10,   BINARY|ASCII|UTF8,   NAA_ANY, N_T10_VENDOR + 1, N_DESIGNATOR_MAX, "t10.", t10_is_filled, key_add_text},
};
/* clang-format on */

/* The next whole designation descriptor, SPC-5 table 594. One that the page cuts off is not one. */
static bool designator_next(ByteReader *list, Designator *ret)
{
        const uint8_t *header = reader_bytes(list, 4);
        const uint8_t *data = header ? reader_bytes(list, header[3]) : NULL;

        if (!data)
                return false;
        *ret = (Designator){
                .code_set = header[0] & 0xf,
                .association = header[1] >> 4 & 3,
                .type = header[1] & 0xf,
                .data = data,
                .n_data = header[3],
        };
        return true;
}

static bool rule_matches(const DesignatorRule *rule, const Designator *d)
{
        return d->association == ASSOCIATION_UNIT && d->type == rule->type &&
               (rule->code_sets & 1u << d->code_set) && d->n_data >= rule->n_min &&
               d->n_data <= rule->n_max &&
               (rule->naa == NAA_ANY || (unsigned) d->data[0] >> 4 == rule->naa) &&
               rule->is_unique(d->data, d->n_data);
}

/* The descriptors that were received of the page; empty when it is not page 83h. */
static ByteReader page_list(const uint8_t *vpd83, size_t n_vpd83)
{
        ByteReader page = byte_reader(vpd83, n_vpd83);
        const uint8_t *header = reader_bytes(&page, 4);

        if (!header || header[1] != PAGE_CODE)
                return byte_reader(NULL, 0);
        return reader_sub(&page, get_be(header + 2, 2));
}

IdentityRank designator_best(const uint8_t *vpd83, size_t n_vpd83, char *key)
{
        const DesignatorRule *best = rules + ELEMENTSOF(rules);
        ByteReader list = page_list(vpd83, n_vpd83);
        Designator d, chosen = {0};
        KeyWriter w;

        while (designator_next(&list, &d))
                for (const DesignatorRule *rule = rules; rule < best; rule++)
                        if (rule_matches(rule, &d)) {
                                best = rule;
                                chosen = d;
                        }
        if (best == rules + ELEMENTSOF(rules))
                return IDENTITY_NONE;
        key_begin(&w, key, best->prefix);
        best->add(&w, chosen.data, chosen.n_data);
        key_end(&w);
        return best->rank;
}
