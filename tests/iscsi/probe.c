/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi/probe.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iscsi/target.h"
#include "scsi/cdb.h"
#include "util/cleanup.h"

static unsigned n_passed, n_failed;

bool check(bool good, const char *what, const char *detail)
{
        n_passed += good;
        n_failed += !good;
        printf("%s %s%s%s\n", good ? "ok     " : "FAILED ", what, detail && detail[0] ? ": " : "",
               detail ? detail : "");
        return good;
}

int check_end(void)
{
        printf("%u passed, %u failed\n", n_passed, n_failed);
        return n_failed > 0;
}

static pid_t start(void (*run)(size_t i), size_t i)
{
        pid_t pid;

        fflush(NULL);
        pid = fork();
        if (pid < 0)
                exit(1);
        if (pid == 0) {
                int status;

                run(i);
                status = check_end();
                fflush(NULL);
                _exit(status);
        }
        return pid;
}

int check_main(int argc, char **argv, size_t n_cases, const char *(*name)(size_t i), void (*run)(size_t i))
{
        _cleanup_free_ pid_t *pids = calloc(n_cases, sizeof(*pids));

        if (!target_is_installed()) {
                printf("tgtd is not installed\n");
                return 77;
        }
        for (size_t i = 0; pids && i < n_cases; i++)
                if (argc < 2 || strcmp(argv[1], name(i)) == 0)
                        pids[i] = start(run, i);
        for (size_t i = 0; pids && i < n_cases; i++) {
                int status = 0;

                if (pids[i] != 0)
                        check(waitpid(pids[i], &status, 0) == pids[i] && status == 0, name(i), "");
        }
        return check_end();
}

static const CheckCase *functions;

static const char *name_of(size_t i)
{
        return functions[i].name;
}

static void run_function(size_t i)
{
        functions[i].run();
}

int check_cases(int argc, char **argv, const CheckCase *cases, size_t n_cases)
{
        functions = cases;
        return check_main(argc, argv, n_cases, name_of, run_function);
}

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

void probe_result(void *userdata, const ScsiResult *result)
{
        Probe *p = userdata;

        p->done = true;
        p->n_done++;
        p->result = *result;
        p->refused = transport_iscsi_is_refused(p->transport);
        snprintf(p->why, sizeof(p->why), "%s", transport_reason(p->transport));
}

void probe_pump(Probe *p, usec_t span)
{
        usec_t until = now() + span;

        while (!p->done && now() < until) {
                usec_t at = usec_min(until, transport_deadline(p->transport)), t = now();
                struct pollfd fd = {.fd = transport_fd(p->transport),
                                    .events = (short) transport_events(p->transport)};

                if (fd.events == 0)
                        fd.fd = -1;
                (void) poll(&fd, 1, at > t ? (int) ((at - t) / USEC_PER_MSEC) + 1 : 0);
                transport_dispatch(p->transport, (uint32_t) fd.revents, now());
        }
}

Probe probe_ask(const IscsiLogin *login, unsigned lun, uint8_t *data, uint32_t n_data)
{
        ScsiCommand c = {.direction = SCSI_DATA_IN, .data = data, .n_data = n_data, .timeout_ms = 3000};
        Probe p = {};

        c.n_cdb = (uint8_t) scsi_cdb_inquiry(c.cdb, false, 0, (uint16_t) n_data);
        if (transport_iscsi_new(login, lun, probe_result, &p, &p.transport) < 0) {
                snprintf(p.why, sizeof(p.why), "no transport");
                return p;
        }
        if (transport_submit(p.transport, &c, now()) == 0)
                probe_pump(&p, 60 * USEC_PER_SEC);
        p.transport = transport_free(p.transport);
        return p;
}

char *probe_portal(char *dst, unsigned port)
{
        snprintf(dst, ISCSI_PORTAL_MAX, "127.0.0.1:%u", port);
        return dst;
}
