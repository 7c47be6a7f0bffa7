/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reader of udev rules, udev(7): comments, continued lines, KEY{attribute} operator "value". It reads what
 * the files of others say; whether a rule applies to a device it does not know. Pure. */

#include <stdbool.h>
#include <stddef.h>

#define RULE_TOKENS_MAX 32
#define RULE_LENGTH_MAX 16384 /* UDEV_LINE_SIZE: udev ignores what is longer */

typedef enum RuleOperator {
        RULE_EQUAL,     /* == */
        RULE_DIFFERENT, /* != */
        RULE_ADD,       /* += */
        RULE_REMOVE,    /* -= */
        RULE_SET,       /* =  */
        RULE_SET_LAST,  /* := nobody may change it afterwards */
} RuleOperator;

typedef struct RuleToken {
        const char *key;       /* "SYMLINK" */
        const char *attribute; /* what stands in { }, or "" */
        RuleOperator op;
        const char *value;
} RuleToken;

/* Lent: all of it lies in the text that is read. */
typedef struct Rule {
        unsigned line; /* its first, from 1 */
        RuleToken tokens[RULE_TOKENS_MAX];
        size_t n_tokens;
} Rule;

typedef struct RulesReader {
        char *rest;
        unsigned line;
} RulesReader;

/* text: terminated; is changed, and must live as long as what is read. */
void rules_open(RulesReader *reader, char *text);

/* 1: a rule; 0: the end; -EBADMSG: one that is not understood (ret->line says where); the next call goes on
 * behind it. */
int rules_next(RulesReader *reader, Rule *ret);

/* Whether it changes something ("=", ":=", "+=", "-=") and does not compare. */
bool rule_token_assigns(const RuleToken *token);
