/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attaching, detaching and discovering over the bus. */

#include "daemon/bus-iscsi.h"

#include "daemon/bus.h"

static int look(sd_bus_message *call, Manager *m, bool remember, sd_bus_error *error)
{
        const char *url;
        int r = sd_bus_message_read(call, "s", &url);

        if (r >= 0)
                r = attached_look(manager_attached(m), url, remember, call, error);
        return r < 0 ? r : 1;
}

int method_attach(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return look(call, userdata, true, error);
}

int method_look(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return look(call, userdata, false, error);
}

int method_detach(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *what;
        int r = sd_bus_message_read(call, "s", &what);

        if (r >= 0)
                r = attached_detach(manager_attached(userdata), what, error);
        return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

int method_discover(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *portal, *user;
        int r = sd_bus_message_read(call, "ss", &portal, &user);

        if (r >= 0)
                r = attached_discover(manager_attached(userdata), portal, user, call, error);
        return r < 0 ? r : 1;
}

int method_attached(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r = sd_bus_message_new_method_return(call, &answer);

        if (r >= 0)
                r = attached_append(manager_attached(userdata), answer);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}
