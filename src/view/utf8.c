/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Widths by Unicode's East_Asian_Width (UAX 11) in ranges: enough for names and programs that people use, and
 * what is off by one column in rare scripts only looks so. */

#include "view/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "util/cleanup.h"

typedef struct Range {
        uint32_t first, last;
} Range;

/* clang-format off */
static const Range wide[] = {
        {0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
        {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
static const Range combining[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0900, 0x0902},
        {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};
static const Range unsafe[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xd800, 0xdfff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xfffffff},
};
/* clang-format on */

static bool is_in(uint32_t c, const Range *ranges, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return true;
        return false;
}

uint32_t utf8_get(const char *s, size_t *ret_n)
{
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        const unsigned char *p = (const unsigned char *) s;
        size_t n = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 4;
        uint32_t c = n == 0 ? p[0] : p[0] & (0x3fu >> n);

        *ret_n = 1;
        if (n > 3)
                return UTF8_REPLACEMENT;
        for (size_t i = 1; i <= n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return UTF8_REPLACEMENT;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < least[n])
                return UTF8_REPLACEMENT;
        *ret_n = n + 1;
        return is_in(c, unsafe, ELEMENTSOF(unsafe)) ? UTF8_REPLACEMENT : c;
}

char *utf8_put(char dst[static 5], uint32_t c)
{
        size_t n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};

        dst[0] = (char) (lead[n] | c >> 6 * n);
        for (size_t i = 1; i <= n; i++)
                dst[i] = (char) (0x80 | (c >> 6 * (n - i) & 0x3f));
        dst[n + 1] = '\0';
        return dst;
}

unsigned utf8_width(uint32_t c)
{
        if (is_in(c, combining, ELEMENTSOF(combining)))
                return 0;
        return is_in(c, wide, ELEMENTSOF(wide)) ? 2 : 1;
}

unsigned utf8_columns(const char *s)
{
        unsigned columns = 0;

        for (size_t n; *s; s += n)
                columns += utf8_width(utf8_get(s, &n));
        return columns;
}

char *utf8_cut(char *dst, size_t n_dst, const char *s, unsigned columns)
{
        bool fits = utf8_columns(s) <= columns;
        unsigned used = 0, most = fits ? columns : columns > 0 ? columns - 1 : 0;
        char *to = dst;

        for (size_t n; *s; s += n) {
                uint32_t c = utf8_get(s, &n);
                char one[5];

                used += utf8_width(c);
                if (used > most || (size_t) (dst + n_dst - to) < 9)
                        break;
                to = stpcpy(to, utf8_put(one, c));
        }
        *to = '\0';
        if (*s && columns > 0 && (size_t) (dst + n_dst - to) >= 4)
                strcpy(to, "\u2026");
        return dst;
}
