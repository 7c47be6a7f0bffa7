/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All devices are looked at, whatever has changed: a note of one may come from another one, and nothing that
 * changes a device has to know what is told of it. It happens after whatever programs wait for. */

#include "daemon/bus-objects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bus-library.h"
#include "daemon/bus-verbs.h"
#include "daemon/bus.h"
#include "daemon/device-properties.h"
#include "util/log.h"
#include "util/text.h"

#define PRIORITY       (SD_EVENT_PRIORITY_NORMAL + 20)
#define PROPERTIES_MAX 128

typedef struct Told {
        uint32_t id;
        BusObjectKind kind;
        bool seen;
        uint64_t digests[PROPERTIES_MAX];
} Told;

struct BusObjects {
        sd_bus *bus;
        sd_event *event;
        Manager *manager;
        sd_bus_message_handler_t on_call;
        void *userdata;
        sd_event_source *look;
        DeviceView *views; /* as they were in the turn seen_at */
        size_t n_views;
        uint64_t seen_at;
        Told **told;
        size_t n_told;
        bool named;
        sd_bus_vtable vtables[_BUS_OBJECT_KIND_MAX][PROPERTIES_MAX];
};

static const struct {
        const char *prefix, *interface;
} kinds[_BUS_OBJECT_KIND_MAX] = {
        [BUS_OBJECT_DEVICE] = {BUS_OBJECT "/device", "org.evertape1.Device"},
        [BUS_OBJECT_LIBRARY] = {BUS_OBJECT "/library", "org.evertape1.Library"},
};

/* ---- paths ---- */

void bus_object_format(char path[BUS_OBJECT_MAX], BusObjectKind kind, uint32_t id)
{
        snprintf(path, BUS_OBJECT_MAX, "%s/%" PRIu32, kinds[kind].prefix, id);
}

int bus_object_parse(const char *path, BusObjectKind kind, uint32_t *ret)
{
        size_t n = strlen(kinds[kind].prefix);
        char again[BUS_OBJECT_MAX];
        uint32_t id;

        if (strncmp(path, kinds[kind].prefix, n) != 0 || sscanf(path + n, "/%10" SCNu32, &id) != 1)
                return -ENOENT;
        bus_object_format(again, kind, id);
        if (!text_equal(again, path))
                return -ENOENT;
        *ret = id;
        return 0;
}

/* ---- what there is ---- */

static int refresh(BusObjects *o)
{
        uint64_t turn = 0;
        DeviceView *views;
        size_t n;
        int r;

        (void) sd_event_get_iteration(o->event, &turn);
        if (o->views && turn == o->seen_at)
                return 0;
        r = manager_list(o->manager, &views, &n);
        if (r < 0)
                return r;
        free(o->views);
        o->views = views;
        o->n_views = n;
        o->seen_at = turn;
        return 0;
}

static const DeviceView *find_view(const BusObjects *o, BusObjectKind kind, uint32_t id)
{
        for (size_t i = 0; i < o->n_views; i++)
                if (o->views[i].device.id == id &&
                    (kind == BUS_OBJECT_DEVICE || o->views[i].device.identity.type == DEVICE_CHANGER))
                        return &o->views[i];
        return NULL;
}

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                sd_bus_error *error)
{
        BusObjects *o = userdata;
        uint32_t id;
        int r;

        for (BusObjectKind kind = 0; kind < _BUS_OBJECT_KIND_MAX; kind++) {
                if (!text_equal(interface, kinds[kind].interface) || bus_object_parse(path, kind, &id) < 0)
                        continue;
                r = refresh(o);
                if (r < 0)
                        return r;
                *ret = (void *) find_view(o, kind, id);
                return *ret != NULL;
        }
        return 0;
}

static void free_nodes(char ***nodes)
{
        for (size_t i = 0; *nodes && (*nodes)[i]; i++)
                free((*nodes)[i]);
        free(*nodes);
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error)
{
        _cleanup_(free_nodes) char **nodes = NULL;
        BusObjects *o = userdata;
        char path[BUS_OBJECT_MAX];
        size_t n = 0;
        int r = refresh(o);

        if (r < 0)
                return r;
        nodes = calloc(o->n_views * _BUS_OBJECT_KIND_MAX + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        for (BusObjectKind kind = 0; kind < _BUS_OBJECT_KIND_MAX; kind++)
                for (size_t i = 0; i < o->n_views; i++) {
                        if (!find_view(o, kind, o->views[i].device.id))
                                continue;
                        bus_object_format(path, kind, o->views[i].device.id);
                        nodes[n] = strdup(path);
                        if (!nodes[n++])
                                return -ENOMEM;
                }
        *ret = TAKE_PTR(nodes);
        return 0;
}

/* ---- the vtables ---- */

/* sd-bus hands to a handler what find() found; whose it is says the slot. */
static BusObjects *current_objects(sd_bus *bus)
{
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(bus));
}

