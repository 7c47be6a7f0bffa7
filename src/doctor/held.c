/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel has of held devices, against what the registry says is to be held. */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/udev-files.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

#define HBA_DIR    "sys/kernel/config/target/core/user_3700" /* tcmu/lun.c */
#define TIMEOUT    172800                                    /* seconds, tcmu/nodes.c */
#define LUN_HELPER EVERTAPE_LIBEXECDIR "/evertape-lun"

static bool has_held_lun(const Doctor *d, const Identity *identity)
{
        for (size_t i = 0; i < d->n_paths; i++)
                if (d->paths[i].held_lun && identity_equal(&d->paths[i].identity, identity))
                        return true;
        return false;
}

static bool is_present(const Doctor *d, const Identity *identity)
{
        for (size_t i = 0; i < d->n_paths; i++)
                if (!d->paths[i].held_lun && identity_equal(&d->paths[i].identity, identity))
                        return true;
        return false;
}

static void report_no_lun(const Doctor *d, const RegistryDevice *known, Report *r)
{
        char path[96];

        if (!is_present(d, &known->identity)) {
                report_add(r, SEVERITY_WARNING, known->name,
                           "it is to be held, and has not been there since evertaped was started");
                report_why(r, "programs do not find it until it comes");
                report_fix(r, "switch it on and look at its cable, or give it up: evertape release %s",
                           known->name);
                return;
        }
        snprintf(path, sizeof(path), HBA_DIR "/evertape-%" PRIu32, known->id);
        report_add(r, SEVERITY_PROBLEM, known->name, "it is to be held, and the kernel has no LUN for it%s",
                   file_exists(d->root, path) ? " but the half of one" : "");
        report_why(r, "programs do not find it");
        report_fix(r,
                   "look at: evertape show %s; journalctl -u evertaped\nthen: evertape release %s && "
                   "evertape hold %s",
                   known->name, known->name, known->name);
}

static void report_away(const RegistryDevice *known, Report *r)
{
        report_add(r, SEVERITY_WARNING, known->name, "it is held, and the real device is away");
        report_why(r, "programs that use it wait until it is back, or until their time is up");
        report_fix(
                r,
                "switch it on and look at its cable; evertape status %s; to end the wait: evertape fail %s",
                known->name, known->name);
}

/* Without evertaped there is none after a boot, and that evertaped does not run is said elsewhere. */
void check_held_lun(const Doctor *d, Report *r)
{
        for (size_t i = 0; i < d->n_known; i++) {
                const RegistryDevice *known = &d->known[i];

                if (!known->hold || d->scan_error < 0)
                        continue;
                if (has_held_lun(d, &known->identity)) {
                        if (!is_present(d, &known->identity))
                                report_away(known, r);
                        continue;
                }
                if (d->input->daemon == DAEMON_RUNNING)
                        report_no_lun(d, known, r);
                else
                        report_add(r, SEVERITY_UNCHECKED, known->name,
                                   "it is to be held, and evertaped cannot be asked why it is not");
        }
}

static const RegistryDevice *find_unit(const Doctor *d, uint32_t unit)
{
        for (size_t i = 0; i < d->n_known; i++)
                if (d->known[i].id == unit)
                        return &d->known[i];
        return NULL;
}

/* Number behind prefix, strictly; 0 for what is none. */
static uint32_t unit_number(const char *name, const char *prefix, const char **ret_rest)
{
        size_t n = strlen(prefix);
        unsigned long long unit;
        char *end;

        if (strncmp(name, prefix, n) != 0 || !isdigit((unsigned char) name[n]))
                return 0;
        errno = 0;
        unit = strtoull(name + n, &end, 10);
        *ret_rest = end;
        return errno == 0 && unit <= INT32_MAX ? (uint32_t) unit : 0;
}

void check_stale_lun(const Doctor *d, Report *r)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int error = root_opendir(d->root, HBA_DIR, &dir);

        if (error < 0 && error != -ENOENT)
                report_unread(r, "/" HBA_DIR, error);
        if (error < 0 || d->registry_error < 0)
                return; /* nothing there, or not known what should be */
        while ((entry = dir_next(dir))) {
                const char *rest = "";
                uint32_t unit = unit_number(entry->d_name, "evertape-", &rest);
                const RegistryDevice *known = find_unit(d, unit);
                char where[sizeof(HBA_DIR) + sizeof(entry->d_name) + 2];

                if (unit == 0 || *rest != '\0' || (known && known->hold))
                        continue;
                snprintf(where, sizeof(where), "/" HBA_DIR "/%s", entry->d_name);
                report_add(r, SEVERITY_PROBLEM, where, "there is a LUN of unit %" PRIu32 ", which is %s%s",
                           unit, known ? "not held: " : "not in the registry", known ? known->name : "");
                report_why(r, "nobody answers its commands: programs that open its node hang");
                report_fix(r, LUN_HELPER " remove %" PRIu32, unit);
        }
}

