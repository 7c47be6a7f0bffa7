/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Configurations of backup programs as pieces of text. The pieces of a text, one after the other, are the
 * text: nothing is skipped and nothing is made up, so that what is not touched cannot be changed. */

#include <stddef.h>

/* A range of bytes of a text. */
typedef struct Span {
        size_t at, n;
} Span;

typedef enum PieceType {
        PIECE_BLANK,   /* blanks, tabs, a byte order mark, and a newline behind a backslash (Amanda) */
        PIECE_EOL,     /* \n, \r\n or a \r by itself */
        PIECE_COMMENT, /* from # to before the end of the line */
        PIECE_WORD,
        PIECE_QUOTED,  /* with its quotes; to the end of the text if the second one is missing */
        PIECE_PUNCT,   /* one character that the dialect gives a meaning of its own */
        PIECE_INCLUDE, /* Bacula: @FILE, @"FILE", @|COMMAND, @|"COMMAND" */
        PIECE_END,     /* of the text; n is 0 */
        _PIECE_TYPE_MAX,
} PieceType;

typedef struct Piece {
        PieceType type;
        Span span;
} Piece;

typedef enum Dialect {
        DIALECT_BACULA, /* lib/lex.c and lib/parse_conf.c of Bacula 9.6 */
        DIALECT_AMANDA, /* amanda.conf(5); conffile.c of Amanda 3.5 */
        _DIALECT_MAX,
} Dialect;

/* The piece that begins at `at`, which is up to n. At least one byte long, but for PIECE_END. */
Piece lexer_next(Dialect dialect, const char *text, size_t n, size_t at);
