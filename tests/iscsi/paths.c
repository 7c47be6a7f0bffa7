/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A held drive when more happens to its paths than a cut (cuts.c): a target that is killed and comes back,
 * units that have changed places, one portal of two that is gone, a link that is silent, two networks:
 * paths [TEST]. */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iscsi/probe.h"
#include "iscsi/proxy.h"
#include "iscsi/rig.h"
#include "iscsi/target.h"
#include "scsi/cdb.h"
#include "scsi/sense.h"
#include "util/cleanup.h"

static const IscsiLogin login = {
        .initiator = "iqn.2026-11.test:initiator", .target = TARGET_NAME, .qualifier = 1};

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static bool write_some(Rig *r, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                if (i % 10 == 9 ? !rig_write_filemark(r) : !rig_write(r, 1000 + 7000 * (i % 30)))
                        return false;
        return true;
}

static void test_target_restart(void)
{
        Target t;
        bool good;
        Rig r;

        target_init(&t, 200);
        target_start(&t);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", t.port);
        good = rig_begin(&r) && write_some(&r, 40);
        for (int i = 0; i < 3 && good; i++) {
                target_kill(&t);
                rig_rest(&r, 50 * USEC_PER_MSEC);
                target_start(&t);
                good = write_some(&r, 40);
        }
        good = good && rig_rewind(&r) && rig_check_medium(&r, t.tape);
        check(good, "the target is killed and started, three times", r.why);
        rig_deinit(&r);
        target_deinit(&t);
}

/* In the middle of a tape the other drive of the target gets the number of this one, and back again. */
static void test_lun_order(void)
{
        Target t;
        bool good;
        Rig r;

        target_init(&t, 200);
        target_start(&t);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", t.port);
        r.searches = true;
        good = rig_begin(&r) && write_some(&r, 40);
        for (unsigned i = 0; i < 3 && good; i++) {
                target_kill(&t);
                t.lun = 3 - t.lun;
                target_start(&t);
                good = write_some(&r, 40) && r.lun == t.lun;
        }
        good = good && rig_rewind(&r) && rig_check_medium(&r, t.tape);
        check(good, "the units have changed places, three times", r.why);
        rig_deinit(&r);
        target_deinit(&t);
}

static void test_other_drive(void)
{
        uint8_t cdb[SCSI_CDB_MAX];
        Target t;
        bool good;
        Rig r;

        target_init(&t, 10);
        target_start(&t);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", t.port);
        good = rig_begin(&r) && write_some(&r, 5);
        target_kill(&t);
        t.lun = 2;
        target_start(&t);
        r.patience = 2 * USEC_PER_SEC;
        check(good && !rig_run(&r, cdb, scsi_cdb_rewind(cdb, false), NULL, 0) && strstr(r.why, "no answer"),
              "another drive has its number: it is left alone", r.why);
        rig_deinit(&r);
        target_deinit(&t);
}

/* A cartridge that is full is the device's word, which a program is told, and no reason to begin anew. */
static void test_full(void)
{
        Target t;
        unsigned i = 0;
        Sense s = {};
        bool good;
        Rig r;

        target_init(&t, 4);
        target_start(&t);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", t.port);
        good = rig_begin(&r);
        while (good && i < 100 && rig_write(&r, 128 * 1024))
                i++;
        (void) sense_parse(r.sense, r.n_sense, &s);
        check(good && i > 10 && i < 100 && r.answered && s.eom && r.n_sessions == 1,
              "a cartridge that is full: the program is told", r.why);
        rig_deinit(&r);
        target_deinit(&t);
}

static void test_portals(void)
{
        Proxy proxy;
        Target t;
        bool good;
        Rig r;

        target_init(&t, 200);
        target_start(&t);
        proxy_start(&proxy, t.port, 5);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", proxy.port);
        rig_add_portal(&r, "127.0.0.2", t.port); /* 127.0.0.2 */
        good = rig_begin(&r) && write_some(&r, 20);
        proxy.shared->mode = PROXY_REFUSE;
        proxy_cut(&proxy, CUT_AFTER_BYTES, 100000, true);
        good = good && write_some(&r, 60) && r.portal == 1;
        good = good && rig_rewind(&r) && rig_check_medium(&r, t.tape);
        check(good, "one portal of two is gone: the other one carries on", r.why);
        rig_deinit(&r);
        proxy_stop(&proxy);
        target_deinit(&t);
}

