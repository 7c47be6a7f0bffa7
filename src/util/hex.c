/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Commented hex: how replies of devices are kept as fixtures, seeds and bug reports, so that people can read
 * and correct them. */

#include "util/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"

#define HEX_FILE_MAX (16 * 1024 * 1024)

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

/* From p to the next character that is neither blank nor comment, or end. */
static const char *skip_blank(const char *p, const char *end)
{
        for (; p < end; p++) {
                if (*p == '#') {
                        p = memchr(p, '\n', (size_t) (end - p));
                        if (!p)
                                return end;
                } else if (!memchr(" \t\r\n", *p, 4)) {
                        return p;
                }
        }
        return end;
}

int hex_parse(const char *text, size_t n_text, uint8_t *dst, size_t n_dst, size_t *ret_n)
{
        const char *end = text + n_text;
        size_t n = 0;

        for (const char *p = skip_blank(text, end); p < end; p = skip_blank(p + 2, end)) {
                int high = digit(p[0]);
                int low = end - p > 1 ? digit(p[1]) : -EINVAL;

                if (high < 0 || low < 0)
                        return -EINVAL;
                if (n >= n_dst)
                        return -ENOBUFS;
                dst[n++] = (uint8_t) (high << 4 | low);
        }
        *ret_n = n;
        return 0;
}

static int read_text(const char *path, char **ret, size_t *ret_n)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t n;

        if (!f || fstat(fileno(f), &st) < 0)
                return -errno;
        if (st.st_size > HEX_FILE_MAX)
                return -EFBIG;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = fread(text, 1, (size_t) st.st_size, f);
        if (ferror(f))
                return -EIO;
        *ret = TAKE_PTR(text);
        *ret_n = n;
        return 0;
}

int hex_load(const char *path, uint8_t **ret, size_t *ret_n)
{
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_text = 0, n;
        uint8_t *exact;
        int r;

        r = read_text(path, &text, &n_text);
        if (r < 0)
                return r;
        bytes = malloc(n_text / 2 + 1);
        if (!bytes)
                return -ENOMEM;
        r = hex_parse(text, n_text, bytes, n_text / 2 + 1, &n);
        if (r < 0)
                return r;
        exact = malloc(n > 0 ? n : 1);
        if (!exact)
                return -ENOMEM;
        if (n > 0)
                memcpy(exact, bytes, n);
        *ret = exact;
        *ret_n = n;
        return 0;
}
