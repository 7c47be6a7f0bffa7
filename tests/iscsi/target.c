/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/time.h"

#define TGTD     "/usr/sbin/tgtd"
#define TGTADM   "/usr/sbin/tgtadm"
#define TGTIMG   "/usr/sbin/tgtimg"
#define IP       "/usr/sbin/ip"
#define N_WORDS  24
#define PATIENCE (20 * USEC_PER_SEC)

static _Noreturn void give_up(const char *what)
{
        fprintf(stderr, "tests/iscsi: %s: %s\n", what, strerror(errno));
        exit(1);
}

bool target_is_installed(void)
{
        return access(TGTD, X_OK) == 0 && access(TGTIMG, X_OK) == 0;
}

unsigned target_free_port(void)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

        /* ip(7): two that both reuse it, and do not listen, may have it; the one that binds first is asked
         * now */
        if (fd < 0 || bind(fd, (struct sockaddr *) &a, n) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            getsockname(fd, (struct sockaddr *) &a, &n) < 0)
                give_up("no free port");
        return ntohs(a.sin_port);
}

/* Words by blanks: none of ours has one. */
_printf_(3, 0) static pid_t spawn(const Target *t, const char *program, const char *format, va_list ap)
{
        char line[512], log[96], socket_path[96], *words[N_WORDS] = {(char *) program}, *rest = NULL;
        size_t n = 1;
        pid_t pid;

        vsnprintf(line, sizeof(line), format, ap);
        for (char *w = strtok_r(line, " ", &rest); w && n + 1 < N_WORDS; w = strtok_r(NULL, " ", &rest))
                words[n++] = w;
        pid = fork();
        if (pid < 0)
                give_up("fork");
        if (pid == 0) {
                int fd;

                snprintf(socket_path, sizeof(socket_path), "%s/ipc", t->folder);
                setenv("TGT_IPC_SOCKET", socket_path, 1);
                if (t->netns >= 0 && setns(t->netns, CLONE_NEWNET) < 0)
                        _exit(126);
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                snprintf(log, sizeof(log), "%s/log", t->folder);
                fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
                (void) dup2(fd, STDOUT_FILENO);
                (void) dup2(fd, STDERR_FILENO);
                execv(program, words);
                _exit(127);
        }
        return pid;
}

static bool ends_well(pid_t pid)
{
        int status;

        return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

_printf_(3, 4) static bool run(const Target *t, const char *program, const char *format, ...)
{
        va_list ap;
        pid_t pid;

        va_start(ap, format);
        pid = spawn(t, program, format, ap);
        va_end(ap);
        return ends_well(pid);
}

bool target_ip(const Target *t, const char *format, ...)
{
        va_list ap;
        pid_t pid;

        va_start(ap, format);
        pid = spawn(t, IP, format, ap);
        va_end(ap);
        return ends_well(pid);
}

_printf_(2, 3) static pid_t start(const Target *t, const char *format, ...)
{
        va_list ap;
        pid_t pid;

        va_start(ap, format);
        pid = spawn(t, TGTD, format, ap);
        va_end(ap);
        return pid;
}

void target_init(Target *t, unsigned megabytes)
{
        *t = (Target){.pid = -1,
                      .port = target_free_port(),
                      .lun = 1,
                      .netns = -1,
                      .portals = {"127.0.0.1", "127.0.0.2"}};
        snprintf(t->folder, sizeof(t->folder), "/tmp/evertape-iscsi.XXXXXX");
        if (!mkdtemp(t->folder))
                give_up(t->folder);
        snprintf(t->tape, sizeof(t->tape), "%s/tape", t->folder);
        if (!run(t, TGTIMG, "--op new --device-type tape --barcode E00001L3 --size %u --type data --file %s",
                 megabytes, t->tape) ||
            !run(t, TGTIMG,
                 "--op new --device-type tape --barcode E00002L3 --size 1 --type data --file %s/other",
                 t->folder))
                give_up("tgtimg");
}

static void add_drive(const Target *t, unsigned lun, const char *file, const char *serial)
{
        if (!run(t, TGTADM,
                 "--lld iscsi --mode logicalunit --op new --tid 1 --lun %u --device-type tape "
                 "--backing-store "
                 "%s/%s",
                 lun, t->folder, file) ||
            !run(t, TGTADM,
                 "--lld iscsi --mode logicalunit --op update --tid 1 --lun %u --params "
                 "vendor_id=HP,product_id=Ultrium-3,product_rev=G24W,scsi_sn=%s,removable=1,sense_format=0,"
                 "online=1",
                 lun, serial))
                give_up("tgtadm: no drive");
}

static void add_account(const Target *t, const char *user, const char *secret, const char *outgoing)
{
        if (!run(t, TGTADM, "--lld iscsi --mode account --op new --user %s --password %s", user, secret) ||
            !run(t, TGTADM, "--lld iscsi --mode account --op bind --tid 1 --user %s %s", user, outgoing))
                give_up("tgtadm: no account");
}

void target_start(Target *t)
{
        usec_t until = usec_now(CLOCK_MONOTONIC) + PATIENCE;

        t->pid = start(t, "-f -C 0 --iscsi portal=%s:%u,portal=%s:%u", t->portals[0], t->port, t->portals[1],
                       t->port);
        while (!run(t, TGTADM, "--lld iscsi --mode system --op show"))
                if (usec_now(CLOCK_MONOTONIC) > until || waitpid(t->pid, NULL, WNOHANG) != 0)
                        give_up("tgtd does not start; see its log");
        if (!run(t, TGTADM, "--lld iscsi --mode target --op new --tid 1 --targetname %s", TARGET_NAME))
                give_up("tgtadm: no target");
        if (t->header_digest &&
            !run(t, TGTADM,
                 "--lld iscsi --mode target --op update --tid 1 --name HeaderDigest --value CRC32C"))
                give_up("tgtadm: no digests");
        add_drive(t, t->lun, "tape", TARGET_SERIAL);
        add_drive(t, t->lun == 1 ? 2 : 1, "other", "OTHER01");
        if (t->user)
                add_account(t, t->user, t->secret, "");
        if (t->target_user)
                add_account(t, t->target_user, t->target_secret, "--outgoing");
        if (!run(t, TGTADM, "--lld iscsi --mode target --op bind --tid 1 -I ALL"))
                give_up("tgtadm: bind");
}

void target_add_others(const Target *t, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                if (!run(t, TGTADM,
                         "--lld iscsi --mode target --op new --tid %u --targetname iqn.2026-11.test:other-%u",
                         i + 2, i) ||
                    !run(t, TGTADM, "--lld iscsi --mode target --op bind --tid %u -I ALL", i + 2))
                        give_up("tgtadm: no other target");
}

void target_kill(Target *t)
{
        if (t->pid <= 0)
                return;
        (void) kill(t->pid, SIGKILL);
        (void) waitpid(t->pid, NULL, 0);
        t->pid = -1;
}

void target_deinit(Target *t)
{
        static const char *const files[] = {"tape", "other", "log", "ipc.0", "ipc.0.lock", "ipc", "ipc.lock"};

        target_kill(t);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s/%s", t->folder, files[i]);
                (void) unlink(path);
        }
        (void) rmdir(t->folder);
}
