/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What libiscsi 1.19 does by itself and must not:
 *
 *   It connects again when a session is lost, with sleep() in between, and sends all commands once more: a
 *   block would be written twice. iscsi_set_noautoreconnect() is set before anything else and never taken
 *   back, and no context is used for a second connection. Then a lost session ends all commands with
 *   SCSI_STATUS_CANCELLED (iscsi_defer_reconnect in lib/connect.c), and iscsi_service() says 0: a loss is
 *   seen by those callbacks, or by the -1 of the next call.
 *   It looks up names with getaddrinfo(), which blocks: only addresses come here.
 *   It writes to a socket with writev() and no MSG_NOSIGNAL: SIGPIPE is caught by nobody's handler, which,
 *   unlike SIG_IGN, a program that we start does not inherit.
 *   It walks answers to a login without looking where they end: transport/iscsi-login.c looks before.
 *   It keeps name and secret in the context: they are overwritten as soon as there is a session. The copy
 *   that its environment has (LIBISCSI_CHAP_PASSWORD) is not ours to wipe.
 *
 * It has no data digests, and none are asked for. */

#include "transport/iscsi-session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LOGIN_TIME  (15 * USEC_PER_SEC)
#define PING_AFTER  (5 * USEC_PER_SEC) /* of silence */
#define PING_TIME   (5 * USEC_PER_SEC)
#define ISID_RANDOM 0x657670 /* the same for all evertapeds: initiators differ by their names */
#define SYN_RETRIES 2        /* some 7 s */

/* Catches SIGPIPE where nobody else does. */
static void on_sigpipe(int number)
{
        (void) number;
}

