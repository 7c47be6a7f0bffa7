/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files in rules.d, of any program and of any editor: what is read lies in the text, each rule is of a line
 * behind the one before, and it ends. */

#include <string.h>

#include "doctor/rules.h"
#include "doctor/subject.h"
#include "fuzz.h"

static void check_string(const char *text, size_t n_text, const char *s)
{
        fuzz_check(s[0] == '\0' || (s >= text && strlen(s) <= n_text - (size_t) (s - text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        char *text = malloc(n_data + 1);
        RuleGate gate = {0};
        unsigned line = 0;
        RulesReader reader;
        Rule rule;
        int r;

        fuzz_check(text != NULL);
        memcpy(text, data, n_data);
        text[n_data] = '\0';
        rules_open(&reader, text);
        while ((r = rules_next(&reader, &rule)) != 0) {
                fuzz_check(rule.line > line && rule.n_tokens <= RULE_TOKENS_MAX);
                line = rule.line;
                for (size_t i = 0; i < rule.n_tokens; i++) {
                        check_string(text, n_data, rule.tokens[i].key);
                        check_string(text, n_data, rule.tokens[i].attribute);
                        check_string(text, n_data, rule.tokens[i].value);
                        fuzz_check(rule.tokens[i].key[0] != '\0');
                }
                (void) rule_is_about_tapes(&rule, &gate);
                rule_gate_follow(&gate, &rule);
                fuzz_check(!gate.is_for_tapes || memchr(gate.label, '\0', sizeof(gate.label)));
        }
        free(text);
        return 0;
}
