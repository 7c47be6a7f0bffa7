/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What holding costs: the same blocks to the same target, written by a program that uses libiscsi and nothing
 * else, and through the engine and the iscsi transport, by turns: bench [--mib N] [--block N] [--rounds N]
 * [--pipeline MIB] [--delay MICROSECONDS], of the round trip, [--port PORT], of a target that is there
 * already and has the name and the unit of the one that is started otherwise. */

#include <getopt.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/delay.h"
#include "iscsi/rig.h"
#include "iscsi/target.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define ROUNDS_MAX 99
#define INITIATOR  "iqn.2026-11.test:bench"

typedef struct Plain {
        struct iscsi_context *context;
        bool done;
        int status;
} Plain;

static void on_done(struct iscsi_context *context, int status, void *data, void *userdata)
{
        Plain *p = userdata;

        (void) context;
        (void) data;
        p->done = true;
        p->status = status;
}

static double seconds(void)
{
        return (double) usec_now(CLOCK_MONOTONIC) / USEC_PER_SEC;
}

static void run(Plain *p, const uint8_t *cdb, size_t n_cdb, uint8_t *data, uint32_t n_data)
{
        struct scsi_task *task = scsi_create_task((int) n_cdb, (unsigned char *) cdb,
                                                  n_data ? SCSI_XFER_WRITE : SCSI_XFER_NONE, (int) n_data);
        struct scsi_iovec iov = {.iov_base = data, .iov_len = n_data};

        if (n_data)
                scsi_task_set_iov_out(task, &iov, 1);
        p->done = false;
        if (iscsi_scsi_command_async(p->context, 1, task, on_done, NULL, p) != 0)
                exit(1);
        while (!p->done) {
                struct pollfd fd = {.fd = iscsi_get_fd(p->context),
                                    .events = (short) iscsi_which_events(p->context)};

                (void) poll(&fd, 1, -1);
                if (iscsi_service(p->context, fd.revents) < 0)
                        exit(1);
        }
        scsi_free_scsi_task(task);
}

/* By hand: scsi/cdb.h and libiscsi have functions of the same names. */
static size_t cdb_write(uint8_t *cdb, uint32_t n)
{
        memset(cdb, 0, 6);
        cdb[0] = 0x0a;
        put_be(cdb + 2, n, 3);
        return 6;
}

static const uint8_t rewind_cdb[6] = {0x01}, filemark_cdb[6] = {0x10, 0, 0, 0, 1, 0};

static double plain(const char *portal, uint32_t n_block, unsigned n_blocks, uint8_t *data)
{
        Plain p = {.context = iscsi_create_context(INITIATOR)};
        uint8_t cdb[SCSI_CDB_MAX];
        double begun;

        iscsi_set_targetname(p.context, TARGET_NAME);
        iscsi_set_session_type(p.context, ISCSI_SESSION_NORMAL);
        if (iscsi_full_connect_sync(p.context, portal, 1) != 0)
                exit(1);
        run(&p, rewind_cdb, sizeof(rewind_cdb), NULL, 0);
        begun = seconds();
        for (unsigned i = 0; i < n_blocks; i++) {
                run(&p, cdb, cdb_write(cdb, n_block), data, n_block);
                if (p.status != SCSI_STATUS_GOOD)
                        exit(1);
        }
        run(&p, filemark_cdb, sizeof(filemark_cdb), NULL, 0);
        begun = seconds() - begun;
        iscsi_logout_sync(p.context);
        iscsi_destroy_context(p.context);
        return begun;
}

