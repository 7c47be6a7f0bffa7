/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A layout as shapes: a column is COLUMN pixels, a line LINE. Text keeps to the grid by textLength, whatever
 * font there is. Colours follow the reader's scheme; each shape has its sentence as <title>, which is also
 * shown where the pointer rests. */

#include <string.h>

#include "view/draw.h"
#include "view/utf8.h"

#define COLUMN 8
#define LINE   24
#define MARGIN 16

static const char *const tones[_TONE_MAX] = {
        [TONE_PLAIN] = "plain", [TONE_FAINT] = "faint", [TONE_GOOD] = "good",
        [TONE_BUSY] = "busy",   [TONE_BAD] = "bad",
};

static const char style[] =
        "svg{--bg:#fff;--fg:#1c2430;--dim:#5d6877;--line:#c5ccd6;--cell:#e8f0fb;--edge:#7f9cc4;--good:#"
        "17693f;"
        "--busy:#8a5300;--bad:#b3261e;background:var(--bg)}\n"
        "@media(prefers-color-scheme:dark){svg{--bg:#12161c;--fg:#e4e9f0;--dim:#98a4b3;--line:#3a4452;--cell:"
        "#1f3047;"
        "--edge:#54759f;--good:#5fcf92;--busy:#f0b357;--bad:#ff8a80}}\n"
        "text{font:14px ui-monospace,'DejaVu Sans "
        "Mono',Menlo,Consolas,monospace;fill:var(--fg);white-space:pre}\n"
        ".title{font-weight:bold;font-size:16px}.name{font-weight:bold}\n"
        "text.faint,.label{fill:var(--dim)}text.good{fill:var(--good)}text.busy{fill:var(--busy)}"
        "text.bad{fill:var(--bad)}\n"
        "rect{fill:none;stroke:var(--line)}.full rect{fill:var(--cell);stroke:var(--edge)}"
        ".drive.good rect{stroke:var(--good)}.drive.busy rect{stroke:var(--busy);stroke-width:2}"
        "g.bad rect{stroke:var(--bad);stroke-width:2}g.drive.full rect{fill:none}\n";

static unsigned px(unsigned x)
{
        return MARGIN + x * COLUMN;
}

static unsigned py(unsigned y)
{
        return MARGIN + y * LINE;
}

/* The first line of s, at most max columns. */
static void print_text(FILE *f, const char *class, unsigned x, unsigned y, unsigned max, const char *s)
{
        char line[512], cut[512];
        size_t n = strcspn(s, "\n");

        snprintf(line, sizeof(line), "%.*s", (int) (n < sizeof(line) ? n : sizeof(line) - 1), s);
        utf8_cut(cut, sizeof(cut), line, max);
        if (!cut[0])
                return;
        fprintf(f,
                "<text class=\"%s\" x=\"%u\" y=\"%u\" textLength=\"%u\" lengthAdjust=\"spacingAndGlyphs\">",
                class, x, y, utf8_columns(cut) * COLUMN);
        draw_escaped(cut, f);
        fputs("</text>", f);
}

static const char *next_line(const char *s)
{
        s += strcspn(s, "\n");
        return *s ? s + 1 : s;
}

static void print_drive(FILE *f, const Box *b)
{
        unsigned x = px(b->x) + 12, y = py(b->y) + 22, max = b->w - 4;
        const char *s = b->text;

        fprintf(f, "<rect x=\"%u.5\" y=\"%u.5\" width=\"%u\" height=\"%u\" rx=\"6\"/>", px(b->x), py(b->y),
                b->w * COLUMN, b->h * LINE - 14);
        print_text(f, "name", x, y, max, s);
        s = next_line(s);
        print_text(f, tones[b->tone], x, y + LINE, max, s);
        s = next_line(s);
        print_text(f, b->full ? "plain" : "faint", x, y + 2 * LINE, max, s);
        print_text(f, "faint", x, y + 3 * LINE, max, next_line(s));
}

static void print_cell(FILE *f, const Box *b)
{
        fprintf(f, "<rect x=\"%u.5\" y=\"%u.5\" width=\"%u\" height=\"%u\" rx=\"3\"/>", px(b->x) - 4,
                py(b->y) + 1, b->w * COLUMN + 4, LINE - 4);
        if (b->full || b->tone == TONE_BAD)
                print_text(f, tones[b->tone], px(b->x) + 2, py(b->y) + 16, b->w, b->text);
}

static void print_box(FILE *f, const Box *b)
{
        switch (b->kind) {
        case BOX_TITLE:
                print_text(f, "title", px(b->x), py(b->y) + 17, b->w, b->text);
                return;
        case BOX_TEXT:
                print_text(f, tones[b->tone], px(b->x), py(b->y) + 16, b->w, b->text);
                return;
        case BOX_LABEL:
                print_text(f, "label", px(b->x), py(b->y) + 16, b->w, b->text);
                return;
        case BOX_DRIVE:
        case BOX_CELL:
                break;
        }
        fprintf(f, "<g class=\"%s %s%s\" role=\"img\"><title>", b->kind == BOX_DRIVE ? "drive" : "cell",
                tones[b->tone], b->full ? " full" : "");
        draw_escaped(b->tip ? b->tip : b->text, f);
        fputs("</title>", f);
        if (b->kind == BOX_DRIVE)
                print_drive(f, b);
        else
                print_cell(f, b);
        fputs("</g>\n", f);
}

static void print_description(const Layout *l, FILE *f)
{
        for (size_t i = 0; i < l->n_boxes; i++)
                if (l->boxes[i].kind == BOX_TITLE || l->boxes[i].kind == BOX_TEXT) {
                        draw_escaped(l->boxes[i].text, f);
                        fputc('\n', f);
                }
}

int draw_svg(const Layout *l, const char *title, FILE *f)
{
        unsigned w = 2 * MARGIN + l->width * COLUMN, h = 2 * MARGIN + l->height * LINE;

        fprintf(f,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                "width=\"%u\" "
                "height=\"%u\" viewBox=\"0 0 %u %u\" role=\"img\" aria-labelledby=\"evertape-title "
                "evertape-desc\">\n"
                "<title id=\"evertape-title\">",
                w, h, w, h);
        draw_escaped(title, f);
        fputs("</title>\n<desc id=\"evertape-desc\">", f);
        print_description(l, f);
        fprintf(f, "</desc>\n<style>%s</style>\n", style);
        for (size_t i = 0; i < l->n_boxes; i++)
                print_box(f, &l->boxes[i]);
        fputs("</svg>\n", f);
        return 0;
}
