/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is a rule of udev about tapes and changers? Told from its text alone; a rule that says nothing of what it
 * is for is taken for one about something else. Pure. */

#include "doctor/rules.h"

/* SUBSYSTEM!="scsi_tape", GOTO="end": what follows up to LABEL="end" is about tapes; with another subsystem
 * it is not, whatever it matches. Begins as {0}. */
typedef struct RuleGate {
        char label[128]; /* "" when there is none */
        bool is_for_tapes;
} RuleGate;

bool rule_is_about_tapes(const Rule *rule, const RuleGate *gate);

/* To be called for each rule of a file, after the above. */
void rule_gate_follow(RuleGate *gate, const Rule *rule);

/* The value of the first token with this key, or NULL. */
const char *rule_value(const Rule *rule, const char *key);
