/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iscsi/sift.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define BHS       48
#define PAIRS_MAX 8
#define CHUNK     (256 * 1024)

enum {
        OPCODE_COMMAND = 0x01,
        OPCODE_LOGIN = 0x03,
        OPCODE_DATA_OUT = 0x05,
        OPCODE_RESPONSE = 0x21,
        OPCODE_LOGIN_REPLY = 0x23,
        OPCODE_DATA_IN = 0x25,
};

/* One direction of one connection. */
typedef struct Stream {
        int from, to;
        bool from_target;
        uint8_t bhs[BHS];
        size_t n_bhs;  /* of the header that is being read */
        uint64_t left; /* data bytes of this PDU still to come */
        Sift *sift;    /* or NULL: all goes through */
} Stream;

typedef struct Pair {
        bool used;
        Stream streams[2];
} Pair;

static const char *const names[_CUT_CLASS_MAX] = {
        [CUT_NONE] = "none",
        [CUT_AFTER_BYTES] = "bytes",
        [CUT_IN_COMMAND] = "in-command",
        [CUT_IN_DATA] = "in-data",
        [CUT_AFTER_DATA] = "after-data",
        [CUT_BEFORE_STATUS] = "before-status",
        [CUT_IN_STATUS] = "in-status",
        [CUT_IN_LOGIN] = "in-login",
        [CUT_IN_LOGIN_REPLY] = "in-login-reply",
};

const char *cut_class_name(CutClass class)
{
        return names[class];
}

static uint64_t random_state;
static uint8_t chunk[CHUNK], sifted[CHUNK + SIFT_BHS];

static uint64_t draw(void)
{
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return random_state * UINT64_C(2685821657736338717) >> 16;
}

/* ---- where to cut ---- */

typedef struct CutRow {
        bool from_target;
        uint8_t opcodes[2];
        bool in_data; /* else in the header */
        bool at_end;  /* of the PDU, if it is the last with data of its command */
        bool at_begin;
} CutRow;

static const CutRow rows[_CUT_CLASS_MAX] = {
        [CUT_IN_COMMAND] = {false, {OPCODE_COMMAND, OPCODE_COMMAND}, false, false, false},
        [CUT_IN_DATA] = {false, {OPCODE_COMMAND, OPCODE_DATA_OUT}, true, false, false},
        [CUT_AFTER_DATA] = {false, {OPCODE_COMMAND, OPCODE_DATA_OUT}, true, true, false},
        [CUT_BEFORE_STATUS] = {true, {OPCODE_RESPONSE, OPCODE_RESPONSE}, false, false, true},
        [CUT_IN_STATUS] = {true, {OPCODE_RESPONSE, OPCODE_RESPONSE}, false, false, false},
        [CUT_IN_LOGIN] = {false, {OPCODE_LOGIN, OPCODE_LOGIN}, false, false, false},
        [CUT_IN_LOGIN_REPLY] = {true, {OPCODE_LOGIN_REPLY, OPCODE_LOGIN_REPLY}, false, false, false},
};

static bool row_applies(const CutRow *row, const Stream *s)
{
        uint8_t opcode = s->bhs[0] & 0x3f;

        return row->from_target == s->from_target && (opcode == row->opcodes[0] || opcode == row->opcodes[1]);
}

/* How many of the n bytes go through before the cut; n + 1: all, and no cut. Steps over them. */
static size_t step(ProxyShared *sh, Stream *s, const uint8_t *data, size_t n)
{
        const CutRow *row = &rows[sh->cut];
        size_t at = 0;

        if (sh->cut == CUT_AFTER_BYTES) {
                if (sh->n < n)
                        return (size_t) sh->n;
                sh->n -= n;
        }
        while (at < n) {
                size_t k;

                if (s->n_bhs < BHS) {
                        k = BHS - s->n_bhs < n - at ? BHS - s->n_bhs : n - at;
                        memcpy(s->bhs + s->n_bhs, data + at, k);
                        if (sh->cut > CUT_AFTER_BYTES && s->n_bhs == 0 && row_applies(row, s) &&
                            !row->in_data) {
                                size_t in = row->at_begin ? 0 : 1 + (size_t) (sh->n % (BHS - 1));

                                return at + (in < k ? in : k);
                        }
                        s->n_bhs += k;
                        at += k;
                        if (s->n_bhs == BHS)
                                s->left = 4u * s->bhs[4] + ((uint64_t) get_be(s->bhs + 5, 3) + 3) / 4 * 4;
                } else {
                        k = s->left < n - at ? (size_t) s->left : n - at;
                        if (sh->cut > CUT_AFTER_BYTES && k > 0 && row_applies(row, s) && row->in_data) {
                                if (!row->at_end)
                                        return at + (size_t) (sh->n % k);
                                if (k == s->left && s->bhs[1] & 0x80)
                                        return at + k;
                        }
                        s->left -= k;
                        at += k;
                }
                if (s->n_bhs == BHS && s->left == 0)
                        s->n_bhs = 0;
        }
        return n + 1;
}

