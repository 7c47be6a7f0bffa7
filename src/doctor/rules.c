/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As src/udev/udev-rules.c of systemd reads them: a line that begins with '#' is a comment even between two
 * that are continued by a backslash; pairs stand between blanks and commas; a backslash before a quote keeps
 * it. */

#include "doctor/rules.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define BLANKS " \t\r\v\f"

void rules_open(RulesReader *reader, char *text)
{
        *reader = (RulesReader){.rest = text};
}

static char *next_line(RulesReader *reader)
{
        if (!reader->rest || *reader->rest == '\0')
                return NULL;
        reader->line++;
        return strsep(&reader->rest, "\n");
}

/* Without the backslash that continues it; whether there was one. */
static bool cut_continuation(char *line)
{
        size_t n = strlen(line);

        if (n > 0 && line[n - 1] == '\r')
                line[--n] = '\0';
        if (n == 0 || line[n - 1] != '\\')
                return false;
        line[n - 1] = '\0';
        return true;
}

/* A whole rule, joined in the place of its first line, which is never shorter than what it is made of. */
static char *next_joined(RulesReader *reader, unsigned *ret_line)
{
        char *joined = NULL, *line;
        bool goes_on = true;
        size_t n = 0;

        while (goes_on && (line = next_line(reader))) {
                line += strspn(line, BLANKS);
                if (*line == '#' || (!joined && *line == '\0'))
                        continue;
                goes_on = cut_continuation(line);
                if (!joined) {
                        joined = line;
                        *ret_line = reader->line;
                } else {
                        memmove(joined + n, line, strlen(line) + 1);
                }
                n += strlen(joined + n);
        }
        return joined;
}

static int read_operator(char **p, RuleOperator *ret)
{
        static const struct {
                char text[3];
                RuleOperator op;
        } operators[] = {
                {"==", RULE_EQUAL},  {"!=", RULE_DIFFERENT}, {"+=", RULE_ADD},
                {"-=", RULE_REMOVE}, {":=", RULE_SET_LAST},  {"=", RULE_SET},
        };

        for (size_t i = 0; i < ELEMENTSOF(operators); i++) {
                size_t n = strlen(operators[i].text);

                if (strncmp(*p, operators[i].text, n) != 0)
                        continue;
                *ret = operators[i].op;
                **p = '\0'; /* the end of the key */
                *p += n;
                return 0;
        }
        return -EBADMSG;
}

/* "value", or e"value" and i"value" of later versions, whose escapes are left as they are. */
static int read_value(char **p, const char **ret)
{
        char *to, *from;

        *p += **p == 'e' || **p == 'i';
        if (**p != '"')
                return -EBADMSG;
        *ret = to = from = *p + 1;
        while (*from != '"') {
                if (from[0] == '\\' && from[1] == '"')
                        from++;
                if (*from == '\0')
                        return -EBADMSG;
                *to++ = *from++;
        }
        *to = '\0';
        *p = from + 1;
        return 0;
}

static int read_token(char **p, RuleToken *ret)
{
        char *key = *p, *brace, *end;
        RuleToken t = {.key = key, .attribute = ""};
        int r;

        *p += strspn(*p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
        if (*p == key)
                return -EBADMSG;
        brace = *p;
        if (*brace == '{') {
                end = strchr(brace, '}');
                if (!end)
                        return -EBADMSG;
                *brace = *end = '\0';
                t.attribute = brace + 1;
                *p = end + 1;
        }
        end = *p;
        *p += strspn(*p, BLANKS);
        r = read_operator(p, &t.op);
        if (r < 0)
                return r;
        *end = '\0'; /* blanks before the operator are not of the key */
        *p += strspn(*p, BLANKS);
        r = read_value(p, &t.value);
        if (r < 0)
                return r;
        *ret = t;
        return 0;
}

int rules_next(RulesReader *reader, Rule *ret)
{
        char *p = next_joined(reader, &ret->line);

        ret->n_tokens = 0;
        if (!p)
                return 0;
        if (strlen(p) >= RULE_LENGTH_MAX)
                return -EBADMSG;
        for (;;) {
                p += strspn(p, BLANKS ",");
                if (*p == '\0')
                        return 1;
                if (ret->n_tokens >= RULE_TOKENS_MAX || read_token(&p, &ret->tokens[ret->n_tokens]) < 0)
                        return -EBADMSG;
                ret->n_tokens++;
        }
}

bool rule_token_assigns(const RuleToken *token)
{
        return token->op != RULE_EQUAL && token->op != RULE_DIFFERENT;
}
