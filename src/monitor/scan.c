/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All tapes and changers that the kernel has. sg is the list that counts: it is the node that we need, it is
 * there for every device, and it stays when st or ch are taken away. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity/address.h"
#include "identity/sysfs.h"
#include "monitor/device.h"
#include "monitor/monitor.h"
#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

#define SG_DIR "sys/class/scsi_generic"

const char *const device_classes[N_DEVICE_CLASSES] = {"scsi_tape", "scsi_changer", "scsi_generic", "bsg"};

/* What reading one device gives when it is not there, going, or no tape and no changer. Anything else, such
 * as too many open files, is our own trouble: a device must not seem to be gone because of it. */
static bool error_is_the_devices(int error)
{
        return error == -ENOENT || error == -ENODEV || error == -ENXIO || error == -EBADMSG ||
               error == -EINVAL;
}

static int open_directory(int dir, const char *path)
{
        int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* The child of class directory dir called prefix and a number, such as nst0 and not nst0a; ret is left empty
 * when there is none. */
static void find_node(int device, const char *class, const char *prefix, char *ret, size_t n_ret)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        size_t n_prefix = strlen(prefix);

        if (root_opendir(device, class, &dir) < 0)
                return;
        while ((entry = dir_next(dir))) {
                const char *number = entry->d_name + n_prefix;

                if (strncmp(entry->d_name, prefix, n_prefix) != 0 || *number == '\0' ||
                    number[strspn(number, "0123456789")] != '\0' || strlen(entry->d_name) >= n_ret)
                        continue;
                memcpy(ret, entry->d_name, strlen(entry->d_name) + 1);
                return;
        }
}

/* entry: below class/scsi_generic, a link into devices/. */
static void find_place(int root, const char *entry, const ScsiAddress *address, Identity *id)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(root, entry, target, sizeof(target) - 1);

        target[n < 0 ? 0 : n] = '\0';
        address_read(root, target, address, id->address);
        identity_fall_back(id);
}

static int scan_one(int root, const char *sg, DevicePath *ret)
{
        _cleanup_close_ int node = -EBADF, device = -EBADF;
        char path[sizeof(SG_DIR) + 1 + sizeof(ret->sg)], link[64];
        DevicePath found = {0};
        ScsiAddress address;
        int r;

        if (strlen(sg) >= sizeof(found.sg))
                return -EINVAL;
        memcpy(found.sg, sg, strlen(sg) + 1);
        snprintf(path, sizeof(path), SG_DIR "/%s", found.sg);
        node = open_directory(root, path);
        if (node < 0)
                return node;
        r = root_link_name(node, "device", link, sizeof(link));
        if (r >= 0)
                r = scsi_address_parse(link, &address);
        if (r < 0)
                return r;
        device = open_directory(node, "device");
        if (device < 0)
                return device;
        r = identity_from_sysfs(device, found.state, sizeof(found.state), &found.identity);
        if (r < 0)
                return r;
        find_node(device, "scsi_tape", "nst", found.tape, sizeof(found.tape));
        find_node(device, "scsi_changer", "sch", found.changer, sizeof(found.changer));
        found.host = address.host;
        found.channel = address.channel;
        found.target = address.target;
        found.lun = address.lun;
        found.held_lun = scsi_address_is_held_lun(root, &address);
        if (!found.held_lun)
                find_place(root, path, &address, &found.identity);
        *ret = found;
        return 0;
}

static int compare_number(unsigned a, unsigned b)
{
        return (a > b) - (a < b);
}

static int compare_paths(const void *a, const void *b)
{
        const DevicePath *p = a, *q = b;
        int by_host = compare_number(p->host, q->host), by_channel = compare_number(p->channel, q->channel),
            by_target = compare_number(p->target, q->target);

        return by_host      ? by_host
               : by_channel ? by_channel
               : by_target  ? by_target
                            : compare_number(p->lun, q->lun);
}

static bool same_target(const DevicePath *a, const DevicePath *b)
{
        return a->host == b->host && a->channel == b->channel && a->target == b->target;
}

/* paths are sorted, so the units of a target stand together. */
static void mark_apart(DevicePath *paths, size_t n)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = i + 1; k < n && same_target(&paths[i], &paths[k]); k++)
                        if (!paths[i].held_lun &&
                            identity_claims_equal(&paths[i].identity, &paths[k].identity))
                                paths[i].apart = paths[k].apart = true;
}

int monitor_scan(int root, DevicePath **ret, size_t *ret_n)
{
        _cleanup_closedir_ DIR *dir = NULL;
        _cleanup_free_ DevicePath *paths = NULL;
        const struct dirent *entry;
        size_t n = 0;
        int r;

        r = root_opendir(root, SG_DIR, &dir);
        if (r < 0 && r != -ENOENT) /* sg is not loaded: there is no device yet */
                return r;
        while (dir && (entry = dir_next(dir))) {
                DevicePath found, *grown;

                r = scan_one(root, entry->d_name, &found);
                if (error_is_the_devices(r))
                        continue;
                if (r < 0)
                        return r;
                grown = realloc(paths, (n + 1) * sizeof(*paths));
                if (!grown)
                        return -ENOMEM;
                paths = grown;
                paths[n++] = found;
        }
        if (n > 1)
                qsort(paths, n, sizeof(*paths), compare_paths);
        mark_apart(paths, n);
        *ret = TAKE_PTR(paths);
        *ret_n = n;
        return 0;
}

int device_open(int root, const DevicePath *path)
{
        char link[64], name[64], address[64];
        int r;

        snprintf(link, sizeof(link), SG_DIR "/%s/device", path->sg);
        snprintf(address, sizeof(address), "%u:%u:%u:%u", path->host, path->channel, path->target, path->lun);
        r = root_link_name(root, link, name, sizeof(name));
        if (r == -ENOENT || (r == 0 && !text_equal(name, address)))
                return -ENODEV;
        return r < 0 ? r : open_directory(root, link);
}
