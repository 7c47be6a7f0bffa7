/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is attached: URLs in a file, the targets that they name, and how to get rid of them again. */

#include "daemon/attached.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/attached-file.h"
#include "daemon/attached-internal.h"
#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/manager-internal.h"
#include "util/log.h"

#define LIST_PATH EVERTAPE_STATEDIR "/iscsi.attached"

static const char *const state_names[_TARGET_STATE_MAX] = {
        [TARGET_OFFLINE] = "offline",
        [TARGET_ONLINE] = "online",
        [TARGET_REFUSED] = "refused",
};

/* ---- which are attached ---- */

static bool same_url(const IscsiUrl *a, const IscsiUrl *b)
{
        return attached_same_target(a, b) && a->lun == b->lun;
}

bool attached_has(const Attached *a, const IscsiUrl *url)
{
        for (size_t i = 0; i < a->n_urls; i++)
                if (same_url(&a->urls[i], url))
                        return true;
        return false;
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
        t = attached_add_target(a, url);
        if (!t)
                return -ENOSPC;
        attached_target_answered(t, url, units, n_units);
        manager_scan(a->manager);
        attached_set_timer(a);
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
                if (attached_leads_to(a, &a->urls[i], &v.device.identity)) {
                        *ret = i;
                        n++;
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
                if (same_url(&a->urls[i], &u)) {
                        *ret = i;
                        return 0;
                }
        return manager_refuse(error, BUS_ERROR_NOT_ATTACHED, -ENOENT,
                              "%s: is not attached; `evertape attach` shows what is", what);
}

static bool is_only_way(const Attached *a, size_t at, const Identity *identity)
{
        if (!attached_leads_to(a, &a->urls[at], identity))
                return false;
        for (size_t i = 0; i < a->n_urls; i++)
                if (i != at && attached_leads_to(a, &a->urls[i], identity))
                        return false;
        return true;
}

static int check_unused(const Attached *a, size_t at, sd_bus_error *error)
{
        for (size_t i = 0; i < a->manager->n_helds; i++) {
                const Held *h = a->manager->helds[i];

                if (is_only_way(a, at, &h->device.identity))
                        return manager_refuse(error, BUS_ERROR_IN_USE, -EBUSY,
                                              "%s: is held over this target; release it first",
                                              h->device.name);
        }
        return 0;
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
        attached_drop_unused(a);
        manager_scan(a->manager);
        attached_set_timer(a);
        if (r < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: %s: it comes back after a restart",
                                      LIST_PATH, strerror(-r));
        return 0;
}

static int append_one(const Attached *a, const IscsiUrl *url, sd_bus_message *answer)
{
        const Target *t = attached_target(a, url);
        char text[ISCSI_URL_MAX];
        uint32_t n_devices, n_held;

        attached_count(a, url, &n_devices, &n_held);
        return sd_bus_message_append(answer, "a{sv}", 6, "Url", "s", iscsi_url_format(url, text), "State",
                                     "s", state_names[t ? t->state : TARGET_OFFLINE], "Reason", "s",
                                     t ? t->why : "this evertape was built without libiscsi", "Since", "t",
                                     (uint64_t) (t ? t->since : 0), "Devices", "u", n_devices, "Held", "u",
                                     n_held);
}

int attached_append(Attached *a, sd_bus_message *answer)
{
        int r = sd_bus_message_open_container(answer, 'a', "a{sv}");

        for (size_t i = 0; i < a->n_urls && r >= 0; i++)
                r = append_one(a, &a->urls[i], answer);
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
                if (!attached_add_target(a, &a->urls[i]))
                        log_error("iscsi: %s is not attached: too many targets", a->urls[i].target);
}

int attached_new(Manager *m, Attached **ret)
{
        _cleanup_(attached_freep) Attached *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->manager = m;
        r = sd_event_add_time(manager_event(m), &a->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC,
                              attached_on_timer, a);
        if (r < 0)
                return r;
        load(a);
        attached_set_timer(a);
        *ret = TAKE_PTR(a);
        return 0;
}

Attached *attached_free(Attached *a)
{
        if (!a)
                return NULL;
        attached_drop_asks(a);
        a->n_urls = 0;
        attached_drop_unused(a);
        a->timer = sd_event_source_disable_unref(a->timer);
        free(a->urls);
        free(a);
        return NULL;
}
