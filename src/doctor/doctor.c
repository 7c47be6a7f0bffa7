/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of checks, and what several of them look at. The order is that of the data: kernel, devices,
 * udev, neighbours, what is held, what is attached, the service. */

#include "doctor/doctor.h"

#include <errno.h>

#include "doctor/check.h"
#include "util/root.h"
#include "util/text.h"

typedef struct Check {
        const char *id;
        const char *summary; /* what is as it should be */
        void (*run)(const Doctor *d, Report *r);
} Check;

/* clang-format off */
static const Check checks[] = {
        {"kernel-version", "the kernel is new enough",                             check_kernel_version},
        {"kernel-modules", "the modules are loaded or can be",                     check_kernel_modules},
        {"kernel-config",  "the kernel is built with what is needed",              check_kernel_config},
        {"configfs",       "configfs is mounted",                                  check_configfs},
        {"lockdown",       "the kernel is not locked down",                        check_lockdown},
        {"hung-task",      "the kernel does not panic when a program waits",       check_hung_task},
        {"identity",       "every device has a serial number and an identifier",   check_identity},
        {"duplicates",     "no two devices claim to be the same",                  check_duplicates},
        {"paths",          "no device has more than one path",                     check_paths},
        {"device-state",   "every device is running and has its driver",           check_device_state},
        {"links",          "the links in /dev/tape/by-name are there and right",   check_links},
        {"udev-running",   "udev runs",                                            check_udev_running},
        {"udev-rules",     "evertape's udev rules are installed and in force",     check_udev_rules},
        {"udev-fights",    "no other udev rule works against them",                check_udev_fights},
        {"ch-init",        "ch does not have libraries take their inventory",      check_ch_init},
        {"stinit",         "stinit does not lower the time limits",                check_stinit},
        {"target-service", "targetcli neither saves nor removes held devices",     check_target_service},
        {"pollers",        "no monitoring program sends commands to tapes",        check_pollers},
        {"neighbours",     "no other target, driver or emulator of tapes is active",              check_neighbours},
        {"held-lun",       "every held device is there and has its LUN",                        check_held_lun},
        {"stale-lun",      "no LUN is left of a device that is not held",          check_stale_lun},
        {"held-timeout",   "the kernel lets a held command wait for hours",        check_held_timeout},
        {"real-node",      "the real nodes of held devices are for root only",     check_real_node},
        {"iscsi-targets",  "every attached iSCSI target is there and has devices",     check_iscsi_targets},
        {"iscsi-initiator", "no attached target is also one of the kernel's initiator", check_iscsi_initiator},
        {"iscsi-secrets",  "the CHAP secrets are for root only",                   check_iscsi_secrets},
        {"service",        "evertaped runs and is started at boot",                check_service},
        {"service-unit",   "the unit of evertaped is as it was installed",         check_service_unit},
        {"config",         "the configuration is understood",                      check_config},
        {"registry",       "the registry is readable, whole and has room",         check_registry},
        {"memory",         "the journals fit into memory",                         check_memory},
        {"state-files",    "no state is left of a device that is unknown",         check_state_files},
        {"backup-config",  "backup programs use names that do not change",         check_backup_config},
};
/* clang-format on */

const char *doctor_check_id(size_t i)
{
        return i < ELEMENTSOF(checks) ? checks[i].id : NULL;
}

const char *doctor_check_summary(size_t i)
{
        return i < ELEMENTSOF(checks) ? checks[i].summary : NULL;
}

const RegistryDevice *doctor_known(const Doctor *d, const Identity *identity)
{
        for (size_t i = 0; i < d->n_known; i++)
                if (d->known[i].identity.rank < IDENTITY_NONE &&
                    identity_equal(&d->known[i].identity, identity))
                        return &d->known[i];
        return NULL;
}

const char *doctor_name(const Doctor *d, const DevicePath *path)
{
        const RegistryDevice *known = doctor_known(d, &path->identity);

        if (known)
                return known->name;
        return path->identity.serial[0] != '\0' ? path->identity.serial : path->sg;
}

size_t doctor_n_held(const Doctor *d)
{
        size_t n = 0;

        for (size_t i = 0; i < d->n_known; i++)
                n += d->known[i].hold;
        return n;
}

bool doctor_has_changer(const Doctor *d)
{
        for (size_t i = 0; i < d->n_paths; i++)
                if (d->paths[i].identity.type == DEVICE_CHANGER)
                        return true;
        for (size_t i = 0; i < d->n_known; i++)
                if (d->known[i].identity.type == DEVICE_CHANGER)
                        return true;
        return false;
}

static int read_registry(Doctor *d)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r = registry_open_readonly(d->input->registry, &registry);

        return r < 0 ? r : registry_list(registry, &d->known, &d->n_known);
}

/* Each check by itself: what one finds out does not keep the others from it. */
static void run_check(const Check *check, const Doctor *d, Report *report)
{
        size_t before = report->n_items;

        report->check = check->id;
        check->run(d, report);
        if (report->n_items == before)
                report_add(report, SEVERITY_OK, NULL, "%s", check->summary);
}

int doctor_run(const DoctorInput *input, Report *ret)
{
        Doctor d = {.input = input, .root = input->root};

        *ret = (Report){0};
        (void) root_read_text(d.root, "proc/sys/kernel/osrelease", d.release, sizeof(d.release));
        d.scan_error = monitor_scan(d.root, &d.paths, &d.n_paths);
        d.registry_error = read_registry(&d);
        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                run_check(&checks[i], &d, ret);
        free(d.paths);
        free(d.known);
        return ret->error;
}
