/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes from a device must not become markup. Characters that XML 1.0 has no place for (2.2 Char) are
 * replaced as well. */

#include "view/draw.h"
#include "view/utf8.h"

static const char *entity(uint32_t c)
{
        switch (c) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        default:
                return NULL;
        }
}

void draw_escaped(const char *text, FILE *f)
{
        for (size_t n; *text; text += n) {
                uint32_t c = utf8_get(text, &n);
                char one[5];

                fputs(entity(c) ? entity(c) : utf8_put(one, c), f);
        }
}