/* ---- connections ---- */

static void close_pair(Pair *p, bool reset)
{
        struct linger at_once = {.l_onoff = 1};

        for (size_t i = 0; i < 2; i++) {
                if (reset)
                        (void) setsockopt(p->streams[i].from, SOL_SOCKET, SO_LINGER, &at_once,
                                          sizeof(at_once));
                safe_close(p->streams[i].from);
                free(p->streams[i].sift);
                p->streams[i].sift = NULL;
        }
        p->used = false;
}

static bool write_all(int fd, const uint8_t *data, size_t n)
{
        while (n > 0) {
                ssize_t k = send(fd, data, n, MSG_NOSIGNAL);

                if (k <= 0)
                        return false;
                data += k;
                n -= (size_t) k;
        }
        return true;
}

/* What a target that is broken, or hostile, might say instead. */
static void garble(ProxyShared *sh, uint8_t *data, size_t n)
{
        if (sh->mode == PROXY_GARBLE) {
                for (size_t i = 0; i < n; i++)
                        if (draw() % (sh->n + 1) == 0) {
                                data[i] ^= (uint8_t) (1 + draw() % 255);
                                sh->n_garbled++;
                        }
        } else if (sh->mode == PROXY_INVENT && n >= BHS && draw() % (sh->n + 1) == 0) {
                static const uint8_t opcodes[] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f};

                data[0] = opcodes[draw() % ELEMENTSOF(opcodes)];
                for (size_t i = 1; i < BHS; i++)
                        if (draw() % 4 == 0 && (i < 16 || i > 19))
                                data[i] = draw() % 2 ? 0xff : (uint8_t) draw();
                if (draw() % 2)
                        put_be(data + 4, draw() % 64, 4);
                sh->n_garbled++;
        }
}

static void forward(ProxyShared *sh, Pair *p, Stream *s)
{
        ssize_t n = recv(s->from, chunk, sizeof(chunk), 0);
        size_t pass;

        if (n <= 0) {
                close_pair(p, n < 0);
                return;
        }
        if (s->sift) {
                n = (ssize_t) sift_pass(s->sift, &sh->sift, s->from_target, chunk, (size_t) n, sifted);
                if (!write_all(s->to, sifted, (size_t) n))
                        close_pair(p, true);
                return;
        }
        if (s->from_target && sh->mode >= PROXY_GARBLE)
                garble(sh, chunk, (size_t) n);
        pass = step(sh, s, chunk, (size_t) n);
        sh->n_bytes += (uint64_t) n;
        sh->n_asked += s->from_target ? 0 : (uint64_t) n;
        if (pass <= (size_t) n) {
                (void) write_all(s->to, chunk, pass);
                close_pair(p, sh->reset);
                sh->n_cuts++;
                __atomic_store_n(&sh->cut, CUT_NONE, __ATOMIC_SEQ_CST);
        } else if (!write_all(s->to, chunk, (size_t) n)) {
                close_pair(p, true);
        }
}

static int connect_target(unsigned port)
{
        struct sockaddr_in a = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t) port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
                return safe_close(fd);
        return fd;
}

static void babble(int fd)
{
        for (size_t i = 0; i < 4096; i++)
                chunk[i] = (uint8_t) draw();
        (void) write_all(fd, chunk, 4096);
}

