/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An INF file as sections of lines of values: its form, without its meaning.
 *
 *     [Section]                         ; names compare without regard to case; one that comes again goes on
 *     key = value, "a ""value""", \     ; quotes keep blanks, ',', ';' and '='; a '\' before the end of the
 *           value                       ;   line goes on with the next
 *     value, value
 *
 * %name% in a key or value stands for the string of that name in [Strings]; %% for a percent sign. */

#include <stdbool.h>

#include "identity/inf-decode.h"

#define INF_LINES_MAX    32768
#define INF_SECTIONS_MAX 512
#define INF_VALUES_MAX   64   /* in a line */
#define INF_FIELD_MAX    1024 /* bytes of one key or value, and of what %names% make of it, with the NUL */
#define INF_NAMES_MAX    32   /* %names% in one value */

typedef struct InfValue {
        const char *text; /* without quotes, blanks around it and comments; %names% as they are written */
        unsigned line, column;
} InfValue;

typedef struct InfLine InfLine;
struct InfLine {
        InfLine *next;
        unsigned line, column;
        const InfValue *key; /* NULL: there is no '=' */
        const InfValue *values;
        size_t n_values; /* 0 for "key =" */
        bool cut;        /* there were more values than INF_VALUES_MAX, or one longer than INF_FIELD_MAX */
};

typedef struct InfSection {
        const char *name;
        unsigned line; /* where it began first */
        InfLine *lines, *last;
} InfSection;

typedef struct InfString {
        const char *name, *text;
        size_t rank, order; /* which one counts, if there are several of a name */
} InfString;

typedef struct InfDocument {
        Arena *arena;
        InfProblems *problems;
        InfSection sections[INF_SECTIONS_MAX];
        size_t n_sections;
        InfString *strings; /* sorted by name */
        size_t n_strings;
} InfDocument;

/* Everything in the document is from its arena and lasts as long. A line that is broken is a problem and does
 * not keep the others from being read. -ENOMEM. */
int inf_document_read(InfDocument *d, const InfText *text);

/* The section "name", or "name.suffix" if there is a suffix; NULL. */
const InfSection *inf_section(const InfDocument *d, const char *name, const char *suffix);

/* The first line of a section with this key, or NULL. section may be NULL. */
const InfLine *inf_line(const InfSection *section, const char *key);

/* The value with its %names% replaced, once: what a string says is not looked at again. A name that is not in
 * [Strings] stays as it is, with its percent signs, and is a problem; so is text that gets too long, which is
 * cut. NULL when out of memory. */
const char *inf_expand(InfDocument *d, const InfValue *value);
