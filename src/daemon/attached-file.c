/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text and not a table of the registry: a registry that is lost costs names, and must not cost the way to
 * the devices too. */

#include "daemon/attached-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/replace-file.h"

static int add(IscsiUrl **urls, size_t *n, const IscsiUrl *u)
{
        IscsiUrl *grown = reallocarray(*urls, *n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        *urls = grown;
        grown[(*n)++] = *u;
        return 0;
}

int attached_file_read(const char *path, IscsiUrl **ret, size_t *ret_n, unsigned *ret_n_bad)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ IscsiUrl *urls = NULL;
        char line[ISCSI_URL_MAX + 2];
        unsigned n_bad = 0;
        size_t n = 0;
        int r = 0;

        if (!f && errno != ENOENT)
                return -errno;
        while (f && fgets(line, sizeof(line), f) && r >= 0) {
                const char *why;
                IscsiUrl u;

                line[strcspn(line, "\n")] = '\0';
                if (line[0] == '\0' || line[0] == '#')
                        continue;
                if (iscsi_url_parse(line, &u, &why) >= 0 && iscsi_host_is_address(u.host))
                        r = add(&urls, &n, &u);
                else
                        n_bad++;
        }
        if (r < 0)
                return r;
        if (f && ferror(f))
                return -EIO;
        *ret = TAKE_PTR(urls);
        *ret_n = n;
        *ret_n_bad = n_bad;
        return 0;
}

int attached_file_write(const char *path, const IscsiUrl *urls, size_t n)
{
        _cleanup_free_ char *text = NULL;
        char url[ISCSI_URL_MAX];
        size_t n_text;
        FILE *f = open_memstream(&text, &n_text);

        if (!f)
                return -ENOMEM;
        fprintf(f, "# Written by evertaped: iSCSI targets that are attached. evertape(1), attach, detach.\n");
        for (size_t i = 0; i < n; i++)
                fprintf(f, "%s\n", iscsi_url_format(&urls[i], url));
        return fclose(f) == EOF ? -ENOMEM : replace_file(path, text, n_text, 0644);
}
