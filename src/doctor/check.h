/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the checks themselves. */

#include <stdint.h>

#include "doctor/doctor.h"
#include "monitor/monitor.h"
#include "names/registry.h"

/* What several checks look at, read once. */
typedef struct Doctor {
        const DoctorInput *input;
        int root;
        char release[128]; /* of the running kernel, "6.1.0-13-amd64"; "" if unknown */
        DevicePath *paths; /* devices of the kernel, held LUNs among them */
        size_t n_paths;
        int scan_error; /* 0 or -errno */
        RegistryDevice *known;
        size_t n_known;
        int registry_error; /* 0 or -errno; -ENOENT: there is none yet */
} Doctor;

/* Adds a finding of the running check. where may be NULL. */
_printf_(4, 5) void report_add(Report *r, Severity severity, const char *where, const char *what, ...);
/* For the finding that was added last. */
void report_why(Report *r, const char *why);
_printf_(2, 3) void report_fix(Report *r, const char *fix, ...);
/* "cannot be read: ..." as SEVERITY_UNCHECKED; says that root is needed when that is so. */
void report_unread(Report *r, const char *where, int error);

/* The registry's row of a device that was found, by identity, or NULL. */
const RegistryDevice *doctor_known(const Doctor *d, const Identity *identity);
/* Its name if it has one, else its serial number, else its sg node. Lent. */
const char *doctor_name(const Doctor *d, const DevicePath *path);
/* How many devices of the registry are to be held. */
size_t doctor_n_held(const Doctor *d);
/* Whether there is a changer now or in the registry. */
bool doctor_has_changer(const Doctor *d);

void check_kernel_version(const Doctor *d, Report *r);
void check_kernel_modules(const Doctor *d, Report *r);
void check_kernel_config(const Doctor *d, Report *r);
void check_configfs(const Doctor *d, Report *r);
void check_lockdown(const Doctor *d, Report *r);
void check_hung_task(const Doctor *d, Report *r);

void check_identity(const Doctor *d, Report *r);
void check_duplicates(const Doctor *d, Report *r);
void check_paths(const Doctor *d, Report *r);
void check_device_state(const Doctor *d, Report *r);
void check_links(const Doctor *d, Report *r);

void check_udev_running(const Doctor *d, Report *r);
void check_udev_rules(const Doctor *d, Report *r);
void check_udev_fights(const Doctor *d, Report *r);

void check_ch_init(const Doctor *d, Report *r);
void check_stinit(const Doctor *d, Report *r);
void check_target_service(const Doctor *d, Report *r);
void check_pollers(const Doctor *d, Report *r);
void check_neighbours(const Doctor *d, Report *r);

void check_held_lun(const Doctor *d, Report *r);
void check_stale_lun(const Doctor *d, Report *r);
void check_held_timeout(const Doctor *d, Report *r);
void check_real_node(const Doctor *d, Report *r);

void check_iscsi_targets(const Doctor *d, Report *r);
void check_iscsi_initiator(const Doctor *d, Report *r);
void check_iscsi_secrets(const Doctor *d, Report *r);

void check_service(const Doctor *d, Report *r);
void check_service_unit(const Doctor *d, Report *r);
void check_config(const Doctor *d, Report *r);
void check_registry(const Doctor *d, Report *r);
void check_memory(const Doctor *d, Report *r);
void check_state_files(const Doctor *d, Report *r);
void check_backup_config(const Doctor *d, Report *r);
