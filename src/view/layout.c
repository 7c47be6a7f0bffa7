/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From top to bottom: what a library is, its drives in frames, then pickers, mail slots and slots as rows of
 * cells. A row has a number of cells that people count in, and rows in which nothing stands are one. */

#include "view/layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"
#include "view/utf8.h"

#define DRIVE_LEAST   24 /* columns of a drive's frame */
#define DRIVE_MOST    36
#define DRIVE_HEIGHT  5
#define TAG_LEAST     8
#define TAG_MOST      16
#define GUTTER_WIDE   17 /* "  Mail slots  25  " */
#define GUTTER_NARROW 8
#define NARROW        56

typedef struct Builder {
        const Site *site;
        Layout *l;
        unsigned width, y;
        int error;
} Builder;

/* Takes text and tip over. NULL for text is a failure that was before. */
static Box *add(Builder *b, Box box)
{
        Box *grown;

        if ((b->l->n_boxes & (b->l->n_boxes - 1)) == 0) { /* a power of two is full */
                grown = realloc(b->l->boxes, (b->l->n_boxes ? 2 * b->l->n_boxes : 1) * sizeof(*grown));
                if (!grown)
                        box.text = (free(box.text), NULL);
                else
                        b->l->boxes = grown;
        }
        if (!box.text) {
                free(box.tip);
                b->error = -ENOMEM;
                return NULL;
        }
        b->l->boxes[b->l->n_boxes] = box;
        return &b->l->boxes[b->l->n_boxes++];
}