static double held(unsigned port, unsigned pipeline, uint32_t n_block, unsigned n_blocks, uint8_t *data)
{
        static const IscsiLogin login = {.initiator = INITIATOR, .target = TARGET_NAME, .qualifier = 1};
        uint8_t cdb[SCSI_CDB_MAX];
        double begun;
        Rig r;

        rig_init(&r, &login, 1, 512u << 20);
        rig_add_portal(&r, "127.0.0.1", port);
        unit_set_pipeline(r.unit, pipeline << 20);
        if (!rig_begin(&r))
                exit(1);
        begun = seconds();
        for (unsigned i = 0; i < n_blocks; i++)
                if (!rig_run(&r, cdb, cdb_write(cdb, n_block), data, n_block)) {
                        printf("%s\n", r.why);
                        exit(1);
                }
        if (!rig_run(&r, filemark_cdb, sizeof(filemark_cdb), NULL, 0))
                exit(1);
        begun = seconds() - begun;
        (void) rig_run(&r, rewind_cdb, sizeof(rewind_cdb), NULL, 0); /* the drive has variable blocks again */
        rig_deinit(&r);
        return begun;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

static struct {
        uint32_t n_block;
        unsigned mib, rounds, pipeline, delay, port;
} arg = {.n_block = 256 * 1024, .mib = 256, .rounds = 5, .pipeline = 16};

static bool parse_arguments(int argc, char **argv)
{
        static const struct option options[] = {{"mib", required_argument, NULL, 'm'},
                                                {"block", required_argument, NULL, 'b'},
                                                {"rounds", required_argument, NULL, 'r'},
                                                {"pipeline", required_argument, NULL, 'p'},
                                                {"delay", required_argument, NULL, 'd'},
                                                {"port", required_argument, NULL, 't'},
                                                {}};

        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
                unsigned v = c == '?' ? 0 : (unsigned) strtoul(optarg, NULL, 0);

                if (v == 0 && c != 'p' && c != 'd')
                        return false;
                arg.pipeline = c == 'p' ? v : arg.pipeline;
                arg.delay = c == 'd' ? v : arg.delay;
                arg.port = c == 't' ? v : arg.port;
                arg.mib = c == 'm' ? v : arg.mib;
                arg.n_block = c == 'b' && v <= RIG_BLOCK_MAX ? v : arg.n_block;
                arg.rounds = c == 'r' && v <= ROUNDS_MAX ? v : arg.rounds;
        }
        return optind == argc;
}

/* Whoever comes first in one round comes second in the next. */
static double measure(unsigned round, unsigned port)
{
        unsigned n_blocks = (unsigned) (((uint64_t) arg.mib << 20) / arg.n_block);
        static uint8_t data[RIG_BLOCK_MAX];
        char portal[ISCSI_PORTAL_MAX];
        double p = 0, h;

        rig_fill(1, data, sizeof(data));
        snprintf(portal, sizeof(portal), "127.0.0.1:%u", port);
        if (round % 2 == 0)
                p = arg.mib / plain(portal, arg.n_block, n_blocks, data);
        h = arg.mib / held(port, arg.pipeline, arg.n_block, n_blocks, data);
        if (round % 2 == 1)
                p = arg.mib / plain(portal, arg.n_block, n_blocks, data);
        printf("plain %7.1f MiB/s, held %7.1f MiB/s, ratio %.3f\n", p, h, h / p);
        return h / p;
}

int main(int argc, char **argv)
{
        double ratios[ROUNDS_MAX];
        unsigned port;
        Target t;
        Delay d;

        if (!parse_arguments(argc, argv))
                return 2;
        if (arg.port == 0) {
                target_init(&t, arg.mib * 2 + 100);
                target_start(&t);
        }
        port = arg.port > 0 ? arg.port : t.port;
        if (arg.delay > 0) {
                delay_start(&d, port, arg.delay);
                port = d.port;
        }
        for (unsigned i = 0; i < arg.rounds; i++)
                ratios[i] = measure(i, port);
        qsort(ratios, arg.rounds, sizeof(ratios[0]), compare);
        printf("blocks of %u, round trip of %u us: median of the ratios %.3f\n", arg.n_block, arg.delay,
               ratios[arg.rounds / 2]);
        if (arg.delay > 0)
                delay_stop(&d);
        if (arg.port == 0)
                target_deinit(&t);
        return 0;
}
