/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text that comes from devices (fixed width, padded, not always printable) and from people (spans of time,
 * sizes). Strict: what is not understood is an error and never a number. */

#include "util/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

void text_from_field(char *dst, size_t n_dst, const uint8_t *src, size_t n_src)
{
        size_t begin = 0, end = n_src, n = 0;

        while (begin < end && (src[begin] == ' ' || src[begin] == '\0'))
                begin++;
        while (end > begin && (src[end - 1] == ' ' || src[end - 1] == '\0'))
                end--;
        for (size_t i = begin; i < end && n + 1 < n_dst; i++)
                dst[n++] = src[i] >= 0x20 && src[i] < 0x7f ? (char) src[i] : '?';
        if (n_dst > 0)
                dst[n] = '\0';
}

typedef struct Suffix {
        const char *name;
        uint64_t factor;
} Suffix;

static const Suffix span_suffixes[] = {
        {"us", 1},
        {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"sec", USEC_PER_SEC},
        {"", USEC_PER_SEC},
        {"m", 60 * USEC_PER_SEC},
        {"min", 60 * USEC_PER_SEC},
        {"h", 3600 * USEC_PER_SEC},
        {"d", 86400 * USEC_PER_SEC},
};

static const Suffix size_suffixes[] = {
        {"", 1},
        {"K", UINT64_C(1) << 10},
        {"M", UINT64_C(1) << 20},
        {"G", UINT64_C(1) << 30},
        {"T", UINT64_C(1) << 40},
};

/* One number with a suffix, from *text, which is moved past both and the blanks that follow. */
static int parse_quantity(const char **text, const Suffix *suffixes, size_t n_suffixes, uint64_t *ret)
{
        const char *p = *text;
        uint64_t value;
        size_t n_suffix;
        char *end;

        if (*p < '0' || *p > '9')
                return -EINVAL;
        errno = 0;
        value = strtoull(p, &end, 10);
        if (errno != 0)
                return -errno;
        n_suffix = strcspn(end, " 0123456789");
        for (size_t i = 0; i < n_suffixes; i++) {
                if (strlen(suffixes[i].name) != n_suffix || strncmp(suffixes[i].name, end, n_suffix) != 0)
                        continue;
                if (__builtin_mul_overflow(value, suffixes[i].factor, ret))
                        return -ERANGE;
                end += n_suffix;
                *text = end + strspn(end, " ");
                return 0;
        }
        return -EINVAL;
}

int text_parse_span(const char *text, usec_t *ret)
{
        uint64_t total = 0, part;
        int r;

        if (text_equal(text, "infinity")) {
                *ret = USEC_INFINITY;
                return 0;
        }
        do {
                r = parse_quantity(&text, span_suffixes, ELEMENTSOF(span_suffixes), &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(total, part, &total))
                        return -ERANGE;
        } while (*text != '\0');
        *ret = total;
        return 0;
}

int text_parse_size(const char *text, uint64_t *ret)
{
        uint64_t value;
        int r;

        r = parse_quantity(&text, size_suffixes, ELEMENTSOF(size_suffixes), &value);
        if (r < 0)
                return r;
        if (*text != '\0')
                return -EINVAL;
        *ret = value;
        return 0;
}

char *text_format_span(char *dst, size_t n_dst, usec_t span)
{
        static const Suffix units[] = {
                {"d", 86400 * USEC_PER_SEC}, {"h", 3600 * USEC_PER_SEC}, {"min", 60 * USEC_PER_SEC},
                {"s", USEC_PER_SEC},         {"ms", USEC_PER_MSEC},      {"us", 1},
        };
        size_t first = 0, n = 0;

        if (span == USEC_INFINITY || span == 0) {
                snprintf(dst, n_dst, "%s", span == 0 ? "0s" : "infinity");
                return dst;
        }
        while (span < units[first].factor)
                first++;
        for (size_t i = first; i < ELEMENTSOF(units) && i < first + 2 && n < n_dst; i++) {
                uint64_t part = span / units[i].factor;

                span %= units[i].factor;
                if (part > 0)
                        n += (size_t) snprintf(dst + n, n_dst - n, "%s%" PRIu64 "%s", n > 0 ? " " : "", part,
                                               units[i].name);
        }
        return dst;
}
