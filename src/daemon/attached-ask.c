/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person asks of a target or portal, each over a session of its own: the call is answered when that
 * one has said what it knows. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/attached-internal.h"
#include "daemon/attached-login.h"
#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/manager.h"
#include "daemon/transport-watch.h"

struct Ask {
        Attached *attached;
        sd_bus_message *call;
        IscsiUrl url;
        bool remember;
        LunReader *reader;
        IscsiDiscovery *discovery;
        TransportWatch watch; /* of the discovery */
};

static void free_ask(Ask *ask)
{
        ask->reader = lun_reader_free(ask->reader);
        transport_watch_end(&ask->watch);
        ask->discovery = iscsi_discovery_free(ask->discovery);
        ask->call = sd_bus_message_unref(ask->call);
        free(ask);
}

static void drop_ask(Ask *ask)
{
        Attached *a = ask->attached;

        for (size_t i = 0; i < a->n_asks; i++)
                if (a->asks[i] == ask) {
                        a->asks[i] = a->asks[--a->n_asks];
                        break;
                }
        free_ask(ask);
}

void attached_drop_asks(Attached *a)
{
        while (a->n_asks > 0)
                free_ask(a->asks[--a->n_asks]);
}

static int check_built(sd_bus_error *error)
{
        if (transport_iscsi_is_built())
                return 0;
        return manager_refuse(error, BUS_ERROR_NOT_BUILT, -EOPNOTSUPP,
                              "this evertape was built without libiscsi; devices of the kernel's initiator "
                              "(iscsiadm) are found by themselves");
}

static int new_ask(Attached *a, const IscsiUrl *url, sd_bus_message *call, Ask **ret, sd_bus_error *error)
{
        Ask *ask;

        if (!iscsi_host_is_address(url->host))
                return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL,
                                      "%s: evertaped looks up no names: give an address", url->host);
        if (a->n_asks >= ASKS_MAX)
                return manager_refuse(error, BUS_ERROR_FAILED, -EBUSY,
                                      "too many targets are being asked now");
        ask = calloc(1, sizeof(*ask));
        if (!ask)
                return -ENOMEM;
        ask->attached = a;
        ask->url = *url;
        ask->call = sd_bus_message_ref(call);
        a->asks[a->n_asks++] = ask;
        *ret = ask;
        return 0;
}

/* ---- units of a target ---- */

static const char *kind_of(const LunFound *f)
{
        if (f->usable)
                return f->identity.type == DEVICE_CHANGER ? "changer" : "tape";
        return f->type == 0 ? "disk" : f->type == 0x0c ? "controller" : "other";
}

static int answer_units(sd_bus_message *call, const LunFound *found, size_t n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r = sd_bus_message_new_method_return(call, &answer);

        if (r >= 0)
                r = sd_bus_message_open_container(answer, 'a', "(usssbs)");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = sd_bus_message_append(answer, "(usssbs)", (uint32_t) found[i].lun, kind_of(&found[i]),
                                          found[i].vendor, found[i].product, (int) found[i].usable,
                                          found[i].usable ? found[i].identity.serial : "");
        if (r >= 0)
                r = sd_bus_message_close_container(answer);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int attach(Ask *ask, const LunFound *found, size_t n)
{
        char text[ISCSI_URL_MAX];
        size_t n_usable = 0;
        int r;

        for (size_t i = 0; i < n; i++)
                n_usable += found[i].usable;
        iscsi_url_format(&ask->url, text);
        if (n_usable == 0)
                return sd_bus_reply_method_errorf(
                        ask->call, BUS_ERROR_NO_SUCH_DEVICE,
                        "%s: there is no tape drive and no changer (%zu logical units of other kinds)", text,
                        n);
        if (attached_has(ask->attached, &ask->url))
                return sd_bus_reply_method_errorf(ask->call, BUS_ERROR_ALREADY_ATTACHED,
                                                  "%s: is attached already", text);
        r = attached_add(ask->attached, &ask->url, found, n);
        if (r < 0)
                return sd_bus_reply_method_errorf(ask->call, BUS_ERROR_FAILED, "%s: cannot be attached: %s",
                                                  text, strerror(-r));
        event_log_daemon("attached", "iscsi: attached: %s", text);
        return answer_units(ask->call, found, n);
}

static void on_units(void *userdata, int error, const char *why, const LunFound *found, size_t n)
{
        Ask *ask = userdata;
        char portal[ISCSI_PORTAL_MAX];

        if (error < 0)
                (void) sd_bus_reply_method_errorf(
                        ask->call, BUS_ERROR_FAILED, "%s at %s: %s", ask->url.target,
                        iscsi_portal_format(ask->url.host, ask->url.port, portal), why);
        else if (ask->remember)
                (void) attach(ask, found, n);
        else
                (void) answer_units(ask->call, found, n);
        drop_ask(ask);
}

int attached_look(Attached *a, const char *url, bool remember, sd_bus_message *call, sd_bus_error *error)
{
        AttachedLogin login;
        char why[256] = "";
        const char *wrong;
        Ask *ask = NULL;
        IscsiUrl u;
        int r = check_built(error);

        if (r < 0)
                return r;
        if (iscsi_url_parse(url, &u, &wrong) < 0)
                return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, "%s: %s", url, wrong);
        if (remember && attached_has(a, &u))
                return manager_refuse(error, BUS_ERROR_ALREADY_ATTACHED, -EEXIST, "%s: is attached already",
                                      url);
        r = new_ask(a, &u, call, &ask, error);
        if (r < 0)
                return r;
        ask->remember = remember;
        r = attached_login_init(&login, manager_config(a->manager), &u, false,
                                attached_probe_qualifier(&u) ^ 1, why, sizeof(why));
        if (r >= 0)
                r = lun_reader_new(manager_event(a->manager), &login.login, u.lun, on_units, ask,
                                   &ask->reader);
        attached_login_wipe(&login);
        if (r >= 0)
                return 0;
        drop_ask(ask);
        return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: %s", url, why[0] ? why : strerror(-r));
}

