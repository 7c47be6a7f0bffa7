/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parser of portable.c. */

#include <stdio.h>

#include "names/registry.h"

#define PORTABLE_HEADER "# evertape names, version 1"

typedef enum ItemKind {
        ITEM_DEVICE,
        ITEM_BAY,
        ITEM_RESERVED,
} ItemKind;

/* A section of the text. */
typedef struct Item {
        ItemKind kind;
        unsigned line;
        RegistryDevice device; /* of a bay: the name of its drive, or "" */
        char library[NAME_LENGTH_MAX];
        unsigned ordinal;
        bool add;
} Item;

typedef struct Import {
        FILE *report;
        Item *items;
        size_t n_items;
        unsigned line;
        bool has_header;
        unsigned n_conflicts, n_added;
} Import;

/* Into items, which is to be freed. -EBADMSG: said on report, with the line. */
int portable_read(Import *im, const char *text, size_t n_text);
