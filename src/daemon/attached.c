/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A target is asked for its units when it is attached, when evertaped starts, when a path to one of them has
 * failed, and now and then: nobody tells us when one comes or goes. Each time over a session that ends again.
 * What is held does not wait for it: its path is tried for as long as it is attached, and this only finds out
 * that a unit has another number now. */

#include "daemon/attached.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/attached-file.h"
#include "daemon/attached-internal.h"
#include "daemon/attached-login.h"
#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/manager-internal.h"
#include "util/log.h"
#include "util/text.h"

#define LIST_PATH   EVERTAPE_STATEDIR "/iscsi.attached"
#define ASK_AGAIN   (60 * USEC_PER_SEC) /* a target that answers */
#define RETRY_FIRST (1 * USEC_PER_SEC)
#define RETRY_MOST  (30 * USEC_PER_SEC)
#define SOON        (200 * USEC_PER_MSEC)

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static void portal_of(const IscsiUrl *url, char *dst, size_t n_dst)
{
        char portal[ISCSI_PORTAL_MAX];

        snprintf(dst, n_dst, "%.*s", (int) n_dst - 1, iscsi_portal_format(url->host, url->port, portal));
}

static bool same_target(const IscsiUrl *a, const IscsiUrl *b)
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

/* ---- paths ---- */

static bool is_wanted(const Attached *a, const Target *t, unsigned lun)
{
        for (size_t i = 0; i < a->n_urls; i++)
                if (same_target(&a->urls[i], &t->url) &&
                    (a->urls[i].lun == ISCSI_ALL_LUNS || (unsigned) a->urls[i].lun == lun))
                        return true;
        return false;
}

static bool is_held(const Attached *a, const Identity *identity)
{
        const Manager *m = a->manager;

        for (size_t i = 0; i < m->n_helds; i++)
                if (identity_equal(identity, &m->helds[i]->device.identity))
                        return true;
        return false;
}

static void fill_path(const Target *t, const LunFound *u, DevicePath *ret)
{
        *ret = (DevicePath){.lun = u->lun, .identity = u->identity, .state = "running"};
        portal_of(&t->url, ret->portal, sizeof(ret->portal));
        snprintf(ret->iscsi_target, sizeof(ret->iscsi_target), "%s", t->url.target);
        for (size_t i = 0; i < t->n_units; i++)
                ret->apart |= t->units[i].usable && t->units[i].lun != u->lun &&
                              identity_claims_equal(&t->units[i].identity, &u->identity);
}

int attached_add_paths(Attached *a, DevicePath **paths, size_t *n_paths)
{
        for (size_t i = 0; a && i < a->n_targets; i++) {
                const Target *t = a->targets[i];

                for (size_t k = 0; k < t->n_units; k++) {
                        const LunFound *u = &t->units[k];
                        DevicePath *grown;

                        if (!u->usable || !is_wanted(a, t, u->lun) ||
                            !(t->online || is_held(a, &u->identity)))
                                continue;
                        grown = reallocarray(*paths, *n_paths + 1, sizeof(*grown));
                        if (!grown)
                                return -ENOMEM;
                        *paths = grown;
                        fill_path(t, u, &grown[(*n_paths)++]);
                }
        }
        return 0;
}

static Target *find_target(Attached *a, const DevicePath *path)
{
        char portal[DEVICE_PORTAL_MAX];

        for (size_t i = 0; i < a->n_targets; i++) {
                portal_of(&a->targets[i]->url, portal, sizeof(portal));
                if (text_equal(portal, path->portal) &&
                    text_equal(a->targets[i]->url.target, path->iscsi_target))
                        return a->targets[i];
        }
        return NULL;
}

int attached_open(Attached *a, const DevicePath *path, TransportDone done, void *userdata, Transport **ret,
                  char *why, size_t n_why)
{
        Target *t = find_target(a, path);
        AttachedLogin login;
        int r;

        if (!t) {
                snprintf(why, n_why, "it is not attached any more");
                return -ENODEV;
        }
        r = attached_login_init(&login, manager_config(a->manager), &t->url, false,
                                (uint16_t) (path->lun + 1), why, n_why);
        if (r >= 0) {
                r = transport_iscsi_new(&login.login, path->lun, done, userdata, ret);
                if (r < 0)
                        snprintf(why, n_why, "no session: %s", strerror(-r));
        }
        attached_login_wipe(&login);
        return r;
}

/* ---- asking ---- */

static void set_timer(Attached *a)
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