/* ---- targets of a portal ---- */

static int answer_targets(sd_bus_message *call, const IscsiFound *found, size_t n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r = sd_bus_message_new_method_return(call, &answer);

        if (r >= 0)
                r = sd_bus_message_open_container(answer, 'a', "(ss)");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = sd_bus_message_append(answer, "(ss)", found[i].target, found[i].portal);
        if (r >= 0)
                r = sd_bus_message_close_container(answer);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static void on_targets(void *userdata, int error, const char *why, const IscsiFound *found, size_t n)
{
        Ask *ask = userdata;
        char portal[ISCSI_PORTAL_MAX];

        if (error < 0)
                (void) sd_bus_reply_method_errorf(ask->call, BUS_ERROR_FAILED, "%s: %s",
                                                  iscsi_portal_format(ask->url.host, ask->url.port, portal),
                                                  why);
        else
                (void) answer_targets(ask->call, found, n);
        drop_ask(ask);
}

static void watch(Ask *ask)
{
        transport_watch_set(&ask->watch, iscsi_discovery_events(ask->discovery),
                            iscsi_discovery_deadline(ask->discovery));
}

/* What was asked may be answered, and gone, when this returns. */
static void turn(void *userdata, uint32_t revents)
{
        Ask *ask = userdata;
        Attached *a = ask->attached;

        iscsi_discovery_dispatch(ask->discovery, revents, usec_now(CLOCK_MONOTONIC));
        for (size_t i = 0; i < a->n_asks; i++)
                if (a->asks[i] == ask)
                        watch(ask);
}

static int begin_discovery(Ask *ask, const IscsiLogin *login)
{
        int r = iscsi_discovery_new(login, on_targets, ask, &ask->discovery);

        if (r >= 0)
                r = transport_watch_begin(&ask->watch, manager_event(ask->attached->manager),
                                          iscsi_discovery_fd(ask->discovery), turn, ask);
        if (r >= 0)
                watch(ask);
        return r;
}

int attached_discover(Attached *a, const char *portal, const char *user, sd_bus_message *call,
                      sd_bus_error *error)
{
        AttachedLogin login;
        char why[256] = "";
        const char *wrong;
        Ask *ask = NULL;
        IscsiUrl u;
        int r = check_built(error);

        if (r < 0)
                return r;
        if (iscsi_portal_parse(portal, &u, &wrong) < 0 || strlen(user) >= sizeof(u.user))
                return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, "%s: %s", portal, wrong);
        snprintf(u.user, sizeof(u.user), "%s", user);
        r = new_ask(a, &u, call, &ask, error);
        if (r < 0)
                return r;
        r = attached_login_init(&login, manager_config(a->manager), &u, true, attached_probe_qualifier(&u),
                                why, sizeof(why));
        if (r >= 0)
                r = begin_discovery(ask, &login.login);
        attached_login_wipe(&login);
        if (r >= 0)
                return 0;
        drop_ask(ask);
        return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: %s", portal, why[0] ? why : strerror(-r));
}
