/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of /sys, /proc and configfs, always below a directory descriptor, so that a test can supply a tree of
 * its own. Paths are relative to it ("class/scsi_generic"). All return -errno. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/time.h"

/* Opens "/", or another root, as O_PATH. */
int root_open(const char *path);

/* Reads at most n bytes; returns how many were read (binary attributes, VPD pages). */
ssize_t root_read(int root, const char *path, void *buf, size_t n);

/* Reads a text attribute into buf, terminated, without its trailing newline. -ENOBUFS if it does not fit. */
int root_read_text(int root, const char *path, char *buf, size_t n);

/* Writes text by one write(2), as attributes want it. */
int root_write_text(int root, const char *path, const char *text);

/* Last component of the target of a symbolic link. */
int root_link_name(int root, const char *path, char *buf, size_t n);

/* Has inotify, a descriptor that does not block, tell of a folder. */
int root_watch(int root, int inotify, const char *path, uint32_t mask);

/* Until it has told of something, and takes all that it tells; -ETIMEDOUT at the time `until`
 * (CLOCK_MONOTONIC). Look after root_watch(), and again after this. */
int root_watch_wait(int inotify, usec_t until);
