/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file for each device, and not a table of the registry: it is written in the middle of a backup, once for
 * each block length that is new, and must neither wait for the registry's lock nor be lost with its names. */

#include "daemon/length-note.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/text.h"

#define LENGTH_MAX 0xffffff /* 24 bits in a block descriptor */

static char *path_of(const char *folder, uint32_t id, const char *suffix, char path[static PATH_MAX])
{
        snprintf(path, PATH_MAX, "%s/block-length-%" PRIu32 "%s", folder, id, suffix);
        return path;
}

static int write_file(const char *path, const char *serial, uint32_t length)
{
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        if (!f)
                return -errno;
        errno = 0;
        fprintf(f, "%" PRIu32 " %s\n", length, serial);
        if (fflush(f) != 0 || ferror(f) || fsync(fileno(f)) < 0)
                return errno ? -errno : -EIO;
        return 0;
}

static int sync_folder(const char *folder)
{
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int length_note_write(const char *folder, uint32_t id, const char *serial, uint32_t length)
{
        char path[PATH_MAX], temporary[PATH_MAX];
        int r = write_file(path_of(folder, id, ".new", temporary), serial, length);

        if (r >= 0 && rename(temporary, path_of(folder, id, "", path)) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlink(temporary);
                return r;
        }
        return sync_folder(folder);
}

uint32_t length_note_read(const char *folder, uint32_t id, const char *serial)
{
        char path[PATH_MAX], line[128], *rest;
        _cleanup_fclose_ FILE *f = fopen(path_of(folder, id, "", path), "re");
        unsigned long length;

        if (!f || !fgets(line, sizeof(line), f))
                return 0;
        line[strcspn(line, "\n")] = '\0';
        length = strtoul(line, &rest, 10);
        return rest != line && *rest == ' ' && length <= LENGTH_MAX && text_equal(rest + 1, serial)
                       ? (uint32_t) length
                       : 0;
}

void length_note_remove(const char *folder, uint32_t id)
{
        char path[PATH_MAX];

        (void) unlink(path_of(folder, id, "", path));
}