static int on_device_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        BusObjects *o = current_objects(sd_bus_message_get_bus(call));

        return o->on_call(call, o->userdata, error);
}

static int get_of_device(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        const DeviceProperty *p;
        int r = device_property_find(property, &p);

        return r < 0 ? r : device_property_append(answer, p, userdata);
}

static LibraryView library_view(const BusObjects *o, const DeviceView *changer)
{
        return (LibraryView){.changer = changer, .devices = o->views, .n_devices = o->n_views};
}

static int get_of_library(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
        const LibraryProperty *p = library_property_find(property);
        LibraryView v = library_view(current_objects(bus), userdata);

        return p ? p->append(answer, &v) : -ENOENT;
}

static const uint64_t news_flags[_PROPERTY_NEWS_MAX] = {
        [PROPERTY_TOLD] = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE,
        [PROPERTY_CONST] = SD_BUS_VTABLE_PROPERTY_CONST,
        [PROPERTY_COUNTED] = 0,
        [PROPERTY_LOOKED] = SD_BUS_VTABLE_PROPERTY_EXPLICIT,
};

static void fill_device_vtable(sd_bus_vtable *v)
{
        *v++ = (sd_bus_vtable) SD_BUS_VTABLE_START(0);
        for (size_t i = 0; i < n_bus_verbs; i++)
                if (bus_verbs[i].of_device)
                        *v++ = (sd_bus_vtable) SD_BUS_METHOD_WITH_NAMES(
                                bus_verbs[i].member, bus_verbs[i].device_in, bus_verbs[i].device_names,
                                bus_verbs[i].out, , on_device_call, SD_BUS_VTABLE_UNPRIVILEGED);
        for (size_t i = 0; i < n_device_properties; i++)
                *v++ = (sd_bus_vtable) SD_BUS_PROPERTY(device_properties[i].name, device_properties[i].type,
                                                       get_of_device, 0,
                                                       news_flags[device_properties[i].news]);
        *v = (sd_bus_vtable) SD_BUS_VTABLE_END;
}

static void fill_library_vtable(sd_bus_vtable *v)
{
        *v++ = (sd_bus_vtable) SD_BUS_VTABLE_START(0);
        for (size_t i = 0; i < n_library_properties; i++)
                *v++ = (sd_bus_vtable) SD_BUS_PROPERTY(
                        library_properties[i].name, library_properties[i].type, get_of_library, 0,
                        news_flags[library_properties[i].is_const ? PROPERTY_CONST : PROPERTY_TOLD]);
        *v = (sd_bus_vtable) SD_BUS_VTABLE_END;
}

/* ---- what was told ---- */

static const char *told_property(BusObjectKind kind, size_t i)
{
        if (kind == BUS_OBJECT_DEVICE)
                return i < n_device_properties ? device_properties[i].name : NULL;
        return i < n_library_properties ? library_properties[i].name : NULL;
}

/* 0 of what is not told. */
static uint64_t digest(const BusObjects *o, BusObjectKind kind, const DeviceView *v, size_t i)
{
        LibraryView library = library_view(o, v);

        if (kind == BUS_OBJECT_DEVICE)
                return device_properties[i].news == PROPERTY_TOLD
                               ? device_property_digest(&device_properties[i], v)
                               : 0;
        return library_properties[i].is_const ? 0 : library_properties[i].digest(&library);
}

static Told *find_told(const BusObjects *o, BusObjectKind kind, uint32_t id)
{
        for (size_t i = 0; i < o->n_told; i++)
                if (o->told[i]->id == id && o->told[i]->kind == kind)
                        return o->told[i];
        return NULL;
}

static int tell_new(BusObjects *o, BusObjectKind kind, const DeviceView *v)
{
        Told **grown = realloc(o->told, (o->n_told + 1) * sizeof(*grown)), *t = calloc(1, sizeof(*t));
        char path[BUS_OBJECT_MAX];

        if (grown)
                o->told = grown;
        if (!grown || !t) {
                free(t);
                return -ENOMEM;
        }
        *t = (Told){.id = v->device.id, .kind = kind, .seen = true};
        for (size_t i = 0; told_property(kind, i); i++)
                t->digests[i] = digest(o, kind, v, i);
        o->told[o->n_told++] = t;
        bus_object_format(path, kind, v->device.id);
        return sd_bus_emit_object_added(o->bus, path);
}

