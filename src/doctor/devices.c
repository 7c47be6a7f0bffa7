/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who the devices say they are, by what the kernel read from them when they came, and in which state they
 * are. Held LUNs are left out: each says that it is the device it stands for. */

#include <errno.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "util/root.h"
#include "util/text.h"

static void format_where(const DevicePath *p, char *dst, size_t n_dst)
{
        snprintf(dst, n_dst, "%u:%u:%u:%u (/dev/%s, %s %s)", p->host, p->channel, p->target, p->lun, p->sg,
                 p->identity.vendor, p->identity.product);
}

/* The address of the transport is what is left, if it has a stable one. */
static void report_no_identifier(const DevicePath *p, const char *where, Report *r)
{
        if (p->identity.rank == IDENTITY_NONE) {
                report_add(r, SEVERITY_PROBLEM, where,
                           "the device has neither a serial number nor an identifier");
                report_why(r, "it cannot be known again, so it gets no name and cannot be held");
        } else {
                report_add(r, SEVERITY_WARNING, where,
                           "the device has neither a serial number nor an identifier; it is known by its "
                           "place, %s",
                           p->identity.key);
                report_why(r, "the name stays with the place: another device that is put there has it");
        }
        report_fix(r, "have the drive or library report VPD pages 80h and 83h (a setting of the library, the "
                      "bridge "
                      "or the emulation; newer firmware)");
}

void check_identity(const Doctor *d, Report *r)
{
        char where[128];

        if (d->scan_error < 0) {
                report_unread(r, "/sys/class/scsi_generic", d->scan_error);
                return;
        }
        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];

                format_where(p, where, sizeof(where));
                if (p->held_lun)
                        continue;
                if (p->identity.rank >= IDENTITY_ADDRESS) {
                        report_no_identifier(p, where, r);
                } else if (p->identity.serial[0] == '\0') {
                        report_add(r, SEVERITY_NOTE, where,
                                   "the device has no serial number; it is known by %s", p->identity.key);
                        report_why(r, "two such devices with one identifier cannot be told apart");
                }
        }
}

typedef enum PairKind {
        PAIR_DIFFERENT, /* or two paths to one device */
        PAIR_SAME,
        PAIR_APART,
        PAIR_SAME_KEY,
        PAIR_SAME_SERIAL,
        PAIR_DRIVE_AND_CHANGER,
        _PAIR_KIND_MAX,
} PairKind;

static const struct {
        Severity severity;
        const char *what, *why, *fix;
} pair_kinds[_PAIR_KIND_MAX] = {
        [PAIR_SAME] = {SEVERITY_PROBLEM, "two devices claim to be the same",
                       "evertape takes them for two paths to one device, and could write to the wrong one",
                       "give each its own serial number (a setting of the library, real or virtual); hold "
                       "neither before"},
        [PAIR_APART] = {SEVERITY_WARNING, "two devices on one target claim to be the same",
                        "evertape tells them apart by their places, and names stay with the places; links in "
                        "/dev/tape/by-id lead to the one that came last",
                        "give each its own serial number (a setting of the library, real or virtual)"},
        [PAIR_SAME_KEY] = {SEVERITY_WARNING, "two devices have one identifier",
                           "evertape tells them apart by their serial numbers; links in /dev/tape/by-id do "
                           "not, and lead to the one that came last",
                           "use /dev/tape/by-name in the configuration of backup programs"},
        [PAIR_SAME_SERIAL] = {SEVERITY_WARNING, "two devices have one serial number",
                              "evertape tells them apart by their identifiers; backup programs may take the "
                              "one for the other",
                              "name them as in: evertape list -o NAME,SERIAL,IDENTITY"},
        [PAIR_DRIVE_AND_CHANGER] = {SEVERITY_NOTE, "a drive and a changer have one identity",
                                    "usual when the changer is reached through the drive; evertape tells "
                                    "them apart by their type, links in /dev/tape/by-id may not",
                                    NULL},
};

static bool same_target(const DevicePath *a, const DevicePath *b)
{
        return a->host == b->host && a->channel == b->channel && a->target == b->target;
}

static PairKind pair_kind(const DevicePath *a, const DevicePath *b)
{
        const Identity *i = &a->identity, *j = &b->identity;
        bool same_key = text_equal(i->key, j->key),
             same_serial = i->serial[0] != '\0' && text_equal(i->serial, j->serial),
             same_product = text_equal(i->vendor, j->vendor) && text_equal(i->product, j->product);

        if (a->held_lun || b->held_lun || i->rank >= IDENTITY_ADDRESS || j->rank >= IDENTITY_ADDRESS)
                return PAIR_DIFFERENT;
        if (i->type != j->type)
                return same_key || same_serial ? PAIR_DRIVE_AND_CHANGER : PAIR_DIFFERENT;
        /* Two logical units of one target port are two devices, whatever they say. */
        if (identity_claims_equal(i, j))
                return same_target(a, b) ? PAIR_APART : same_product ? PAIR_DIFFERENT : PAIR_SAME;
        if (same_key)
                return PAIR_SAME_KEY;
        return same_serial && same_product ? PAIR_SAME_SERIAL : PAIR_DIFFERENT;
}

