/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of the corpus for tests. */

#include <stdio.h>
#include <string.h>

#include "configure/conf.h"
#include "util/cleanup.h"

static const char *data_folder;

/* A ConfLoad: relative paths begin at data_folder. */
static inline int load_file(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        static const size_t max = 65536;
        _cleanup_free_ char *text = malloc(max);
        char full[2048];
        FILE *f;

        if (path[0] == '/')
                snprintf(full, sizeof(full), "%s", path);
        else
                snprintf(full, sizeof(full), "%s/%s", data_folder, path);
        f = fopen(full, "re");
        if (!f)
                return -errno;
        *ret_n = fread(text, 1, max - 1, f);
        fclose(f);
        text[*ret_n] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}
