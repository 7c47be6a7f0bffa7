/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The real device of a held unit is taken away from st and ch, so that no program can rewind it under us. The
 * kernel has no driver_override for SCSI, hence by unbinding, each time the device comes. Its other nodes are
 * left to root by the udev rule, which is told when to look again. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/device.h"
#include "monitor/monitor.h"
#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

static const char *driver_of_type(DeviceType type)
{
        return type == DEVICE_CHANGER ? "ch" : "st";
}

/* 1: bound to its driver of the kernel; 0: to none; -EBUSY: to another one. */
static int driver_is_bound(int root, const DevicePath *path)
{
        _cleanup_close_ int device = device_open(root, path);
        char name[64];
        int r;

        if (device < 0)
                return device;
        r = root_link_name(device, "driver", name, sizeof(name));
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        return text_equal(name, driver_of_type(path->identity.type)) ? 1 : -EBUSY;
}

static int driver_write(int root, const DevicePath *path, const char *attribute)
{
        char file[64], address[64];

        snprintf(file, sizeof(file), "sys/bus/scsi/drivers/%s/%s", driver_of_type(path->identity.type),
                 attribute);
        snprintf(address, sizeof(address), "%u:%u:%u:%u", path->host, path->channel, path->target, path->lun);
        return root_write_text(root, file, address);
}

int monitor_unbind_driver(int root, const DevicePath *path)
{
        int r = driver_is_bound(root, path);

        return r <= 0 ? r : driver_write(root, path, "unbind");
}

int monitor_bind_driver(int root, const DevicePath *path)
{
        int r = driver_is_bound(root, path);

        return r != 0 ? (r < 0 ? r : 0) : driver_write(root, path, "bind");
}

/* bsg has no link by name, nor have the other modes of st (st0l, nst0a). */
static bool has_link(const char *class, const char *node)
{
        char last = node[strlen(node) - 1];

        return strcmp(class, "bsg") != 0 && last >= '0' && last <= '9';
}

/* A node that is gone meanwhile has had its own event. */
static int trigger_class(int device, const char *class, bool links_only)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int r;

        r = root_opendir(device, class, &dir);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while ((entry = dir_next(dir))) {
                char path[32 + sizeof(entry->d_name)];

                if (links_only && !has_link(class, entry->d_name))
                        continue;
                snprintf(path, sizeof(path), "%s/%s/uevent", class, entry->d_name);
                r = root_write_text(device, path, "add");
                if (r < 0 && r != -ENOENT && r != -ENODEV)
                        return r;
        }
        return 0;
}

static int trigger(int root, const DevicePath *path, bool links_only)
{
        _cleanup_close_ int device = device_open(root, path);
        int r = device < 0 ? device : 0;

        for (size_t i = 0; r >= 0 && i < N_DEVICE_CLASSES; i++)
                r = trigger_class(device, device_classes[i], links_only);
        return r;
}

int monitor_trigger_udev(int root, const DevicePath *path)
{
        return trigger(root, path, false);
}

int monitor_trigger_links(int root, const DevicePath *path)
{
        return trigger(root, path, true);
}
