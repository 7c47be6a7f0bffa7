/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Targets that refuse, are wrong, full, gone, slow or broken: what a command ends with, what a person is
 * told, and that the process lives and stays small. */

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "iscsi/probe.h"
#include "iscsi/proxy.h"
#include "iscsi/target.h"
#include "scsi/cdb.h"
#include "scsi/device-type.h"
#include "util/cleanup.h"

#define INITIATOR "iqn.2026-11.test:initiator"

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

/* ---- one command over one session ---- */

static void expect_no_session(const IscsiLogin *login, bool refused, const char *what, const char *text)
{
        uint8_t data[96];
        Probe p = probe_ask(login, 1, data, sizeof(data));

        check(p.n_done == 1 && p.result.delivery == SCSI_NOT_SENT && p.result.path_gone &&
                      p.refused == refused && strstr(p.why, text),
              what, p.why);
}

static void expect_refused(const IscsiLogin *login, const char *what, const char *text)
{
        expect_no_session(login, true, what, text);
}

static void expect_answered(const IscsiLogin *login, const char *what)
{
        uint8_t data[96];
        Probe p = probe_ask(login, 1, data, sizeof(data));

        check(p.n_done == 1 && p.result.delivery == SCSI_ANSWERED && p.result.status == SCSI_GOOD &&
                      (data[0] & 0x1f) == DEVICE_TAPE,
              what, p.why);
}

/* ---- names and secrets ---- */

/* What tgtd does not say by itself. */
static void test_statuses(const Target *t, IscsiLogin *login, char *at)
{
        static const struct {
                int status;
                bool refused;
                const char *text;
        } rows[] = {
                {0x0206, true, "too many connections"}, {0x0302, false, "the target is full"},
                {0x0301, false, "not available now"},   {0x0101, true, "moved for now"},
                {0x0909, false, "status 0909"},
        };
        Proxy proxy;

        proxy_start(&proxy, t->port, 1);
        proxy.shared->mode = PROXY_SIFT;
        probe_portal(at, proxy.port);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                proxy.shared->sift.login = rows[i].status;
                expect_no_session(login, rows[i].refused, "a login that ends otherwise", rows[i].text);
        }
        proxy.shared->sift.login = -1;
        expect_answered(login, "and one that does not");
        proxy_stop(&proxy);
}

static void test_refusals(void)
{
        char at[ISCSI_PORTAL_MAX];
        Target t;
        IscsiLogin login = {.initiator = INITIATOR, .portal = at, .target = TARGET_NAME};

        target_init(&t, 10);
        target_start(&t);
        probe_portal(at, t.port);
        expect_answered(&login, "a target that lets all in");
        login.target = "iqn.2026-11.test:none";
        expect_refused(&login, "a target that is not there", "no such target");
        login.target = TARGET_NAME;
        probe_portal(at, target_free_port());
        expect_no_session(&login, false, "a port at which nobody listens", "Connection refused");
        test_statuses(&t, &login, at);
        target_deinit(&t);
}

static void test_chap(void)
{
        char at[ISCSI_PORTAL_MAX];
        Target t;
        IscsiLogin login = {.initiator = INITIATOR, .portal = at, .target = TARGET_NAME};

        target_init(&t, 10);
        t.user = "backup";
        t.secret = "0123456789ab";
        t.target_user = "library";
        t.target_secret = "ba9876543210";
        target_start(&t);
        probe_portal(at, t.port);
        expect_refused(&login, "CHAP is wanted, and there is no secret", "authentication failed");
        login.user = "backup";
        login.secret = "0123456789xx";
        expect_refused(&login, "a wrong secret", "authentication failed");
        login.secret = t.secret;
        expect_answered(&login, "the right one");
        login.target_user = "library";
        login.target_secret = "ba9876543210";
        expect_answered(&login, "mutual CHAP");
        login.target_secret = "ba98765432xx";
        expect_refused(&login, "mutual CHAP: the target does not know its secret", "authentication failed");
        target_deinit(&t);
}

