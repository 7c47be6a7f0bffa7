/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fields of INQUIRY have a fixed width, and so have the ids: blanks at the end are part of them, as '_'.
 * People who type an id leave those out, and files have been shipped with a few too many; both are
 * understood, because no two products differ in nothing but blanks. */

#include "identity/hwid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scsi/inquiry.h"
#include "util/bytes.h"
#include "util/cleanup.h"

static const struct {
        DeviceType type;
        const char *name, *generic;
} types[] = {
        {DEVICE_TAPE, "Sequential", NULL},
        {DEVICE_CHANGER, "Changer", "ScsiChanger"},
};

/* clang-format off */
static const struct {
        const char *before;          /* the type */
        bool type, fixed;            /* has the type; vendor and product at full width */
        size_t n_vendor, n_product, n_revision;
        const char *name;
} kinds[_HWID_KIND_MAX] = {
        [HWID_REVISION]     = {"SCSI\\", true,  true,  HWID_VENDOR, HWID_PRODUCT, 4, "vendor, product and revision"},
        [HWID_PRODUCT_ID]   = {"SCSI\\", true,  true,  HWID_VENDOR, HWID_PRODUCT, 0, "vendor and product"},
        [HWID_INSTANCE]     = {"SCSI\\", true,  false, HWID_VENDOR, HWID_PRODUCT, 0, "vendor and product"},
        [HWID_PREFIX]       = {NULL,     false, false, 0, 0, 0,                      "how vendor and product begin"},
        [HWID_VENDOR_ID]    = {"SCSI\\", true,  true,  HWID_VENDOR, 0, 0,            "vendor"},
        [HWID_BUS_REVISION] = {"SCSI\\", false, true,  HWID_VENDOR, HWID_PRODUCT, 1, "vendor, product and first letter of the revision"},
        [HWID_PLAIN]        = {"",       false, true,  HWID_VENDOR, HWID_PRODUCT, 1, "vendor, product and first letter of the revision"},
        [HWID_TYPE]         = {"SCSI\\", true,  true,  0, 0, 0,                      "kind of device"},
        [HWID_GENERIC]      = {NULL,     false, false, 0, 0, 0,                      "kind of device"},
};
/* clang-format on */

static size_t type_index(DeviceType type)
{
        return type == DEVICE_CHANGER ? 1 : 0;
}

const char *hwid_kind_name(HwidKind kind)
{
        return kinds[kind].name;
}

static void copy_padded(char *dst, size_t n, const char *src, size_t n_src)
{
        memset(dst, ' ', n);
        memcpy(dst, src, n_src < n ? n_src : n);
        dst[n] = '\0';
}

/* A NUL would end the text; in an id it is one more that is not printable. */
static void copy_field(char *dst, size_t n, ByteReader *r)
{
        ByteReader field = reader_sub(r, n);
        size_t n_field = reader_left(&field);
        const uint8_t *p = reader_bytes(&field, n_field);

        copy_padded(dst, n, (const char *) p, p ? n_field : 0);
        for (size_t i = 0; i < n; i++)
                if (dst[i] == '\0')
                        dst[i] = ' ';
}

int hwid_inquiry_from_bytes(const uint8_t *inquiry, size_t n_inquiry, HwidInquiry *ret)
{
        ByteReader r = byte_reader(inquiry, n_inquiry);
        HwidInquiry out = {};
        InquiryData data;
        int status;

        status = inquiry_parse(inquiry, n_inquiry, &data);
        if (status < 0)
                return status;
        if (data.qualifier != 0 || (data.type != DEVICE_TAPE && data.type != DEVICE_CHANGER))
                return -ENODEV;
        out.type = data.type;
        (void) reader_sub(&r, 8);
        copy_field(out.vendor, HWID_VENDOR, &r);
        copy_field(out.product, HWID_PRODUCT, &r);
        copy_field(out.revision, 4, &r);
        *ret = out;
        return 0;
}

void hwid_inquiry_from_texts(DeviceType type, const char *vendor, const char *product, const char *revision,
                             HwidInquiry *ret)
{
        ret->type = type;
        copy_padded(ret->vendor, HWID_VENDOR, vendor, strlen(vendor));
        copy_padded(ret->product, HWID_PRODUCT, product, strlen(product));
        copy_padded(ret->revision, 4, revision, strlen(revision));
}

/* Appends the first n characters of a field. In an instance path a '\\' is what separates its parts. */
static char *put_field(char *p, const char *field, size_t n, bool fixed)
{
        while (!fixed && n > 0 && field[n - 1] == ' ')
                n--;
        for (size_t i = 0; i < n; i++) {
                bool plain =
                        field[i] > 0x20 && field[i] < 0x7f && field[i] != ',' && (fixed || field[i] != '\\');

                *p++ = plain ? field[i] : '_';
        }
        return p;
}

