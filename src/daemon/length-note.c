/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file for each device, and not a table of the registry: it is written in the middle of a backup, once for
 * each block length that is new, and must neither wait for the registry's lock nor be lost with its names. */

#include "daemon/length-note.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/replace-file.h"
#include "util/text.h"

#define LENGTH_MAX 0xffffff /* 24 bits in a block descriptor */

static char *path_of(const char *folder, uint32_t id, char path[static PATH_MAX])
{
        snprintf(path, PATH_MAX, "%s/block-length-%" PRIu32, folder, id);
        return path;
}

int length_note_write(const char *folder, uint32_t id, const char *serial, uint32_t length)
{
        _cleanup_free_ char *text = NULL;
        char path[PATH_MAX];
        int n = asprintf(&text, "%" PRIu32 " %s\n", length, serial);

        return n < 0 ? -ENOMEM : replace_file(path_of(folder, id, path), text, (size_t) n, 0644);
}

uint32_t length_note_read(const char *folder, uint32_t id, const char *serial)
{
        char path[PATH_MAX], line[128], *rest;
        _cleanup_fclose_ FILE *f = fopen(path_of(folder, id, path), "re");
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

        (void) unlink(path_of(folder, id, path));
}