static void accept_one(ProxyShared *sh, Pair *pairs, int listener, unsigned port)
{
        int on = 1, fd = accept(listener, NULL, NULL), to;
        Pair *p = NULL;

        if (fd < 0)
                return;
        for (size_t i = 0; i < PAIRS_MAX && !p; i++)
                if (!pairs[i].used)
                        p = &pairs[i];
        sh->n_connections++;
        if (sh->mode == PROXY_BABBLE)
                babble(fd);
        to = p && sh->mode != PROXY_REFUSE && sh->mode != PROXY_BABBLE ? connect_target(port) : -EBADF;
        if (to < 0) {
                safe_close(fd);
                return;
        }
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        *p = (Pair){.used = true,
                    .streams = {{.from = fd, .to = to}, {.from = to, .to = fd, .from_target = true}}};
        for (size_t i = 0; i < 2 && sh->mode == PROXY_SIFT; i++)
                if (!(p->streams[i].sift = calloc(1, sizeof(Sift))))
                        abort();
}

static void release(ProxyShared *sh, Pair *pairs)
{
        for (size_t i = 0; i < 2 * PAIRS_MAX; i++) {
                Stream *s = &pairs[i / 2].streams[i % 2];

                if (pairs[i / 2].used && s->sift)
                        (void) write_all(s->to, sifted, sift_release(s->sift, &sh->sift, sifted));
        }
        __atomic_store_n(&sh->sift.release, false, __ATOMIC_SEQ_CST);
}

static _Noreturn void serve(ProxyShared *sh, int listener, unsigned port)
{
        static Pair pairs[PAIRS_MAX];

        for (;;) {
                struct pollfd fds[1 + 2 * PAIRS_MAX] = {{.fd = listener, .events = POLLIN}};
                bool frozen = sh->mode == PROXY_FREEZE;
                size_t n_open = 0;

                for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
                        fds[1 + i] = (struct pollfd){
                                .fd = pairs[i / 2].used && !frozen ? pairs[i / 2].streams[i % 2].from : -1,
                                .events = POLLIN};
                for (size_t i = 0; i < PAIRS_MAX; i++)
                        n_open += pairs[i].used;
                __atomic_store_n(&sh->n_open, n_open, __ATOMIC_SEQ_CST);
                if (sh->kick) {
                        sh->kick = false;
                        for (size_t i = 0; i < PAIRS_MAX; i++)
                                if (pairs[i].used)
                                        close_pair(&pairs[i], sh->reset);
                        continue;
                }
                if (__atomic_load_n(&sh->sift.release, __ATOMIC_SEQ_CST))
                        release(sh, pairs);
                if (poll(fds, ELEMENTSOF(fds), 10) < 0)
                        _exit(1);
                for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
                        if (fds[1 + i].fd >= 0 && fds[1 + i].revents && pairs[i / 2].used)
                                forward(sh, &pairs[i / 2], &pairs[i / 2].streams[i % 2]);
                if (fds[0].revents && !frozen)
                        accept_one(sh, pairs, listener, port);
        }
}

void proxy_start(Proxy *p, unsigned target_port, uint64_t seed)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        p->shared = mmap(NULL, sizeof(*p->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (fd < 0 || p->shared == MAP_FAILED || bind(fd, (struct sockaddr *) &a, n) < 0 ||
            listen(fd, 16) < 0 || getsockname(fd, (struct sockaddr *) &a, &n) < 0) {
                perror("tests/iscsi: proxy");
                exit(1);
        }
        p->port = ntohs(a.sin_port);
        p->shared->sift.login = -1;
        p->shared->sift.management[0] = p->shared->sift.management[1] = MANAGEMENT_AS_IT_IS;
        fflush(NULL);
        p->pid = fork();
        if (p->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                random_state = seed ? seed : 1;
                serve(p->shared, fd, target_port);
        }
        safe_close(fd);
}

void proxy_stop(Proxy *p)
{
        (void) kill(p->pid, SIGKILL);
        (void) waitpid(p->pid, NULL, 0);
        (void) munmap(p->shared, sizeof(*p->shared));
}

void proxy_cut(Proxy *p, CutClass class, uint64_t n, bool reset)
{
        p->shared->n = n;
        p->shared->reset = reset;
        p->shared->kick = class >= CUT_IN_LOGIN; /* there is no login without a loss */
        __atomic_store_n(&p->shared->cut, class, __ATOMIC_SEQ_CST);
}

bool proxy_has_cut(const Proxy *p)
{
        return __atomic_load_n(&p->shared->cut, __ATOMIC_SEQ_CST) == CUT_NONE;
}
