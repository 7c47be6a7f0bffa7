/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hardware ids under which Windows knows a SCSI device, made from its INQUIRY data. Source: "Identifiers
 * for SCSI Devices" in Microsoft's documentation of drivers. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/device-type.h"

#define HWID_MAX     64 /* bytes of one id, with the NUL */
#define HWID_VENDOR  8
#define HWID_PRODUCT 16

/* In the order in which Windows tries them: what matches an earlier one is the more specific. */
typedef enum HwidKind {
        HWID_REVISION,     /* SCSI\t*v(8)p(16)r(4), the device id */
        HWID_PRODUCT_ID,   /* SCSI\t*v(8)p(16) */
        HWID_INSTANCE,     /* SCSI\t*&Ven_v&Prod_p, as instance paths have it since Windows Vista */
        HWID_PREFIX,       /* no id: vendor and product of [AlternateDriverSearch], Windows NT 4 */
        HWID_VENDOR_ID,    /* SCSI\t*v(8) */
        HWID_BUS_REVISION, /* SCSI\v(8)p(16)r(1) */
        HWID_PLAIN,        /* v(8)p(16)r(1) */
        HWID_TYPE,         /* SCSI\t*, a compatible id; Windows' own mchgr.inf ends with such an entry */
        HWID_GENERIC,      /* ScsiChanger, a compatible id; tape drives have none */
        _HWID_KIND_MAX,
} HwidKind;

/* Compatible ids name a kind of device and no model. */
static inline bool hwid_is_compatible(HwidKind kind)
{
        return kind >= HWID_TYPE;
}

/* What of INQUIRY the ids are made from, at its full width with what pads it. */
typedef struct HwidInquiry {
        DeviceType type;
        char vendor[HWID_VENDOR + 1], product[HWID_PRODUCT + 1], revision[5];
} HwidInquiry;

/* From standard INQUIRY data as received; what was not sent is blank. -EBADMSG: less than 5 bytes; -ENODEV:
 * neither tape nor changer, or none is connected. */
int hwid_inquiry_from_bytes(const uint8_t *inquiry, size_t n_inquiry, HwidInquiry *ret);

/* From texts that may have lost the blanks behind them; too long ones are cut. */
void hwid_inquiry_from_texts(DeviceType type, const char *vendor, const char *product, const char *revision,
                             HwidInquiry *ret);

/* Writes an id to dst[HWID_MAX] and returns dst; "" if the device has none of that kind. Blanks, commas and
 * whatever is not printable ASCII become '_'. */
char *hwid_format(char *dst, HwidKind kind, const HwidInquiry *inquiry);

/* All ids of a device, formed once to be compared with many. */
typedef struct HwidSet {
        HwidInquiry inquiry;
        char ids[_HWID_KIND_MAX][HWID_MAX];
} HwidSet;

void hwid_set_init(HwidSet *set, const HwidInquiry *inquiry);

/* Whether an id of an INF file names the device by this kind of id. Case does not count. Neither do '_' at
 * the end that one of the two has more, as long as the id goes on behind the type; nor, in an instance path,
 * what follows the second '\'. "USBSTOR\" counts as "SCSI\": to Linux a USB drive is a SCSI device. */
bool hwid_matches(const char *id, HwidKind kind, const HwidSet *set);

/* Whether vendor and product begin with these texts, as [AlternateDriverSearch] means it: trailing blanks
 * count, case does not. Two empty texts match nothing. */
bool hwid_prefix_matches(const char *vendor, const char *product, const HwidInquiry *inquiry);

/* For a person: what is odd about an id, or NULL. It is still used. */
const char *hwid_complaint(const char *id);

/* Whether an id is of a form that a SCSI device can have at all. */
bool hwid_is_scsi(const char *id);

/* "v(8)p(16)" ... for a person. */
const char *hwid_kind_name(HwidKind kind);
