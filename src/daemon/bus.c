/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vtable of the manager, and the connection. */

#include "daemon/bus.h"

#include <errno.h>

#include "daemon/bus-elements.h"
#include "daemon/bus-iscsi.h"
#include "daemon/bus-names.h"
#include "daemon/bus-paths.h"
#include "daemon/device-properties.h"
#include "util/log.h"

#define SERVICE   "org.evertape1"
#define OBJECT    "/org/evertape1"
#define INTERFACE "org.evertape1.Manager"

/* ---- methods ---- */

static int method_list(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_free_ DeviceView *views = NULL;
        size_t n;
        int r;

        r = manager_list(userdata, &views, &n);
        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &answer);
        if (r >= 0)
                r = sd_bus_message_open_container(answer, 'a', "a{sv}");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = device_properties_append(answer, &views[i], true);
        if (r >= 0)
                r = sd_bus_message_close_container(answer);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

typedef int (*Append)(sd_bus_message *m, Manager *manager, const DeviceView *v);

static int answer_with(sd_bus_message *call, Manager *m, sd_bus_error *error, Append append)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *name;
        DeviceView view;
        int r;

        r = sd_bus_message_read(call, "s", &name);
        if (r >= 0)
                r = manager_find_or_refuse(m, name, &view, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &answer);
        if (r >= 0)
                r = append(answer, m, &view);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int append_device(sd_bus_message *m, Manager *manager, const DeviceView *v)
{
        return device_properties_append(m, v, true);
}

static int method_show(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return answer_with(call, userdata, error, append_device);
}

static int method_paths(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return answer_with(call, userdata, error, bus_append_paths);
}

typedef int (*ManagerVerb)(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error);

/* Answered later: 1 tells sd-bus that the call is taken. */
static int run_verb(sd_bus_message *call, Manager *m, sd_bus_error *error, ManagerVerb verb)
{
        const char *name;
        int r;

        r = sd_bus_message_read(call, "s", &name);
        if (r >= 0)
                r = verb(m, name, call, error);
        return r < 0 ? r : 1;
}

static int method_hold(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return run_verb(call, userdata, error, manager_hold);
}

static int method_release(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return run_verb(call, userdata, error, manager_release);
}

static int method_fail(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *name;
        int once, r;

        r = sd_bus_message_read(call, "sb", &name, &once);
        if (r >= 0)
                r = manager_fail(userdata, name, once, error);
        return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(answer, "s", EVERTAPE_VERSION);
}

static int get_named(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(answer, "b", (int) manager_is_named(userdata));
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("List", "", "aa{sv}", method_list, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Show", "s", "a{sv}", method_show, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Paths", "s", "aa{sv}", method_paths, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Elements", "s", "ttbsa(yqusqq)", method_elements, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ReadElements", "s", "", method_read_elements, 0),
        SD_BUS_METHOD("Hold", "s", "", method_hold, 0),
        SD_BUS_METHOD("Release", "s", "", method_release, 0),
        SD_BUS_METHOD("Fail", "sb", "", method_fail, 0),
        SD_BUS_METHOD("Rename", "ss", "", method_rename, 0),
        SD_BUS_METHOD("Replace", "ss", "", method_replace, 0),
        SD_BUS_METHOD("Forget", "s", "", method_forget, 0),
        SD_BUS_METHOD("ExportNames", "", "s", method_export, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ImportNames", "sb", "bs", method_import, 0),
        SD_BUS_METHOD("History", "st", "a(tsss)", method_history, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Attach", "s", "a(usssbs)", method_attach, 0),
        SD_BUS_METHOD("Look", "s", "a(usssbs)", method_look, 0),
        SD_BUS_METHOD("Detach", "s", "", method_detach, 0),
        SD_BUS_METHOD("Discover", "ss", "a(ss)", method_discover, 0),
        SD_BUS_METHOD("Attached", "", "a(sss)", method_attached, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Changed", "a{sv}", 0),
        SD_BUS_PROPERTY("Named", "b", get_named, 0, 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int bus_emit_changed(sd_bus *bus, const DeviceView *view)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &signal, OBJECT, INTERFACE, "Changed");
        if (r >= 0)
                r = device_properties_append(signal, view, false);
        return r < 0 ? r : sd_bus_send(bus, signal, NULL);
}

/* ---- the connection ---- */

static int connect_bus(sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *address = getenv("EVERTAPE_BUS");
        int r;

        if (!address)
                return sd_bus_open_system(ret);
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, 1);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                *ret = TAKE_PTR(bus);
        return r;
}

int bus_open(sd_event *event, Manager *m, sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = connect_bus(&bus);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, OBJECT, INTERFACE, vtable, m);
        if (r >= 0)
                r = sd_bus_request_name(bus, SERVICE, 0);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL + 10);
        if (r >= 0)
                *ret = TAKE_PTR(bus);
        return r;
}
