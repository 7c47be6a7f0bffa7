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
        char name[32];
} Node;

typedef struct NodeList {
        Node nodes[N_NODES_MAX];
        size_t n;
} NodeList;

static void list_class(int device, const char *class, NodeList *list)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (root_opendir(device, class, &dir) < 0)
                return;
        while (list->n < N_NODES_MAX && (entry = dir_next(dir))) {
                Node *node = &list->nodes[list->n];
                char path[32 + sizeof(entry->d_name)], text[32];

                snprintf(path, sizeof(path), "%s/%s/dev", class, entry->d_name);
                if (root_read_text(device, path, text, sizeof(text)) < 0 ||
                    sscanf(text, "%u:%u", &node->major, &node->minor) != 2)
                        continue;
                snprintf(node->name, sizeof(node->name), "%.31s", entry->d_name);
                list->n++;
        }
}

static const Node *find_node(const NodeList *list, unsigned major, unsigned minor)
{
        for (size_t i = 0; i < list->n; i++)
                if (list->nodes[i].major == major && list->nodes[i].minor == minor)
                        return &list->nodes[i];
        return NULL;
}

/* AT_STATX_DONT_SYNC: what a process has open on a network file system that does not answer must not stop us.
 */
static const Node *entry_node(int dir, const char *name, const NodeList *list)
{
        struct statx stx;

        if (name[0] == '.' || statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0 ||
            !S_ISCHR(stx.stx_mode))
                return NULL;
        return find_node(list, stx.stx_rdev_major, stx.stx_rdev_minor);
}

/* The node of the list that a process has open: 1, 0 none, -EACCES. There may be thousands of processes, and
 * a program may be waiting. */
static int process_find_node(int root, const char *pid, const NodeList *list, const Node **ret)
{
        _cleanup_close_ int dir = -EBADF;
        _Alignas(struct dirent64) char buffer[4096];
        char path[300];
        ssize_t n;

        snprintf(path, sizeof(path), "proc/%s/fd", pid);
        dir = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return errno == EACCES || errno == EPERM ? -EACCES : 0;
        while ((n = getdents64(dir, buffer, sizeof(buffer))) > 0)
                for (ssize_t at = 0; at < n;) {
                        const struct dirent64 *entry = (const void *) (buffer + at);

                        *ret = entry_node(dir, entry->d_name, list);
                        if (*ret)
                                return 1;
                        at += entry->d_reclen;
                }
        return 0;
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

int monitor_find_user(int root, const DevicePath *path, int own_pid, DeviceUser *ret)
{
        _cleanup_close_ int device = device_open(root, path);
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        const Node *node;
        NodeList list = {0};
        int r, hidden = 0;
        bool found = false;

        if (device < 0)
                return device;
        for (size_t i = 0; i < N_DEVICE_CLASSES; i++)
                list_class(device, device_classes[i], &list);
        r = root_opendir(root, "proc", &dir);
        if (r < 0)
                return r;
        while ((entry = dir_next(dir))) {
                if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || atoi(entry->d_name) == own_pid)
                        continue;
                r = process_find_node(root, entry->d_name, &list, &node);
                if (r > 0) {
                        fill_user(root, entry->d_name, node, ret);
                        if (!ret->passing)
                                return 1;
                        found = true;
                }
                if (r < 0)
                        hidden = r;
        }
        return found ? 1 : hidden;
}
