/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* INQUIRY, VPD 80h and VPD 83h of one device put together: the best designator, else the unit serial number
 * with vendor and product, since serial numbers are unique per product only. */

#include "identity/identity.h"

#include <errno.h>
#include <string.h>

#include "identity/designator.h"
#include "identity/key.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/text.h"

#define N_INQUIRY 36 /* up to and with the product revision level, SPC-5 table 150 */

static const char *const rank_names[] = {
        [IDENTITY_NAA] = "naa", [IDENTITY_EUI64] = "eui",     [IDENTITY_NAME] = "name",
        [IDENTITY_T10] = "t10", [IDENTITY_SERIAL] = "serial", [IDENTITY_NONE] = "none",
};

/* What was received of the number in a Unit Serial Number page, SPC-5 7.7.19. */
static ByteReader unit_serial_number(const uint8_t *vpd80, size_t n_vpd80)
{
        ByteReader page = byte_reader(vpd80, n_vpd80);
        const uint8_t *header = reader_bytes(&page, 4);

        if (!header || header[1] != 0x80)
                return byte_reader(NULL, 0);
        return reader_sub(&page, get_be(header + 2, 2));
}

static void key_from_serial(char *key, const uint8_t *inquiry, const ByteReader *number)
{
        KeyWriter w;

        key_begin(&w, key, "sn.");
        key_add_text(&w, inquiry + 8, 8);
        key_add_separator(&w);
        key_add_text(&w, inquiry + 16, 16);
        key_add_separator(&w);
        key_add_text(&w, number->data, number->n_data);
        key_end(&w);
}

int identity_from_bytes(const uint8_t *inquiry, size_t n_inquiry, const uint8_t *vpd80, size_t n_vpd80,
                        const uint8_t *vpd83, size_t n_vpd83, Identity *ret)
{
        ByteReader number = unit_serial_number(vpd80, n_vpd80);
        Identity id = {0};

        if (n_inquiry < N_INQUIRY)
                return -EBADMSG;
        if (inquiry[0] != DEVICE_TAPE && inquiry[0] != DEVICE_CHANGER)
                return -ENODEV;
        id.type = inquiry[0];
        text_from_field(id.vendor, sizeof(id.vendor), inquiry + 8, 8);
        text_from_field(id.product, sizeof(id.product), inquiry + 16, 16);
        text_from_field(id.revision, sizeof(id.revision), inquiry + 32, 4);
        if (number.n_data > 0)
                text_from_field(id.serial, sizeof(id.serial), number.data, number.n_data);
        id.rank = designator_best(vpd83, n_vpd83, id.key);
        if (id.rank == IDENTITY_NONE && id.serial[0] != '\0') {
                id.rank = IDENTITY_SERIAL;
                key_from_serial(id.key, inquiry, &number);
        }
        *ret = id;
        return 0;
}

bool identity_equal(const Identity *a, const Identity *b)
{
        if (a->rank == IDENTITY_NONE || a->rank != b->rank || a->type != b->type ||
            !text_equal(a->key, b->key))
                return false;
        return a->serial[0] == '\0' || b->serial[0] == '\0' || text_equal(a->serial, b->serial);
}

const char *identity_rank_name(IdentityRank rank)
{
        return (size_t) rank < ELEMENTSOF(rank_names) ? rank_names[rank] : "none";
}
