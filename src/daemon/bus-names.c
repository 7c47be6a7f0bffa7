/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names and histories over the bus. */

#include "daemon/bus-verbs.h"

#include <errno.h>

#include "daemon/bus.h"
#include "daemon/names-verbs.h"

int verb_rename(const BusCall *c, sd_bus_error *error)
{
        const char *new_name;
        int r;

        r = sd_bus_message_read(c->message, "s", &new_name);
        if (r >= 0)
                r = names_rename(c->manager, c->name, new_name, error);
        return r < 0 ? r : sd_bus_reply_method_return(c->message, "");
}

int verb_replace(const BusCall *c, sd_bus_error *error)
{
        const char *with;
        int r;

        r = sd_bus_message_read(c->message, "s", &with);
        if (r >= 0)
                r = names_replace(c->manager, c->name, with, error);
        return r < 0 ? r : sd_bus_reply_method_return(c->message, "");
}

int verb_forget(const BusCall *c, sd_bus_error *error)
{
        int r = names_forget(c->manager, c->name, error);

        return r < 0 ? r : sd_bus_reply_method_return(c->message, "");
}

int verb_export(const BusCall *c, sd_bus_error *error)
{
        _cleanup_free_ char *text = NULL;
        int r = names_export(c->manager, &text);

        return r < 0 ? r : sd_bus_reply_method_return(c->message, "s", text);
}

int verb_import(const BusCall *c, sd_bus_error *error)
{
        _cleanup_free_ char *report = NULL;
        const char *text;
        bool done;
        int dry, r;

        r = sd_bus_message_read(c->message, "sb", &text, &dry);
        if (r >= 0)
                r = names_import(c->manager, text, dry, &done, &report);
        return r < 0 ? r : sd_bus_reply_method_return(c->message, "bs", (int) done, report);
}

/* ---- history ---- */

static int find_id(Manager *m, const char *name, uint32_t *ret, sd_bus_error *error)
{
        DeviceView v;
        int r;

        *ret = 0;
        if (name[0] == '\0')
                return 0;
        r = manager_find(m, name, &v);
        if (r >= 0) {
                *ret = v.device.id;
                return 0;
        }
        r = registry_find_owner(manager_registry(m), name, ret); /* what was called so */
        return r >= 0 ? 0 : manager_find_or_refuse(m, name, &v, error);
}

static int append_events(sd_bus_message *answer, Manager *m, const RegistryEvent *events, size_t n)
{
        char name[NAME_LENGTH_MAX] = "";
        uint32_t device = 0;
        int r;

        r = sd_bus_message_open_container(answer, 'a', "(tsss)");
        for (size_t i = 0; i < n && r >= 0; i++) {
                if (i == 0 || events[i].device != device)
                        r = registry_last_name(manager_registry(m), events[i].device, name, sizeof(name));
                device = events[i].device;
                if (r >= 0)
                        r = sd_bus_message_append(answer, "(tsss)", events[i].at * USEC_PER_SEC, name,
                                                  events[i].event, events[i].detail);
        }
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

int verb_history(const BusCall *c, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_free_ RegistryEvent *events = NULL;
        uint64_t since;
        uint32_t id;
        size_t n = 0;
        int r;

        r = sd_bus_message_read(c->message, "t", &since);
        if (r >= 0)
                r = find_id(c->manager, c->name, &id, error);
        if (r >= 0)
                r = registry_list_events(manager_registry(c->manager), id,
                                         (since + USEC_PER_SEC - 1) / USEC_PER_SEC, &events, &n);
        if (r >= 0)
                r = sd_bus_message_new_method_return(c->message, &answer);
        if (r >= 0)
                r = append_events(answer, c->manager, events, n);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}
