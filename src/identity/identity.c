/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* INQUIRY, VPD 80h and VPD 83h of one device put together: the best designator, else the unit serial number
 * with vendor and product, since serial numbers are unique per product only. */

#include "identity/identity.h"

#include <errno.h>
#include <string.h>

#include "identity/designator.h"
#include "identity/key.h"
#include "scsi/inquiry.h"
#include "scsi/vpd.h"
#include "util/cleanup.h"
#include "util/text.h"

#define N_SERIAL_MAX 512

static const char *const rank_names[] = {
        [IDENTITY_NAA] = "naa",         [IDENTITY_EUI64] = "eui", [IDENTITY_UUID] = "uuid",
        [IDENTITY_NAME] = "name",       [IDENTITY_T10] = "t10",   [IDENTITY_SERIAL] = "serial",
        [IDENTITY_ADDRESS] = "address", [IDENTITY_NONE] = "none",
};

static void key_from_serial(char *key, const Identity *id, const char *serial)
{
        KeyWriter w;

        key_begin(&w, key, "sn.");
        key_add_text(&w, id->vendor, strlen(id->vendor));
        key_add_separator(&w);
        key_add_text(&w, id->product, strlen(id->product));
        key_add_separator(&w);
        key_add_text(&w, serial, strlen(serial));
        key_end(&w);
}

int identity_from_bytes(const uint8_t *inquiry, size_t n_inquiry, const uint8_t *vpd80, size_t n_vpd80,
                        const uint8_t *vpd83, size_t n_vpd83, Identity *ret)
{
        char serial[N_SERIAL_MAX] = "";
        InquiryData data;
        Identity id = {0};
        int r;

        r = inquiry_parse(inquiry, n_inquiry, &data);
        if (r < 0)
                return r;
        if (data.qualifier != 0 || (data.type != DEVICE_TAPE && data.type != DEVICE_CHANGER))
                return -ENODEV;
        id.type = data.type;
        memcpy(id.vendor, data.vendor, sizeof(id.vendor));
        memcpy(id.product, data.product, sizeof(id.product));
        memcpy(id.revision, data.revision, sizeof(id.revision));
        (void) vpd_parse_serial(vpd80, n_vpd80, serial, sizeof(serial));
        text_from_field(id.serial, sizeof(id.serial), (const uint8_t *) serial, strlen(serial));
        id.rank = designator_best(vpd83, n_vpd83, id.key);
        if (id.rank == IDENTITY_NONE && serial[0] != '\0' && id.product[0] != '\0') {
                id.rank = IDENTITY_SERIAL;
                key_from_serial(id.key, &id, serial);
        }
        *ret = id;
        return 0;
}

bool identity_claims_equal(const Identity *a, const Identity *b)
{
        if (a->rank == IDENTITY_NONE || a->rank != b->rank || a->type != b->type ||
            !text_equal(a->key, b->key))
                return false;
        return a->serial[0] == '\0' || b->serial[0] == '\0' || text_equal(a->serial, b->serial);
}

bool identity_equal(const Identity *a, const Identity *b)
{
        return identity_claims_equal(a, b) &&
               (a->address[0] == '\0' || b->address[0] == '\0' || text_equal(a->address, b->address));
}

void identity_fall_back(Identity *id)
{
        if (id->rank != IDENTITY_NONE || id->address[0] == '\0')
                return;
        id->rank = IDENTITY_ADDRESS;
        memcpy(id->key, id->address, sizeof(id->key));
}

const char *identity_rank_name(IdentityRank rank)
{
        return (size_t) rank < ELEMENTSOF(rank_names) ? rank_names[rank] : "none";
}
