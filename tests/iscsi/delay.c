/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One connection after the other. Each direction is a ring of bytes and a ring of marks, which say until when
 * how many of them stay; a line has no limit of its own but that of the ring, which is more than either side
 * has on its way. */

#include "iscsi/delay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"

#define RING  (UINT64_C(16) << 20)
#define MARKS 4096

typedef struct Mark {
        uint64_t due, end; /* nanoseconds; bytes of all that came */
} Mark;

typedef struct Line {
        int from, to;
        uint8_t bytes[RING];
        uint64_t in, out; /* bytes, monotonic */
        Mark marks[MARKS];
        uint64_t mark_in, mark_out;
} Line;

static uint64_t nanoseconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static size_t piece(uint64_t at, uint64_t n)
{
        uint64_t to_end = RING - at % RING;

        return (size_t) (n < to_end ? n : to_end);
}

static bool is_full(const Line *l)
{
        return l->in - l->out == RING || l->mark_in - l->mark_out == MARKS;
}

/* False: the connection is over. */
static bool take_in(Line *l, uint64_t delay)
{
        ssize_t n =
                recv(l->from, l->bytes + l->in % RING, piece(l->in, RING - (l->in - l->out)), MSG_DONTWAIT);

        if (n <= 0)
                return n < 0 && errno == EAGAIN;
        l->in += (uint64_t) n;
        l->marks[l->mark_in++ % MARKS] = (Mark){nanoseconds() + delay, l->in};
        return true;
}

/* What is due, as far as it goes; the time of the next in *ret_due, or 0. */
static bool let_out(Line *l, uint64_t *ret_due)
{
        *ret_due = 0;
        while (l->mark_out < l->mark_in) {
                const Mark *m = &l->marks[l->mark_out % MARKS];
                ssize_t n;

                if (m->due > nanoseconds()) {
                        *ret_due = m->due;
                        return true;
                }
                n = send(l->to, l->bytes + l->out % RING, piece(l->out, m->end - l->out),
                         MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno == EAGAIN) {
                        *ret_due = nanoseconds() + 20000;
                        return true;
                }
                if (n < 0)
                        return false;
                l->out += (uint64_t) n;
                if (l->out == m->end)
                        l->mark_out++;
        }
        return true;
}

static void wait_for(struct pollfd fds[static 2], uint64_t due)
{
        struct timespec t = {.tv_sec = 10};
        uint64_t now = nanoseconds();

        if (due > 0)
                t = (struct timespec){.tv_nsec = due > now ? (long) (due - now) : 0};
        (void) ppoll(fds, 2, &t, NULL);
}

static void carry(Line lines[static 2], uint64_t delay)
{
        for (;;) {
                struct pollfd fds[2];
                uint64_t due[2];

                if (!let_out(&lines[0], &due[0]) || !let_out(&lines[1], &due[1]))
                        return;
                for (size_t i = 0; i < 2; i++)
                        fds[i] = (struct pollfd){.fd = is_full(&lines[i]) ? -1 : lines[i].from,
                                                 .events = POLLIN};
                wait_for(fds, due[0] == 0 || (due[1] > 0 && due[1] < due[0]) ? due[1] : due[0]);
                for (size_t i = 0; i < 2; i++)
                        if (fds[i].revents && !take_in(&lines[i], delay))
                                return;
        }
}

static int connect_target(unsigned port)
{
        struct sockaddr_in a = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t) port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0 ? safe_close(fd) : fd;
}

static _Noreturn void serve(int listener, unsigned target_port, uint64_t delay)
{
        static Line lines[2];

        for (;;) {
                _cleanup_close_ int fd = accept(listener, NULL, NULL), to = connect_target(target_port);
                int on = 1;

                if (fd < 0 || to < 0)
                        continue;
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                (void) setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                for (size_t i = 0; i < 2; i++) {
                        lines[i].from = i == 0 ? fd : to;
                        lines[i].to = i == 0 ? to : fd;
                        lines[i].in = lines[i].out = lines[i].mark_in = lines[i].mark_out = 0;
                }
                carry(lines, delay);
        }
}

void delay_start(Delay *d, unsigned target_port, unsigned round_trip_us)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *) &a, n) < 0 || listen(fd, 4) < 0 ||
            getsockname(fd, (struct sockaddr *) &a, &n) < 0) {
                perror("tests/iscsi: delay");
                exit(1);
        }
        d->port = ntohs(a.sin_port);
        fflush(NULL);
        d->pid = fork();
        if (d->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(fd, target_port, (uint64_t) round_trip_us * 1000 / 2);
        }
        safe_close(fd);
}

void delay_stop(Delay *d)
{
        (void) kill(d->pid, SIGKILL);
        (void) waitpid(d->pid, NULL, 0);
}