void check_held_timeout(const Doctor *d, Report *r)
{
        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];
                char path[96], where[97];
                long long timeout;

                if (!p->held_lun || p->tape[0] == '\0')
                        continue;
                snprintf(path, sizeof(path), "sys/class/scsi_tape/%s/device/timeout", p->tape);
                snprintf(where, sizeof(where), "/%s", path);
                if (file_read_number(d->root, path, &timeout) < 0 || timeout >= TIMEOUT)
                        continue;
                report_add(r, SEVERITY_PROBLEM, where,
                           "the kernel ends a command of held device %s after %lld s", doctor_name(d, p),
                           timeout);
                report_why(r, "an outage that takes longer is an error for the program; stinit or a rule of "
                              "udev has set it");
                report_fix(r, "echo %d > %s\nmt -f /dev/%s stlongtimeout %d", TIMEOUT, where, p->tape,
                           TIMEOUT);
        }
}

static void report_rights(const Doctor *d, const DevicePath *p, Report *r)
{
        char path[32], where[33];
        struct stat st;

        snprintf(path, sizeof(path), "dev/%s", p->sg);
        if (fstatat(d->root, path, &st, 0) < 0 || (st.st_uid == 0 && (st.st_mode & 0077) == 0))
                return;
        snprintf(where, sizeof(where), "/%s", path);
        report_add(r, SEVERITY_PROBLEM, where,
                   "the real node of held device %s is open to others than root (mode %03o)",
                   doctor_name(d, p), st.st_mode & 0777);
        report_why(r, "a program that uses it moves the tape under the one that uses the held device");
        report_fix(r, UDEV_TRIGGER);
}

static void report_bound(const Doctor *d, const DevicePath *p, Report *r)
{
        const char *node = p->tape[0] != '\0' ? p->tape : p->changer,
                   *driver = p->tape[0] != '\0' ? "st" : "ch";
        char where[32];

        if (node[0] == '\0' || d->input->daemon != DAEMON_RUNNING)
                return;
        snprintf(where, sizeof(where), "/dev/%s", node);
        report_add(r, SEVERITY_PROBLEM, where, "driver %s still has the real device of held device %s",
                   driver, doctor_name(d, p));
        report_why(r,
                   "a program that opens this node rewinds the tape under the one that uses the held device");
        report_fix(r, "echo %u:%u:%u:%u > /sys/bus/scsi/drivers/%s/unbind", p->host, p->channel, p->target,
                   p->lun, driver);
}

void check_real_node(const Doctor *d, Report *r)
{
        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];
                const RegistryDevice *known = p->held_lun ? NULL : doctor_known(d, &p->identity);

                if (!known || !known->hold || !has_held_lun(d, &p->identity))
                        continue;
                report_rights(d, p, r);
                report_bound(d, p, r);
        }
}

/* unit-N.state, .journal, .saved, .saved.new (daemon/memory.c) */
void check_state_files(const Doctor *d, Report *r)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int error = root_opendir(d->root, "run/evertape", &dir);

        if (error < 0 && error != -ENOENT)
                report_unread(r, "/run/evertape", error);
        if (error < 0 || d->registry_error < 0)
                return;
        while ((entry = dir_next(dir))) {
                const char *rest = "";
                uint32_t unit = unit_number(entry->d_name, "unit-", &rest);
                const RegistryDevice *known = find_unit(d, unit);
                char where[sizeof("/run/evertape/") + sizeof(entry->d_name)];

                if (unit == 0 || *rest != '.' || (known && known->hold))
                        continue;
                snprintf(where, sizeof(where), "/run/evertape/%s", entry->d_name);
                report_add(r, SEVERITY_NOTE, where, "this is left of unit %" PRIu32 ", which is not held",
                           unit);
                report_why(r, "it takes memory until the next boot");
                report_fix(r, "rm %s", where);
        }
}
