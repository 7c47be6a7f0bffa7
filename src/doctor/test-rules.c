/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reader of udev rules by the manual page and by what udev itself makes of odd files. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/rules.h"
#include "util/cleanup.h"

static void check_token(const Rule *rule, size_t i, const char *key, const char *attribute, RuleOperator op,
                        const char *value)
{
        assert_true(i < rule->n_tokens);
        assert_string_equal(rule->tokens[i].key, key);
        assert_string_equal(rule->tokens[i].attribute, attribute);
        assert_int_equal(rule->tokens[i].op, op);
        assert_string_equal(rule->tokens[i].value, value);
}

static void test_operators(void **state)
{
        char text[] = "SUBSYSTEM==\"scsi_tape\", KERNEL!=\"st*\" ,ATTR{device/type}==\"1\",SYMLINK+=\"a b\" "
                      "TAG-=\"x\", MODE=\"0600\", GROUP:=\"tape\"\n";
        RulesReader reader;
        Rule rule;

        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.line, 1);
        assert_int_equal(rule.n_tokens, 7);
        check_token(&rule, 0, "SUBSYSTEM", "", RULE_EQUAL, "scsi_tape");
        check_token(&rule, 1, "KERNEL", "", RULE_DIFFERENT, "st*");
        check_token(&rule, 2, "ATTR", "device/type", RULE_EQUAL, "1");
        check_token(&rule, 3, "SYMLINK", "", RULE_ADD, "a b");
        check_token(&rule, 4, "TAG", "", RULE_REMOVE, "x");
        check_token(&rule, 5, "MODE", "", RULE_SET, "0600");
        check_token(&rule, 6, "GROUP", "", RULE_SET_LAST, "tape");
        assert_false(rule_token_assigns(&rule.tokens[1]));
        assert_true(rule_token_assigns(&rule.tokens[3]));
        assert_int_equal(rules_next(&reader, &rule), 0);
        assert_int_equal(rules_next(&reader, &rule), 0);
}

/* A comment between two lines that are continued is none of the rule, and the number is that of the first
 * line. */
static void test_continued_lines(void **state)
{
        char text[] = "# comment \\\n"
                      "\n"
                      "  KERNEL==\"st0\", \\\n"
                      "# in between\n"
                      "\tSYMLINK+=\"tape/\\\n"
                      "one\"\r\n"
                      "LABEL=\"end\" \\";
        RulesReader reader;
        Rule rule;

        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.line, 3);
        assert_int_equal(rule.n_tokens, 2);
        check_token(&rule, 1, "SYMLINK", "", RULE_ADD, "tape/one");
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.line, 7);
        check_token(&rule, 0, "LABEL", "", RULE_SET, "end");
        assert_int_equal(rules_next(&reader, &rule), 0);
}

static void test_values(void **state)
{
        char text[] = "RUN+=\"/bin/sh -c \\\"mt -f /dev/%k\\\"\", ENV{A,=B}=\"#, =\", KERNEL == e\"st\\t0\", "
                      "SYMLINK = i\"\"\n";
        RulesReader reader;
        Rule rule;

        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.n_tokens, 4);
        check_token(&rule, 0, "RUN", "", RULE_ADD, "/bin/sh -c \"mt -f /dev/%k\"");
        check_token(&rule, 1, "ENV", "A,=B", RULE_SET, "#, =");
        check_token(&rule, 2, "KERNEL", "", RULE_EQUAL, "st\\t0");
        check_token(&rule, 3, "SYMLINK", "", RULE_SET, "");
}

/* What is wrong is one rule, and the next one is read. */
static void test_wrong_rules(void **state)
{
        static const char *const wrong[] = {
                "KERNEL",           "KERNEL==",          "KERNEL==st0",
                "KERNEL==\"st0",    "KERNEL==\"st0\\\"", "KERNEL{x==\"st0\"",
                "KERNEL===\"st0\"", "==\"st0\"",         "\"",
                "KERNEL<\"st0\"",   "KERNEL!\"st0\"",    "SYMLINK+=\"a\", nonsense here",
                "\xff\xfe\x01",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                char text[128];
                RulesReader reader;
                Rule rule;

                snprintf(text, sizeof(text), "%s\nLABEL=\"next\"\n", wrong[i]);
                rules_open(&reader, text);
                assert_int_equal(rules_next(&reader, &rule), -EBADMSG);
                assert_int_equal(rule.line, 1);
                assert_int_equal(rules_next(&reader, &rule), 1);
                check_token(&rule, 0, "LABEL", "", RULE_SET, "next");
                assert_int_equal(rules_next(&reader, &rule), 0);
        }
}

/* More pairs than there is room for, and a line that udev ignores for its length. */
static void test_limits(void **state)
{
        static char text[3 * RULE_LENGTH_MAX];
        RulesReader reader;
        Rule rule;

        for (int i = 0; i < RULE_TOKENS_MAX; i++)
                strcat(text, "A=\"b\",");
        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.n_tokens, RULE_TOKENS_MAX);
        text[0] = '\0';
        for (int i = 0; i <= RULE_TOKENS_MAX; i++)
                strcat(text, "A=\"b\",");
        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), -EBADMSG);
        memset(text, ' ', RULE_LENGTH_MAX + 10);
        memcpy(text, "A=\"b\"", 5);
        strcpy(text + RULE_LENGTH_MAX + 10, "\nLABEL=\"next\"");
        rules_open(&reader, text);
        assert_int_equal(rules_next(&reader, &rule), -EBADMSG);
        assert_int_equal(rules_next(&reader, &rule), 1);
        assert_int_equal(rule.line, 2);
}

static void test_nothing(void **state)
{
        static const char *const nothing[] = {"", "\n", "\n\n  \n", "# only\n#comments", "\\", "\\\n\\\n"};

        for (size_t i = 0; i < ELEMENTSOF(nothing); i++) {
                char text[32];
                RulesReader reader;
                Rule rule;
                int r;

                strcpy(text, nothing[i]);
                rules_open(&reader, text);
                while ((r = rules_next(&reader, &rule)) > 0)
                        assert_int_equal(rule.n_tokens, 0);
                assert_int_equal(r, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_operators), cmocka_unit_test(test_continued_lines),
                cmocka_unit_test(test_values),    cmocka_unit_test(test_wrong_rules),
                cmocka_unit_test(test_limits),    cmocka_unit_test(test_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
