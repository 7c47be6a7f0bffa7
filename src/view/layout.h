/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where what is drawn of a site stands, in columns and lines: the terminal draws it as characters, SVG as
 * shapes, of the same values. */

#include "view/site.h"

typedef enum Tone {
        TONE_PLAIN,
        TONE_FAINT, /* empty, absent */
        TONE_GOOD,  /* held and there */
        TONE_BUSY,  /* held, and waited for */
        TONE_BAD,   /* failed, abnormal */
        _TONE_MAX,
} Tone;

typedef enum BoxKind {
        BOX_TITLE, /* a library's name and state */
        BOX_TEXT,
        BOX_LABEL, /* of a row */
        BOX_DRIVE, /* has a frame, with the first line in it */
        BOX_CELL,  /* a place for a cartridge, w columns and one line */
} BoxKind;

typedef struct Box {
        BoxKind kind;
        Tone tone;
        unsigned x, y, w, h;
        bool full;  /* BOX_CELL: there is a cartridge */
        char *text; /* lines with a newline between them */
        char *tip;  /* all that is known, in a sentence; NULL: the text says it */
} Box;

typedef struct Layout {
        unsigned width, height;
        Box *boxes; /* in the order of reading */
        size_t n_boxes;
} Layout;

/* width: columns there are, at least LAYOUT_WIDTH_MIN are used. only: draw nothing but this library, or NULL
 * for all of them, and drives that are in none. -ENOMEM. */
#define LAYOUT_WIDTH_MIN 24
int layout_site(const Site *s, const char *only, unsigned width, Layout *ret);
void layout_deinit(Layout *l);

/* State of a device as a picture's mark, words and tone: "● held". */
Tone layout_tone(const char *state);
const char *layout_mark(const char *state);

/* Sentences for a person who cannot see the picture; NULL without memory. Caller frees. */
char *layout_describe_drive(const SiteDevice *d, const SiteElement *bay, const SiteLibrary *l);
char *layout_describe_element(const SiteLibrary *l, const SiteElement *e);
