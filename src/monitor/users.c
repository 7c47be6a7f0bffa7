/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has a device open. By device number and not by the name of the node: a program in a container or behind
 * a link of udev opens it by another one. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "monitor/device.h"
#include "monitor/monitor.h"
#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

#define N_NODES_MAX 32 /* eight of st, and sg, bsg, sch */

typedef struct Node {
        unsigned major, minor;
        size_t device; /* whose it is */
        char name[32];
} Node;

typedef struct Look {
        int root;
        DeviceUser *users; /* one a device */
        size_t n_wanted;   /* devices of which nobody is known who is not only passing */
        int hidden;
        Node *nodes;
        size_t n_nodes;
} Look;

static void list_class(int fd, size_t device, const char *class, size_t n_most, Look *look)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (root_opendir(fd, class, &dir) < 0)
                return;
        while (look->n_nodes < n_most && (entry = dir_next(dir))) {
                Node *node = &look->nodes[look->n_nodes];
                char path[32 + sizeof(entry->d_name)], text[32];

                snprintf(path, sizeof(path), "%s/%s/dev", class, entry->d_name);
                if (root_read_text(fd, path, text, sizeof(text)) < 0 ||
                    sscanf(text, "%u:%u", &node->major, &node->minor) != 2)
                        continue;
                snprintf(node->name, sizeof(node->name), "%.31s", entry->d_name);
                node->device = device;
                look->n_nodes++;
        }
}

/* -ENODEV when path is no longer that device. */
static int list_nodes(Look *look, const DevicePath *path, size_t device)
{
        _cleanup_close_ int fd = device_open(look->root, path);

        if (fd < 0)
                return fd;
        for (size_t i = 0; i < N_DEVICE_CLASSES; i++)
                list_class(fd, device, device_classes[i], (device + 1) * N_NODES_MAX, look);
        return 0;
}

static const Node *find_node(const Look *look, unsigned major, unsigned minor)
{
        for (size_t i = 0; i < look->n_nodes; i++)
                if (look->nodes[i].major == major && look->nodes[i].minor == minor)
                        return &look->nodes[i];
        return NULL;
}

/* AT_STATX_DONT_SYNC: what a process has open on a network file system that does not answer must not stop us.
 */
static const Node *entry_node(int dir, const char *name, const Look *look)
{
        struct statx stx;

        if (name[0] == '.' || statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0 ||
            !S_ISCHR(stx.stx_mode))
                return NULL;
        return find_node(look, stx.stx_rdev_major, stx.stx_rdev_minor);
}

/* Names of processes: udev's workers, as they are called now and were called, and what its rules run on
 * tapes. */
static const char *const passing[] = {"(udev-worker)", "systemd-udevd", "scsi_id"};

static void fill_user(int root, const char *pid, const Node *node, DeviceUser *ret)
{
        char path[300];

        *ret = (DeviceUser){.pid = atoi(pid)};
        memcpy(ret->node, node->name, sizeof(ret->node));
        snprintf(path, sizeof(path), "proc/%s/comm", pid);
        if (root_read_text(root, path, ret->command, sizeof(ret->command)) < 0)
                ret->command[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(passing); i++)
                ret->passing |= text_equal(ret->command, passing[i]);
}

static void note_user(Look *look, const char *pid, const Node *node)
{
        DeviceUser *user = &look->users[node->device];

        if (user->pid != 0 && !user->passing)
                return;
        fill_user(look->root, pid, node, user);
        look->n_wanted -= !user->passing;
}

/* There may be thousands of processes, and a program may be waiting. */
static void look_at_process(Look *look, const char *pid)
{
        _cleanup_close_ int dir = -EBADF;
        _Alignas(struct dirent64) char buffer[4096];
        char path[300];
        ssize_t n;

        snprintf(path, sizeof(path), "proc/%s/fd", pid);
        dir = openat(look->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0 && (errno == EACCES || errno == EPERM))
                look->hidden = -EACCES;
        while (dir >= 0 && (n = getdents64(dir, buffer, sizeof(buffer))) > 0)
                for (ssize_t at = 0; at < n && look->n_wanted > 0;) {
                        const struct dirent64 *entry = (const void *) (buffer + at);
                        const Node *node = entry_node(dir, entry->d_name, look);

                        if (node)
                                note_user(look, pid, node);
                        at += entry->d_reclen;
                }
}

static int look_at_processes(Look *look, int own_pid)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int r = root_opendir(look->root, "proc", &dir);

        if (r < 0)
                return r;
        while (look->n_wanted > 0 && (entry = dir_next(dir)))
                if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && atoi(entry->d_name) != own_pid)
                        look_at_process(look, entry->d_name);
        return 0;
}

int monitor_find_users(int root, const DevicePath *paths, size_t n, int own_pid, DeviceUser *ret)
{
        _cleanup_free_ Node *nodes = calloc(n + 1, N_NODES_MAX * sizeof(*nodes));
        Look look = {.root = root, .users = ret, .nodes = nodes};

        if (!nodes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                ret[i] = (DeviceUser){};
                look.n_wanted += list_nodes(&look, &paths[i], i) >= 0;
        }
        return look_at_processes(&look, own_pid);
}

int monitor_find_user(int root, const DevicePath *path, int own_pid, DeviceUser *ret)
{
        DeviceUser user = {};
        Node nodes[N_NODES_MAX];
        Look look = {.root = root, .users = &user, .nodes = nodes, .n_wanted = 1};
        int r = list_nodes(&look, path, 0);

        if (r >= 0)
                r = look_at_processes(&look, own_pid);
        if (r < 0)
                return r;
        if (user.pid == 0)
                return look.hidden;
        *ret = user;
        return 1;
}
