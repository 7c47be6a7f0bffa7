/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A scan makes the nodes before it returns when the drivers are loaded, and some time later when they still
 * are being loaded. So we look, then ask inotify to tell us of changes in /dev, then look again before each
 * wait: no node can come in between and be missed, and nothing depends on udev. */

#include "tcmu/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mtio.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"

/* Seconds. st computes MTERASE's limit as 8 * this * HZ in an int. */
#define TAPE_TIMEOUT      172800
#define TAPE_TIMEOUT_TEXT "172800"

static bool is_node_name(const char *name, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(name, prefix, n) == 0 && name[n] != '\0' &&
               name[n + strspn(name + n, "0123456789")] == '\0';
}

/* The node of a class, such as nst7 of scsi_tape (and not its sisters st7, nst7a ...). */
static int find_node(int root, const LunAddress *a, const char *class, const char *prefix, char *ret,
                     size_t n_ret)
{
        _cleanup_closedir_ DIR *dir = NULL;
        char path[128], node[sizeof("dev/") + 256];
        const struct dirent *d;
        struct stat st;
        int r;

        snprintf(path, sizeof(path), "sys/bus/scsi/devices/%u:%u:%u:%u/%s", a->host, a->channel, a->target,
                 a->lun, class);
        r = root_opendir(root, path, &dir);
        if (r < 0)
                return r;
        while ((d = dir_next(dir))) {
                snprintf(node, sizeof(node), "dev/%s", d->d_name);
                if (!is_node_name(d->d_name, prefix) || strlen(d->d_name) >= n_ret ||
                    fstatat(root, node, &st, 0) < 0)
                        continue;
                memcpy(ret, d->d_name, strlen(d->d_name) + 1);
                return 0;
        }
        return -ENOENT;
}

int nodes_find(int root, const LunAddress *address, DeviceType type, LunNodes *ret)
{
        LunNodes nodes = {};
        int r = find_node(root, address, "scsi_generic", "sg", nodes.sg, sizeof(nodes.sg));

        if (r < 0)
                return r;
        if (type == DEVICE_TAPE)
                r = find_node(root, address, "scsi_tape", "nst", nodes.tape, sizeof(nodes.tape));
        else
                r = find_node(root, address, "scsi_changer", "sch", nodes.changer, sizeof(nodes.changer));
        if (r < 0)
                return r;
        *ret = nodes;
        return 0;
}

int nodes_wait(int root, const LunAddress *address, DeviceType type, usec_t timeout, LunNodes *ret)
{
        usec_t end = usec_add(usec_now(CLOCK_MONOTONIC), timeout);
        _cleanup_close_ int fd = -EBADF;
        int r = nodes_find(root, address, type, ret);

        if (r != -ENOENT)
                return r;
        fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = root_watch(root, fd, "dev", IN_CREATE | IN_ATTRIB | IN_MOVED_TO);
        while (r >= 0) {
                r = nodes_find(root, address, type, ret);
                if (r != -ENOENT)
                        return r;
                r = root_watch_wait(fd, end);
        }
        return r;
}

int nodes_raise_tape_timeouts(int root, const char *tape)
{
        struct mtop op = {.mt_op = MTSETDRVBUFFER, .mt_count = MT_ST_SET_LONG_TIMEOUT | TAPE_TIMEOUT};
        _cleanup_close_ int fd = -EBADF;
        char path[64];
        int r;

        snprintf(path, sizeof(path), "sys/class/scsi_tape/%s/device/timeout", tape);
        r = root_write_text(root, path, TAPE_TIMEOUT_TEXT);
        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "dev/%s", tape);
        fd = openat(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return ioctl(fd, MTIOCTOP, &op) < 0 ? -errno : 0;
}
