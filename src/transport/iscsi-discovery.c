/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SendTargets (RFC 7143 appendix C): one discovery session, one question, and its end. libiscsi logs in and
 * asks; what the portal says then is read here and not by it (iscsi-targets.c). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "transport/iscsi-session.h"
#include "transport/iscsi-targets.h"
#include "util/cleanup.h"

#define ANSWER_TIME (15 * USEC_PER_SEC)
#define TEXT_MAX    (1024 * 1024) /* of all its parts */

typedef struct Buffer {
        uint8_t *data;
        size_t n;
} Buffer;

struct IscsiDiscovery {
        IscsiSession *session;
        IscsiDiscoveryDone done;
        void *userdata;
        char portal[ISCSI_PORTAL_MAX];
        bool asked, answered, ended;
        Buffer pdu, text; /* the one that is being read; what its predecessors said */
        size_t n_pdu;     /* so many bytes it has, as far as is known */
        usec_t until;
};

static bool reserve(Buffer *b, size_t n)
{
        uint8_t *grown = realloc(b->data, n);

        if (!grown)
                return false;
        b->data = grown;
        return true;
}

/* ---- the answer ---- */

static void go_on(IscsiDiscovery *d)
{
        uint8_t request[ISCSI_BHS];

        iscsi_text_go_on(d->pdu.data, request);
        if (send(iscsi_session_fd(d->session), request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) !=
            sizeof(request))
                iscsi_session_end(d->session, "the portal does not take the next question");
}

static void take_text(IscsiDiscovery *d, const IscsiTextReply *reply)
{
        if (d->text.n + reply->n_text > TEXT_MAX) {
                iscsi_session_end(d->session, "the portal has more targets than can be listed");
                return;
        }
        if (!reserve(&d->text, d->text.n + reply->n_text + 1)) {
                iscsi_session_end(d->session, "%s", strerror(ENOMEM));
                return;
        }
        memcpy(d->text.data + d->text.n, d->pdu.data + ISCSI_BHS, reply->n_text);
        d->text.n += reply->n_text;
        d->answered = reply->final;
        if (!reply->final)
                go_on(d);
}

static void look_at_pdu(IscsiDiscovery *d)
{
        const char *why = NULL;
        IscsiTextReply reply;
        int r = iscsi_text_check(d->pdu.data, d->pdu.n, &d->n_pdu, &reply, &why);

        if (r < 0)
                iscsi_session_end(d->session, "%s", why);
        else if (r == ISCSI_TEXT_REPLY)
                take_text(d, &reply);
        if (r == ISCSI_TEXT_CUT)
                return;
        d->pdu.n = 0;
        d->n_pdu = ISCSI_BHS;
}

/* A PDU at most in one turn, or what is there of it. */
static void read_pdu(IscsiDiscovery *d)
{
        ssize_t n;

        if (!reserve(&d->pdu, d->n_pdu)) {
                iscsi_session_end(d->session, "%s", strerror(ENOMEM));
                return;
        }
        n = recv(iscsi_session_fd(d->session), d->pdu.data + d->pdu.n, d->n_pdu - d->pdu.n, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                iscsi_session_end(d->session, "the portal closed the connection and did not answer");
                return;
        }
        d->pdu.n += (size_t) n;
        if (d->pdu.n == d->n_pdu)
                look_at_pdu(d);
}

/* ---- the question ---- */

/* libiscsi says this of a question that it has given up. */
static void on_answer(struct iscsi_context *context, int status, void *data, void *userdata)
{
        (void) context;
        (void) status;
        (void) data;
        (void) userdata;
}

static void ask(IscsiDiscovery *d, usec_t now)
{
        d->asked = true;
        d->until = usec_add(now, ANSWER_TIME);
        if (iscsi_discovery_async(d->session->context, on_answer, d) != 0)
                iscsi_session_end(d->session, "%s", iscsi_get_error(d->session->context));
        else
                iscsi_session_flush(d->session, now);
}

int iscsi_discovery_new(const IscsiLogin *login, IscsiDiscoveryDone done, void *userdata,
                        IscsiDiscovery **ret)
{
        IscsiDiscovery *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        d->done = done;
        d->userdata = userdata;
        d->until = USEC_INFINITY;
        d->n_pdu = ISCSI_BHS;
        snprintf(d->portal, sizeof(d->portal), "%s", login->portal);
        r = iscsi_session_open(login, usec_now(CLOCK_MONOTONIC), &d->session);
        if (r < 0) {
                free(d);
                return r;
        }
        *ret = d;
        return 0;
}

int iscsi_discovery_fd(const IscsiDiscovery *d)
{
        return iscsi_session_fd(d->session);
}

uint32_t iscsi_discovery_events(const IscsiDiscovery *d)
{
        return iscsi_session_events(d->session);
}

/* No pings: a discovery session is short. */
usec_t iscsi_discovery_deadline(const IscsiDiscovery *d)
{
        if (d->ended)
                return USEC_INFINITY;
        if (d->session->stage == ISCSI_DEAD || d->answered)
                return 0;
        return d->asked ? d->until : iscsi_session_deadline(d->session);
}

static void report(IscsiDiscovery *d)
{
        _cleanup_free_ IscsiFound *found = NULL;
        const char *why = "";
        size_t n_found = 0;
        int r = -EIO;

        if (!d->answered) {
                why = d->session->why;
        } else {
                r = iscsi_targets_parse(d->text.data, d->text.n, d->portal, &found, &n_found);
                if (r < 0)
                        why = r == -EBADMSG ? "the portal's list of targets is malformed" : strerror(-r);
        }
        d->ended = true;
        d->done(d->userdata, r, why, found, n_found);
}

void iscsi_discovery_dispatch(IscsiDiscovery *d, uint32_t revents, usec_t now)
{
        if (d->ended)
                return;
        if (!d->asked)
                iscsi_session_service(d->session, revents, now);
        else if (revents & EPOLLOUT)
                iscsi_session_flush(d->session, now);
        if (d->asked && d->session->stage != ISCSI_DEAD && revents & (EPOLLIN | EPOLLERR | EPOLLHUP))
                read_pdu(d);
        if (!d->asked && d->session->stage == ISCSI_READY)
                ask(d, now);
        if (!d->answered && d->session->stage != ISCSI_DEAD && now >= d->until)
                iscsi_session_end(d->session, "the portal does not say which targets it has");
        if (d->answered || d->session->stage == ISCSI_DEAD)
                report(d);
}

IscsiDiscovery *iscsi_discovery_free(IscsiDiscovery *d)
{
        if (!d)
                return NULL;
        iscsi_session_close(d->session, d->session->stage != ISCSI_READY);
        free(d->pdu.data);
        free(d->text.data);
        free(d);
        return NULL;
}
