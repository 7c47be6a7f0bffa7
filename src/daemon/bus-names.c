/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names and histories over the bus. */

#include "daemon/bus-names.h"

#include <errno.h>

#include "daemon/bus.h"
#include "daemon/names-verbs.h"

int method_rename(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *name, *new_name;
        int r;

        r = sd_bus_message_read(call, "ss", &name, &new_name);
        if (r >= 0)
                r = names_rename(userdata, name, new_name, error);
        return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

int method_replace(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *name, *with;
        int r;

        r = sd_bus_message_read(call, "ss", &name, &with);
        if (r >= 0)
                r = names_replace(userdata, name, with, error);
        return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

int method_forget(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *name;
        int r;

        r = sd_bus_message_read(call, "s", &name);
        if (r >= 0)
                r = names_forget(userdata, name, error);
        return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

int method_export(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_free_ char *text = NULL;
        int r = names_export(userdata, &text);

        return r < 0 ? r : sd_bus_reply_method_return(call, "s", text);
}

int method_import(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_free_ char *report = NULL;
        const char *text;
        bool done;
        int dry, r;

        r = sd_bus_message_read(call, "sb", &text, &dry);
        if (r >= 0)
                r = names_import(userdata, text, dry, &done, &report);
        return r < 0 ? r : sd_bus_reply_method_return(call, "bs", (int) done, report);
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

int method_history(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_free_ RegistryEvent *events = NULL;
        const char *name;
        uint64_t since;
        uint32_t id;
        size_t n = 0;
        int r;

        r = sd_bus_message_read(call, "st", &name, &since);
        if (r >= 0)
                r = find_id(userdata, name, &id, error);
        if (r >= 0)
                r = registry_list_events(manager_registry(userdata), id,
                                         (since + USEC_PER_SEC - 1) / USEC_PER_SEC, &events, &n);
        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &answer);
        if (r >= 0)
                r = append_events(answer, userdata, events, n);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}
