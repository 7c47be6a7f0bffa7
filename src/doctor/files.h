/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text files and directories of them below a root descriptor, whatever they turn out to be. Paths relative to
 * it. */

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

#define FILE_TEXT_MAX (8 << 20) /* modules.dep has about one MiB */

/* The whole text, terminated; NULs in it become '?'. free() it. -EFBIG for more than FILE_TEXT_MAX bytes,
 * -EBADMSG for what is no regular file, -errno. Never waits. Not for files of /proc and /sys, whose size is
 * 0. */
int file_read_text(int root, const char *path, char **ret);

/* The next line of *rest, which it terminates, or NULL at the end. */
char *line_next(char **rest, unsigned *line);

/* Line that mentions word between characters that are not letters, digits or '_', in a file in which '#'
 * begins a comment; 0 when there is none, -errno. */
int file_find_word(int root, const char *path, const char *word);

bool file_exists(int root, const char *path);

/* One number, as many files of /proc and /sys have it. -ERANGE, -errno. */
int file_read_number(int root, const char *path, long long *ret);

typedef struct ConfFile {
        char path[320]; /* with its directory */
        bool masked;    /* a link to /dev/null */
} ConfFile;

/* Its name without the directory. */
const char *conf_name(const ConfFile *file);

/* Files called *suffix of several directories, as systemd, udev and modprobe read them: of those with one
 * name the one in the directory named first, sorted by name. Directories that cannot be read are left out.
 * free() it. 0 or -ENOMEM. */
int conf_list(int root, const char *const *dirs, size_t n_dirs, const char *suffix, ConfFile **ret,
              size_t *ret_n);

/* Whether a process is called so (its comm, 15 characters at the most). */
bool process_runs(int root, const char *name);