static void report_pair(const DevicePath *a, const DevicePath *b, Report *r)
{
        PairKind kind = pair_kind(a, b);
        char where[260], first[128], second[128];

        if (kind == PAIR_DIFFERENT)
                return;
        format_where(a, first, sizeof(first));
        format_where(b, second, sizeof(second));
        snprintf(where, sizeof(where), "%s and %s", first, second);
        report_add(r, pair_kinds[kind].severity, where, "%s: %s, serial number %s", pair_kinds[kind].what,
                   b->identity.key, b->identity.serial[0] != '\0' ? b->identity.serial : "unknown");
        report_why(r, pair_kinds[kind].why);
        if (pair_kinds[kind].fix)
                report_fix(r, "%s", pair_kinds[kind].fix);
}

void check_duplicates(const Doctor *d, Report *r)
{
        for (size_t i = 0; i < d->n_paths; i++)
                for (size_t j = i + 1; j < d->n_paths; j++)
                        report_pair(&d->paths[i], &d->paths[j], r);
}

void check_paths(const Doctor *d, Report *r)
{
        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];
                size_t n_before = 0, n = 0;

                if (p->held_lun || p->apart || p->identity.rank >= IDENTITY_ADDRESS)
                        continue;
                for (size_t j = 0; j < d->n_paths; j++) {
                        bool same = !d->paths[j].held_lun && !d->paths[j].apart &&
                                    identity_claims_equal(&p->identity, &d->paths[j].identity);

                        n += same;
                        n_before += same && j < i;
                }
                if (n > 1 && n_before == 0)
                        report_add(r, SEVERITY_OK, doctor_name(d, p),
                                   "%zu paths lead to it; the others are used when one fails", n);
        }
}

static bool is_held(const Doctor *d, const DevicePath *p)
{
        const RegistryDevice *known = doctor_known(d, &p->identity);

        return known && known->hold;
}

static void report_state(const DevicePath *p, const char *where, Report *r)
{
        if (text_equal(p->state, "running"))
                return;
        if (text_equal(p->state, "blocked") || text_equal(p->state, "quiesce")) {
                report_add(r, SEVERITY_WARNING, where,
                           "the transport has lost the device and is looking for it (%s)", p->state);
                report_why(r, "programs that use it wait, or get an error when the transport gives up");
                report_fix(r,
                           "look at the cable, the switch and the target; it goes on by itself when they do");
                return;
        }
        report_add(r, SEVERITY_PROBLEM, where, "the kernel has given the device up (%s)", p->state);
        report_why(r, "nothing reaches it until it is found again");
        report_fix(r,
                   "echo 1 > /sys/bus/scsi/devices/%u:%u:%u:%u/delete\necho '%u %u -' > "
                   "/sys/class/scsi_host/host%u/scan",
                   p->host, p->channel, p->target, p->lun, p->channel, p->target, p->host);
}

/* st or ch; without it there is no node that programs could open. */
static void report_driver(const Doctor *d, const DevicePath *p, const char *where, Report *r)
{
        const char *wanted = p->identity.type == DEVICE_CHANGER ? "ch" : "st";
        char path[96], driver[64], module[32];
        int error;

        snprintf(path, sizeof(path), "sys/bus/scsi/devices/%u:%u:%u:%u/driver", p->host, p->channel,
                 p->target, p->lun);
        error = root_link_name(d->root, path, driver, sizeof(driver));
        if (error == 0 && !text_equal(driver, wanted)) {
                report_add(r, SEVERITY_WARNING, where, "driver %s has the device", driver);
                report_why(r,
                           "evertape holds only devices of the kernel's own drivers, and refuses this one");
                report_fix(r,
                           "echo %u:%u:%u:%u > /sys/bus/scsi/drivers/%s/unbind\nand keep module %s from "
                           "being loaded",
                           p->host, p->channel, p->target, p->lun, driver, driver);
        }
        snprintf(module, sizeof(module), "sys/bus/scsi/drivers/%s", wanted);
        if (error != -ENOENT || is_held(d, p) || !file_exists(d->root, module))
                return;
        report_add(r, SEVERITY_WARNING, where,
                   "driver %s does not have the device, and evertape does not hold it", wanted);
        report_why(r, "programs find no node to open");
        report_fix(r, "echo %u:%u:%u:%u > /sys/bus/scsi/drivers/%s/bind", p->host, p->channel, p->target,
                   p->lun, wanted);
}

void check_device_state(const Doctor *d, Report *r)
{
        char where[128];

        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];

                if (p->held_lun)
                        continue;
                format_where(p, where, sizeof(where));
                report_state(p, where, r);
                report_driver(d, p, where, r);
        }
}
