/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Patterns are tried on names of tapes' nodes, and on those of others: "s*" is not about tapes because it
 * takes disks. */

#include "doctor/subject.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

/* Does a pattern of a rule ("st*[0-9]|nst*", "scsi_tape") take one of these? */
static bool pattern_takes(const char *pattern, const char *const *names, size_t n_names)
{
        char one[64];

        for (; *pattern; pattern += strcspn(pattern, "|"), pattern += *pattern == '|') {
                size_t n = strcspn(pattern, "|");

                if (n >= sizeof(one))
                        continue;
                memcpy(one, pattern, n);
                one[n] = '\0';
                for (size_t i = 0; i < n_names; i++)
                        if (fnmatch(one, names[i], 0) == 0)
                                return true;
        }
        return false;
}

static bool names_tape_subsystem(const char *pattern)
{
        static const char *const names[] = {"scsi_tape", "scsi_generic", "scsi_changer", "lin_tape", "tape"};

        return pattern_takes(pattern, names, ELEMENTSOF(names));
}

static bool names_tape_node(const char *pattern)
{
        static const char *const names[] = {"st0",  "nst0", "st12",     "nst12",     "sg0",
                                            "sg12", "sch0", "IBMtape0", "IBMtape0n", "IBMchanger0"};
        static const char *const others[] = {"sda", "tty0", "loop0"};

        return pattern_takes(pattern, names, ELEMENTSOF(names)) &&
               !pattern_takes(pattern, others, ELEMENTSOF(others));
}

/* Peripheral device types as sysfs has them (SPC-5 6.7.2): 1 is a tape, 8 a changer. */
static bool names_tape_type(const char *pattern)
{
        static const char *const names[] = {"1", "8"};

        return pattern_takes(pattern, names, ELEMENTSOF(names));
}

static bool token_is(const RuleToken *t, const char *key)
{
        return text_equal(t->key, key);
}

static bool token_matches_tape(const RuleToken *t)
{
        if (t->op == RULE_DIFFERENT || t->op == RULE_ADD)
                return false;
        if (token_is(t, "SUBSYSTEM") || token_is(t, "SUBSYSTEMS"))
                return names_tape_subsystem(t->value);
        return token_is(t, "KERNEL") && names_tape_node(t->value);
}

/* A rule for another subsystem or type of device is none about tapes, however general its KERNEL is. */
static bool token_excludes_tape(const RuleToken *t)
{
        if (t->op != RULE_EQUAL)
                return false;
        if (token_is(t, "SUBSYSTEM"))
                return !names_tape_subsystem(t->value);
        return (token_is(t, "ATTR") || token_is(t, "ATTRS")) &&
               (text_equal(t->attribute, "type") || text_equal(t->attribute, "device/type")) &&
               !names_tape_type(t->value);
}

bool rule_is_about_tapes(const Rule *rule, const RuleGate *gate)
{
        bool about = gate->is_for_tapes, elsewhere = gate->label[0] != '\0' && !gate->is_for_tapes;

        for (size_t i = 0; i < rule->n_tokens; i++) {
                const RuleToken *t = &rule->tokens[i];

                if (token_excludes_tape(t))
                        return false;
                about |= token_matches_tape(t) ||
                         (token_is(t, "SYMLINK") && rule_token_assigns(t) && strstr(t->value, "tape/"));
        }
        return about && !elsewhere;
}

const char *rule_value(const Rule *rule, const char *key)
{
        for (size_t i = 0; i < rule->n_tokens; i++)
                if (token_is(&rule->tokens[i], key))
                        return rule->tokens[i].value;
        return NULL;
}

void rule_gate_follow(RuleGate *gate, const Rule *rule)
{
        const char *label = rule_value(rule, "LABEL"), *to = rule_value(rule, "GOTO");

        if (label && text_equal(label, gate->label))
                *gate = (RuleGate){0};
        for (size_t i = 0; to && i < rule->n_tokens; i++) {
                const RuleToken *t = &rule->tokens[i];

                if (t->op != RULE_DIFFERENT || (!token_is(t, "SUBSYSTEM") && !token_is(t, "KERNEL")))
                        continue;
                snprintf(gate->label, sizeof(gate->label), "%s", to);
                gate->is_for_tapes =
                        token_is(t, "SUBSYSTEM") ? names_tape_subsystem(t->value) : names_tape_node(t->value);
        }
}
