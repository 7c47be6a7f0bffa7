/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The user's side of the ring of drivers/target/target_core_user.c. The kernel appends entries at cmd_head
 * and we give slots back at cmd_tail, strictly in order; what stands in a slot when it is given back is an
 * answer to any outstanding command, named by its id (out of order completion). So an answer goes into the
 * oldest slot that held a command, whichever command it answers, and PAD and TMR entries, which want none,
 * are passed. The length in a slot's header stays what the kernel wrote, which makes the slots walkable after
 * the fact. */

#include "tcmu/ring.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The kernel's struct iovec would clash with that of sys/uio.h. */
#define iovec uapi_iovec
#include <linux/target_core_user.h>
#undef iovec

#include "scsi/opcode.h"
#include "scsi/sense.h"

#define MAILBOX_CAPS (TCMU_MAILBOX_FLAG_CAP_OOOC | TCMU_MAILBOX_FLAG_CAP_READ_LEN)
#define IOV_OFFSET   offsetof(struct tcmu_cmd_entry, req.iov)

/* One entry, its header read once and checked against the ring. */
typedef struct RingEntry {
        uint8_t *data;
        uint32_t n_data;
        uint32_t op;
} RingEntry;

static uint32_t *mailbox_field(const TcmuRing *ring, size_t offset)
{
        return (uint32_t *) (void *) (ring->map + offset);
}

static uint32_t ring_head(const TcmuRing *ring)
{
        return __atomic_load_n(mailbox_field(ring, offsetof(struct tcmu_mailbox, cmd_head)),
                               __ATOMIC_ACQUIRE);
}

static uint32_t ring_advance(const TcmuRing *ring, uint32_t offset, uint32_t n)
{
        return (uint32_t) (((uint64_t) offset + n) % ring->cmdr_size);
}

static uint32_t ring_distance(const TcmuRing *ring, uint32_t from, uint32_t to)
{
        return to >= from ? to - from : ring->cmdr_size - from + to;
}

/* The entry at offset, which must end within the n_valid bytes that follow it and before the ring's end. Of a
 * PAD only the header is there. */
static int ring_entry(const TcmuRing *ring, uint32_t offset, uint32_t n_valid, RingEntry *ret)
{
        uint8_t *data = ring->map + ring->cmdr_off + offset;
        uint32_t len_op, n;

        if (n_valid < sizeof(struct tcmu_cmd_entry_hdr))
                return -EBADMSG;
        len_op = __atomic_load_n((uint32_t *) (void *) data, __ATOMIC_RELAXED);
        n = tcmu_hdr_get_len(len_op);
        if (n < sizeof(struct tcmu_cmd_entry_hdr) || n > n_valid || n > ring->cmdr_size - offset)
                return -EBADMSG;
        *ret = (RingEntry){.data = data, .n_data = n, .op = tcmu_hdr_get_op(len_op)};
        return 0;
}

/* Offset of the first command among the entries from offset on that were handed out, or next. */
static int ring_skip_others(const TcmuRing *ring, uint32_t offset, uint32_t *ret)
{
        RingEntry e;
        int r;

        while (offset != ring->next) {
                r = ring_entry(ring, offset, ring_distance(ring, offset, ring->next), &e);
                if (r < 0)
                        return r;
                if (e.op == TCMU_OP_CMD)
                        break;
                offset = ring_advance(ring, offset, e.n_data);
        }
        *ret = offset;
        return 0;
}

static int ring_set_tail(TcmuRing *ring, uint32_t tail)
{
        int r = ring_skip_others(ring, tail, &tail);

        if (r < 0) {
                ring->broken = true;
                return r;
        }
        if (tail != ring->tail)
                __atomic_store_n(mailbox_field(ring, offsetof(struct tcmu_mailbox, cmd_tail)), tail,
                                 __ATOMIC_RELEASE);
        ring->tail = tail;
        return 0;
}

int tcmu_ring_init(TcmuRing *ring, void *map, size_t n_map)
{
        struct tcmu_mailbox mb;
        TcmuRing new;

        if (n_map < sizeof(mb))
                return -EPROTO;
        memcpy(&mb, map, sizeof(mb));
        if (mb.version != TCMU_MAILBOX_VERSION || (mb.flags & MAILBOX_CAPS) != MAILBOX_CAPS)
                return -EPROTO;
        if (mb.cmdr_off < sizeof(mb) || mb.cmdr_off % TCMU_OP_ALIGN_SIZE != 0 || mb.cmdr_size == 0 ||
            mb.cmdr_size % TCMU_OP_ALIGN_SIZE != 0 || (uint64_t) mb.cmdr_off + mb.cmdr_size > n_map)
                return -EPROTO;

        new = (TcmuRing){.map = map, .n_map = n_map, .cmdr_off = mb.cmdr_off, .cmdr_size = mb.cmdr_size};
        new.tail = __atomic_load_n(mailbox_field(&new, offsetof(struct tcmu_mailbox, cmd_tail)),
                                   __ATOMIC_RELAXED);
        new.next = new.tail;
        if (new.tail >= mb.cmdr_size || new.tail % TCMU_OP_ALIGN_SIZE != 0)
                return -EPROTO;
        *ring = new;
        return 0;
}

