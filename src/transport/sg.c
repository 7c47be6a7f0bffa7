/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A path through /dev/sgN: write(2) a header, poll, read(2) the same header back, filled in.
 *
 *   idle      --submit, write ok-->       in flight: watch EPOLLIN
 *   idle      --submit, write refused-->  refused: due at once, completed by the next dispatch
 *   in flight --result read-->            idle, done()
 *   in flight --POLLHUP, no result-->     detached: watch for a change only, ask every 100 ms
 *   detached  --result read-->            idle, done() with path_gone
 *
 * A device that is deleted with a command in flight raises POLLHUP at once and for ever, and the command ends
 * later with its real status (sg_poll, sg_remove_device in drivers/scsi/sg.c): who went on watching the level
 * would spin, who gave up would not know whether a block had been written. The end of the command wakes the
 * poll once more (sg_rq_end_io), so its edge is watched; asking now and then does not rely on that. While
 * idle nothing is watched at all: that a device has gone is the monitor's business, and the next write says
 * ENODEV.
 *
 * The driver keeps the addresses of data and sense until the read, so both live as long as the transport
 * does. When the descriptor is closed before, the driver lets go of them by itself. */

#include "transport/sg.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SCSI_GENERIC_MAJOR 21    /* include/uapi/linux/major.h */
#define SG_VERSION_MIN     30000 /* struct sg_io_hdr came with version 3 */
#define DETACHED_PERIOD    (100 * USEC_PER_MSEC)
#define DIRECT_MIN         16384 /* pinning pages for less costs more than the copy */

/* By default the driver queues at the head, so that commands would overtake each other on a blocked device.
 */
#ifndef SG_FLAG_Q_AT_TAIL
#define SG_FLAG_Q_AT_TAIL 0x10
#endif

typedef struct SgTransport {
        Transport base;
        int fd;
        int pack_id;
        bool detached;         /* POLLHUP seen */
        bool refused;          /* `result` waits for the next dispatch */
        usec_t next_try;       /* refused or detached: when to look */
        uint32_t n_direct_max; /* so many bytes go without a copy of the driver's; 0: none do */
        ScsiResult result;
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t sense[SCSI_SENSE_MAX];
} SgTransport;

static SgTransport *sg_transport(Transport *t)
{
        return (SgTransport *) t;
}

static const SgTransport *sg_transport_const(const Transport *t)
{
        return (const SgTransport *) t;
}

static int sg_direction(const ScsiCommand *c)
{
        if (c->n_data == 0)
                return SG_DXFER_NONE;
        return c->direction == SCSI_DATA_OUT ? SG_DXFER_TO_DEV : SG_DXFER_FROM_DEV;
}

static ssize_t sg_write_header(int fd, const struct sg_io_hdr *header)
{
        ssize_t n;

        do
                n = write(fd, header, sizeof(*header));
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* The kernel takes what is badly aligned through its own buffer by itself, and refuses what has more pieces
 * than the adapter can carry. A refusal is before anything is sent (sg_common_write, drivers/scsi/sg.c). */
static ssize_t sg_send(SgTransport *sg, struct sg_io_hdr *header, const ScsiCommand *c)
{
        ssize_t n;

        if (!c->direct || c->n_data < DIRECT_MIN || c->n_data > sg->n_direct_max)
                return sg_write_header(sg->fd, header);
        header->flags |= SG_FLAG_DIRECT_IO;
        n = sg_write_header(sg->fd, header);
        if (n != -EINVAL)
                return n;
        sg->n_direct_max = c->n_data - 1;
        header->flags &= ~(unsigned) SG_FLAG_DIRECT_IO;
        return sg_write_header(sg->fd, header);
}

static int sg_submit(Transport *t, const ScsiCommand *c, usec_t now)
{
        SgTransport *sg = sg_transport(t);
        struct sg_io_hdr header;
        ssize_t n;

        sg->pack_id = sg->pack_id == INT_MAX ? 1 : sg->pack_id + 1;
        memcpy(sg->cdb, c->cdb, sizeof(sg->cdb));
        memset(sg->sense, 0, sizeof(sg->sense));
        header = (struct sg_io_hdr){
                .interface_id = 'S',
                .dxfer_direction = sg_direction(c),
                .cmd_len = c->n_cdb,
                .mx_sb_len = sizeof(sg->sense),
                .dxfer_len = c->n_data,
                .dxferp = c->n_data > 0 ? c->data : NULL,
                .cmdp = sg->cdb,
                .sbp = sg->sense,
                .timeout = c->timeout_ms,
                .flags = SG_FLAG_Q_AT_TAIL,
                .pack_id = sg->pack_id,
        };
        n = sg_send(sg, &header, c);
        sg->refused = n < 0;
        sg->next_try = sg->refused || sg->detached ? now : USEC_INFINITY;
        if (sg->refused)
                transport_sg_decode_errno((int) -n, &sg->result);
        return 0;
}

static int sg_fd(const Transport *t)
{
        return sg_transport_const(t)->fd;
}

static uint32_t sg_events(const Transport *t)
{
        const SgTransport *sg = sg_transport_const(t);

        if (sg->refused)
                return 0;
        return sg->detached ? (uint32_t) EPOLLIN | (uint32_t) EPOLLET : EPOLLIN;
}

static usec_t sg_deadline(const Transport *t)
{
        return sg_transport_const(t)->next_try;
}

/* 1 and the outcome in ret: the command has ended. 0: not yet. */
static int sg_read_result(SgTransport *sg, ScsiResult *ret)
{
        struct sg_io_hdr header = {.interface_id = 'S', .pack_id = sg->pack_id};
        ssize_t n;

        do
                n = read(sg->fd, &header, sizeof(header));
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return 0;
        if (n < 0 && errno == ENODEV) { /* old kernels, of a detached device with nothing ready */
                sg->detached = true;
                return 0;
        }
        if (n != sizeof(header)) { /* the driver has dropped the request with its result */
                *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .error = n < 0 ? errno : EIO};
                return 1;
        }
        if (header.pack_id != sg->pack_id)
                return 0;
        transport_sg_decode(&header, sg->sense, ret);
        return 1;
}

