/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Libraries name their drives in many ways: the designator of the drive's own VPD 83h (NAA; T10 with vendor,
 * product and serial number), the serial number alone, padded with blanks or zeros, with or without a code
 * set that fits. Every way in which an identifier can be read is a row below, the surest first. A drive
 * counts as recognised when the surest way that fits anybody fits it alone: a wrong name is worse than none.
 */

#include "identity/bay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "identity/key.h"
#include "scsi/smc.h"
#include "scsi/vpd.h"
#include "util/cleanup.h"
#include "util/text.h"

#define N_IDENTIFIER_MAX 256
#define N_VENDOR         8
#define N_PRODUCT        16

/* One identifier, read as text as far as it is some. */
typedef struct Identifier {
        const uint8_t *bytes;
        size_t n_bytes;
        unsigned type;
        char text[N_IDENTIFIER_MAX]; /* trimmed; empty if there are bytes that are no text */
} Identifier;

static bool is_text(const uint8_t *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (bytes[i] != '\0' && (bytes[i] < ' ' || bytes[i] > '~'))
                        return false;
        return true;
}

static Identifier read_identifier(const Element *e)
{
        Identifier id = {.bytes = e->identifier, .n_bytes = e->n_identifier, .type = e->identifier_type};

        if (id.n_bytes > 0 && is_text(id.bytes, id.n_bytes))
                text_from_field(id.text, sizeof(id.text), id.bytes, id.n_bytes);
        return id;
}

static bool fits_number(const Identifier *id, const Identity *drive)
{
        char key[IDENTITY_MAX];
        KeyWriter w;

        if (id->type != DESIGNATOR_NAA && id->type != DESIGNATOR_EUI64)
                return false;
        key_begin(&w, key, id->type == DESIGNATOR_NAA ? "naa." : "eui.");
        key_add_hex(&w, id->bytes, id->n_bytes);
        key_end(&w);
        return text_equal(key, drive->key);
}

/* T10: vendor, product, and what follows is the serial number (IBM, HP, Quantum, and their OEMs). */
static bool fits_vendor_product_serial(const Identifier *id, const Identity *drive)
{
        char vendor[N_VENDOR + 1], product[N_PRODUCT + 1], serial[N_IDENTIFIER_MAX];

        if (id->text[0] == '\0' || id->n_bytes <= N_VENDOR + N_PRODUCT)
                return false;
        text_from_field(vendor, sizeof(vendor), id->bytes, N_VENDOR);
        text_from_field(product, sizeof(product), id->bytes + N_VENDOR, N_PRODUCT);
        text_from_field(serial, sizeof(serial), id->bytes + N_VENDOR + N_PRODUCT,
                        id->n_bytes - N_VENDOR - N_PRODUCT);
        return text_equal(vendor, drive->vendor) && text_equal(product, drive->product) &&
               text_equal(serial, drive->serial);
}

/* The serial number alone (STK, Spectra). */
static bool fits_serial(const Identifier *id, const Identity *drive)
{
        return text_equal(id->text, drive->serial);
}

/* The last word: behind a vendor's name, or a product's name that is not the one of INQUIRY. */
static bool fits_last_word(const Identifier *id, const Identity *drive)
{
        const char *blank = strrchr(id->text, ' ');

        return blank && text_equal(blank + 1, drive->serial);
}

static const char *skip_zeros(const char *text)
{
        return text + strspn(text, "0");
}

/* Filled up with zeros to the length that the library has room for. */
static bool fits_but_for_zeros(const Identifier *id, const Identity *drive)
{
        const char *blank = strrchr(id->text, ' '), *serial = skip_zeros(drive->serial);

        return serial[0] != '\0' && text_equal(skip_zeros(blank ? blank + 1 : id->text), serial);
}

static bool (*const ways[])(const Identifier *id, const Identity *drive) = {
        fits_number, fits_vendor_product_serial, fits_serial, fits_last_word, fits_but_for_zeros,
};

/* The one drive that fits, -1 if none does, -2 if several do. */
static int find_drive(const Identifier *id, const Identity *drives, size_t n_drives)
{
        int found = -1;

        for (size_t way = 0; way < ELEMENTSOF(ways) && found == -1; way++)
                for (size_t i = 0; i < n_drives; i++) {
                        if (drives[i].type != DEVICE_TAPE || (way > 0 && drives[i].serial[0] == '\0') ||
                            !ways[way](id, &drives[i]))
                                continue;
                        found = found == -1 ? (int) i : -2;
                }
        return found;
}

static int compare_bays(const void *a, const void *b)
{
        const Bay *p = a, *q = b;

        return (p->element > q->element) - (p->element < q->element);
}

/* A drive is in one place. */
static void drop_doubles(Bay *bays, BayReport *report)
{
        for (size_t i = 0; i < report->n_bays; i++) {
                bool twice = false;

                for (size_t k = i + 1; bays[i].drive >= 0 && k < report->n_bays; k++)
                        if (bays[k].drive == bays[i].drive) {
                                bays[k].drive = -1;
                                report->n_ambiguous++;
                                twice = true;
                        }
                if (twice) {
                        bays[i].drive = -1;
                        report->n_ambiguous++;
                }
        }
}

static void take_bay(const Element *e, const Identity *drives, size_t n_drives, Bay *bays, BayReport *report)
{
        Identifier id = read_identifier(e);
        int drive = -1;

        for (size_t i = 0; i < report->n_bays; i++)
                if (bays[i].element == e->address)
                        return;
        if (id.n_bytes > 0 && (id.text[0] != '\0' || !is_text(id.bytes, id.n_bytes))) {
                report->n_identified++;
                drive = find_drive(&id, drives, n_drives);
        }
        if (drive == -2)
                report->n_ambiguous++;
        bays[report->n_bays++] = (Bay){.element = e->address, .drive = drive < 0 ? -1 : drive};
}

int bays_match(const uint8_t *report, size_t n_report, const Identity *drives, size_t n_drives, Bay *bays,
               size_t n_bays, BayReport *ret)
{
        BayReport found = {0};
        ElementIter it;
        Element e;
        int r;

        r = smc_elements_init(&it, report, n_report);
        if (r < 0)
                return r;
        if (it.truncated)
                return -EMSGSIZE;
        while ((r = smc_elements_next(&it, &e)) > 0)
                if (e.type == ELEMENT_DRIVE && found.n_bays < n_bays)
                        take_bay(&e, drives, n_drives, bays, &found);
        if (r < 0)
                return r;
        drop_doubles(bays, &found);
        if (found.n_bays > 1)
                qsort(bays, found.n_bays, sizeof(*bays), compare_bays);
        *ret = found;
        return 0;
}
