/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One site in the forms that it is shown in. All write to f, whose errors the caller looks at, and return
 * -ENOMEM or 0. */

#include <stdio.h>

#include "view/layout.h"

typedef struct TextStyle {
        bool ascii;  /* nothing but ASCII */
        bool colour; /* SGR sequences */
} TextStyle;

int draw_text(const Layout *l, TextStyle style, FILE *f);

/* A document of its own, with title and description, and no script. */
int draw_svg(const Layout *l, const char *title, FILE *f);

/* Everything, for programs: docs/MONITORING.md. only: as layout_site(). */
int draw_json(const Site *s, const char *only, FILE *f);

/* HTML of what changes, to be put into the page, and the page around it. s NULL: nothing is known, and
 * problem says why. */
void draw_html_parts(const Site *s, const char *problem, FILE *f);
void draw_html(const Site *s, const char *problem, FILE *f);

/* What the page has beside it. */
extern const char draw_style[], draw_script[];

/* As text of XML and HTML, and in their attributes. */
void draw_escaped(const char *text, FILE *f);
