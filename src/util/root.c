/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernel attributes are small files that must be read and written by one system call each. */

#include "util/root.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"

#define PIECE 4096 /* kernfs gives as much at a time, and what is shorter is the end */

int root_open(const char *path)
{
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

ssize_t root_read(int root, const char *path, void *buf, size_t n)
{
        _cleanup_close_ int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
        size_t done = 0;
        ssize_t r;

        if (fd < 0)
                return -errno;
        while (done < n) {
                r = read(fd, (char *) buf + done, n - done);
                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -errno;
                done += (size_t) r;
                if (r < PIECE)
                        break;
        }
        return (ssize_t) done;
}

int root_read_text(int root, const char *path, char *buf, size_t n)
{
        ssize_t r = root_read(root, path, buf, n);

        if (r < 0)
                return (int) r;
        if ((size_t) r >= n)
                return -ENOBUFS;
        buf[r] = '\0';
        buf[strcspn(buf, "\n")] = '\0';
        return 0;
}

int root_write_text(int root, const char *path, const char *text)
{
        _cleanup_close_ int fd = openat(root, path, O_WRONLY | O_CLOEXEC);
        size_t n = strlen(text);
        ssize_t r;

        if (fd < 0)
                return -errno;
        r = write(fd, text, n);
        if (r < 0)
                return -errno;
        return (size_t) r == n ? 0 : -EIO;
}

int root_link_name(int root, const char *path, char *buf, size_t n)
{
        char target[4096];
        ssize_t r = readlinkat(root, path, target, sizeof(target) - 1);
        const char *name;

        if (r < 0)
                return -errno;
        target[r] = '\0';
        name = strrchr(target, '/');
        name = name ? name + 1 : target;
        if (strlen(name) >= n)
                return -ENOBUFS;
        memcpy(buf, name, strlen(name) + 1);
        return 0;
}

/* inotify wants a path where the rest of us has a descriptor. */
int root_watch(int root, int inotify, const char *path, uint32_t mask)
{
        _cleanup_close_ int folder = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char by_descriptor[64];

        if (folder < 0)
                return -errno;
        snprintf(by_descriptor, sizeof(by_descriptor), "/proc/self/fd/%d", folder);
        return inotify_add_watch(inotify, by_descriptor, mask) < 0 ? -errno : 0;
}

int root_watch_wait(int inotify, usec_t until)
{
        struct pollfd p = {.fd = inotify, .events = POLLIN};
        usec_t now = usec_now(CLOCK_MONOTONIC);
        char events[4096];

        if (now >= until)
                return -ETIMEDOUT;
        if (poll(&p, 1, (int) usec_min((until - now) / USEC_PER_MSEC + 1, INT32_MAX)) < 0 && errno != EINTR)
                return -errno;
        while (read(inotify, events, sizeof(events)) > 0)
                ;
        return 0;
}
