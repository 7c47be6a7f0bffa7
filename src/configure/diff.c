/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy one. What is very different
 * is taken for different as a whole. */

#include "configure/diff.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "util/cleanup.h"

#define D_MAX   1000 /* lines added and taken away, beyond which it is one change */
#define CONTEXT 3

typedef struct Lines {
        DiffText *items; /* each with its end of line */
        size_t n_items;
} Lines;

static void lines_deinit(Lines *l)
{
        free(l->items);
}

static int split(DiffText t, Lines *ret)
{
        size_t n = 0, i = 0;
        const char *at = t.text, *end = t.text + t.n, *next;

        for (size_t k = 0; k < t.n; k++)
                n += t.text[k] == '\n' || k + 1 == t.n;
        ret->items = calloc(n + 1, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (; at < end; at = next) {
                next = memchr(at, '\n', (size_t) (end - at));
                next = next ? next + 1 : end;
                ret->items[i++] = (DiffText){at, (size_t) (next - at)};
        }
        ret->n_items = n;
        return 0;
}

static bool is_same(DiffText a, DiffText b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.text, b.text, a.n) == 0);
}

/* ---- the algorithm, on what is between an equal beginning and an equal end ---- */

typedef struct Middle {
        const DiffText *a, *b;
        ssize_t n_a, n_b;
        bool *a_gone, *b_new; /* of these lines */
} Middle;

static void mark_all(Middle *m)
{
        memset(m->a_gone, true, (size_t) m->n_a);
        memset(m->b_new, true, (size_t) m->n_b);
}

