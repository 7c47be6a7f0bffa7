/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of a held library it is the held LUN that is asked, as any program would: the engine orders the command
 * among those of programs and waits with it if it must. The real path belongs to the engine, and evertaped
 * must not be two initiators on it.
 *
 * The node is opened without O_EXCL, so that mtx does not find it busy. A unit attention that is met here has
 * been taken from a program; none that is known looks at one of a changer. */

#include "daemon/element-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/transport-watch.h"
#include "scsi/sense.h"
#include "scsi/smc.h"
#include "transport/sg.h"
#include "util/time.h"

#define N_REPORT   (64u * 1024) /* some 700 drives, 1200 cartridges with their labels */
#define N_TRIES    8            /* unit attentions come in a row */
#define TIMEOUT_MS (10 * 60 * 1000)

struct ElementReader {
        Transport *transport;
        TransportWatch watch;
        ElementReaderDone done;
        void *userdata;
        ElementStatusRequest request;
        unsigned n_tries;
        int outcome; /* 1: no answer yet */
        uint32_t n_report;
        char text[96];
        uint8_t report[N_REPORT];
};

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static int submit(ElementReader *b)
{
        ScsiCommand c = {
                .direction = SCSI_DATA_IN, .data = b->report, .n_data = N_REPORT, .timeout_ms = TIMEOUT_MS};

        b->n_tries++;
        c.n_cdb = (uint8_t) scsi_cdb_read_element_status(c.cdb, &b->request);
        return transport_submit(b->transport, &c, now());
}

/* Named outcomes: 1 ask again now, 0 done, -errno as told to the owner. */
static int judge(ElementReader *b, const ScsiResult *result)
{
        Sense s = {0};

        if (result->delivery != SCSI_ANSWERED || result->status == SCSI_BUSY ||
            result->status == SCSI_TASK_SET_FULL || result->status == SCSI_RESERVATION_CONFLICT)
                return -EAGAIN;
        if (result->status == SCSI_GOOD) {
                b->n_report = result->n_transferred;
                return 0;
        }
        if (result->status != SCSI_CHECK_CONDITION || sense_parse(result->sense, result->n_sense, &s) < 0)
                return -EAGAIN;
        sense_format(b->text, sizeof(b->text), &s);
        if (s.key == SENSE_UNIT_ATTENTION)
                return b->n_tries < N_TRIES ? 1 : -EAGAIN;
        if (s.key == SENSE_ILLEGAL_REQUEST && b->request.current_data) {
                b->request.current_data = false; /* older than SMC-2: the bit was reserved */
                return 1;
        }
        if (s.key == SENSE_ILLEGAL_REQUEST)
                return -EOPNOTSUPP;
        return s.key == SENSE_NOT_READY || s.key == SENSE_ABORTED_COMMAND ? -EAGAIN : -EIO;
}

static void on_result(void *userdata, const ScsiResult *result)
{
        ElementReader *b = userdata;

        b->outcome = judge(b, result);
        if (b->outcome > 0 && submit(b) < 0)
                b->outcome = -EAGAIN;
}

static void watch(ElementReader *b)
{
        transport_watch_set(&b->watch, transport_events(b->transport), transport_deadline(b->transport));
}

static void turn(void *userdata, uint32_t revents)
{
        ElementReader *b = userdata;

        transport_dispatch(b->transport, revents, now());
        watch(b);
        if (b->outcome <= 0)
                b->done(b->userdata, b->outcome, b->report, b->n_report, b->text);
}

static int open_node(ElementReader *b, const char *node)
{
        char path[32];
        int fd, r;

        snprintf(path, sizeof(path), "/dev/%s", node);
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = transport_sg_new_fd(fd, on_result, b, &b->transport);
        if (r < 0)
                safe_close(fd);
        return r;
}

int element_reader_new(sd_event *event, const char *node, const ElementStatusRequest *request,
                       ElementReaderDone done, void *userdata, ElementReader **ret)
{
        _cleanup_(element_reader_freep) ElementReader *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->done = done;
        b->userdata = userdata;
        b->request = *request;
        b->request.current_data = true;
        b->request.n_alloc = N_REPORT;
        b->outcome = 1;
        r = open_node(b, node);
        if (r >= 0)
                r = submit(b);
        if (r >= 0)
                r = transport_watch_begin(&b->watch, event, transport_fd(b->transport), turn, b);
        if (r < 0)
                return r;
        watch(b);
        *ret = TAKE_PTR(b);
        return 0;
}

ElementReader *element_reader_free(ElementReader *b)
{
        if (!b)
                return NULL;
        transport_watch_end(&b->watch);
        b->transport = transport_free(b->transport);
        free(b);
        return NULL;
}