static void sg_dispatch(Transport *t, uint32_t revents, usec_t now)
{
        SgTransport *sg = sg_transport(t);
        ScsiResult result;

        if (sg->refused) {
                result = sg->result;
                transport_complete(t, &result);
                return;
        }
        if (revents & (EPOLLHUP | EPOLLERR))
                sg->detached = true;
        if (sg_read_result(sg, &result) == 0) {
                sg->next_try = sg->detached ? usec_add(now, DETACHED_PERIOD) : USEC_INFINITY;
                return;
        }
        result.path_gone |= sg->detached;
        transport_complete(t, &result);
}

static Transport *sg_free(Transport *t)
{
        SgTransport *sg = sg_transport(t);

        safe_close(sg->fd);
        free(sg);
        return NULL;
}

static const TransportClass sg_class = {
        .name = "sg",
        .submit = sg_submit,
        .fd = sg_fd,
        .events = sg_events,
        .deadline = sg_deadline,
        .dispatch = sg_dispatch,
        .free = sg_free,
};

int transport_sg_new_fd(int fd, TransportDone done, void *userdata, Transport **ret)
{
        SgTransport *sg = malloc(sizeof(*sg));

        if (!sg)
                return -ENOMEM;
        *sg = (SgTransport){
                .base = {.class = &sg_class, .done = done, .userdata = userdata},
                .fd = fd,
                .next_try = USEC_INFINITY,
        };
        *ret = &sg->base;
        return 0;
}

void transport_sg_set_direct(Transport *t)
{
        sg_transport(t)->n_direct_max = UINT32_MAX;
}

/* Looks before it opens: opening another kind of node may move a tape, or lock a disk. */
static int sg_check_node(const char *node)
{
        struct stat st;

        if (stat(node, &st) < 0)
                return -errno;
        return S_ISCHR(st.st_mode) && major(st.st_rdev) == SCSI_GENERIC_MAJOR ? 0 : -ENOTTY;
}

/* The reserve buffer spares each large command an allocation that fails when memory is fragmented. A driver
 * that gives less, or none, still works. */
static int sg_prepare(int fd)
{
        int size = SCSI_TRANSFER_MAX, version;

        if (ioctl(fd, SG_GET_VERSION_NUM, &version) < 0)
                return -errno;
        if (version < SG_VERSION_MIN)
                return -ENOTTY;
        (void) ioctl(fd, SG_SET_RESERVED_SIZE, &size);
        return 0;
}

int transport_sg_new(const char *node, TransportDone done, void *userdata, Transport **ret)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = sg_check_node(node);
        if (r < 0)
                return r;
        fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_EXCL);
        if (fd < 0)
                return -errno;
        r = sg_prepare(fd);
        if (r < 0)
                return r;
        r = transport_sg_new_fd(fd, done, userdata, ret);
        if (r < 0)
                return r;
        TAKE_FD(fd);
        return 0;
}
