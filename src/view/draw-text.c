/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A layout as characters: everything is put onto a canvas first, so that what is too long is cut by its box
 * and nothing can push a frame out of its line. */

#include <errno.h>
#include <string.h>

#include "view/draw.h"
#include "view/utf8.h"

typedef struct Cell {
        uint32_t c; /* 0: blank */
        uint8_t tone;
        bool bold, tail; /* tail: of the wide character before it */
} Cell;

typedef struct Canvas {
        Cell *cells;
        unsigned width, height;
} Canvas;

static const char *const tones[_TONE_MAX] = {
        [TONE_PLAIN] = "", [TONE_FAINT] = "2", [TONE_GOOD] = "32", [TONE_BUSY] = "33", [TONE_BAD] = "31",
};

/* What stands for a character where there is only ASCII. */
static char to_ascii(uint32_t c)
{
        static const struct {
                uint32_t c;
                char ascii;
        } rows[] = {
                {U'●', '*'}, {U'○', 'o'}, {U'◌', '?'}, {U'◐', '~'}, {U'✗', 'x'}, {U'·', '-'}, {U'▮', '#'},
                {U'…', '.'}, {U'─', '-'}, {U'│', '|'}, {U'╭', '+'}, {U'╮', '+'}, {U'╰', '+'}, {U'╯', '+'},
        };

        if (c < 0x80)
                return (char) c;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].c == c)
                        return rows[i].ascii;
        return '?';
}

static void put(Canvas *v, unsigned x, unsigned y, uint32_t c, Tone tone, bool bold)
{
        if (x < v->width && y < v->height)
                v->cells[(size_t) y * v->width + x] = (Cell){.c = c, .tone = (uint8_t) tone, .bold = bold};
}

/* Up to the end of the line in s, and w columns. Returns what follows that line. */
static const char *put_line(Canvas *v, unsigned x, unsigned y, unsigned w, const char *s, Tone tone,
                            bool bold)
{
        unsigned used = 0;

        for (size_t n; *s && *s != '\n'; s += n) {
                uint32_t c = utf8_get(s, &n);
                unsigned columns = utf8_width(c);

                if (used + columns > w)
                        return s + strcspn(s, "\n") + (s[strcspn(s, "\n")] == '\n');
                if (columns > 0) /* marks on a character before are left out */
                        put(v, x + used, y, c, tone, bold);
                if (columns == 2 && x + used + 1 < v->width && y < v->height)
                        v->cells[(size_t) y * v->width + x + used + 1].tail = true;
                used += columns;
        }
        return *s ? s + 1 : s;
}

static void put_frame(Canvas *v, const Box *b)
{
        unsigned right = b->x + b->w - 1, bottom = b->y + b->h - 1;

        for (unsigned x = b->x; x <= right; x++) {
                put(v, x, b->y, U'─', b->tone, false);
                put(v, x, bottom, U'─', b->tone, false);
        }
        for (unsigned y = b->y; y <= bottom; y++) {
                put(v, b->x, y, U'│', b->tone, false);
                put(v, right, y, U'│', b->tone, false);
        }
        put(v, b->x, b->y, U'╭', b->tone, false);
        put(v, right, b->y, U'╮', b->tone, false);
        put(v, b->x, bottom, U'╰', b->tone, false);
        put(v, right, bottom, U'╯', b->tone, false);
}

static void put_drive(Canvas *v, const Box *b)
{
        const char *s = b->text;
        unsigned n = 0;

        put_frame(v, b);
        while (n < b->w - 4 && s[n] && s[n] != '\n')
                n++;
        put(v, b->x + 1, b->y, ' ', b->tone, false);
        for (unsigned x = 0; x < b->w - 4 && x <= n; x++)
                put(v, b->x + 2 + x, b->y, ' ', b->tone, false);
        s = put_line(v, b->x + 2, b->y, b->w - 4, s, TONE_PLAIN, true);
        s = put_line(v, b->x + 2, b->y + 1, b->w - 4, s, b->tone, false);
        s = put_line(v, b->x + 2, b->y + 2, b->w - 4, s, b->full ? TONE_PLAIN : TONE_FAINT, false);
        put_line(v, b->x + 2, b->y + 3, b->w - 4, s, TONE_FAINT, false);
}

static void put_box(Canvas *v, const Box *b)
{
        switch (b->kind) {
        case BOX_DRIVE:
                put_drive(v, b);
                return;
        case BOX_TITLE:
                put_line(v, b->x, b->y, b->w, b->text, b->tone, true);
                return;
        case BOX_LABEL:
                put_line(v, b->x, b->y, b->w, b->text, TONE_FAINT, false);
                return;
        case BOX_TEXT:
        case BOX_CELL:
                put_line(v, b->x, b->y, b->w, b->text, b->tone, false);
                return;
        }
}

static void print_style(const Cell *c, FILE *f)
{
        fprintf(f, "\033[0%s%s%sm", c->bold ? ";1" : "", tones[c->tone][0] ? ";" : "", tones[c->tone]);
}

static void print_cell(const Cell *c, TextStyle style, FILE *f)
{
        char text[5];

        if (c->tail)
                return;
        if (style.ascii)
                fputc(c->c ? to_ascii(c->c) : ' ', f);
        else
                fputs(utf8_put(text, c->c ? c->c : ' '), f);
        if (style.ascii && utf8_width(c->c) == 2)
                fputc('?', f);
}

static void print_line(const Cell *cells, unsigned n, TextStyle style, FILE *f)
{
        static const Cell plain;
        const Cell *before = &plain;

        while (n > 0 && (cells[n - 1].c == 0 || cells[n - 1].c == ' ') && !cells[n - 1].tail)
                n--;
        for (unsigned x = 0; x < n; x++) {
                const Cell *c = cells[x].c == 0 && !cells[x].tail ? &plain : &cells[x];

                if (style.colour && !c->tail && (c->tone != before->tone || c->bold != before->bold))
                        print_style(c, f);
                before = c->tail ? before : c;
                print_cell(c, style, f);
        }
        if (style.colour && (before->tone != TONE_PLAIN || before->bold))
                fputs("\033[0m", f);
        fputc('\n', f);
}

int draw_text(const Layout *l, TextStyle style, FILE *f)
{
        _cleanup_free_ Cell *cells = calloc((size_t) l->width * l->height + 1, sizeof(*cells));
        Canvas v = {.cells = cells, .width = l->width, .height = l->height};

        if (!cells)
                return -ENOMEM;
        for (size_t i = 0; i < l->n_boxes; i++)
                put_box(&v, &l->boxes[i]);
        for (unsigned y = 0; y < v.height; y++)
                print_line(cells + (size_t) y * v.width, v.width, style, f);
        return 0;
}