_printf_(1, 2) static char *format(const char *format, ...)
{
        char *text = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

/* ---- text ---- */

/* In lines of the width there is, broken between words. */
static void add_wrapped(Builder *b, BoxKind kind, Tone tone, unsigned x, const char *text)
{
        unsigned room = b->width - x;
        char line[512];

        while (*text) {
                size_t n = 0, last_blank = 0;
                unsigned columns = 0;

                for (size_t k; text[n] && n < sizeof(line) - 8; n += k) {
                        columns += utf8_width(utf8_get(text + n, &k));
                        if (columns > room)
                                break;
                        if (text[n] == ' ')
                                last_blank = n;
                }
                if (text[n] && text[n] != ' ' && last_blank > 0)
                        n = last_blank;
                n = n == 0 ? 1 : n;
                snprintf(line, sizeof(line), "%.*s", (int) n, text);
                add(b, (Box){.kind = kind,
                             .tone = tone,
                             .x = x,
                             .y = b->y++,
                             .w = room,
                             .h = 1,
                             .text = strdup(line)});
                text += n;
                text += strspn(text, " ");
        }
}

/* ---- drives ---- */

static char *drive_lines(const SiteDevice *d, const SiteElement *bay, unsigned room)
{
        const char *state = d ? facts_text(&d->facts, "State") : "no drive known";
        const char *user = d ? facts_text(&d->facts, "User") : "";
        const char *reason = d ? facts_text(&d->facts, "Reason") : "";
        const char *product = d ? facts_text(&d->facts, "Product") : "";
        const char *motion = d ? facts_text(&d->facts, "Motion") : "";
        const char *progress = d ? facts_text(&d->facts, "Progress") : "";
        const char *tag = bay && bay->tag[0] ? bay->tag : "no label";
        char bay_name[24] = "", title[128], what[160], line[160], cartridge[64] = "";

        if (bay)
                snprintf(bay_name, sizeof(bay_name), "bay %u", bay->address);
        if (bay)
                utf8_cut(cartridge, sizeof(cartridge), bay->flags & SITE_FULL ? tag : "empty", room);
        utf8_cut(title, sizeof(title), d ? site_name(d) : bay_name, room);
        snprintf(what, sizeof(what), "%.60s%s%.40s%s%.20s", user, user[0] && motion[0] ? ": " : "", motion,
                 progress[0] ? " " : "", progress);
        utf8_cut(line, sizeof(line), reason[0] ? reason : what[0] ? what : product, room);
        return format("%s\n%s %s\n%s%s\n%s", title, d ? layout_mark(state) : "?", state,
                      bay && bay->flags & SITE_FULL ? "▮ " : "",
                      bay ? cartridge : facts_text(&d->facts, "Node"), line);
}

typedef struct Grid {
        unsigned across, w, n; /* n: drawn so far */
} Grid;

static Grid drive_grid(const Builder *b, unsigned n)
{
        unsigned across = (b->width - 2 + 1) / (DRIVE_LEAST + 1);
        unsigned rows;
        Grid g;

        across = across == 0 ? 1 : across;
        rows = (n + across - 1) / across;
        across = rows == 0 ? 1 : (n + rows - 1) / rows; /* as even as can be */
        g = (Grid){.across = across, .w = (b->width - 2 + 1) / across - 1};
        g.w = g.w > DRIVE_MOST ? DRIVE_MOST : g.w;
        return g;
}

static void add_drive(Builder *b, Grid *g, const SiteDevice *d, const SiteElement *bay, const SiteLibrary *l)
{
        unsigned column = g->n % g->across;
        bool bad = bay && bay->flags & SITE_EXCEPT;

        if (g->n > 0 && column == 0)
                b->y += DRIVE_HEIGHT;
        add(b, (Box){.kind = BOX_DRIVE,
                     .tone = bad ? TONE_BAD
                             : d ? layout_tone(facts_text(&d->facts, "State"))
                                 : TONE_FAINT,
                     .x = 2 + column * (g->w + 1),
                     .y = b->y,
                     .w = g->w,
                     .h = DRIVE_HEIGHT,
                     .full = bay && bay->flags & SITE_FULL,
                     .text = drive_lines(d, bay, g->w - 4),
                     .tip = layout_describe_drive(d, bay, l)});
        g->n++;
}

static void end_drives(Builder *b, const Grid *g)
{
        if (g->n > 0)
                b->y += DRIVE_HEIGHT;
}

static void add_bays(Builder *b, const SiteLibrary *l)
{
        Grid g = drive_grid(b, site_count(l, SITE_BAY).n);

        for (size_t i = 0; i < l->n_elements; i++)
                if (l->elements[i].type == SITE_BAY)
                        add_drive(b, &g, site_drive(b->site, l, l->elements[i].address), &l->elements[i], l);
        end_drives(b, &g);
}

/* ---- rows of cells ---- */

typedef struct Rows {
        const SiteLibrary *l;
        const SiteElement **elements;
        size_t n;
        const char *label; /* of the first row */
        unsigned gutter, across, w;
} Rows;

static bool is_plain_empty(const SiteElement *e)
{
        return !(e->flags & (SITE_FULL | SITE_EXCEPT));
}

/* How many from `at` on, in whole rows, have nothing to show. */
static size_t count_empty(const Rows *r, size_t at)
{
        size_t n = 0;

        while (at + n < r->n && is_plain_empty(r->elements[at + n]))
                n++;
        return at + n == r->n ? n : n - n % r->across;
}

static void add_label(Builder *b, Rows *r, unsigned number)
{
        char text[40];

        if (number == 0)
                snprintf(text, sizeof(text), "%s", r->label);
        else if (r->gutter == GUTTER_WIDE)
                snprintf(text, sizeof(text), "%-*s%5u", GUTTER_WIDE - 7, r->label, number);
        else
                snprintf(text, sizeof(text), "%*u", GUTTER_NARROW - 3, number);
        r->label = "";
        add(b, (Box){.kind = BOX_LABEL, .x = 1, .y = b->y, .w = r->gutter - 1, .h = 1, .text = strdup(text)});
}

static void add_cell(Builder *b, const Rows *r, const SiteElement *e, unsigned column)
{
        bool full = e->flags & SITE_FULL, bad = e->flags & SITE_EXCEPT;
        bool reached = e->flags & SITE_ACCESS || e->type == SITE_PICKER;
        char tag[80];

        utf8_cut(tag, sizeof(tag), !full ? (bad ? "" : "·") : e->tag[0] ? e->tag : "no label", r->w - 1);
        add(b, (Box){.kind = BOX_CELL,
                     .tone = bad                 ? TONE_BAD
                             : !full || !reached ? TONE_FAINT
                                                 : TONE_PLAIN,
                     .x = r->gutter + column * (r->w + 1),
                     .y = b->y,
                     .w = r->w,
                     .h = 1,
                     .full = full,
                     .text = format("%s%s", tag,
                                    bad                ? "!"
                                    : full && !reached ? "~"
                                                       : ""),
                     .tip = layout_describe_element(r->l, e)});
}

static void add_empty_run(Builder *b, Rows *r, size_t at, size_t n)
{
        char text[64];

        add_label(b, r, r->elements[at]->number);
        snprintf(text, sizeof(text), "to %u: empty", r->elements[at + n - 1]->number);
        add(b, (Box){.kind = BOX_TEXT,
                     .tone = TONE_FAINT,
                     .x = r->gutter,
                     .y = b->y++,
                     .w = b->width - r->gutter,
                     .h = 1,
                     .text = strdup(text)});
}

static void add_rows(Builder *b, Rows *r)
{
        for (size_t at = 0; at < r->n;) {
                size_t n_empty = count_empty(r, at);

                if (n_empty > 2 * r->across) {
                        add_empty_run(b, r, at, n_empty);
                        at += n_empty;
                        continue;
                }
                add_label(b, r, r->elements[at]->number);
                for (unsigned column = 0; column < r->across && at < r->n; column++)
                        add_cell(b, r, r->elements[at++], column);
                b->y++;
        }
}

static unsigned cells_across(unsigned room, unsigned w)
{
        static const unsigned nice[] = {20, 10, 8, 5, 4, 3, 2};

        for (size_t i = 0; i < ELEMENTSOF(nice); i++)
                if (nice[i] * (w + 1) <= room + 1)
                        return nice[i];
        return 1;
}

/* As wide as the longest label, for all groups of a library. */
static unsigned cell_width(const SiteLibrary *l)
{
        unsigned w = TAG_LEAST;

        for (size_t i = 0; i < l->n_elements; i++) {
                unsigned n = l->elements[i].type == SITE_BAY ? 0 : utf8_columns(l->elements[i].tag);

                w = n > w ? n : w;
        }
        return (w > TAG_MOST ? TAG_MOST : w) + 1;
}

static void add_group(Builder *b, const SiteLibrary *l, uint8_t type, const char *label)
{
        _cleanup_free_ const SiteElement **elements = calloc(l->n_elements + 1, sizeof(*elements));
        Rows r = {.l = l, .elements = elements, .label = label};

        if (!elements) {
                b->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < l->n_elements; i++)
                if (l->elements[i].type == type)
                        elements[r.n++] = &l->elements[i];
        if (r.n == 0)
                return;
        r.gutter = b->width < NARROW ? GUTTER_NARROW : GUTTER_WIDE;
        r.w = cell_width(l);
        if (r.w > b->width - r.gutter)
                r.w = b->width - r.gutter;
        r.across = cells_across(b->width - r.gutter, r.w);
        if (r.gutter == GUTTER_NARROW && r.elements[0]->number != 0)
                add_wrapped(b, BOX_LABEL, TONE_PLAIN, 1, TAKE_PTR(r.label));
        r.label = r.label ? r.label : "";
        add_rows(b, &r);
}

/* ---- libraries ---- */

static void add_title(Builder *b, const Facts *f)
{
        const char *state = facts_text(f, "State"), *reason = facts_text(f, "Reason");
        const char *vendor = facts_text(f, "Vendor"), *product = facts_text(f, "Product");
        _cleanup_free_ char *text =
                format("%s  %s%s%s%s%s %s%s%s", facts_text(f, "Name"), vendor, vendor[0] ? " " : "", product,
                       product[0] ? "  " : "", layout_mark(state), state, reason[0] ? ": " : "", reason);

        if (!text)
                b->error = -ENOMEM;
        else
                add_wrapped(b, BOX_TITLE, layout_tone(state), 0, text);
}

static void add_summary(Builder *b, const SiteLibrary *l)
{
        static const struct {
                uint8_t type;
                const char *what;
        } rows[] = {{SITE_SLOT, "slots full"}, {SITE_BAY, "drives loaded"}, {SITE_MAIL, "mail slots full"}};
        char age[256], text[512];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                SiteCount count = site_count(l, rows[i].type);

                if (count.n == 0)
                        continue;
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%u of %u %s", n > 0 ? ", " : "",
                                       count.n_full, count.n, rows[i].what);
        }
        snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? "; " : "",
                 site_describe_age(l, age, sizeof(age)));
        add_wrapped(b, BOX_TEXT, l->followed ? TONE_PLAIN : TONE_FAINT, 2, text);
}