char *hwid_format(char *dst, HwidKind kind, const HwidInquiry *inquiry)
{
        size_t t = type_index(inquiry->type);
        char *p = dst;

        dst[0] = '\0';
        if (kind == HWID_GENERIC && types[t].generic)
                strcpy(dst, types[t].generic);
        if (!kinds[kind].before)
                return dst;
        p = stpcpy(p, kinds[kind].before);
        if (kinds[kind].type)
                p = stpcpy(p, types[t].name);
        if (!kinds[kind].fixed)
                p = stpcpy(p, "&Ven_");
        p = put_field(p, inquiry->vendor, kinds[kind].n_vendor, kinds[kind].fixed);
        if (!kinds[kind].fixed)
                p = stpcpy(p, "&Prod_");
        p = put_field(p, inquiry->product, kinds[kind].n_product, kinds[kind].fixed);
        p = put_field(p, inquiry->revision, kinds[kind].n_revision, true);
        *p = '\0';
        return dst;
}

/* Length without '_' at the end. */
static size_t unpadded(const char *id, size_t n)
{
        while (n > 0 && id[n - 1] == '_')
                n--;
        return n;
}

/* Without what an instance path has behind the device: "\\5&23894d7f&0&001800". */
static size_t device_part(const char *id, bool bus_is_gone)
{
        const char *end = strchr(id, '\\');

        if (end && !bus_is_gone)
                end = strchr(end + 1, '\\');
        return end ? (size_t) (end - id) : strlen(id);
}

void hwid_set_init(HwidSet *set, const HwidInquiry *inquiry)
{
        set->inquiry = *inquiry;
        for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++)
                (void) hwid_format(set->ids[kind], kind, inquiry);
}

static bool is_padded(HwidKind kind)
{
        return kind == HWID_PRODUCT_ID || kind == HWID_VENDOR_ID || kind == HWID_INSTANCE;
}

bool hwid_matches(const char *id, HwidKind kind, const HwidSet *set)
{
        const char *own = set->ids[kind];
        size_t n_own, n;
        bool usb;

        if (own[0] == '\0')
                return false;
        usb = strncasecmp(id, "USBSTOR\\", 8) == 0 && strncasecmp(own, "SCSI\\", 5) == 0;
        if (usb) {
                id += 8;
                own += 5;
        }
        n = kind == HWID_INSTANCE ? device_part(id, usb) : strlen(id);
        n_own = strlen(own);
        /* Of a device that says nothing of itself all would go, up to the id of its kind. */
        if (is_padded(kind) && unpadded(own, n_own) > strlen(set->ids[HWID_TYPE]) - (usb ? 5 : 0)) {
                n = unpadded(id, n);
                n_own = unpadded(own, n_own);
        }
        return n == n_own && strncasecmp(id, own, n) == 0;
}

bool hwid_prefix_matches(const char *vendor, const char *product, const HwidInquiry *inquiry)
{
        size_t n_vendor = strlen(vendor), n_product = strlen(product);

        return n_vendor + n_product > 0 && n_vendor <= HWID_VENDOR && n_product <= HWID_PRODUCT &&
               strncasecmp(vendor, inquiry->vendor, n_vendor) == 0 &&
               strncasecmp(product, inquiry->product, n_product) == 0;
}

/* Behind "SCSI\\" or "USBSTOR\\", or NULL. */
static const char *behind_bus(const char *id)
{
        if (strncasecmp(id, "SCSI\\", 5) == 0)
                return id + 5;
        return strncasecmp(id, "USBSTOR\\", 8) == 0 ? id + 8 : NULL;
}

bool hwid_is_scsi(const char *id)
{
        if (behind_bus(id))
                return true;
        for (size_t t = 0; t < ELEMENTSOF(types); t++)
                if (types[t].generic && strcasecmp(id, types[t].generic) == 0)
                        return true;
        return strlen(id) == HWID_VENDOR + HWID_PRODUCT + 1 && !strchr(id, '\\');
}

const char *hwid_complaint(const char *id)
{
        const char *rest = behind_bus(id);

        if (strpbrk(id, " ,"))
                return "a blank or comma of INQUIRY is '_' in an id; it matches nothing";
        if (!rest)
                return NULL;
        for (size_t t = 0; t < ELEMENTSOF(types); t++) {
                size_t n_type = strlen(types[t].name), n = strlen(rest);

                if (strncasecmp(rest, types[t].name, n_type) != 0 || rest[n_type] == '&')
                        continue;
                n -= n_type;
                if (n == 0 || n == HWID_VENDOR || n == HWID_VENDOR + HWID_PRODUCT ||
                    n == HWID_VENDOR + HWID_PRODUCT + 4)
                        return NULL;
                return "vendor (8), product (16) and revision (4) have other lengths; '_' at the end are "
                       "taken as "
                       "needed";
        }
        return NULL;
}