/* What an initiator sends for one command, from login to logout. */
static uint64_t bytes_of(bool header_digest)
{
        char at[ISCSI_PORTAL_MAX];
        IscsiLogin login = {
                .initiator = INITIATOR, .portal = at, .target = TARGET_NAME, .header_digest = header_digest};
        usec_t until = now() + 10 * USEC_PER_SEC;
        uint64_t n;
        Proxy proxy;
        Target t;

        target_init(&t, 10);
        t.header_digest = header_digest;
        target_start(&t);
        proxy_start(&proxy, t.port, 1);
        probe_portal(at, proxy.port);
        expect_answered(&login, header_digest ? "with header digests" : "without header digests");
        while (__atomic_load_n(&proxy.shared->n_open, __ATOMIC_SEQ_CST) > 0 && now() < until)
                usleep(1000);
        n = proxy.shared->n_asked;
        proxy_stop(&proxy);
        target_deinit(&t);
        return n;
}

static void test_digest(void)
{
        uint64_t without = bytes_of(false), with = bytes_of(true);
        char text[80];

        snprintf(text, sizeof(text), "%u bytes, %u without", (unsigned) with, (unsigned) without);
        check(with == without + 2 * 4, "a command and the logout have a digest each", text);
}

/* ---- discovery ---- */

typedef struct Discovered {
        bool done;
        int error;
        size_t n;
        char why[200], first[ISCSI_NAME_MAX];
} Discovered;

static void on_found(void *userdata, int error, const char *why, const IscsiFound *found, size_t n)
{
        Discovered *d = userdata;

        d->done = true;
        d->error = error;
        d->n = n;
        snprintf(d->why, sizeof(d->why), "%s", why);
        if (n > 0)
                snprintf(d->first, sizeof(d->first), "%s", found[0].target);
}

static Discovered discover(const char *at)
{
        IscsiLogin login = {.initiator = INITIATOR, .portal = at};
        usec_t until = now() + 20 * USEC_PER_SEC;
        IscsiDiscovery *discovery = NULL;
        Discovered d = {.error = -1};

        if (iscsi_discovery_new(&login, on_found, &d, &discovery) < 0)
                return d;
        while (!d.done && now() < until) {
                usec_t deadline = usec_min(until, iscsi_discovery_deadline(discovery)), t = now();
                struct pollfd fd = {.fd = iscsi_discovery_fd(discovery),
                                    .events = (short) iscsi_discovery_events(discovery)};

                fd.fd = fd.events == 0 ? -1 : fd.fd;
                (void) poll(&fd, 1, deadline > t ? (int) ((deadline - t) / USEC_PER_MSEC) + 1 : 0);
                iscsi_discovery_dispatch(discovery, (uint32_t) fd.revents, now());
        }
        iscsi_discovery_free(discovery);
        return d;
}

#define N_TARGETS 200 /* more than go into one answer of 8 KiB */

static void test_discovery(void)
{
        char at[ISCSI_PORTAL_MAX], text[240];
        unsigned n_ended = 0;
        Discovered d;
        Proxy proxy;
        Target t;

        target_init(&t, 10);
        target_start(&t);
        probe_portal(at, t.port);
        d = discover(at);
        check(d.error == 0 && d.n == 1 && strcmp(d.first, TARGET_NAME) == 0, "the target of a portal", d.why);
        target_add_others(&t, N_TARGETS);
        d = discover(at);
        snprintf(text, sizeof(text), "%zu %s", d.n, d.why);
        check(d.error == 0 && d.n == N_TARGETS + 1, "an answer in parts", text);
        proxy_start(&proxy, t.port, 9);
        proxy.shared->n = 1;
        proxy.shared->mode = PROXY_INVENT;
        probe_portal(at, proxy.port);
        for (unsigned i = 0; i < 40; i++) {
                d = discover(at);
                n_ended += d.done && (d.error == 0) == (d.why[0] == '\0');
        }
        check(n_ended == 40, "PDUs that are made up", d.why);
        proxy_stop(&proxy);
        target_deinit(&t);
}

