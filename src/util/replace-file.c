/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Written beside the file, brought to the disk, put in its place; and the folder is brought to the disk too,
 * without which the name may lead to the old file after a crash. The name beside it is drawn: a folder that
 * others may write to could have a link under one that is known. */

#include "util/replace-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

int write_whole(int fd, const char *text, size_t n)
{
        while (n > 0) {
                ssize_t k = write(fd, text, n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                text += k;
                n -= (size_t) k;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* The folder that path is in. */
static int sync_folder(const char *path)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *folder = slash ? strndup(path, (size_t) (slash - path) + 1) : strdup(".");
        _cleanup_close_ int fd = -EBADF;

        if (!folder)
                return -ENOMEM;
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int replace_file(const char *path, const char *text, size_t n, mode_t mode)
{
        _cleanup_free_ char *beside = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (asprintf(&beside, "%s.XXXXXX", path) < 0)
                return -ENOMEM;
        fd = mkostemp(beside, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = fchmod(fd, mode) < 0 ? -errno : write_whole(fd, text, n);
        if (r >= 0 && rename(beside, path) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlink(beside);
                return r;
        }
        return sync_folder(path);
}
