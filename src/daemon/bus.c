/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The manager's object, the way of a call to its verb, and the connection. */

#include "daemon/bus.h"

#include <errno.h>
#include <string.h>

#include "daemon/authorize.h"
#include "daemon/bus-objects.h"
#include "daemon/bus-verbs.h"
#include "daemon/device-properties.h"
#include "util/log.h"

#define SERVICE     "org.evertape1"
#define INTERFACE   "org.evertape1.Manager"
#define MEMBERS_MAX 48

struct Bus {
        sd_bus *bus;
        Manager *manager;
        Authorizer *authorizer;
        BusObjects *objects;
        sd_bus_vtable vtable[MEMBERS_MAX];
};

/* ---- calls ---- */

/* The device that a call is about, by its name; "" if it is about none. */
static int find_subject(Bus *b, sd_bus_message *call, const BusVerb *verb, RegistryDevice *device,
                        const char **ret, sd_bus_error *error)
{
        const char *path = sd_bus_message_get_path(call);
        uint32_t id;

        *ret = "";
        if (bus_object_parse(path, BUS_OBJECT_DEVICE, &id) < 0)
                return verb->named ? sd_bus_message_read(call, "s", ret) : 0;
        if (registry_find_id(manager_registry(b->manager), id, device) < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "%s: the device was forgotten",
                                         path);
        *ret = device->name;
        return 0;
}

/* A call that everybody may make, or that was allowed. */
static int run_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const BusVerb *verb = bus_verb_find(sd_bus_message_get_member(call));
        BusCall c = {.message = call};
        RegistryDevice device;
        Bus *b = userdata;
        int r;

        r = find_subject(b, call, verb, &device, &c.name, error);
        if (r < 0)
                return r;
        c.manager = b->manager;
        r = verb->run(&c, error);
        return r < 0 ? r : 1;
}

static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const BusVerb *verb = bus_verb_find(sd_bus_message_get_member(call));
        RegistryDevice device;
        const char *name;
        Bus *b = userdata;
        DeviceView view;
        int r;

        if (!verb->action)
                return run_call(call, b, error);
        r = find_subject(b, call, verb, &device, &name, error);
        if (r >= 0)
                r = sd_bus_message_rewind(call, true);
        /* a rule about a device is to see its name, whatever the caller says for it */
        if (r >= 0 && name[0] && manager_find(b->manager, name, &view) >= 0)
                name = view.device.name;
        return r < 0 ? r : authorize(b->authorizer, call, verb->action, name, error);
}

/* ---- the manager's object ---- */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(answer, "s", EVERTAPE_VERSION);
}

static int get_named(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        const Bus *b = userdata;

        return sd_bus_message_append(answer, "b", (int) manager_is_named(b->manager));
}

static const sd_bus_vtable more_members[] = {
        SD_BUS_SIGNAL_WITH_NAMES("Changed", "a{sv}", SD_BUS_PARAM(device), 0),
        SD_BUS_PROPERTY("Named", "b", get_named, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static int add_manager(Bus *b)
{
        sd_bus_vtable *v = b->vtable;

        if (n_bus_verbs + 1 + ELEMENTSOF(more_members) > MEMBERS_MAX)
                return -E2BIG;
        *v++ = (sd_bus_vtable) SD_BUS_VTABLE_START(0);
        for (size_t i = 0; i < n_bus_verbs; i++)
                *v++ = (sd_bus_vtable) SD_BUS_METHOD_WITH_NAMES(bus_verbs[i].member, bus_verbs[i].manager_in,
                                                                bus_verbs[i].manager_names, bus_verbs[i].out,
                                                                , on_call, SD_BUS_VTABLE_UNPRIVILEGED);
        memcpy(v, more_members, sizeof(more_members));
        return sd_bus_add_object_vtable(b->bus, NULL, BUS_OBJECT, INTERFACE, b->vtable, b);
}

/* ---- signals ---- */

static int emit_changed(Bus *b, const DeviceView *view)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        int r;

        r = sd_bus_message_new_signal(b->bus, &signal, BUS_OBJECT, INTERFACE, "Changed");
        if (r >= 0)
                r = device_properties_append(signal, view, false);
        return r < 0 ? r : sd_bus_send(b->bus, signal, NULL);
}

void bus_emit_changed(Bus *b, const DeviceView *view)
{
        int r = emit_changed(b, view);

        if (r < 0)
                log_warning("%s: its change could not be told to the bus: %s", view->device.name,
                            strerror(-r));
        bus_objects_look_again(b->objects);
}

void bus_look_again(Bus *b)
{
        bus_objects_look_again(b->objects);
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

static int set_up(Bus *b, sd_event *event)
{
        int r = connect_bus(&b->bus);

        if (r >= 0)
                r = authorizer_new(b->bus, run_call, b, &b->authorizer);
        if (r >= 0)
                r = bus_objects_new(b->bus, event, b->manager, on_call, b, &b->objects);
        if (r >= 0)
                r = add_manager(b);
        if (r >= 0)
                r = sd_bus_request_name(b->bus, SERVICE, 0);
        return r < 0 ? r : sd_bus_attach_event(b->bus, event, SD_EVENT_PRIORITY_NORMAL + 10);
}

int bus_open(sd_event *event, Manager *m, Bus **ret)
{
        _cleanup_(bus_freep) Bus *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->manager = m;
        r = set_up(b, event);
        if (r >= 0)
                *ret = TAKE_PTR(b);
        return r;
}

Bus *bus_free(Bus *b)
{
        if (!b)
                return NULL;
        b->authorizer = authorizer_free(b->authorizer);
        b->bus = sd_bus_flush_close_unref(b->bus);
        b->objects = bus_objects_free(b->objects);
        free(b);
        return NULL;
}

sd_bus *bus_connection(Bus *b)
{
        return b->bus;
}