static void add_library(Builder *b, const SiteLibrary *l)
{
        b->y += b->y > 0;
        add_title(b, &l->device->facts);
        add_summary(b, l);
        if (l->n_elements == 0)
                return;
        b->y++;
        if (site_count(l, SITE_BAY).n > 0) {
                add_bays(b, l);
                b->y++;
        }
        add_group(b, l, SITE_PICKER, "Picker");
        add_group(b, l, SITE_MAIL, "Mail slots");
        add_group(b, l, SITE_SLOT, "Slots");
}

static void add_others(Builder *b)
{
        unsigned n = 0;
        Grid g;

        for (size_t i = 0; i < b->site->n_devices; i++)
                n += site_stands_alone(b->site, &b->site->devices[i]);
        if (n == 0)
                return;
        b->y += b->y > 0;
        add_wrapped(b, BOX_TITLE, TONE_PLAIN, 0, b->site->n_libraries > 0 ? "Drives elsewhere" : "Drives");
        g = drive_grid(b, n);
        for (size_t i = 0; i < b->site->n_devices; i++)
                if (site_stands_alone(b->site, &b->site->devices[i]))
                        add_drive(b, &g, &b->site->devices[i], NULL, NULL);
        end_drives(b, &g);
}

int layout_site(const Site *s, const char *only, unsigned width, Layout *ret)
{
        _cleanup_(layout_deinit) Layout l = {};
        Builder b = {.site = s, .l = &l, .width = width < LAYOUT_WIDTH_MIN ? LAYOUT_WIDTH_MIN : width};

        for (size_t i = 0; i < s->n_libraries; i++)
                if (!only || text_equal(site_library_name(&s->libraries[i]), only))
                        add_library(&b, &s->libraries[i]);
        if (!only)
                add_others(&b);
        if (b.error < 0)
                return b.error;
        l.width = b.width;
        l.height = b.y;
        *ret = TAKE_GENERIC(l, Layout, (Layout){});
        return 0;
}

void layout_deinit(Layout *l)
{
        for (size_t i = 0; i < l->n_boxes; i++) {
                free(l->boxes[i].text);
                free(l->boxes[i].tip);
        }
        free(l->boxes);
        *l = (Layout){};
}