/* Each of the two units' sessions is kept when the other one comes; one with the same qualifier takes its
 * place. */
static void test_qualifiers(void)
{
        char at[ISCSI_PORTAL_MAX];
        uint8_t data[96];
        Target t;
        IscsiLogin login = {.initiator = INITIATOR, .portal = at, .target = TARGET_NAME, .qualifier = 2};
        ScsiCommand c = {.direction = SCSI_DATA_IN, .data = data, .n_data = sizeof(data), .timeout_ms = 3000};
        Probe first = {}, other;

        target_init(&t, 10);
        target_start(&t);
        probe_portal(at, t.port);
        c.n_cdb = (uint8_t) scsi_cdb_inquiry(c.cdb, false, 0, sizeof(data));
        if (transport_iscsi_new(&login, 1, probe_result, &first, &first.transport) < 0)
                exit(1);
        (void) transport_submit(first.transport, &c, now());
        probe_pump(&first, 10 * USEC_PER_SEC);
        login.qualifier = 3;
        other = probe_ask(&login, 1, data, sizeof(data));
        first.done = false;
        probe_pump(&first, 200 * USEC_PER_MSEC);
        check(other.result.delivery == SCSI_ANSWERED && !transport_is_lost(first.transport),
              "a session with another qualifier leaves the first alone", "");
        transport_free(first.transport);
        target_deinit(&t);
}

/* ---- broken targets ---- */

static long resident_kib(void)
{
        struct rusage u;

        getrusage(RUSAGE_SELF, &u);
        return u.ru_maxrss;
}

/* Some of the answers are whole, most are not; each command ends once. */
static void test_garbage(unsigned n, uint64_t seed, ProxyMode mode, uint64_t one_in, const char *what)
{
        char at[ISCSI_PORTAL_MAX], text[160];
        unsigned n_answered = 0, n_ended = 0;
        long before = resident_kib();
        static uint8_t data[4096];
        Target t;
        Proxy proxy;
        IscsiLogin login = {.initiator = INITIATOR, .portal = at, .target = TARGET_NAME};

        target_init(&t, 10);
        target_start(&t);
        proxy_start(&proxy, t.port, seed);
        proxy.shared->n = one_in;
        proxy.shared->mode = mode;
        probe_portal(at, proxy.port);
        for (unsigned i = 0; i < n; i++) {
                Probe p = probe_ask(&login, 1, data, sizeof(data));

                n_ended += p.n_done == 1;
                n_answered += p.result.delivery == SCSI_ANSWERED && p.n_done == 1;
        }
        snprintf(text, sizeof(text), "%u of %u ended once, %u answered, %ld KiB more", n_ended, n, n_answered,
                 resident_kib() - before);
        check(n_ended == n && resident_kib() - before < 64 * 1024, what, text);
        proxy_stop(&proxy);
        target_deinit(&t);
}

static void test_garbled(void)
{
        test_garbage(10, 77, PROXY_GARBLE, 200, "bytes of a target's answers are changed");
}

static void test_garbled_again(void)
{
        test_garbage(10, 78, PROXY_GARBLE, 200, "bytes of a target's answers are changed");
}

static void test_invented(void)
{
        test_garbage(60, 77, PROXY_INVENT, 1, "PDUs are made up");
}

static void test_babble(void)
{
        test_garbage(60, 77, PROXY_BABBLE, 1, "a portal that babbles");
}

static const CheckCase cases[] = {
        {"refusals", test_refusals},           {"chap", test_chap},         {"qualifiers", test_qualifiers},
        {"discovery", test_discovery},         {"digest", test_digest},     {"garbled", test_garbled},
        {"garbled-again", test_garbled_again}, {"invented", test_invented}, {"babble", test_babble},
};

int main(int argc, char **argv)
{
        return check_cases(argc, argv, cases, ELEMENTSOF(cases));
}