/* The data area begins where the command ring ends. */
static int take_iov(const TcmuRing *ring, const RingEntry *e, uint32_t n_iov, TcmuRequest *ret)
{
        uint64_t data_off = (uint64_t) ring->cmdr_off + ring->cmdr_size, total = 0;
        struct uapi_iovec iov;

        for (uint32_t i = 0; i < n_iov; i++) {
                uint64_t base, n;

                memcpy(&iov, e->data + IOV_OFFSET + i * sizeof(iov), sizeof(iov));
                base = (uintptr_t) iov.iov_base;
                n = iov.iov_len;
                if (base < data_off || base > ring->n_map || n > ring->n_map - base)
                        return -EBADMSG;
                total += n;
                if (total > UINT32_MAX)
                        return -EBADMSG;
                ret->iov[i] = (struct iovec){.iov_base = ring->map + base, .iov_len = (size_t) n};
        }
        ret->n_iov = n_iov;
        ret->n_data = (uint32_t) total;
        return 0;
}

/* The CDB stands in the entry behind the iovecs; elsewhere there may be no memory to read. */
static int take_cdb(const TcmuRing *ring, const RingEntry *e, uint64_t cdb_off, uint32_t n_iov,
                    TcmuRequest *ret)
{
        uint64_t entry_off = (uint64_t) (e->data - ring->map);
        size_t n_left, n;

        if (cdb_off < entry_off + IOV_OFFSET + n_iov * sizeof(struct uapi_iovec) ||
            cdb_off >= entry_off + e->n_data)
                return -EBADMSG;
        n_left = (size_t) (entry_off + e->n_data - cdb_off);
        memset(ret->cdb, 0, sizeof(ret->cdb));
        memcpy(ret->cdb, ring->map + cdb_off, n_left < SCSI_CDB_MAX ? n_left : SCSI_CDB_MAX);
        n = scsi_cdb_length(ret->cdb, n_left);
        if (n == 0 || n > n_left)
                return -EBADMSG;
        if (n > SCSI_CDB_MAX)
                n = SCSI_CDB_MAX;
        memset(ret->cdb + n, 0, SCSI_CDB_MAX - n);
        ret->n_cdb = (uint8_t) n;
        return 0;
}

static int take_command(const TcmuRing *ring, const RingEntry *e, TcmuRequest *ret)
{
        struct tcmu_cmd_entry entry;
        int r;

        if (e->n_data < sizeof(entry))
                return -EBADMSG;
        memcpy(&entry, e->data, sizeof(entry));
        if (entry.req.iov_cnt > TCMU_RING_IOV_MAX || entry.req.iov_bidi_cnt != 0 ||
            entry.req.iov_dif_cnt != 0 ||
            IOV_OFFSET + entry.req.iov_cnt * sizeof(struct uapi_iovec) > e->n_data)
                return -EBADMSG;
        r = take_iov(ring, e, entry.req.iov_cnt, ret);
        if (r < 0)
                return r;
        r = take_cdb(ring, e, entry.req.cdb_off, entry.req.iov_cnt, ret);
        if (r < 0)
                return r;
        ret->type = TCMU_REQUEST_COMMAND;
        ret->id = entry.hdr.cmd_id;
        return 0;
}

/* Returns 1 if this was the rest of the ids, 0 if there are more. */
static int take_tmr(TcmuRing *ring, const RingEntry *e, TcmuRequest *ret)
{
        struct tcmu_tmr_entry entry;
        uint32_t n;

        if (e->n_data < sizeof(entry))
                return -EBADMSG;
        memcpy(&entry, e->data, sizeof(entry));
        if (entry.cmd_cnt > (e->n_data - sizeof(entry)) / sizeof(entry.cmd_ids[0]) ||
            entry.cmd_cnt < ring->n_tmr_given)
                return -EBADMSG;
        n = entry.cmd_cnt - ring->n_tmr_given;
        if (n > TCMU_RING_TMR_MAX)
                n = TCMU_RING_TMR_MAX;
        memcpy(ret->tmr_ids, e->data + sizeof(entry) + ring->n_tmr_given * sizeof(ret->tmr_ids[0]),
               n * sizeof(ret->tmr_ids[0]));
        ret->type = TCMU_REQUEST_TMR;
        ret->id = 0;
        ret->tmr_type = entry.tmr_type;
        ret->n_tmr_ids = n;
        ring->n_tmr_given += n;
        return ring->n_tmr_given == entry.cmd_cnt;
}

