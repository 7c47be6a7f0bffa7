/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What may keep evertape from doing its work on this machine, found by reading files: /sys, /proc, /etc,
 * /usr/lib, /run, /dev and the registry. No command is sent to a device and no device node is opened. */

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/iscsi-url.h"

typedef enum Severity {
        SEVERITY_OK,        /* looked at, and as it should be */
        SEVERITY_NOTE,      /* good to know; nothing to do */
        SEVERITY_UNCHECKED, /* could not be looked at: no right to, or evertaped was not there to be asked */
        SEVERITY_WARNING,   /* works now, and will be in the way some day */
        SEVERITY_PROBLEM,   /* does not work, or a backup is at risk */
        _SEVERITY_MAX,
} Severity;

/* "ok", "note", "unchecked", "warning", "problem" */
const char *severity_name(Severity severity);

/* All text is printable ASCII; only fix may have more than one line. */
typedef struct Finding {
        const char *check; /* id of the check */
        Severity severity;
        char *what;  /* what is the matter */
        char *where; /* device or file[:line] that it is about, or NULL */
        char *why;   /* what comes of it, or NULL */
        char *fix;   /* what to do: commands for root and lines for files, or NULL */
} Finding;

/* In the order of the checks. */
typedef struct Report {
        Finding *items;
        size_t n_items;
        const char *check; /* the one that runs */
        int error;         /* -ENOMEM: findings are missing */
} Report;

void report_deinit(Report *r);
size_t report_count(const Report *r, Severity severity);

typedef enum DaemonState {
        DAEMON_NOT_ASKED, /* it is another system that is looked at */
        DAEMON_UNKNOWN,   /* the bus cannot be reached */
        DAEMON_RUNNING,
        DAEMON_ABSENT,
        DAEMON_SILENT, /* it is there and does not answer */
} DaemonState;

/* An iSCSI target that is attached, as evertaped says: org.evertape1(5), Attached. */
typedef struct DoctorTarget {
        char url[ISCSI_URL_MAX];
        char state[16], reason[200];
        uint64_t since; /* of the state, usec since 1970; 0: unknown */
        unsigned n_devices, n_held;
} DoctorTarget;

/* All that is not in files. */
typedef struct DoctorInput {
        int root;             /* util/root.h */
        const char *registry; /* path of the database */
        DaemonState daemon;
        int config_status;       /* of `evertaped --check-config`: 0 right, > 0 wrong; negative: was not run,
                                       -EOPNOTSUPP because it is another system */
        const char *config_said; /* what it printed, a line a fault */
        uint64_t now;            /* usec since 1970 */
        int targets_error;       /* 0 or -errno: evertaped runs and could not be asked for its targets */
        const DoctorTarget *targets;
        size_t n_targets;
} DoctorInput;

/* Runs every check. 0 or -ENOMEM; what else fails is a finding. report_deinit() it in either case. */
int doctor_run(const DoctorInput *input, Report *ret);

/* Id and one line of description of check i, or NULL behind the last one. */
const char *doctor_check_id(size_t i);
const char *doctor_check_summary(size_t i);
