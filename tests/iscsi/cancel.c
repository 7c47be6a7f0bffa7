/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command that takes too long is taken back, and the answer to it and to the task management come late, in
 * any order, wrong, or never: it ends once, nothing of it is left for the next one, and nothing is written
 * into its data afterwards. The target is tgtd, which has the command for real; what it says goes through a
 * proxy that keeps some of it back. Each case has a process and a target of its own, all at a time, since
 * some of them wait for 20 s: cancel [CASE]. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iscsi/probe.h"
#include "iscsi/proxy.h"
#include "iscsi/target.h"
#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/opcode.h"
#include "util/cleanup.h"

#define BIT(opcode) (UINT64_C(1) << (opcode))
#define RESPONSE    BIT(0x21)
#define MANAGEMENT  BIT(0x22)
#define DATA_IN     BIT(0x25)
#define R2T         BIT(0x31)
#define COMPLETE    0x00
#define NO_TASK     0x01
#define UNKNOWN     0x05
#define NONSENSE    0x77
#define REJECTED    0xff
#define ABORT_TASK  0x01
#define LUN_RESET   0x05
#define N_WRITE     (256 * 1024) /* more than tgtd takes unasked */
#define LUN         1
#define SOON        (30 * USEC_PER_SEC)

typedef enum Kind {
        KIND_INQUIRY,
        KIND_REWIND,
        KIND_WRITE,
} Kind;

/* When the answer to the task management has passed the proxy. */
typedef enum Then {
        THEN_WAIT,
        THEN_RELEASE, /* what was kept goes through */
        THEN_SWAP,    /* the newest first */
        THEN_CUT,
        THEN_FREE, /* the transport is freed, with its command */
} Then;

typedef struct Case {
        const char *name;
        Kind kind;
        uint64_t kept, dropped;
        int management[2];
        Then then;
        ScsiDelivery delivery;
        bool lost;           /* the session with it */
        uint8_t requests[3]; /* which task management is asked for */
        bool next_lost;      /* what comes late is against all rules: the session ends in the next command */
} Case;

#define AS_IT_IS                                                                                             \
        {                                                                                                    \
                MANAGEMENT_AS_IT_IS, MANAGEMENT_AS_IT_IS                                                     \
        }

/* clang-format off */
static const Case cases[] = {
        {"the target waits for its data", KIND_WRITE, 0, R2T, AS_IT_IS, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK}},
        {"the answer comes first", KIND_REWIND, RESPONSE | MANAGEMENT, 0, AS_IT_IS, THEN_RELEASE, SCSI_ANSWERED, false, {ABORT_TASK}},
        {"both at once, the answer last", KIND_REWIND, RESPONSE | MANAGEMENT, 0, AS_IT_IS, THEN_SWAP, SCSI_ANSWERED, false, {ABORT_TASK}},
        {"the answer comes after the abort", KIND_REWIND, RESPONSE, 0, AS_IT_IS, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK}},
        {"data come after the abort", KIND_INQUIRY, DATA_IN, 0, AS_IT_IS, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK}},
        {"R2T comes after the abort", KIND_WRITE, R2T, 0, AS_IT_IS, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK}, true},
        {"the target knows no such task", KIND_REWIND, 0, RESPONSE, {NO_TASK, NO_TASK}, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK}},
        {"abort is not supported, reset is", KIND_REWIND, 0, RESPONSE, {UNKNOWN, COMPLETE}, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK, LUN_RESET}},
        {"abort is answered with nonsense", KIND_REWIND, 0, RESPONSE, {NONSENSE, COMPLETE}, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK, LUN_RESET}},
        {"abort and reset are rejected", KIND_REWIND, 0, RESPONSE, {REJECTED, REJECTED}, THEN_WAIT, SCSI_IN_DOUBT, true, {ABORT_TASK, LUN_RESET}},
        {"reset says that there is no task", KIND_REWIND, 0, RESPONSE, {REJECTED, NO_TASK}, THEN_WAIT, SCSI_IN_DOUBT, true, {ABORT_TASK, LUN_RESET}},
        {"abort is never answered", KIND_REWIND, 0, RESPONSE, {MANAGEMENT_DROPPED, MANAGEMENT_AS_IT_IS}, THEN_WAIT, SCSI_IN_DOUBT, false, {ABORT_TASK, LUN_RESET}},
        {"neither is ever answered", KIND_REWIND, 0, RESPONSE | MANAGEMENT, AS_IT_IS, THEN_WAIT, SCSI_IN_DOUBT, true, {ABORT_TASK, LUN_RESET}},
        {"the connection is cut meanwhile", KIND_REWIND, RESPONSE | MANAGEMENT, 0, AS_IT_IS, THEN_CUT, SCSI_IN_DOUBT, true, {ABORT_TASK}},
        {"it is given up meanwhile", KIND_WRITE, R2T | MANAGEMENT, 0, AS_IT_IS, THEN_FREE, SCSI_ANSWERED, false, {ABORT_TASK}},
};
/* clang-format on */

static uint8_t data[N_WRITE], before[N_WRITE], other[96];

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static void submit(Probe *p, Kind kind, uint8_t *buffer, uint32_t timeout_ms)
{
        ScsiCommand c = {.timeout_ms = timeout_ms};

        switch (kind) {
        case KIND_INQUIRY:
                c.n_cdb = (uint8_t) scsi_cdb_inquiry(c.cdb, false, 0, sizeof(other));
                c.direction = SCSI_DATA_IN;
                c.n_data = sizeof(other);
                break;
        case KIND_REWIND:
                c.n_cdb = (uint8_t) scsi_cdb_rewind(c.cdb, false);
                break;
        case KIND_WRITE:
                c.n_cdb = (uint8_t) scsi_cdb_write_6(c.cdb, false, N_WRITE);
                c.direction = SCSI_DATA_OUT;
                c.n_data = N_WRITE;
                break;
        }
        c.data = c.n_data > 0 ? buffer : NULL;
        p->done = false;
        if (transport_submit(p->transport, &c, now()) < 0)
                exit(1);
}

