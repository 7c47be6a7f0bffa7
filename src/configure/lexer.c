/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both programs' languages are words, quoted strings, comments and a few characters of punctuation; a table
 * says where they differ. What neither program would accept is a word here, and left alone. */

#include "configure/lexer.h"

#include <stdbool.h>
#include <string.h>

typedef struct Rules {
        const char *punctuation;
        const char *word_end; /* besides blanks and punctuation */
        bool include;         /* @ at the beginning of a word */
        bool continued;       /* a backslash before the end of the line */
} Rules;

static const Rules rules[_DIALECT_MAX] = {
        [DIALECT_BACULA] = {.punctuation = "{}=;,", .word_end = "#\"", .include = true},
        [DIALECT_AMANDA] = {.punctuation = "{},", .word_end = "#\"", .continued = true},
};

static bool is_one_of(char c, const char *set)
{
        return c != '\0' && strchr(set, c);
}

static bool is_blank(char c)
{
        return is_one_of(c, " \t\v\f");
}

static bool is_eol(char c)
{
        return c == '\n' || c == '\r';
}

static size_t eol_length(const char *text, size_t n, size_t at)
{
        if (at >= n || !is_eol(text[at]))
                return 0;
        return text[at] == '\r' && at + 1 < n && text[at + 1] == '\n' ? 2 : 1;
}

static size_t continuation_length(const Rules *r, const char *text, size_t n, size_t at)
{
        size_t eol = r->continued && text[at] == '\\' ? eol_length(text, n, at + 1) : 0;

        return eol > 0 ? eol + 1 : 0;
}

static size_t blank_end(const Rules *r, const char *text, size_t n, size_t at)
{
        size_t more;

        if (at == 0 && n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                at += 3;
        while (at < n) {
                more = is_blank(text[at]) ? 1 : continuation_length(r, text, n, at);
                if (more == 0)
                        break;
                at += more;
        }
        return at;
}

static size_t comment_end(const char *text, size_t n, size_t at)
{
        while (at < n && !is_eol(text[at]))
                at++;
        return at;
}

static size_t quoted_end(const char *text, size_t n, size_t at)
{
        for (at++; at < n; at++) {
                if (text[at] == '"')
                        return at + 1;
                if (text[at] == '\\' && at + 1 < n)
                        at++;
        }
        return n;
}

static size_t word_end(const Rules *r, const char *text, size_t n, size_t at)
{
        for (; at < n; at++) {
                char c = text[at];

                if (is_blank(c) || is_eol(c) || is_one_of(c, r->punctuation) || is_one_of(c, r->word_end) ||
                    continuation_length(r, text, n, at) > 0)
                        break;
                if (c == '\\' && at + 1 < n && !is_eol(text[at + 1]))
                        at++;
        }
        return at;
}

static size_t include_end(const Rules *r, const char *text, size_t n, size_t at)
{
        at++;
        if (at < n && text[at] == '|')
                at++;
        return at < n && text[at] == '"' ? quoted_end(text, n, at) : word_end(r, text, n, at);
}

static Piece piece(PieceType type, size_t at, size_t end)
{
        return (Piece){.type = type, .span = {.at = at, .n = end - at}};
}

Piece lexer_next(Dialect dialect, const char *text, size_t n, size_t at)
{
        const Rules *r = &rules[dialect];
        size_t end;

        if (at >= n)
                return piece(PIECE_END, n, n);
        end = blank_end(r, text, n, at);
        if (end > at)
                return piece(PIECE_BLANK, at, end);
        if (is_eol(text[at]))
                return piece(PIECE_EOL, at, at + eol_length(text, n, at));
        if (text[at] == '#')
                return piece(PIECE_COMMENT, at, comment_end(text, n, at));
        if (text[at] == '"')
                return piece(PIECE_QUOTED, at, quoted_end(text, n, at));
        if (is_one_of(text[at], r->punctuation))
                return piece(PIECE_PUNCT, at, at + 1);
        if (r->include && text[at] == '@')
                return piece(PIECE_INCLUDE, at, include_end(r, text, n, at));
        return piece(PIECE_WORD, at, word_end(r, text, n, at));
}
