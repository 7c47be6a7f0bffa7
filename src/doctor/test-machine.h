/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests: a machine on which doctor finds nothing wrong, in a directory: a changer lib1, drives drive1 and
 * drive2, of which drive2 is held. Everything asserts. */

#include "doctor/doctor.h"
#include "identity/test-tree.h"
#include "monitor/monitor.h"

typedef struct Machine {
        TestTree *tree;
        char registry[128];
        DoctorInput input;
        Report report;
} Machine;

extern const TestDevice machine_drive1, machine_drive2, machine_lun2, machine_changer;

/* rules: the folder with evertape's own rules. */
Machine *machine_new(const char *rules);
Machine *machine_free(Machine *m);

/* Runs all checks; the findings are in report until the next time. */
void machine_run(Machine *m);

/* The first finding of a check with this severity whose where and what have these texts in them ("" for any),
 * or NULL. */
const Finding *machine_find(const Machine *m, const char *check, Severity severity, const char *where,
                            const char *what);

/* Fails with the finding if there is a problem, a warning or something that was not checked. */
void machine_check_healthy(const Machine *m);

/* Runs all checks, and fails if there is no such finding. */
void machine_expect(Machine *m, const char *check, Severity severity, const char *where, const char *what);
/* Runs all checks, and fails as machine_check_healthy() does. */
void machine_expect_healthy(Machine *m);
