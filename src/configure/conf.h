/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A configuration with its included files as blocks and statements, each of which knows where it stands. The
 * texts themselves are never changed; what is to be changed is in a list of edits beside each. */

#include <stdbool.h>

#include "configure/edit.h"
#include "configure/lexer.h"

typedef struct ConfFile {
        char *path;
        char *text; /* terminated */
        size_t n_text;
        EditList edits;
} ConfFile;

typedef struct ConfValue {
        Span raw;   /* with its quotes */
        char *text; /* what the program sees: without quotes and escapes */
        bool quoted;
} ConfValue;

#define CONF_TOP (-1)

/* `Archive Device = /dev/nst0`, `tapedev "tape:/dev/nst0"`, and what stands before a {. */
typedef struct ConfStatement {
        unsigned file;
        int block;  /* in which, or CONF_TOP */
        Span key;   /* first to last word of it */
        char *name; /* of the key: Bacula: small letters, no blanks; Amanda: small letters, - for _ */
        ConfValue *values;
        size_t n_values;
} ConfStatement;

typedef struct ConfBlock {
        size_t head; /* the statement before its { */
        int parent;
        unsigned open_file, close_file;
        size_t open_at, close_at; /* of { and }; close_at is the end of the file if there is none */
} ConfBlock;

/* A piece that names another file. target: its index, or -1: a command, or a file that could not be had. */
typedef struct ConfInclude {
        unsigned file;
        Span raw; /* Bacula: with its @; Amanda: the quoted string */
        char *path;
        int target;
        bool command;
} ConfInclude;

typedef struct Conf {
        Dialect dialect;
        ConfFile *files; /* the first is the one that was asked for */
        size_t n_files;
        ConfBlock *blocks;
        size_t n_blocks;
        ConfStatement *statements;
        size_t n_statements;
        ConfInclude *includes;
        size_t n_includes;
} Conf;

/* Gives the text of a file as a NUL-terminated string to be freed; path is as it is written in the
 * configuration. -errno. */
typedef int (*ConfLoad)(void *userdata, const char *path, char **ret, size_t *ret_n);

/* Reads path and what it includes. An include that cannot be had is in the list of includes, and no error;
 * each file is read once. -errno of the first file, -ENOMEM, -ELOOP: too many or too deep includes or blocks.
 */
int conf_parse(Dialect dialect, const char *path, ConfLoad load, void *userdata, Conf **ret);
Conf *conf_free(Conf *c);
DEFINE_CLEANUP(Conf *, conf_free)

/* The next statement of this name in this block, from index `from` on; -1 if there is none. */
int conf_find(const Conf *c, int block, const char *name, size_t from);

/* Text of its first value, or NULL. */
const char *conf_first(const Conf *c, int block, const char *name);

/* 1 is the first line. */
size_t conf_line(const ConfFile *f, size_t at);

/* "\r\n" if that is how its first line ends, else "\n". */
const char *conf_eol(const ConfFile *f);
