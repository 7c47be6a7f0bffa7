/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attaching, detaching and discovering over the bus. */

#include "daemon/bus-verbs.h"

#include "daemon/attached.h"
#include "daemon/bus.h"

static int look(const BusCall *c, bool remember, sd_bus_error *error)
{
        const char *url;
        int r = sd_bus_message_read(c->message, "s", &url);

        if (r >= 0)
                r = attached_look(manager_attached(c->manager), url, remember, c->message, error);
        return r;
}

int verb_attach(const BusCall *c, sd_bus_error *error)
{
        return look(c, true, error);
}

int verb_look(const BusCall *c, sd_bus_error *error)
{
        return look(c, false, error);
}

int verb_detach(const BusCall *c, sd_bus_error *error)
{
        const char *what;
        int r = sd_bus_message_read(c->message, "s", &what);

        if (r >= 0)
                r = attached_detach(manager_attached(c->manager), what, error);
        return r < 0 ? r : sd_bus_reply_method_return(c->message, "");
}

int verb_discover(const BusCall *c, sd_bus_error *error)
{
        const char *portal, *user;
        int r = sd_bus_message_read(c->message, "ss", &portal, &user);

        if (r >= 0)
                r = attached_discover(manager_attached(c->manager), portal, user, c->message, error);
        return r;
}

int verb_attached(const BusCall *c, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r = sd_bus_message_new_method_return(c->message, &answer);

        if (r >= 0)
                r = attached_append(manager_attached(c->manager), answer);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}
