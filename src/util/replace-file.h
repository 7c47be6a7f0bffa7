/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* The file has this text from now on, or, with -errno, what it had before: never a part, also after the
 * machine has crashed. mode: all of it, whatever the umask is. A link is replaced and not followed. */
int replace_file(const char *path, const char *text, size_t n, mode_t mode);

/* All of it, and to the disk. -errno. */
int write_whole(int fd, const char *text, size_t n);