static bool goes_down(const ssize_t *v, ssize_t k, ssize_t d)
{
        return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* The way back through the furthest points. Round d has set every second diagonal of its row, and on the ones
 * between stands what round d - 1 had reached. */
static void mark_path(Middle *m, const ssize_t *trace, ssize_t rounds, size_t width, ssize_t offset)
{
        ssize_t x = m->n_a, y = m->n_b;

        for (ssize_t d = rounds; d > 0; d--) {
                const ssize_t *v = trace + (size_t) d * width + offset;
                ssize_t k = x - y;
                bool down = goes_down(v, k, d);
                ssize_t from = down ? k + 1 : k - 1;

                x = v[from];
                y = x - from;
                if (down)
                        m->b_new[y] = true;
                else
                        m->a_gone[x] = true;
        }
}

/* One round more: furthest point of each diagonal. True when the end is reached. */
static bool advance(const Middle *m, ssize_t *v, ssize_t d)
{
        for (ssize_t k = -d; k <= d; k += 2) {
                ssize_t x = goes_down(v, k, d) ? v[k + 1] : v[k - 1] + 1;

                while (x < m->n_a && x - k < m->n_b && x - k >= 0 && is_same(m->a[x], m->b[x - k]))
                        x++;
                v[k] = x;
                if (x >= m->n_a && x - k >= m->n_b)
                        return true;
        }
        return false;
}

static int mark(Middle *m)
{
        ssize_t max = m->n_a + m->n_b < D_MAX ? m->n_a + m->n_b : D_MAX;
        size_t width = (size_t) (2 * max + 3);
        ssize_t offset = max + 1;
        _cleanup_free_ ssize_t *trace = calloc((size_t) (max + 2) * width, sizeof(*trace));

        if (!trace)
                return -ENOMEM;
        for (ssize_t d = 0; d <= max; d++) {
                ssize_t *v = trace + (size_t) d * width + offset;

                if (advance(m, v, d)) {
                        mark_path(m, trace, d, width, offset);
                        return 0;
                }
                memcpy(v + width - offset, v - offset, width * sizeof(*v));
        }
        mark_all(m);
        return 0;
}

static int collect(const bool *a_gone, size_t n_a, const bool *b_new, size_t n_b, DiffChange **ret,
                   size_t *ret_n)
{
        DiffChange *changes = calloc(n_a + n_b + 1, sizeof(*changes));
        size_t n = 0, x = 0, y = 0;

        if (!changes)
                return -ENOMEM;
        while (x < n_a || y < n_b) {
                DiffChange c = {.a_at = x, .b_at = y};

                while (x < n_a && a_gone[x])
                        x++;
                while (y < n_b && b_new[y])
                        y++;
                c.a_n = x - c.a_at;
                c.b_n = y - c.b_at;
                if (c.a_n + c.b_n > 0) {
                        changes[n++] = c;
                        continue;
                }
                x++;
                y++;
        }
        *ret = changes;
        *ret_n = n;
        return 0;
}

static int compare(const Lines *a, const Lines *b, DiffChange **ret, size_t *ret_n)
{
        _cleanup_free_ bool *a_gone = calloc(a->n_items + 1, 1), *b_new = calloc(b->n_items + 1, 1);
        size_t least = a->n_items < b->n_items ? a->n_items : b->n_items, begin = 0, end = 0;
        Middle m;
        int r;

        if (!a_gone || !b_new)
                return -ENOMEM;
        while (begin < least && is_same(a->items[begin], b->items[begin]))
                begin++;
        while (end < least - begin && is_same(a->items[a->n_items - 1 - end], b->items[b->n_items - 1 - end]))
                end++;
        m = (Middle){
                .a = a->items + begin,
                .b = b->items + begin,
                .n_a = (ssize_t) (a->n_items - begin - end),
                .n_b = (ssize_t) (b->n_items - begin - end),
                .a_gone = a_gone + begin,
                .b_new = b_new + begin,
        };
        r = mark(&m);
        return r < 0 ? r : collect(a_gone, a->n_items, b_new, b->n_items, ret, ret_n);
}

int diff_lines(DiffText a, DiffText b, DiffChange **ret, size_t *ret_n)
{
        _cleanup_(lines_deinit) Lines x = {0}, y = {0};
        int r = split(a, &x);

        if (r >= 0)
                r = split(b, &y);
        return r < 0 ? r : compare(&x, &y, ret, ret_n);
}

/* ---- printing ---- */

static void print_lines(FILE *f, char sign, const Lines *l, size_t from, size_t to)
{
        for (; from < to; from++) {
                DiffText t = l->items[from];

                fputc(sign, f);
                fwrite(t.text, 1, t.n, f);
                if (t.n == 0 || t.text[t.n - 1] != '\n')
                        fputs("\n\\ No newline at end of file\n", f);
        }
}

static size_t context_before(size_t at)
{
        return at < CONTEXT ? 0 : at - CONTEXT;
}

/* Of so many lines the number of the first one, or of the one before if there is none. */
static size_t first_line(size_t at, size_t n)
{
        return n > 0 ? at + 1 : at;
}

static void print_hunk(FILE *f, const Lines *a, const Lines *b, const DiffChange *c, size_t n)
{
        const DiffChange *last = &c[n - 1];
        size_t from = context_before(c[0].a_at), to = last->a_at + last->a_n + CONTEXT, at;
        size_t b_from = c[0].b_at - (c[0].a_at - from), b_to;

        if (to > a->n_items)
                to = a->n_items;
        b_to = last->b_at + last->b_n + (to - last->a_at - last->a_n);
        fprintf(f, "@@ -%zu,%zu +%zu,%zu @@\n", first_line(from, to - from), to - from,
                first_line(b_from, b_to - b_from), b_to - b_from);
        at = from;
        for (size_t i = 0; i < n; i++) {
                print_lines(f, ' ', a, at, c[i].a_at);
                print_lines(f, '-', a, c[i].a_at, c[i].a_at + c[i].a_n);
                print_lines(f, '+', b, c[i].b_at, c[i].b_at + c[i].b_n);
                at = c[i].a_at + c[i].a_n;
        }
        print_lines(f, ' ', a, at, to);
}

int diff_print(DiffText a, const char *a_name, DiffText b, const char *b_name, FILE *f)
{
        _cleanup_(lines_deinit) Lines x = {0}, y = {0};
        _cleanup_free_ DiffChange *c = NULL;
        size_t n, k;
        int r = split(a, &x);

        if (r >= 0)
                r = split(b, &y);
        if (r >= 0)
                r = compare(&x, &y, &c, &n);
        if (r < 0 || n == 0)
                return r;
        fprintf(f, "--- %s\n+++ %s\n", a_name, b_name);
        for (size_t i = 0; i < n; i += k) {
                for (k = 1; i + k < n; k++)
                        if (c[i + k].a_at - (c[i + k - 1].a_at + c[i + k - 1].a_n) > 2 * CONTEXT)
                                break;
                print_hunk(f, &x, &y, &c[i], k);
        }
        return 0;
}

/* ---- merging ---- */

/* Where the lines of a change of base, and one on either side, are in mine. -EEXIST: mine has changed them.
 */
static int locate(const DiffChange *change, const DiffChange *mine, size_t n_mine, size_t *ret)
{
        size_t at = change->a_at, end = change->a_at + change->a_n;
        ssize_t shift = 0;

        for (size_t i = 0; i < n_mine; i++) {
                size_t begin = mine[i].a_at, stop = mine[i].a_at + mine[i].a_n;

                if (stop < at) {
                        shift += (ssize_t) mine[i].b_n - (ssize_t) mine[i].a_n;
                        continue;
                }
                if (begin <= end)
                        return -EEXIST;
                break;
        }
        *ret = (size_t) ((ssize_t) at + shift);
        return 0;
}

typedef struct Merge {
        const Lines *mine, *theirs;
        const DiffChange *by_me, *by_them;
        size_t n_by_me, n_by_them;
} Merge;

/* Both have done the same there. */
static bool is_done(const Merge *m, const DiffChange *change)
{
        for (size_t i = 0; i < m->n_by_me; i++) {
                const DiffChange *mine = &m->by_me[i];
                bool same =
                        mine->a_at == change->a_at && mine->a_n == change->a_n && mine->b_n == change->b_n;

                for (size_t k = 0; k < mine->b_n && same; k++)
                        same = is_same(m->mine->items[mine->b_at + k], m->theirs->items[change->b_at + k]);
                if (same)
                        return true;
        }
        return false;
}

static void put_lines(FILE *f, const Lines *l, size_t from, size_t to)
{
        for (; from < to; from++)
                fwrite(l->items[from].text, 1, l->items[from].n, f);
}

static int merge(FILE *f, const Merge *m)
{
        size_t at = 0, place;
        int r;

        for (size_t i = 0; i < m->n_by_them; i++) {
                const DiffChange *change = &m->by_them[i];

                if (is_done(m, change))
                        continue;
                r = locate(change, m->by_me, m->n_by_me, &place);
                if (r < 0)
                        return r;
                put_lines(f, m->mine, at, place);
                put_lines(f, m->theirs, change->b_at, change->b_at + change->b_n);
                at = place + change->a_n;
        }
        put_lines(f, m->mine, at, m->mine->n_items);
        return 0;
}

int diff_merge(DiffText base, DiffText mine, DiffText theirs, char **ret, size_t *ret_n)
{
        _cleanup_(lines_deinit) Lines b = {0}, m = {0}, t = {0};
        _cleanup_free_ DiffChange *by_me = NULL, *by_them = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_by_me, n_by_them, n_text;
        FILE *f;
        int r = split(base, &b);

        if (r >= 0)
                r = split(mine, &m);
        if (r >= 0)
                r = split(theirs, &t);
        if (r >= 0)
                r = compare(&b, &m, &by_me, &n_by_me);
        if (r >= 0)
                r = compare(&b, &t, &by_them, &n_by_them);
        if (r < 0)
                return r;
        f = open_memstream(&text, &n_text);
        if (!f)
                return -ENOMEM;
        r = merge(f, &(Merge){&m, &t, by_me, by_them, n_by_me, n_by_them});
        if (fclose(f) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        *ret_n = n_text;
        return 0;
}
