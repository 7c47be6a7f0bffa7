/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of verbs, and those that are not about names. */

#include "daemon/bus-verbs.h"

#include "daemon/bus-objects.h"
#include "daemon/bus-paths.h"
#include "daemon/device-properties.h"
#include "util/text.h"

#define ACTION_HOLD      "org.evertape1.hold"
#define ACTION_CONFIGURE "org.evertape1.configure"
#define ACTION_INVENTORY "org.evertape1.inventory"
#define ACTION_FAIL      "org.evertape1.fail"
#define ACTION_NAME      "org.evertape1.name"

/* ---- looking ---- */

static int append_devices(sd_bus_message *m, Manager *manager)
{
        _cleanup_free_ DeviceView *views = NULL;
        size_t n;
        int r;

        r = manager_list(manager, &views, &n);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = device_properties_append(m, &views[i], true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int verb_list(const BusCall *c, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r;

        r = sd_bus_message_new_method_return(c->message, &answer);
        if (r >= 0)
                r = append_devices(answer, c->manager);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

typedef int (*Append)(sd_bus_message *m, Manager *manager, const DeviceView *v);

static int answer_with(const BusCall *c, sd_bus_error *error, Append append)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        DeviceView view;
        int r;

        r = manager_find_or_refuse(c->manager, c->name, &view, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(c->message, &answer);
        if (r >= 0)
                r = append(answer, c->manager, &view);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int append_device(sd_bus_message *m, Manager *manager, const DeviceView *v)
{
        return device_properties_append(m, v, true);
}

static int append_object(sd_bus_message *m, Manager *manager, const DeviceView *v)
{
        char path[BUS_OBJECT_MAX];

        bus_object_format(path, BUS_OBJECT_DEVICE, v->device.id);
        return sd_bus_message_append_basic(m, 'o', path);
}

static int verb_show(const BusCall *c, sd_bus_error *error)
{
        return answer_with(c, error, append_device);
}

static int verb_get_device(const BusCall *c, sd_bus_error *error)
{
        return answer_with(c, error, append_object);
}

static int verb_paths(const BusCall *c, sd_bus_error *error)
{
        return answer_with(c, error, bus_append_paths);
}

/* ---- holding ---- */

static int verb_hold(const BusCall *c, sd_bus_error *error)
{
        return manager_hold(c->manager, c->name, c->message, error);
}

static int verb_release(const BusCall *c, sd_bus_error *error)
{
        return manager_release(c->manager, c->name, c->message, error);
}

static int verb_fail(const BusCall *c, sd_bus_error *error)
{
        int once, r;

        r = sd_bus_message_read(c->message, "b", &once);
        if (r >= 0)
                r = manager_fail(c->manager, c->name, once, error);
        return r < 0 ? r : sd_bus_reply_method_return(c->message, "");
}

/* ---- the table ---- */

/* The manager's method: of no device, of a device that is named. DEVICE: the device has it too. */
#define ALONE(in, names)  false, false, in, names, "", ""
#define NAMED(in, names)  true, false, "s" in, SD_BUS_PARAM(name) names, in, names
#define DEVICE(in, names) true, true, "s" in, SD_BUS_PARAM(name) names, in, names

/* clang-format off */
const BusVerb bus_verbs[] = {
        {"List",        ALONE("", SD_BUS_PARAM(devices)), "aa{sv}", NULL, verb_list},
        {"GetDevice",   NAMED("", SD_BUS_PARAM(device)), "o", NULL, verb_get_device},
        {"Show",        NAMED("", SD_BUS_PARAM(device)), "a{sv}", NULL, verb_show},
        {"Paths",       DEVICE("", SD_BUS_PARAM(paths)), "aa{sv}", NULL, verb_paths},
        {"Elements",    DEVICE("", SD_BUS_PARAM(read_at) SD_BUS_PARAM(doubt_since) SD_BUS_PARAM(followed) SD_BUS_PARAM(problem)
                               SD_BUS_PARAM(elements)), "ttbsa(yqusqq)", NULL, verb_elements},
        {"ReadElements", DEVICE("", ""), "", ACTION_INVENTORY, verb_read_elements},
        {"History",     DEVICE("t", SD_BUS_PARAM(since) SD_BUS_PARAM(events)), "a(tsss)", NULL, verb_history},
        {"Hold",        DEVICE("", ""), "", ACTION_HOLD, verb_hold},
        {"Release",     DEVICE("", ""), "", ACTION_HOLD, verb_release},
        {"Fail",        DEVICE("b", SD_BUS_PARAM(once)), "", ACTION_FAIL, verb_fail},
        {"Rename",      DEVICE("s", SD_BUS_PARAM(new)), "", ACTION_NAME, verb_rename},
        {"Replace",     DEVICE("s", SD_BUS_PARAM(with)), "", ACTION_NAME, verb_replace},
        {"Forget",      DEVICE("", ""), "", ACTION_NAME, verb_forget},
        {"ExportNames", ALONE("", SD_BUS_PARAM(text)), "s", NULL, verb_export},
        {"ImportNames", ALONE("sb", SD_BUS_PARAM(text) SD_BUS_PARAM(dry_run) SD_BUS_PARAM(done) SD_BUS_PARAM(report)),
                        "bs", ACTION_NAME, verb_import},
        {"Attach",      ALONE("s", SD_BUS_PARAM(url) SD_BUS_PARAM(units)), "a(usssbs)", ACTION_CONFIGURE, verb_attach},
        {"Look",        ALONE("s", SD_BUS_PARAM(url) SD_BUS_PARAM(units)), "a(usssbs)", ACTION_CONFIGURE, verb_look},
        {"Detach",      ALONE("s", SD_BUS_PARAM(what)), "", ACTION_CONFIGURE, verb_detach},
        {"Discover",    ALONE("ss", SD_BUS_PARAM(portal) SD_BUS_PARAM(user) SD_BUS_PARAM(targets)), "a(ss)",
                        ACTION_CONFIGURE, verb_discover},
        {"Attached",    ALONE("", SD_BUS_PARAM(attached)), "aa{sv}", NULL, verb_attached},
};
/* clang-format on */
const size_t n_bus_verbs = ELEMENTSOF(bus_verbs);

const BusVerb *bus_verb_find(const char *member)
{
        for (size_t i = 0; i < ELEMENTSOF(bus_verbs); i++)
                if (text_equal(bus_verbs[i].member, member))
                        return &bus_verbs[i];
        return NULL;
}