static void test_silence(void)
{
        Proxy proxy;
        usec_t begun;
        Target t;
        bool good;
        Rig r;

        target_init(&t, 200);
        target_start(&t);
        proxy_start(&proxy, t.port, 5);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, "127.0.0.1", proxy.port);
        rig_add_portal(&r, "127.0.0.2", t.port);
        good = rig_begin(&r) && write_some(&r, 20);
        proxy.shared->mode = PROXY_FREEZE;
        begun = now();
        good = good && write_some(&r, 20);
        check(good && now() - begun < 15 * USEC_PER_SEC, "a link that is silent is given up by its pings",
              good ? r.last_reason : r.why);
        good = good && rig_rewind(&r) && rig_check_medium(&r, t.tape);
        check(good, "and everything is on the tape", r.why);
        rig_deinit(&r);
        proxy_stop(&proxy);
        target_deinit(&t);
}

/* ---- two networks ---- */

/* A network namespace that lives as long as the descriptor, and we in another one. */
static int split_networks(void)
{
        int pipe_fds[2], fd;
        char path[64], byte;
        pid_t pid;

        if (unshare(CLONE_NEWNET) < 0 || pipe(pipe_fds) < 0)
                return -1;
        pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWNET) < 0 || write(pipe_fds[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(pipe_fds[1]);
        if (pid < 0 || read(pipe_fds[0], &byte, 1) != 1)
                return -1;
        snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        close(pipe_fds[0]);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return fd;
}

/* Link i between us, 10.77.I.1, and the target, 10.77.I.2. */
static bool add_link(const Target *here, const Target *there, unsigned i)
{
        return target_ip(here, "link add e%u type veth peer name t%u netns /proc/%d/fd/%d", i, i, getpid(),
                         there->netns) &&
               target_ip(here, "address add 10.77.%u.1/24 dev e%u", i, i) &&
               target_ip(here, "link set e%u up", i) &&
               target_ip(there, "address add 10.77.%u.2/24 dev t%u", i, i) &&
               target_ip(there, "link set t%u up", i);
}

static bool set_link(const Target *here, unsigned i, const char *state)
{
        return target_ip(here, "link set e%u %s", i, state);
}

/* A network that is gone is silent: nothing closes the connection. */
static void test_networks(void)
{
        Target t, here;
        bool good;
        Rig r;

        target_init(&t, 200);
        here = t;
        t.netns = geteuid() == 0 ? split_networks() : -1;
        if (t.netns < 0) {
                printf("skipped: network namespaces are root's\n");
                target_deinit(&t);
                return;
        }
        t.portals[0] = "10.77.1.2";
        t.portals[1] = "10.77.2.2";
        if (!check(add_link(&here, &t, 1) && add_link(&here, &t, 2), "two networks", ""))
                return;
        target_start(&t);
        rig_init(&r, &login, 1, RIG_JOURNAL);
        rig_add_portal(&r, t.portals[0], t.port);
        rig_add_portal(&r, t.portals[1], t.port);
        good = rig_begin(&r) && write_some(&r, 40) && r.portal == 0;
        good = good && set_link(&here, 1, "down") && write_some(&r, 40) && r.portal == 1;
        check(good, "the first network is gone: the second one carries on", good ? r.last_reason : r.why);
        good = good && set_link(&here, 1, "up") && set_link(&here, 2, "down") && write_some(&r, 40) &&
               r.portal == 0;
        check(good, "the second one is gone, and the first one is back", good ? r.last_reason : r.why);
        good = good && rig_rewind(&r) && rig_check_medium(&r, t.tape) && rig_read_all(&r);
        check(good, "and everything is on the tape", r.why);
        rig_deinit(&r);
        target_deinit(&t);
}

static const CheckCase cases[] = {
        {"restart", test_target_restart},  {"lun-order", test_lun_order},
        {"other-drive", test_other_drive}, {"full", test_full},
        {"portals", test_portals},         {"silence", test_silence},
        {"networks", test_networks},
};

int main(int argc, char **argv)
{
        return check_cases(argc, argv, cases, ELEMENTSOF(cases));
}