static void catch_sigpipe(void)
{
        struct sigaction action = {.sa_handler = on_sigpipe, .sa_flags = SA_RESTART}, old;

        if (sigaction(SIGPIPE, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
                (void) sigaction(SIGPIPE, &action, NULL);
}

void iscsi_session_end(IscsiSession *s, const char *format, ...)
{
        va_list ap;

        if (s->stage == ISCSI_DEAD)
                return;
        s->stage = ISCSI_DEAD;
        va_start(ap, format);
        vsnprintf(s->why, sizeof(s->why), format, ap);
        va_end(ap);
}

/* ---- opening ---- */

/* "iscsi_service: socket error Connection refused(111) while connecting." It has taken it from the socket. */
static int socket_error(const char *text)
{
        const char *number = text ? strchr(text, '(') : NULL;
        int error = number ? atoi(number + 1) : 0;

        return error > 0 ? error : ECONNABORTED;
}

static void on_connected(struct iscsi_context *context, int status, void *data, void *userdata)
{
        IscsiSession *s = userdata;

        (void) data;
        if (s->closing)
                return;
        s->connected |= status == SCSI_STATUS_GOOD;
        s->refused |= status != SCSI_STATUS_GOOD;
        /* libiscsi says something else a moment later */
        if (status != SCSI_STATUS_GOOD)
                iscsi_session_end(s, "no connection: %s", strerror(socket_error(iscsi_get_error(context))));
}

static void on_logged_in(struct iscsi_context *context, int status, void *data, void *userdata)
{
        IscsiSession *s = userdata;

        (void) context;
        (void) data;
        if (s->closing)
                return;
        s->logged_in |= status == SCSI_STATUS_GOOD;
        s->refused |= status != SCSI_STATUS_GOOD;
}

/* Whoever reads a discovery session by itself, iscsi-discovery.c, is spared them. */
static enum iscsi_header_digest digest_of(const IscsiLogin *login)
{
        if (!login->target)
                return ISCSI_HEADER_DIGEST_NONE;
        return login->header_digest ? ISCSI_HEADER_DIGEST_CRC32C_NONE : ISCSI_HEADER_DIGEST_NONE_CRC32C;
}

static int set_up(struct iscsi_context *c, const IscsiLogin *login)
{
        int r = 0;

        iscsi_set_noautoreconnect(c, 1);
        iscsi_set_reconnect_max_retries(c, 0);
        iscsi_set_timeout(c, 0);
        iscsi_set_tcp_syncnt(c, SYN_RETRIES);
        r |= iscsi_set_isid_random(c, ISID_RANDOM, login->qualifier);
        r |= iscsi_set_session_type(c, login->target ? ISCSI_SESSION_NORMAL : ISCSI_SESSION_DISCOVERY);
        r |= iscsi_set_header_digest(c, digest_of(login));
        if (login->target)
                r |= iscsi_set_targetname(c, login->target);
        if (login->user)
                r |= iscsi_set_initiator_username_pwd(c, login->user, login->secret);
        if (login->user && login->target_user)
                r |= iscsi_set_target_username_pwd(c, login->target_user, login->target_secret);
        return r;
}

/* Both copies, all of their bytes: strncpy() fills up with NULs. */
static void wipe_secrets(IscsiSession *s)
{
        (void) iscsi_set_initiator_username_pwd(s->context, "-", "");
        (void) iscsi_set_target_username_pwd(s->context, "-", "");
}

static bool portal_is_address(const char *portal)
{
        IscsiUrl u;
        const char *why;

        return iscsi_portal_parse(portal, &u, &why) >= 0 && iscsi_host_is_address(u.host);
}

int iscsi_session_open(const IscsiLogin *login, usec_t now, IscsiSession **ret)
{
        IscsiSession *s;

        if (!portal_is_address(login->portal))
                return -EINVAL;
        catch_sigpipe();
        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->context = iscsi_create_context(login->initiator);
        if (!s->context) {
                free(s);
                return -ENOMEM;
        }
        s->until = usec_add(now, LOGIN_TIME);
        if (set_up(s->context, login) != 0)
                iscsi_session_end(s, "libiscsi: %s", iscsi_get_error(s->context));
        else if (iscsi_connect_async(s->context, login->portal, on_connected, s) != 0)
                iscsi_session_end(s, "cannot connect: %s", iscsi_get_error(s->context));
        /* libiscsi leaves it to every program that is started: the connection would outlive us */
        if (iscsi_get_fd(s->context) >= 0)
                (void) fcntl(iscsi_get_fd(s->context), F_SETFD, FD_CLOEXEC);
        *ret = s;
        return 0;
}

IscsiSession *iscsi_session_close(IscsiSession *s, bool abortive)
{
        static const struct linger at_once = {.l_onoff = 1};
        int fd;

        if (!s)
                return NULL;
        s->closing = true;
        fd = iscsi_get_fd(s->context);
        if (fd >= 0 && abortive)
                (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        if (s->stage == ISCSI_READY && !abortive && iscsi_logout_async(s->context, on_logged_in, s) == 0)
                (void) iscsi_service(s->context, POLLOUT);
        wipe_secrets(s);
        (void) iscsi_destroy_context(s->context);
        free(s);
        return NULL;
}

/* ---- the loop ---- */

int iscsi_session_fd(const IscsiSession *s)
{
        return iscsi_get_fd(s->context);
}

uint32_t iscsi_session_events(const IscsiSession *s)
{
        /* POLLIN and POLLOUT are EPOLLIN and EPOLLOUT */
        return s->stage == ISCSI_DEAD || iscsi_get_fd(s->context) < 0
                       ? 0
                       : (uint32_t) iscsi_which_events(s->context) & (EPOLLIN | EPOLLOUT);
}

usec_t iscsi_session_deadline(const IscsiSession *s)
{
        switch (s->stage) {
        case ISCSI_CONNECTING:
        case ISCSI_LOGGING_IN:
                return s->until;
        case ISCSI_READY:
                return s->asked_at != 0 ? s->asked_at + PING_TIME : s->heard_at + PING_AFTER;
        case ISCSI_DEAD:
                break;
        }
        return USEC_INFINITY;
}

static void on_ping(struct iscsi_context *context, int status, void *data, void *userdata)
{
        IscsiSession *s = userdata;

        (void) context;
        (void) data;
        if (!s->closing && status != SCSI_STATUS_GOOD)
                s->refused = true;
}

static void look_at_clock(IscsiSession *s, usec_t now)
{
        if (s->stage == ISCSI_DEAD || iscsi_session_deadline(s) > now)
                return;
        if (s->stage == ISCSI_CONNECTING)
                iscsi_session_end(s, "no connection within %d s", (int) (LOGIN_TIME / USEC_PER_SEC));
        else if (s->stage == ISCSI_LOGGING_IN)
                iscsi_session_end(s, "the target did not finish the login within %d s",
                                  (int) (LOGIN_TIME / USEC_PER_SEC));
        else if (s->asked_at != 0)
                iscsi_session_end(s, "the target does not answer pings");
        else if (iscsi_nop_out_async(s->context, on_ping, NULL, 0, s) != 0)
                iscsi_session_end(s, "no ping could be sent: %s", iscsi_get_error(s->context));
        else
                s->asked_at = now;
}

/* Whether libiscsi may read: the answer that comes is whole and in order. */
static bool login_may_be_read(IscsiSession *s)
{
        uint8_t pdu[ISCSI_LOGIN_SIZE];
        size_t n_needed = ISCSI_BHS;
        int fd = iscsi_get_fd(s->context), r;
        ssize_t n;

        n = recv(fd, pdu, sizeof(pdu), MSG_PEEK | MSG_DONTWAIT);
        if (n <= 0)
                return true; /* libiscsi says what is the matter with the socket */
        r = iscsi_login_check(pdu, (size_t) n, &n_needed, &s->reply);
        s->header_digest |= r > 0 && s->reply.header_digest;
        if (r < 0)
                iscsi_session_end(s, "%s", s->reply.why);
        else if (r == 0 && s->lowat == (int) n_needed)
                iscsi_session_end(s, "the target closed the connection in the middle of its answer");
        /* so that the rest of it wakes us, or the end of the stream, and not what is there already */
        s->lowat = r == 0 ? (int) n_needed : 1;
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &s->lowat, sizeof(s->lowat));
        return r > 0;
}

/* How much of the stream libiscsi has read: what the kernel has received but for what waits. */
static int stream_position(int fd, uint64_t *ret)
{
        struct tcp_info before = {}, after = {};
        socklen_t n = sizeof(before);
        int n_waiting;

        for (int i = 0; i < 4; i++) {
                n = sizeof(before);
                if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &before, &n) < 0 ||
                    ioctl(fd, FIONREAD, &n_waiting) < 0)
                        return -errno;
                n = sizeof(after);
                if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &after, &n) < 0)
                        return -errno;
                *ret = after.tcpi_bytes_received - (uint64_t) n_waiting;
                if (before.tcpi_bytes_received == after.tcpi_bytes_received)
                        return 0;
        }
        return -EAGAIN;
}

