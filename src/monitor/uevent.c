/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When to scan. An event only says that something happened; what there is now is what the scan finds. So
 * events of one burst (a drive that comes has a dozen) are gathered, and a lost event is but a reason to
 * scan. A program waits, however: a sg node that comes is the last that a path needs, and one that goes is a
 * path that is lost, so the first of them after a while of silence is reported at once.
 *
 * The socket is our own, because sd_device_monitor_new() has no way to ask for the kernel's multicast group:
 * events of the udev group come after the rules have run, which for a tape takes as long as its slowest
 * helper, and not at all when udevd is away. */

#include "monitor/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "util/time.h"

#define KERNEL_GROUP  1    /* MONITOR_GROUP_KERNEL of systemd, and what the kernel broadcasts to */
#define N_MESSAGE_MAX 8192 /* the kernel's are at most 2048 and a path */
#define N_RECEIVE     (8 * 1024 * 1024) /* bytes of the socket's buffer: hundreds of devices at once */
#define QUIET         (20 * USEC_PER_MSEC)
#define LONGEST       (200 * USEC_PER_MSEC)

struct Monitor {
        int fd;
        sd_event_source *io, *timer;
        MonitorCallback callback;
        void *userdata;
        bool pending; /* something happened since the last report */
        bool lost;
        usec_t first;    /* of what is pending */
        usec_t node;     /* the first sg node of it that came or went, or 0 */
        usec_t reported; /* when the last report was made, and what it said of: */
        usec_t came;
};

typedef struct RelevantEvent {
        const char *subsystem;
        const char *modalias; /* beginning of it, or NULL if it does not matter */
} RelevantEvent;

/* drivers/scsi/scsi_bus.c gives every event of a SCSI device its type; hosts and targets have none. */
static const RelevantEvent relevant_events[] = {
        {"scsi_generic", NULL},  {"scsi_tape", NULL},     {"scsi_changer", NULL},
        {"scsi", "scsi:t-0x01"}, {"scsi", "scsi:t-0x08"},
};

/* Value of the key in a message whose last byte is known to be NUL, or NULL. */
static const char *message_value(const char *message, size_t n, const char *key)
{
        size_t n_key = strlen(key);

        for (size_t i = 0; i < n; i += strlen(message + i) + 1)
                if (strncmp(message + i, key, n_key) == 0 && message[i + n_key] == '=')
                        return message + i + n_key + 1;
        return NULL;
}

bool uevent_is_relevant(const char *message, size_t n)
{
        const char *subsystem, *modalias;

        if (n == 0 || message[n - 1] != '\0')
                return false;
        subsystem = message_value(message, n, "SUBSYSTEM");
        modalias = message_value(message, n, "MODALIAS");
        for (size_t i = 0; subsystem && i < ELEMENTSOF(relevant_events); i++) {
                const RelevantEvent *e = &relevant_events[i];

                if (!text_equal(subsystem, e->subsystem))
                        continue;
                if (!e->modalias || (modalias && strncmp(modalias, e->modalias, strlen(e->modalias)) == 0))
                        return true;
        }
        return false;
}

bool uevent_is_of_sg_node(const char *message, size_t n)
{
        const char *subsystem, *action;

        if (n == 0 || message[n - 1] != '\0')
                return false;
        subsystem = message_value(message, n, "SUBSYSTEM");
        action = message_value(message, n, "ACTION");
        return subsystem && action && text_equal(subsystem, "scsi_generic") &&
               (text_equal(action, "add") || text_equal(action, "remove"));
}

static int monitor_gather(Monitor *m, bool lost, bool sg_node)
{
        usec_t now, due;
        int r;

        r = sd_event_now(sd_event_source_get_event(m->io), CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        m->lost |= lost;
        /* Due: to set the timer again would take it back, for ever in a storm. */
        if (m->pending && now >= usec_add(m->first, LONGEST))
                return 0;
        if (!m->pending)
                m->first = now;
        m->pending = true;
        if (sg_node && m->node == 0)
                m->node = now;
        due = usec_min(usec_add(now, QUIET), usec_add(m->first, LONGEST));
        if (m->node != 0 && m->node >= usec_add(m->reported, LONGEST))
                due = now;
        r = sd_event_source_set_time(m->timer, due);
        return r < 0 ? r : sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
}

/* 1: an event that matters; 0: one that does not; -EAGAIN: no more; -ENOBUFS: some were dropped. */
static int socket_receive(int fd, bool *ret_sg_node)
{
        char message[N_MESSAGE_MAX];
        struct sockaddr_nl from = {0};
        struct iovec iov = {.iov_base = message, .iov_len = sizeof(message)};
        struct msghdr header = {
                .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
        ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT);

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        if (header.msg_namelen == sizeof(from) && from.nl_pid != 0) /* not from the kernel */
                return 0;
        if (header.msg_flags & MSG_TRUNC)
                return 1;
        *ret_sg_node = uevent_is_of_sg_node(message, (size_t) n);
        return uevent_is_relevant(message, (size_t) n);
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Monitor *m = userdata;
        int r;

        /* A bounded share of a storm, so that the loop's other sources have their turn. */
        for (unsigned i = 0; i < 256; i++) {
                bool sg_node = false;

                r = socket_receive(fd, &sg_node);
                if (r == -EAGAIN)
                        return 0;
                if (r < 0 && r != -ENOBUFS)
                        return r;
                if (r != 0)
                        r = monitor_gather(m, r < 0, sg_node);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
        Monitor *m = userdata;
        MonitorEvent what = m->lost ? MONITOR_LOST : MONITOR_CHANGED;

        m->came = m->node != 0 ? m->node : m->first;
        m->reported = now;
        m->node = 0;
        m->pending = m->lost = false;
        m->callback(m->userdata, what);
        return 0;
}

usec_t monitor_came_at(const Monitor *m)
{
        return m->came;
}

Monitor *monitor_free(Monitor *m)
{
        if (!m)
                return NULL;
        sd_event_source_disable_unref(m->timer);
        sd_event_source_disable_unref(m->io);
        safe_close(m->fd);
        free(m);
        return NULL;
}

DEFINE_CLEANUP(Monitor *, monitor_free)

int monitor_new_from_socket(sd_event *event, int fd, MonitorCallback callback, void *userdata, Monitor **ret)
{
        _cleanup_(monitor_freep) Monitor *m = calloc(1, sizeof(*m));
        int r;

        if (!m) {
                safe_close(fd);
                return -ENOMEM;
        }
        *m = (Monitor){.fd = fd, .callback = callback, .userdata = userdata};
        r = sd_event_add_time(event, &m->timer, CLOCK_MONOTONIC, 0, 1, on_timer, m);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_io(event, &m->io, fd, EPOLLIN, on_socket, m);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(m->io, "uevent");
        (void) sd_event_source_set_description(m->timer, "uevent-quiet");
        *ret = TAKE_PTR(m);
        return 0;
}

int monitor_new(sd_event *event, MonitorCallback callback, void *userdata, Monitor **ret)
{
        _cleanup_close_ int fd =
                socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
        struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
        int size = N_RECEIVE;

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return monitor_new_from_socket(event, TAKE_FD(fd), callback, userdata, ret);
}