/* 1: *ret is set and e is done with. 0: *ret is set, and e has more. -EAGAIN: e asks for nothing. */
static int take_entry(TcmuRing *ring, const RingEntry *e, TcmuRequest *ret)
{
        int r;

        switch (e->op) {
        case TCMU_OP_CMD:
                r = take_command(ring, e, ret);
                return r < 0 ? r : 1;
        case TCMU_OP_TMR:
                return take_tmr(ring, e, ret);
        case TCMU_OP_PAD:
                return -EAGAIN;
        default:
                e->data[offsetof(struct tcmu_cmd_entry_hdr, uflags)] |= TCMU_UFLAG_UNKNOWN_OP;
                return -EAGAIN;
        }
}

bool tcmu_ring_has_next(const TcmuRing *ring)
{
        return ring_head(ring) != ring->next;
}

int tcmu_ring_next(TcmuRing *ring, TcmuRequest *ret)
{
        RingEntry e;
        uint32_t head;
        int r, taken;

        for (;;) {
                if (ring->broken)
                        return -EBADMSG;
                head = ring_head(ring);
                if (head == ring->next)
                        return 0;
                if (head >= ring->cmdr_size || head % TCMU_OP_ALIGN_SIZE != 0)
                        return -EBADMSG;
                r = ring_entry(ring, ring->next, ring_distance(ring, ring->next, head), &e);
                if (r < 0)
                        return r;
                taken = take_entry(ring, &e, ret);
                if (taken < 0 && taken != -EAGAIN)
                        return taken;
                if (taken == 0)
                        return 1;
                ring->n_tmr_given = 0;
                ring->next = ring_advance(ring, ring->next, e.n_data);
                r = ring_set_tail(ring, ring->tail);
                if (r < 0)
                        return r;
                if (taken > 0)
                        return 1;
        }
}

static void put_sense(uint8_t *dst, size_t n_dst, const uint8_t *sense, size_t n_sense)
{
        static const Sense none = {.key = SENSE_ABORTED_COMMAND, .code = ASC_INTERNAL_TARGET_FAILURE};
        Sense parsed;

        if (n_sense == 0 || sense_parse(sense, n_sense, &parsed) < 0)
                (void) sense_build(&none, dst, n_dst);
        else
                memcpy(dst, sense, n_sense < n_dst ? n_sense : n_dst);
}

void tcmu_ring_complete(TcmuRing *ring, uint16_t id, uint8_t status, const uint8_t *sense, size_t n_sense,
                        uint32_t n_read)
{
        struct tcmu_cmd_entry answer = {0};
        RingEntry e;
        int r;

        if (ring->broken || ring->tail == ring->next)
                return;
        r = ring_entry(ring, ring->tail, ring_distance(ring, ring->tail, ring->next), &e);
        if (r < 0 || e.op != TCMU_OP_CMD || e.n_data < sizeof(answer)) {
                ring->broken = true;
                return;
        }
        memcpy(&answer.hdr, e.data, sizeof(answer.hdr));
        answer.hdr.cmd_id = id;
        answer.hdr.uflags = n_read > 0 ? TCMU_UFLAG_READ_LEN : 0;
        answer.rsp.scsi_status = status;
        answer.rsp.read_len = n_read;
        if (status == SCSI_CHECK_CONDITION)
                put_sense((uint8_t *) answer.rsp.sense_buffer, sizeof(answer.rsp.sense_buffer), sense,
                          n_sense);
        memcpy(e.data, &answer, sizeof(answer));
        (void) ring_set_tail(ring, ring_advance(ring, ring->tail, e.n_data));
}

uint32_t tcmu_ring_tail(const TcmuRing *ring)
{
        return ring->tail;
}

uint32_t tcmu_ring_tail_after_complete(const TcmuRing *ring)
{
        uint32_t tail = ring->tail;
        RingEntry e;

        if (tail == ring->next || ring_entry(ring, tail, ring_distance(ring, tail, ring->next), &e) < 0 ||
            ring_skip_others(ring, ring_advance(ring, tail, e.n_data), &tail) < 0)
                return ring->tail;
        return tail;
}

int tcmu_ring_kick(int uio_fd)
{
        const int32_t enable = 1;
        ssize_t r;

        do
                r = write(uio_fd, &enable, sizeof(enable));
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return -errno;
        return r == sizeof(enable) ? 0 : -EIO;
}
