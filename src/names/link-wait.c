/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder that is not there yet cannot be watched, so all of them on the way are; then we look. What comes
 * after that is told. */

#include "names/link-wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/root.h"
#include "util/text.h"

/* inotify wants a path where the rest of us has a descriptor. */
static int watch(int fd, int root, const char *folder)
{
        _cleanup_close_ int opened = openat(root, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char path[64];

        if (opened < 0)
                return errno == ENOENT ? 0 : -errno;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", opened);
        return inotify_add_watch(fd, path, IN_CREATE | IN_MOVED_TO) < 0 ? -errno : 0;
}

static int watch_all(int fd, int root)
{
        static const char *const folders[] = {"dev", "dev/tape", "dev/tape/by-name"};
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(folders) && r >= 0; i++)
                r = watch(fd, root, folders[i]);
        return r;
}

static bool leads_to(int root, const char *link, const char *const *nodes, size_t n_nodes)
{
        char target[64];

        if (root_link_name(root, link, target, sizeof(target)) < 0)
                return false;
        for (size_t i = 0; i < n_nodes; i++)
                if (text_equal(target, nodes[i]))
                        return true;
        return false;
}

int link_wait(int root, const char *link, const char *const *nodes, size_t n_nodes, usec_t until)
{
        _cleanup_close_ int fd = -EBADF;
        char events[4096];

        link += strspn(link, "/");
        if (leads_to(root, link, nodes, n_nodes))
                return 0;
        fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd < 0)
                return -errno;
        for (;;) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                usec_t now;
                int r = watch_all(fd, root);

                if (r < 0)
                        return r;
                if (leads_to(root, link, nodes, n_nodes))
                        return 0;
                now = usec_now(CLOCK_MONOTONIC);
                if (now >= until)
                        return -ETIMEDOUT;
                if (poll(&p, 1, (int) usec_min((until - now) / USEC_PER_MSEC + 1, INT32_MAX)) < 0 &&
                    errno != EINTR)
                        return -errno;
                while (read(fd, events, sizeof(events)) > 0)
                        ;
        }
}
