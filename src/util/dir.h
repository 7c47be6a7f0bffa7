/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Listing a directory below a root descriptor (util/root.h). */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "util/cleanup.h"

#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

static inline void cleanup_closedir(DIR **dir)
{
        if (*dir)
                closedir(*dir);
}

/* closedir() it. -errno. */
static inline int root_opendir(int root, const char *path, DIR **ret)
{
        int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir;

        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                safe_close(fd);
                return -errno;
        }
        *ret = dir;
        return 0;
}

/* The next entry that is not hidden, "." or "..", or NULL at the end. */
static inline const struct dirent *dir_next(DIR *dir)
{
        const struct dirent *entry;

        do
                entry = readdir(dir);
        while (entry && entry->d_name[0] == '.');
        return entry;
}
