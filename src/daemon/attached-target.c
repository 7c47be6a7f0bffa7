/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One target at one portal. It is asked for its units when it is attached, when evertaped starts, when a path
 * to one of them has failed, and now and then: nobody tells us when one comes or goes. Each time over a
 * session that ends again. What is held does not wait for it: its path is tried for as long as it is
 * attached, and this only finds out that a unit has another number now. What is known of its units stays
 * while it is away: a held device needs its way back. */

#include "daemon/attached-internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/attached-login.h"
#include "daemon/events.h"
#include "daemon/manager-internal.h"
#include "util/log.h"
#include "util/text.h"

#define ASK_AGAIN   (60 * USEC_PER_SEC) /* a target that answers */
#define RETRY_FIRST (1 * USEC_PER_SEC)
#define RETRY_MOST  (30 * USEC_PER_SEC)
#define SOON        (200 * USEC_PER_MSEC)

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

bool attached_same_target(const IscsiUrl *a, const IscsiUrl *b)
{
        return text_equal(a->host, b->host) && a->port == b->port && text_equal(a->target, b->target);
}

/* Each portal its own, so that two that lead to one target do not end each other's session. */
uint16_t attached_probe_qualifier(const IscsiUrl *url)
{
        uint32_t hash = url->port;

        for (const char *p = url->host; *p; p++)
                hash = hash * 31 + (unsigned char) *p;
        return (uint16_t) (0x8000 | (hash & 0x7fff));
}

Target *attached_target(const Attached *a, const IscsiUrl *url)
{
        for (size_t i = 0; i < a->n_targets; i++)
                if (attached_same_target(&a->targets[i]->url, url))
                        return a->targets[i];
        return NULL;
}

/* ---- asking ---- */

void attached_set_timer(Attached *a)
{
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < a->n_targets; i++)
                if (!a->targets[i]->reader)
                        at = usec_min(at, a->targets[i]->next);
        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(a->timer, at);
        (void) sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
}

void attached_ask_soon(Target *t)
{
        if (t->state == TARGET_ONLINE || t->n_failed == 0)
                t->next = usec_min(t->next, now() + SOON);
        attached_set_timer(t->attached);
}

static bool same_units(const Target *t, const LunFound *found, size_t n)
{
        if (t->n_units != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (t->units[i].lun != found[i].lun || t->units[i].usable != found[i].usable ||
                    !identity_equal(&t->units[i].identity, &found[i].identity))
                        return false;
        return true;
}

static int take_units(Target *t, const LunFound *found, size_t n)
{
        LunFound *copy = calloc(n + 1, sizeof(*copy));

        if (!copy)
                return -ENOMEM;
        if (n > 0)
                memcpy(copy, found, n * sizeof(*copy));
        free(t->units);
        t->units = copy;
        t->n_units = n;
        return 0;
}

static void set_state(Target *t, TargetState state)
{
        if (t->state != state)
                t->since = usec_now(CLOCK_REALTIME);
        t->state = state;
}

/* Time alone does not mend it. */
static bool is_refusal(int error)
{
        return error == -EACCES || error == -EPERM || error == -EINVAL || error == -ENOKEY;
}

static void went_offline(Target *t, int error, const char *why)
{
        char portal[ISCSI_PORTAL_MAX], text[ISCSI_PORTAL_MAX + 208];

        snprintf(t->why, sizeof(t->why), "%s", why);
        if (t->state == TARGET_ONLINE || !t->complained) {
                snprintf(text, sizeof(text), "%s: %.200s",
                         iscsi_portal_format(t->url.host, t->url.port, portal), why);
                (void) event_log(&(HookEvent){.event = "target-lost", .name = t->url.target, .text = text},
                                 now());
        }
        t->complained = true;
        set_state(t, is_refusal(error) ? TARGET_REFUSED : TARGET_OFFLINE);
        t->next = now() + usec_min(RETRY_FIRST << (t->n_failed < 8 ? t->n_failed : 8), RETRY_MOST);
        t->n_failed++;
}

static void came_online(Target *t)
{
        set_state(t, TARGET_ONLINE);
        t->complained = false;
        t->n_failed = 0;
        t->why[0] = '\0';
        t->next = now() + ASK_AGAIN;
}

static void on_units(void *userdata, int error, const char *why, const LunFound *found, size_t n)
{
        Target *t = userdata;
        Attached *a = t->attached;
        bool was_online = t->state == TARGET_ONLINE, changed = false;

        if (error < 0) {
                went_offline(t, error, why);
        } else {
                changed = !same_units(t, found, n);
                if (changed && take_units(t, found, n) < 0)
                        log_warning("iscsi: out of memory");
                came_online(t);
        }
        t->reader = lun_reader_free(t->reader);
        if (changed || was_online != (t->state == TARGET_ONLINE))
                manager_scan(a->manager);
        attached_set_timer(a);
}

static void ask(Target *t)
{
        Attached *a = t->attached;
        AttachedLogin login;
        char why[200] = "";
        int r;

        r = attached_login_init(&login, manager_config(a->manager), &t->url, false,
                                attached_probe_qualifier(&t->url), why, sizeof(why));
        if (r >= 0)
                r = lun_reader_new(manager_event(a->manager), &login.login, ISCSI_ALL_LUNS, on_units, t,
                                   &t->reader);
        attached_login_wipe(&login);
        if (r < 0)
                went_offline(t, r, why[0] ? why : strerror(-r));
}

int attached_on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Attached *a = userdata;

        for (size_t i = 0; i < a->n_targets; i++)
                if (!a->targets[i]->reader && a->targets[i]->next <= now())
                        ask(a->targets[i]);
        attached_set_timer(a);
        return 0;
}

/* ---- life ---- */

Target *attached_add_target(Attached *a, const IscsiUrl *url)
{
        Target *t = attached_target(a, url);

        if (t) {
                memcpy(t->url.user, url->user, sizeof(url->user));
                return t;
        }
        if (a->n_targets >= TARGETS_MAX)
                return NULL;
        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        t->attached = a;
        t->url = *url;
        t->since = usec_now(CLOCK_REALTIME);
        a->targets[a->n_targets++] = t;
        return t;
}

/* Of one unit alone the others are still to be learned, but it is there now. */
void attached_target_answered(Target *t, const IscsiUrl *url, const LunFound *units, size_t n_units)
{
        if (t->n_units == 0)
                (void) take_units(t, units, n_units);
        came_online(t);
        if (url->lun != ISCSI_ALL_LUNS)
                t->next = now();
}

static void free_target(Target *t)
{
        t->reader = lun_reader_free(t->reader);
        free(t->units);
        free(t);
}

static bool is_used(const Attached *a, const Target *t)
{
        for (size_t i = 0; i < a->n_urls; i++)
                if (attached_same_target(&a->urls[i], &t->url))
                        return true;
        return false;
}

void attached_drop_unused(Attached *a)
{
        for (size_t i = 0; i < a->n_targets;) {
                if (is_used(a, a->targets[i])) {
                        i++;
                        continue;
                }
                free_target(a->targets[i]);
                a->targets[i] = a->targets[--a->n_targets];
        }
}