void attached_path_failed(Attached *a, const DevicePath *path)
{
        Target *t = a ? find_target(a, path) : NULL;

        if (!t)
                return;
        if (t->online || t->n_failed == 0)
                t->next = usec_min(t->next, now() + SOON);
        set_timer(a);
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

/* What is known of its units stays: a held device needs its way back. */
static void went_offline(Target *t, const char *why)
{
        char portal[ISCSI_PORTAL_MAX], text[ISCSI_PORTAL_MAX + 208];

        snprintf(t->why, sizeof(t->why), "%s", why);
        if (t->online || !t->complained) {
                snprintf(text, sizeof(text), "%s: %.200s",
                         iscsi_portal_format(t->url.host, t->url.port, portal), why);
                (void) event_log(&(HookEvent){.event = "target-lost", .name = t->url.target, .text = text},
                                 now());
        }
        t->complained = true;
        t->online = false;
        t->next = now() + usec_min(RETRY_FIRST << (t->n_failed < 8 ? t->n_failed : 8), RETRY_MOST);
        t->n_failed++;
}

static void on_units(void *userdata, int error, const char *why, const LunFound *found, size_t n)
{
        Target *t = userdata;
        Attached *a = t->attached;
        bool was_online = t->online, changed = false;

        if (error < 0) {
                went_offline(t, why);
        } else {
                changed = !same_units(t, found, n);
                if (changed && take_units(t, found, n) < 0)
                        log_warning("iscsi: out of memory");
                t->online = true;
                t->complained = false;
                t->n_failed = 0;
                t->why[0] = '\0';
                t->next = now() + ASK_AGAIN;
        }
        t->reader = lun_reader_free(t->reader);
        if (changed || was_online != t->online)
                manager_scan(a->manager);
        set_timer(a);
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
                went_offline(t, why[0] ? why : strerror(-r));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Attached *a = userdata;

        for (size_t i = 0; i < a->n_targets; i++)
                if (!a->targets[i]->reader && a->targets[i]->next <= now())
                        ask(a->targets[i]);
        set_timer(a);
        return 0;
}

/* ---- which are attached ---- */

bool attached_has(const Attached *a, const IscsiUrl *url)
{
        for (size_t i = 0; i < a->n_urls; i++)
                if (same_target(&a->urls[i], url) && a->urls[i].lun == url->lun)
                        return true;
        return false;
}

static Target *add_target(Attached *a, const IscsiUrl *url)
{
        Target *t;

        for (size_t i = 0; i < a->n_targets; i++)
                if (same_target(&a->targets[i]->url, url)) {
                        memcpy(a->targets[i]->url.user, url->user, sizeof(url->user));
                        return a->targets[i];
                }
        if (a->n_targets >= TARGETS_MAX)
                return NULL;
        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        t->attached = a;
        t->url = *url;
        a->targets[a->n_targets++] = t;
        return t;
}

static void free_target(Target *t)
{
        t->reader = lun_reader_free(t->reader);
        free(t->units);
        free(t);
}

static void drop_unused_targets(Attached *a)
{
        for (size_t i = 0; i < a->n_targets;) {
                bool used = false;

                for (size_t k = 0; k < a->n_urls; k++)
                        used |= same_target(&a->urls[k], &a->targets[i]->url);
                if (used) {
                        i++;
                        continue;
                }
                free_target(a->targets[i]);
                a->targets[i] = a->targets[--a->n_targets];
        }
}

int attached_add(Attached *a, const IscsiUrl *url, const LunFound *units, size_t n_units)
{
        IscsiUrl *grown = reallocarray(a->urls, a->n_urls + 1, sizeof(*grown));
        Target *t;
        int r;

        if (!grown)
                return -ENOMEM;
        a->urls = grown;
        grown[a->n_urls] = *url;
        r = attached_file_write(LIST_PATH, a->urls, a->n_urls + 1);
        if (r < 0)
                return r;
        a->n_urls++;
        t = add_target(a, url);
        if (!t)
                return -ENOSPC;
        /* of one unit alone the others are still to be learned, but it is there now */
        if (t->n_units == 0)
                (void) take_units(t, units, n_units);
        t->online = true;
        t->next = url->lun == ISCSI_ALL_LUNS ? now() + ASK_AGAIN : now();
        manager_scan(a->manager);
        set_timer(a);
        return 0;
}

/* ---- detaching ---- */

/* Which of the URLs is meant by a name: the only one over which that device is reached. */
static int find_by_device(Attached *a, const char *name, size_t *ret, sd_bus_error *error)
{
        size_t n = 0;
        DeviceView v;
        int r = manager_find_or_refuse(a->manager, name, &v, error);

        if (r < 0)
                return r;
        for (size_t i = 0; i < a->n_urls; i++)
                for (size_t k = 0; k < a->n_targets; k++) {
                        const Target *t = a->targets[k];

                        for (size_t u = 0; u < t->n_units && same_target(&t->url, &a->urls[i]); u++)
                                if (t->units[u].usable &&
                                    identity_equal(&t->units[u].identity, &v.device.identity) &&
                                    (a->urls[i].lun == ISCSI_ALL_LUNS ||
                                     (unsigned) a->urls[i].lun == t->units[u].lun)) {
                                        *ret = i;
                                        n++;
                                }
                }
        if (n == 1)
                return 0;
        return manager_refuse(error, n == 0 ? BUS_ERROR_NOT_ATTACHED : BUS_ERROR_NOT_UNIQUE, -ENOENT,
                              n == 0 ? "%s: is not attached; `evertape attach` shows what is"
                                     : "%s: is attached over more than one portal; detach each by its URL",
                              v.device.name);
}

static int find_url(Attached *a, const char *what, size_t *ret, sd_bus_error *error)
{
        const char *why;
        IscsiUrl u;

        if (strncmp(what, "iscsi://", 8) != 0)
                return find_by_device(a, what, ret, error);
        if (iscsi_url_parse(what, &u, &why) < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, "%s: %s", what, why);
        for (size_t i = 0; i < a->n_urls; i++)
                if (same_target(&a->urls[i], &u) && a->urls[i].lun == u.lun) {
                        *ret = i;
                        return 0;
                }
        return manager_refuse(error, BUS_ERROR_NOT_ATTACHED, -ENOENT,
                              "%s: is not attached; `evertape attach` shows what is", what);
}

/* The last way to a held device is not taken away. */
static int check_unused(Attached *a, size_t at, sd_bus_error *error)
{
        IscsiUrl url = a->urls[at];
        int r = 0;

        memmove(&a->urls[at], &a->urls[at + 1], (a->n_urls - at - 1) * sizeof(url));
        a->n_urls--;
        for (size_t i = 0; i < a->manager->n_helds && r >= 0; i++) {
                const Held *h = a->manager->helds[i];
                _cleanup_free_ DevicePath *left = NULL;
                bool was = false, still = false;
                size_t n_left = 0;

                for (size_t k = 0; k < a->n_targets; k++)
                        for (size_t u = 0; u < a->targets[k]->n_units; u++)
                                was |= same_target(&a->targets[k]->url, &url) &&
                                       identity_equal(&a->targets[k]->units[u].identity, &h->device.identity);
                (void) attached_add_paths(a, &left, &n_left);
                for (size_t k = 0; k < n_left; k++)
                        still |= identity_equal(&left[k].identity, &h->device.identity);
                if (was && !still)
                        r = manager_refuse(error, BUS_ERROR_IN_USE, -EBUSY,
                                           "%s: is held over this target; release it first", h->device.name);
        }
        memmove(&a->urls[at + 1], &a->urls[at], (a->n_urls - at) * sizeof(url));
        a->urls[at] = url;
        a->n_urls++;
        return r;
}

int attached_detach(Attached *a, const char *what, sd_bus_error *error)
{
        char text[ISCSI_URL_MAX];
        size_t at = 0;
        int r = find_url(a, what, &at, error);

        if (r >= 0)
                r = check_unused(a, at, error);
        if (r < 0)
                return r;
        event_log_daemon("detached", "iscsi: detached: %s", iscsi_url_format(&a->urls[at], text));
        memmove(&a->urls[at], &a->urls[at + 1], (a->n_urls - at - 1) * sizeof(a->urls[0]));
        a->n_urls--;
        r = attached_file_write(LIST_PATH, a->urls, a->n_urls);
        drop_unused_targets(a);
        manager_scan(a->manager);
        set_timer(a);
        if (r < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: %s: it comes back after a restart",
                                      LIST_PATH, strerror(-r));
        return 0;
}

int attached_append(Attached *a, sd_bus_message *answer)
{
        char text[ISCSI_URL_MAX];
        int r = sd_bus_message_open_container(answer, 'a', "(sss)");

        for (size_t i = 0; i < a->n_urls && r >= 0; i++) {
                const Target *t = NULL;

                for (size_t k = 0; k < a->n_targets; k++)
                        if (same_target(&a->targets[k]->url, &a->urls[i]))
                                t = a->targets[k];
                r = sd_bus_message_append(answer, "(sss)", iscsi_url_format(&a->urls[i], text),
                                          t && t->online ? "online" : "offline", t ? t->why : "");
        }
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

/* ---- life ---- */

static void load(Attached *a)
{
        unsigned n_bad = 0;
        int r = attached_file_read(LIST_PATH, &a->urls, &a->n_urls, &n_bad);

        if (r < 0)
                log_error("%s: %s: no iSCSI target is attached", LIST_PATH, strerror(-r));
        if (n_bad > 0)
                log_warning("%s: %u lines are not understood", LIST_PATH, n_bad);
        if (a->n_urls > 0 && !transport_iscsi_is_built()) {
                log_warning("iscsi: %zu targets are attached, and this evertape was built without libiscsi",
                            a->n_urls);
                return;
        }
        for (size_t i = 0; i < a->n_urls; i++)
                if (!add_target(a, &a->urls[i]))
                        log_error("iscsi: %s is not attached: too many targets", a->urls[i].target);
}

int attached_new(Manager *m, Attached **ret)
{
        _cleanup_(attached_freep) Attached *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->manager = m;
        r = sd_event_add_time(manager_event(m), &a->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_timer,
                              a);
        if (r < 0)
                return r;
        load(a);
        set_timer(a);
        *ret = TAKE_PTR(a);
        return 0;
}

Attached *attached_free(Attached *a)
{
        if (!a)
                return NULL;
        attached_drop_asks(a);
        while (a->n_targets > 0)
                free_target(a->targets[--a->n_targets]);
        a->timer = sd_event_source_disable_unref(a->timer);
        free(a->urls);
        free(a);
        return NULL;
}
