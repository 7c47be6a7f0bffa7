/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SendTargets (RFC 7143 appendix C): one discovery session, one question, and its end. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport/iscsi-session.h"

struct IscsiDiscovery {
        IscsiSession *session;
        IscsiDiscoveryDone done;
        void *userdata;
        bool asked, answered, ended;
        IscsiFound *found;
        size_t n_found;
        int error;
        usec_t until;
};

#define ANSWER_TIME (15 * USEC_PER_SEC)

/* "10.0.0.1:3260,1" without the group. */
static void add_found(IscsiDiscovery *d, const char *target, const char *portal)
{
        IscsiFound *f, *grown;
        size_t n = strcspn(portal, ",");

        if (d->n_found >= ISCSI_FOUND_MAX || !iscsi_name_is_valid(target) || n >= sizeof(f->portal))
                return;
        grown = realloc(d->found, (d->n_found + 1) * sizeof(*grown));
        if (!grown) {
                d->error = -ENOMEM;
                return;
        }
        d->found = grown;
        f = &d->found[d->n_found++];
        snprintf(f->target, sizeof(f->target), "%s", target);
        memcpy(f->portal, portal, n);
        f->portal[n] = '\0';
        for (char *c = f->portal; *c; c++)
                if ((unsigned char) *c <= 0x20 || (unsigned char) *c >= 0x7f)
                        *c = '?';
}

static void on_answer(struct iscsi_context *context, int status, void *data, void *userdata)
{
        IscsiDiscovery *d = userdata;

        (void) context;
        if (d->session->closing)
                return;
        d->answered = true;
        if (status != SCSI_STATUS_GOOD) {
                d->error = -EIO;
                return;
        }
        for (const struct iscsi_discovery_address *a = data; a; a = a->next)
                for (const struct iscsi_target_portal *p = a->portals; p; p = p->next)
                        if (a->target_name && p->portal)
                                add_found(d, a->target_name, p->portal);
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

static void ask(IscsiDiscovery *d, usec_t now)
{
        d->asked = true;
        d->until = usec_add(now, ANSWER_TIME);
        if (iscsi_discovery_async(d->session->context, on_answer, d) != 0)
                iscsi_session_end(d->session, "%s", iscsi_get_error(d->session->context));
        else
                iscsi_session_flush(d->session, now);
}

void iscsi_discovery_dispatch(IscsiDiscovery *d, uint32_t revents, usec_t now)
{
        const char *why = "";

        if (d->ended)
                return;
        iscsi_session_service(d->session, revents, now);
        if (!d->asked && d->session->stage == ISCSI_READY)
                ask(d, now);
        if (!d->answered && d->session->stage != ISCSI_DEAD && now >= d->until)
                iscsi_session_end(d->session, "the portal does not say which targets it has");
        if (!d->answered && d->session->stage != ISCSI_DEAD)
                return;
        d->ended = true;
        if (!d->answered) {
                d->error = -EIO;
                why = d->session->why;
        } else if (d->error < 0) {
                why = "the portal does not say which targets it has";
        }
        d->done(d->userdata, d->error, why, d->found, d->n_found);
}

IscsiDiscovery *iscsi_discovery_free(IscsiDiscovery *d)
{
        if (!d)
                return NULL;
        iscsi_session_close(d->session, d->session->stage != ISCSI_READY);
        free(d->found);
        free(d);
        return NULL;
}