static bool seen(const Proxy *proxy, unsigned opcode)
{
        return __atomic_load_n(&proxy->shared->sift.n_seen[opcode], __ATOMIC_SEQ_CST) > 0;
}

static void release(const Proxy *proxy)
{
        ProxySift *sift = &proxy->shared->sift;

        sift->kept = 0;
        __atomic_store_n(&sift->release, true, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&sift->release, __ATOMIC_SEQ_CST))
                usleep(1000);
}

static void act(Probe *p, const Proxy *proxy, Then then)
{
        usec_t until = now() + SOON;

        while (!seen(proxy, 0x22) && !p->done && now() < until)
                probe_pump(p, 10 * USEC_PER_MSEC);
        proxy->shared->sift.swap = then == THEN_SWAP;
        if (then == THEN_RELEASE || then == THEN_SWAP)
                release(proxy);
        else if (then == THEN_CUT)
                proxy->shared->kick = true;
        else if (then == THEN_FREE)
                p->transport = transport_free(p->transport);
}

/* INQUIRY is answered with INQUIRY's answer, whatever of the command before still comes. */
static void check_next(Probe *p, const Proxy *proxy, const Case *c)
{
        InquiryData inquiry = {};

        memset(other, 0, sizeof(other));
        submit(p, KIND_INQUIRY, other, 3000);
        if (proxy->shared->sift.kept)
                release(proxy);
        probe_pump(p, SOON);
        if (c->next_lost)
                check(p->n_done == 2 && p->result.delivery == SCSI_IN_DOUBT &&
                              transport_is_lost(p->transport),
                      c->name, p->why);
        else
                check(p->n_done == 2 && p->result.delivery == SCSI_ANSWERED &&
                              p->result.status == SCSI_GOOD &&
                              inquiry_parse(other, sizeof(other), &inquiry) >= 0 &&
                              inquiry.type == DEVICE_TAPE && !transport_is_lost(p->transport),
                      c->name, "the next command is answered");
}

/* The one before may still come to an end there. */
static void check_again(Probe *p, const char *name)
{
        submit(p, KIND_REWIND, NULL, 300);
        probe_pump(p, SOON);
        check(p->n_done == 3 && p->result.delivery == SCSI_IN_DOUBT && transport_is_lost(p->transport), name,
              "a second one that is silent costs the session");
}

static void check_requests(const Case *c, const Proxy *proxy)
{
        const ProxySift *sift = &proxy->shared->sift;

        check(memcmp(sift->requests, c->requests, sizeof(c->requests)) == 0 && sift->request_lun == LUN,
              c->name, "what was asked for");
}

static void begin_session(const Case *c, Probe *p, Proxy *proxy)
{
        char at[ISCSI_PORTAL_MAX];
        IscsiLogin login = {.initiator = "iqn.2026-11.test:initiator", .portal = at, .target = TARGET_NAME};

        proxy->shared->mode = PROXY_SIFT;
        memcpy(proxy->shared->sift.management, c->management, sizeof(c->management));
        probe_portal(at, proxy->port);
        if (transport_iscsi_new(&login, LUN, probe_result, p, &p->transport) < 0)
                exit(1);
        submit(p, KIND_INQUIRY, other, 3000);
        probe_pump(p, SOON);
        check(p->n_done == 1 && p->result.delivery == SCSI_ANSWERED, c->name, "a session");
        p->n_done = 0;
        proxy->shared->sift.kept = c->kept;
        proxy->shared->sift.dropped = c->dropped;
}

/* The command that takes too long. */
static void check_ends_once(const Case *c, Probe *p, const Proxy *proxy)
{
        char detail[300];

        submit(p, c->kind, data, 300);
        if (c->then != THEN_WAIT)
                act(p, proxy, c->then);
        if (!p->transport)
                return;
        probe_pump(p, SOON);
        snprintf(detail, sizeof(detail), "ends once: %s", p->why);
        check(p->n_done == 1 && p->result.delivery == c->delivery &&
                      transport_is_lost(p->transport) == c->lost,
              c->name, detail);
}

static void play(size_t i)
{
        const Case *c = &cases[i];
        Probe p = {};
        Target t;
        Proxy proxy;

        memset(data, 0x5a, sizeof(data));
        memcpy(before, data, sizeof(data));
        target_init(&t, 10);
        target_start(&t);
        proxy_start(&proxy, t.port, 1);
        begin_session(c, &p, &proxy);
        check_ends_once(c, &p, &proxy);
        check_requests(c, &proxy);
        proxy.shared->sift.dropped = 0;
        if (p.transport && !c->lost)
                check_next(&p, &proxy, c);
        check(memcmp(data, before, sizeof(data)) == 0, c->name, "nothing came into its data afterwards");
        if (c->management[0] == MANAGEMENT_DROPPED) {
                proxy.shared->sift.dropped = RESPONSE;
                check_again(&p, c->name);
        }
        transport_free(p.transport);
        proxy_stop(&proxy);
        target_deinit(&t);
}

static const char *name(size_t i)
{
        return cases[i].name;
}

int main(int argc, char **argv)
{
        return check_main(argc, argv, ELEMENTSOF(cases), name, play);
}