/* Whether libiscsi may read: the headers that wait are in order. What comes while it reads it takes unseen;
 * then the headers are lost sight of until it has answered all, which is the next command at the latest. */
static bool answer_may_be_read(IscsiSession *s)
{
        uint8_t waiting[4096];
        size_t n_header = ISCSI_BHS + (s->header_digest ? 4u : 0u);
        int fd = iscsi_get_fd(s->context);
        const char *wrong;
        uint64_t at = 0, offset;
        ssize_t n;

        if (stream_position(fd, &at) < 0)
                return true;
        if (s->boundary)
                s->next_header = at;
        s->boundary = false;
        if (at > s->next_header)
                return true;
        n = recv(fd, waiting, sizeof(waiting), MSG_PEEK | MSG_DONTWAIT);
        offset = s->next_header - at;
        if (n <= 0 || offset >= (uint64_t) n)
                return true;
        wrong = iscsi_guard_check(waiting, (size_t) n, n_header, &s->expected, &offset);
        s->next_header = at + offset;
        if (wrong)
                iscsi_session_end(s, "%s", wrong);
        return !wrong;
}

static void begin_login(IscsiSession *s)
{
        s->stage = ISCSI_LOGGING_IN;
        if (iscsi_login_async(s->context, on_logged_in, s) != 0)
                iscsi_session_end(s, "no login: %s", iscsi_get_error(s->context));
}

/* libiscsi's own words help only as long as there is no session: later they may be of the last sense data. */
static void end_with_reason(IscsiSession *s)
{
        const char *error = iscsi_get_error(s->context);
        bool chap = s->stage == ISCSI_LOGGING_IN && error && strstr(error, "CHAP");

        /* RFC 7143 11.13.5: 1, it is elsewhere; 2, it is the initiator; 3, the target, for now */
        s->denied = s->reply.status_class == 1 || s->reply.status_class == 2 || chap;
        if (s->reply.why[0])
                iscsi_session_end(s, "%s", s->reply.why);
        else if (s->stage == ISCSI_READY)
                iscsi_session_end(s, "the session was lost");
        else if (chap)
                iscsi_session_end(s, "authentication failed: %s", error);
        else
                iscsi_session_end(s, "the target closed the connection during the login");
}

static void go_on(IscsiSession *s, int serviced, usec_t now)
{
        if (s->refused || serviced < 0 || iscsi_get_fd(s->context) < 0) {
                end_with_reason(s);
                return;
        }
        if (s->stage == ISCSI_CONNECTING && s->connected)
                begin_login(s);
        if (s->stage == ISCSI_LOGGING_IN && s->logged_in) {
                s->stage = ISCSI_READY;
                s->boundary = true;
                s->heard_at = now;
                wipe_secrets(s);
        }
}

void iscsi_session_service(IscsiSession *s, uint32_t revents, usec_t now)
{
        uint32_t take = revents & (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);

        if (s->stage == ISCSI_DEAD)
                return;
        if (s->stage == ISCSI_LOGGING_IN && take & EPOLLIN && !login_may_be_read(s))
                take &= ~(uint32_t) EPOLLIN;
        if (s->stage == ISCSI_READY && take & EPOLLIN && !answer_may_be_read(s))
                return;
        /* what the target said before it closed the connection is read first */
        if (s->stage != ISCSI_CONNECTING && take & EPOLLIN)
                take &= ~(uint32_t) (EPOLLERR | EPOLLHUP);
        if (s->stage != ISCSI_DEAD && take != 0) {
                int r = iscsi_service(s->context, (int) take);

                if (take & EPOLLIN && s->stage == ISCSI_READY) {
                        s->heard_at = now;
                        s->asked_at = 0;
                }
                go_on(s, r, now);
                s->boundary |= s->stage == ISCSI_READY && iscsi_queue_length(s->context) == 0;
        }
        look_at_clock(s, now);
        if (s->stage != ISCSI_DEAD && iscsi_out_queue_length(s->context) > 0 && !(take & EPOLLOUT))
                iscsi_session_flush(s, now);
}

void iscsi_session_flush(IscsiSession *s, usec_t now)
{
        if (s->stage == ISCSI_READY || s->stage == ISCSI_LOGGING_IN)
                go_on(s, iscsi_service(s->context, POLLOUT), now);
}
