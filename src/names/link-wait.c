/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder that is not there yet cannot be watched, so all of them on the way are; then we look. What comes
 * after that is told. */

#include "names/link-wait.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/root.h"
#include "util/text.h"

static int watch_all(int root, int fd)
{
        static const char *const folders[] = {"dev", "dev/tape", "dev/tape/by-name"};
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(folders) && (r >= 0 || r == -ENOENT); i++)
                r = root_watch(root, fd, folders[i], IN_CREATE | IN_MOVED_TO);
        return r == -ENOENT ? 0 : r;
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
        int r;

        link += strspn(link, "/");
        if (leads_to(root, link, nodes, n_nodes))
                return 0;
        fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd < 0)
                return -errno;
        do {
                r = watch_all(root, fd);
                if (r < 0 || leads_to(root, link, nodes, n_nodes))
                        return r;
                r = root_watch_wait(fd, until);
        } while (r >= 0);
        return r;
}
