/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vtable, and a device as a{sv}: one row a property. */

#include "daemon/bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/bus-elements.h"
#include "daemon/bus-iscsi.h"
#include "daemon/bus-names.h"
#include "daemon/bus-paths.h"
#include "daemon/held-facts.h"
#include "names/links.h"
#include "util/log.h"

#define SERVICE   "org.evertape1"
#define OBJECT    "/org/evertape1"
#define INTERFACE "org.evertape1.Manager"

/* ---- one property ---- */

static int add_string(sd_bus_message *m, const char *key, const char *value)
{
        return sd_bus_message_append(m, "{sv}", key, "s", value);
}

static int add_number(sd_bus_message *m, const char *key, uint64_t value)
{
        return sd_bus_message_append(m, "{sv}", key, "t", value);
}

static int add_node(sd_bus_message *m, const char *key, const char *node)
{
        char path[64];

        snprintf(path, sizeof(path), "%s%s", node[0] ? "/dev/" : "", node);
        return add_string(m, key, path);
}

static const char *view_state(const DeviceView *v)
{
        if (v->held)
                return held_state(v->held);
        return v->real ? "present" : "absent";
}

/* The nodes a program uses: of the held LUN, or of the device itself. */
static const DevicePath *view_nodes(const DeviceView *v)
{
        return v->held ? v->held_lun : v->real;
}

static int add_names(sd_bus_message *m, const DeviceView *v)
{
        const Identity *id = &v->device.identity;
        char bay[16] = "";
        const struct {
                const char *key, *value;
        } rows[] = {
                {"Name", v->device.name},
                {"Kind", id->type == DEVICE_CHANGER ? "changer" : "tape"},
                {"State", view_state(v)},
                {"Reason", v->held ? held_reason(v->held) : ""},
                {"Vendor", id->vendor},
                {"Product", id->product},
                {"Revision", id->revision},
                {"Serial", id->serial},
                {"Identity", id->key},
                {"Library", v->library},
                {"Bay", bay},
                {"Note", v->note},
        };
        int r = 0;

        if (v->library[0] != '\0')
                snprintf(bay, sizeof(bay), "%u", v->device.element);
        for (size_t i = 0; i < ELEMENTSOF(rows) && r >= 0; i++)
                r = add_string(m, rows[i].key, rows[i].value);
        return r;
}

/* "FILE:LINE", or "" when no entry is the device's. */
static int add_profile(sd_bus_message *m, const DeviceView *v)
{
        InfMatch match = manager_match(v->manager, &v->device.identity);
        char from[4200] = "";
        int r;

        if (match.entry)
                snprintf(from, sizeof(from), "%s:%u", match.file->name, match.entry->line);
        r = add_string(m, "Profile",
                       profile_name(match.entry ? match.entry->facts.profile : PROFILE_GENERIC));
        return r < 0 ? r : add_string(m, "ProfileFrom", from);
}

static int add_links(sd_bus_message *m, const DeviceView *v, const DevicePath *nodes)
{
        const char *kernel_names[] = {nodes ? nodes->tape : "",
                                      nodes && nodes->tape[0] ? nodes->tape + 1 : "", nodes ? nodes->sg : "",
                                      nodes ? nodes->changer : ""};
        char link[LINK_LENGTH_MAX], path[LINK_LENGTH_MAX + 8];
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Links");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        for (size_t i = 0; i < ELEMENTSOF(kernel_names) && r >= 0; i++) {
                if (!kernel_names[i][0] ||
                    links_format(link, v->device.identity.type, kernel_names[i], v->device.name) < 0)
                        continue;
                snprintf(path, sizeof(path), "/dev/%s", link);
                r = sd_bus_message_append(m, "s", path);
        }
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int add_nodes(sd_bus_message *m, const DeviceView *v)
{
        const DevicePath *nodes = view_nodes(v);
        bool changer = v->device.identity.type == DEVICE_CHANGER;
        const char *node = "";
        int r;

        if (nodes)
                node = changer ? nodes->sg : nodes->tape;
        r = add_node(m, "Node", node);
        if (r >= 0)
                r = add_node(m, "GenericNode", nodes ? nodes->sg : "");
        if (r >= 0)
                r = add_node(m, "ChangerNode", nodes ? nodes->changer : "");
        if (r >= 0)
                r = add_node(m, "RealNode", v->real ? v->real->sg : "");
        if (r >= 0)
                r = add_number(m, "PathCount", v->n_real);
        return r < 0 ? r : add_links(m, v, nodes);
}

static int add_numbers(sd_bus_message *m, const Held *h, const HeldFacts *f)
{
        const struct {
                const char *key;
                uint64_t value;
        } rows[] = {
                {"Since", h ? h->since : 0},      {"Outages", f->n_outages},
                {"LastOutage", f->last_outage},   {"OutageBegan", f->outage_began},
                {"OutageTotal", f->outages},      {"Commands", f->n_commands},
                {"Waiting", f->n_waiting},        {"BytesWritten", f->n_bytes_written},
                {"BytesRead", f->n_bytes_read},   {"Rate", f->rate},
                {"Replayed", f->n_replayed},      {"Compared", f->n_compared},
                {"Settled", f->n_settled},        {"Resets", f->n_resets},
                {"Failures", f->n_failures},      {"Cartridges", f->n_cartridges},
                {"JournalFill", f->journal_fill}, {"JournalSize", f->journal_size},
                {"MotionSince", f->motion_since}, {"Timeout", h ? h->unit->config.timeout : 0},
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(rows) && r >= 0; i++)
                r = add_number(m, rows[i].key, rows[i].value);
        return r;
}

static int add_figures(sd_bus_message *m, const Held *h)
{
        char progress[16] = "";
        HeldFacts f = {.progress = -1};
        const struct {
                const char *key, *value;
        } rows[] = {
                {"Position", f.position},          {"Cartridge", f.cartridge},      {"Barcode", f.barcode},
                {"MediumSerial", f.medium_serial}, {"OutageCause", f.outage_cause}, {"Motion", f.motion},
                {"MotionDetail", f.motion_detail}, {"Progress", progress},
        };
        int r;

        if (h)
                held_facts(h, usec_now(CLOCK_MONOTONIC), &f);
        if (f.progress >= 0)
                snprintf(progress, sizeof(progress), "%d %%", f.progress);
        r = add_numbers(m, h, &f);
        for (size_t i = 0; i < ELEMENTSOF(rows) && r >= 0; i++)
                r = add_string(m, rows[i].key, rows[i].value);
        return r;
}

/* Looks through /proc, so only where a person asked. */
static int add_user(sd_bus_message *m, const DeviceView *v, Manager *manager)
{
        const DevicePath *nodes = view_nodes(v);
        DeviceUser user = {};
        int r;

        if (manager && nodes && monitor_find_user(manager_root(manager), nodes, getpid(), &user) <= 0)
                user = (DeviceUser){};
        r = add_string(m, "User", user.command);
        return r < 0 ? r : sd_bus_message_append(m, "{sv}", "UserPid", "u", (uint32_t) user.pid);
}

static int append_device(sd_bus_message *m, Manager *manager, const DeviceView *v)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = add_names(m, v);
        if (r >= 0)
                r = add_profile(m, v);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "Held", "b", v->held != NULL);
        if (r >= 0)
                r = add_nodes(m, v);
        if (r >= 0)
                r = add_figures(m, v->held);
        if (r >= 0)
                r = add_user(m, v, manager);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

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
                r = append_device(answer, userdata, &views[i]);
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
                r = append_device(signal, NULL, view);
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
