/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the ring to the model and back. Commands run where their data is, in the data area of the ring, unless
 * the kernel scattered it. The latency of a link and the speed of the tape are a timer and no busy waiting:
 * as on a real one, several commands may be on their way at a time. */

#include "model/served.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#include "util/cleanup.h"

int served_open(ServedDevice *d, unsigned uio, size_t n_map)
{
        _cleanup_close_ int fd = -EBADF, timer = -EBADF;
        char path[32];
        void *map;
        int r;

        timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (timer < 0)
                return -errno;
        snprintf(path, sizeof(path), "/dev/uio%u", uio);
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        map = mmap(NULL, n_map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
                return -errno;
        r = tcmu_ring_init(&d->ring, map, n_map);
        if (r < 0) {
                munmap(map, n_map);
                return r;
        }
        d->map = map;
        d->n_map = n_map;
        d->uio = TAKE_FD(fd);
        d->timer = TAKE_FD(timer);
        return 0;
}

void served_close(ServedDevice *d)
{
        if (d->map)
                munmap(d->map, d->n_map);
        d->map = NULL;
        d->uio = safe_close(d->uio);
        d->timer = safe_close(d->timer);
        free(d->waiting);
        d->waiting = NULL;
        d->n_waiting = d->n_allocated = 0;
}

static void execute_on_model(ServedDevice *d, const TcmuRequest *q, void *data, ScsiResult *ret)
{
        if (d->drive)
                model_drive_execute(d->drive, q->cdb, q->n_cdb, data, q->n_data, ret);
        else
                model_changer_execute(d->changer, q->cdb, q->n_cdb, data, q->n_data, ret);
}

static void execute_scattered(ServedDevice *d, const TcmuRequest *q, ScsiResult *ret)
{
        _cleanup_free_ uint8_t *data = malloc(q->n_data);
        size_t at = 0;

        if (!data) {
                *ret = (ScsiResult){.delivery = SCSI_ANSWERED, .status = SCSI_BUSY};
                return;
        }
        for (uint32_t i = 0; i < q->n_iov; at += q->iov[i++].iov_len)
                memcpy(data + at, q->iov[i].iov_base, q->iov[i].iov_len);
        execute_on_model(d, q, data, ret);
        at = 0;
        for (uint32_t i = 0; i < q->n_iov; at += q->iov[i++].iov_len)
                memcpy(q->iov[i].iov_base, data + at, q->iov[i].iov_len);
}

static void execute(ServedDevice *d, const TcmuRequest *q, ScsiResult *ret)
{
        if (q->n_iov > 1)
                execute_scattered(d, q, ret);
        else
                execute_on_model(d, q, q->n_iov > 0 ? q->iov[0].iov_base : NULL, ret);
        for (uint32_t i = 0; ret->n_transferred == 0 && i < q->n_iov; i++)
                memset(q->iov[i].iov_base, 0, q->iov[i].iov_len);
}

static void answer(ServedDevice *d, const TcmuRequest *q)
{
        ScsiResult r;

        execute(d, q, &r);
        tcmu_ring_complete(&d->ring, q->id, r.status, r.sense, r.n_sense, r.n_transferred);
}

static void answer_busy(ServedDevice *d, uint16_t id)
{
        tcmu_ring_complete(&d->ring, id, SCSI_BUSY, NULL, 0, 0);
}

static bool is_held(const ServedDevice *d, const TcmuRequest *q)
{
        return d->held && (d->held_from < 0 || q->cdb[0] == d->held_from);
}

static int set_timer(ServedDevice *d)
{
        struct itimerspec at = {0};

        if (d->n_waiting > 0 && !is_held(d, &d->waiting[0].request)) {
                at.it_value.tv_sec = (time_t) (d->waiting[0].due / USEC_PER_SEC);
                at.it_value.tv_nsec = (long) (d->waiting[0].due % USEC_PER_SEC * 1000);
        }
        return timerfd_settime(d->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0 ? -errno : 0;
}

static int put_in_line(ServedDevice *d, const TcmuRequest *q, usec_t due)
{
        if (d->n_waiting == d->n_allocated) {
                size_t n = d->n_allocated + 16;
                ServedWaiting *waiting = realloc(d->waiting, n * sizeof(*waiting));

                if (!waiting)
                        return -ENOMEM;
                d->waiting = waiting;
                d->n_allocated = n;
        }
        d->waiting[d->n_waiting++] = (ServedWaiting){.due = due, .request = *q};
        return d->n_waiting == 1 ? set_timer(d) : 0;
}

static void drop_waiting(ServedDevice *d, size_t i)
{
        d->n_waiting--;
        memmove(d->waiting + i, d->waiting + i + 1, (d->n_waiting - i) * sizeof(*d->waiting));
}

static int abort_waiting(ServedDevice *d, const TcmuRequest *tmr)
{
        for (uint32_t k = 0; k < tmr->n_tmr_ids; k++)
                for (size_t i = 0; i < d->n_waiting; i++) {
                        if (d->waiting[i].request.id != tmr->tmr_ids[k])
                                continue;
                        tcmu_ring_complete(&d->ring, d->waiting[i].request.id, SCSI_TASK_ABORTED, NULL, 0, 0);
                        drop_waiting(d, i);
                        break;
                }
        return set_timer(d);
}

static int serve(ServedDevice *d, const TcmuRequest *q)
{
        usec_t now = usec_now(CLOCK_MONOTONIC), due;

        if (q->type == TCMU_REQUEST_TMR)
                return abort_waiting(d, q);
        if (d->gone) {
                answer_busy(d, q->id);
                return 0;
        }
        due = model_pace(&d->pace, q->cdb, q->n_data, now) + d->latency;
        if (due > now || d->n_waiting > 0 || is_held(d, q))
                return put_in_line(d, q, due);
        answer(d, q);
        return 0;
}

int served_dispatch(ServedDevice *d)
{
        static TcmuRequest q;
        uint32_t counter;
        bool any = false;
        int r;

        if (read(d->uio, &counter, sizeof(counter)) < 0 && errno != EAGAIN)
                return -errno;
        while ((r = tcmu_ring_next(&d->ring, &q)) > 0) {
                r = serve(d, &q);
                if (r < 0)
                        return r;
                any = true;
        }
        return r < 0 ? r : any ? tcmu_ring_kick(d->uio) : 0;
}

int served_timer(ServedDevice *d)
{
        usec_t now = usec_now(CLOCK_MONOTONIC);
        uint64_t n_expired;
        bool any = false;
        int r;

        if (read(d->timer, &n_expired, sizeof(n_expired)) < 0 && errno != EAGAIN)
                return -errno;
        for (; d->n_waiting > 0 && d->waiting[0].due <= now && !is_held(d, &d->waiting[0].request);
             any = true) {
                answer(d, &d->waiting[0].request);
                drop_waiting(d, 0);
        }
        r = set_timer(d);
        return r == 0 && any ? tcmu_ring_kick(d->uio) : r;
}

void served_set_latency(ServedDevice *d, usec_t latency)
{
        d->latency = latency;
}

void served_set_rate(ServedDevice *d, uint64_t rate)
{
        d->pace = (ModelPace){.rate = rate};
}

int served_hold(ServedDevice *d, bool hold, int from)
{
        size_t n = d->n_waiting;

        d->held = hold;
        d->held_from = from;
        if (hold || n == 0)
                return 0;
        for (size_t i = 0; i < n; i++)
                answer(d, &d->waiting[i].request);
        d->n_waiting = 0;
        return tcmu_ring_kick(d->uio);
}

int served_cut(ServedDevice *d, bool carry_out)
{
        ScsiResult r;

        d->gone = true;
        d->held = false;
        if (d->n_waiting == 0)
                return 0;
        for (size_t i = 0; i < d->n_waiting; i++) {
                if (carry_out)
                        execute(d, &d->waiting[i].request, &r);
                answer_busy(d, d->waiting[i].request.id);
        }
        d->n_waiting = 0;
        return tcmu_ring_kick(d->uio);
}
