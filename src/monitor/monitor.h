/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which tape drives and changers the kernel has, right now, found without sending them a command. */

#include <stdbool.h>
#include <stddef.h>

#include "identity/identity.h"
#include "util/time.h"

#define DEVICE_PORTAL_MAX 64
#define DEVICE_TARGET_MAX 224

typedef struct DevicePath {
        unsigned host, channel, target, lun; /* H:C:T:L */
        char sg[16];                         /* "sg3" */
        char tape[16];                       /* "nst0", empty if st is not bound */
        char changer[16];                    /* "sch0", empty if ch is not bound */
        Identity identity;
        bool held_lun;  /* one of our own tcm_loop LUNs */
        bool apart;     /* another one on the same target claims to be this one: a logical unit is on a target
                           once, so they are two */
        char state[24]; /* sysfs state: "running", "blocked", "offline", "transport-offline" */
        /* A path over an iSCSI session of evertaped's own, which the kernel knows nothing of: lun, identity and
         * state count, and it has no nodes. */
        char portal[DEVICE_PORTAL_MAX]; /* "10.0.0.1:3260"; empty for all others */
        char iscsi_target[DEVICE_TARGET_MAX];
} DevicePath;

#define DEVICE_PATH_NAME_MAX (DEVICE_PORTAL_MAX + 24)

static inline bool device_path_is_iscsi(const DevicePath *p)
{
        return p->portal[0] != '\0';
}

/* The same way, as far as nodes and addresses say: also when another device is at its end now. */
bool device_path_same(const DevicePath *a, const DevicePath *b);
/* "sg3", or "iscsi 10.0.0.1:3260 lun 1"; returns dst[DEVICE_PATH_NAME_MAX]. */
char *device_path_name(const DevicePath *p, char *dst);

/* Reads sys/class/scsi_generic below root (root_open) and gives an array of tapes and changers, sorted by
 * H:C:T:L; free() it. A device that vanishes while being read is left out. -errno. */
int monitor_scan(int root, DevicePath **ret, size_t *ret_n);

/* Kernel uevents (the kernel's own multicast group: earlier than udev's, and there without udevd) of
 * scsi_generic, scsi_tape, scsi_changer, and of the tapes and changers among scsi. */
typedef struct sd_event sd_event;
typedef struct Monitor Monitor;

typedef enum MonitorEvent {
        MONITOR_CHANGED, /* something was added, removed, bound or changed: scan */
        MONITOR_LOST,    /* the kernel dropped events: scan */
} MonitorEvent;

typedef void (*MonitorCallback)(void *userdata, MonitorEvent event);

/* Events that come in one burst are reported once, from the loop, after at most 20 ms of quiet or 200 ms; a
 * sg node that comes or goes at once, if the last report is as long ago. */
int monitor_new(sd_event *event, MonitorCallback callback, void *userdata, Monitor **ret);
Monitor *monitor_free(Monitor *m);
/* Of what was reported last: when (CLOCK_MONOTONIC) the first sg node came or went, else the first event. */
usec_t monitor_came_at(const Monitor *m);

/* Takes st or ch off the device so that nobody opens it there: 0 also when nothing was bound, -EBUSY when
 * another driver is. A program that has it open keeps it. Bind gives it back: 0 also when it is bound
 * already, -ENOENT when the driver is not loaded. Both -ENODEV when path is no longer that device. */
int monitor_unbind_driver(int root, const DevicePath *path);
int monitor_bind_driver(int root, const DevicePath *path);

/* Has udev look at all nodes of the device again, as if they were new: after hold and after release, so that
 * the rules give links and rights anew. "add" and not "change", because udev's own rules set rights only
 * then. -ENODEV when path is no longer that device. */
int monitor_trigger_udev(int root, const DevicePath *path);
/* The same of those nodes alone that have a link by name: when no rights change. A third of the events. */
int monitor_trigger_links(int root, const DevicePath *path);

/* Who has one of the device's nodes open: st, nst (all modes), sg, sch, bsg. Fills pid and command of the
 * first one found and returns 1, one that is only passing last; 0: nobody. own_pid is left out. -EACCES when
 * nobody was found but there are processes that may not be looked into, -ENODEV when path is no longer that
 * device. */
typedef struct DeviceUser {
        int pid;
        char command[64];
        char node[32];
        bool passing; /* a worker of udev's, who looks at everything that comes and is gone soon */
} DeviceUser;
int monitor_find_user(int root, const DevicePath *path, int own_pid, DeviceUser *ret);
/* The same of n devices by one look: ret[i] is of paths[i], its pid 0 if nobody was found. -errno. */
int monitor_find_users(int root, const DevicePath *paths, size_t n, int own_pid, DeviceUser *ret);