static int tell_changes(BusObjects *o, Told *t, const DeviceView *v)
{
        char *names[PROPERTIES_MAX + 1] = {};
        char path[BUS_OBJECT_MAX];
        size_t n = 0;

        t->seen = true;
        for (size_t i = 0; told_property(t->kind, i); i++) {
                uint64_t now = digest(o, t->kind, v, i);

                if (now != t->digests[i])
                        names[n++] = (char *) told_property(t->kind, i);
                t->digests[i] = now;
        }
        bus_object_format(path, t->kind, t->id);
        return n == 0 ? 0
                      : sd_bus_emit_properties_changed_strv(o->bus, path, kinds[t->kind].interface, names);
}

/* sd_bus_emit_object_removed() asks for the interfaces of an object that is still there. */
static int tell_gone(BusObjects *o, const Told *t)
{
        const char *const interfaces[] = {"org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
                                          "org.freedesktop.DBus.Properties", kinds[t->kind].interface, NULL};
        char path[BUS_OBJECT_MAX];

        bus_object_format(path, t->kind, t->id);
        return sd_bus_emit_interfaces_removed_strv(o->bus, path, (char **) interfaces);
}

static int tell_of(BusObjects *o, BusObjectKind kind, const DeviceView *v)
{
        Told *t = find_told(o, kind, v->device.id);

        return t ? tell_changes(o, t, v) : tell_new(o, kind, v);
}

static int tell_gone_ones(BusObjects *o)
{
        int result = 0, r;

        for (size_t i = 0; i < o->n_told;) {
                Told *t = o->told[i];

                if (t->seen) {
                        i++;
                        continue;
                }
                r = tell_gone(o, t);
                result = r < 0 ? r : result;
                free(t);
                o->told[i] = o->told[--o->n_told];
        }
        return result;
}

static int tell_named(BusObjects *o)
{
        bool named = manager_is_named(o->manager);

        if (named == o->named)
                return 0;
        o->named = named;
        return sd_bus_emit_properties_changed(o->bus, BUS_OBJECT, "org.evertape1.Manager", "Named", NULL);
}

static int on_look(sd_event_source *source, void *userdata)
{
        BusObjects *o = userdata;
        int result = refresh(o), r;

        if (result < 0)
                return log_warning("the devices could not be listed: %s", strerror(-result)), 0;
        for (size_t i = 0; i < o->n_told; i++)
                o->told[i]->seen = false;
        for (size_t i = 0; i < o->n_views; i++)
                for (BusObjectKind kind = 0; kind < _BUS_OBJECT_KIND_MAX; kind++) {
                        r = find_view(o, kind, o->views[i].device.id) ? tell_of(o, kind, &o->views[i]) : 0;
                        result = r < 0 ? r : result;
                }
        r = tell_gone_ones(o);
        result = r < 0 ? r : result;
        r = tell_named(o);
        result = r < 0 ? r : result;
        if (result < 0)
                log_warning("not everything could be told to the bus: %s", strerror(-result));
        return 0;
}

void bus_objects_look_again(BusObjects *o)
{
        (void) sd_event_source_set_enabled(o->look, SD_EVENT_ONESHOT);
}

/* ---- life ---- */

static int add_to_bus(BusObjects *o)
{
        int r = sd_bus_add_object_manager(o->bus, NULL, BUS_OBJECT);

        if (r >= 0)
                r = sd_bus_add_node_enumerator(o->bus, NULL, BUS_OBJECT, enumerate, o);
        for (BusObjectKind kind = 0; kind < _BUS_OBJECT_KIND_MAX && r >= 0; kind++)
                r = sd_bus_add_fallback_vtable(o->bus, NULL, kinds[kind].prefix, kinds[kind].interface,
                                               o->vtables[kind], find, o);
        return r;
}

int bus_objects_new(sd_bus *bus, sd_event *event, Manager *m, sd_bus_message_handler_t on_call,
                    void *userdata, BusObjects **ret)
{
        _cleanup_(bus_objects_freep) BusObjects *o = calloc(1, sizeof(*o));
        int r;

        if (!o)
                return -ENOMEM;
        if (n_device_properties + n_bus_verbs + 2 > PROPERTIES_MAX)
                return -E2BIG;
        *o = (BusObjects){.bus = bus, .event = event, .manager = m, .on_call = on_call, .userdata = userdata};
        fill_device_vtable(o->vtables[BUS_OBJECT_DEVICE]);
        fill_library_vtable(o->vtables[BUS_OBJECT_LIBRARY]);
        r = sd_event_add_defer(event, &o->look, on_look, o);
        if (r >= 0)
                r = sd_event_source_set_priority(o->look, PRIORITY);
        if (r >= 0)
                r = add_to_bus(o);
        if (r >= 0)
                *ret = TAKE_PTR(o);
        return r;
}

BusObjects *bus_objects_free(BusObjects *o)
{
        if (!o)
                return NULL;
        o->look = sd_event_source_disable_unref(o->look);
        for (size_t i = 0; i < o->n_told; i++)
                free(o->told[i]);
        free(o->told);
        free(o->views);
        free(o);
        return NULL;
}
