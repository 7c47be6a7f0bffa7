/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The only thing that users ever see of D-Bus is that it does not show: every way a call can fail becomes one
 * sentence, and where the daemon sent a sentence, it is the daemon's. */

#include "ctl/ctl-bus.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl-agent.h"
#include "ctl/ctl-progress.h"
#include "ctl/ctl.h"
#include "util/text.h"
#include "util/time.h"

#define CHANGE_TIMEOUT (5 * 60 * USEC_PER_SEC) /* udev, modules, a slow drive, and a password included */

int bus_open(sd_bus **ret)
{
        int r = client_connect(ret);

        if (r >= 0)
                r = sd_bus_set_allow_interactive_authorization(*ret, true);
        if (r < 0)
                complain("cannot reach the bus (%s): %s", client_where(), strerror(-r));
        return r;
}

void bus_complain(int r, const sd_bus_error *error)
{
        if (client_error_is_absent(error))
                complain("evertaped is not running; start it with: systemctl start evertaped");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                complain("not permitted to ask evertaped for that; run it as root, or see WHO MAY in "
                         "org.evertape1(5)");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                complain("an administrator would have to authenticate for that, and nobody could be asked; "
                         "run it as root");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                complain("evertaped did not answer; see: systemctl status evertaped");
        else if (error && error->message)
                complain("%s", error->message);
        else if (r == -EBADMSG)
                complain("evertaped answered in a form not understood here; is it of the same version?");
        else
                complain("cannot talk to evertaped: %s", strerror(-r));
}

int bus_ping(usec_t timeout, bool *ret_answers)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int r = client_connect(&bus);

        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &m, BUS_SERVICE, BUS_PATH,
                                                   "org.freedesktop.DBus.Peer", "Ping");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r < 0)
                return r;
        r = sd_bus_call(bus, m, timeout, &error, NULL);
        if (r < 0 && client_error_is_absent(&error))
                return -ESRCH;
        *ret_answers = r >= 0 || sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED);
        return 0;
}

static void slot_releasep(sd_bus_slot **slot)
{
        *slot = sd_bus_slot_unref(*slot);
}

/* Calls a method that takes a name, or nothing. */
static int bus_call(sd_bus *bus, const char *method, const char *name, usec_t timeout, sd_bus_error *error,
                    sd_bus_message **ret)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, BUS_SERVICE, BUS_PATH, BUS_INTERFACE, method);
        if (r < 0)
                return r;
        if (name) {
                r = sd_bus_message_append_basic(m, 's', name);
                if (r < 0)
                        return r;
        }
        r = sd_bus_call(bus, m, timeout, error, ret);
        return r < 0 ? r : 0;
}

int bus_show(sd_bus *bus, const char *name, Device **ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        int r;

        r = bus_call(bus, "Show", name, 0, error, &reply);
        return r < 0 ? r : device_read(reply, ret);
}

int bus_paths(sd_bus *bus, const char *name, PathList *ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        int r;

        r = bus_call(bus, "Paths", name, 0, error, &reply);
        return r < 0 ? r : path_list_read(reply, ret);
}

int bus_fail(sd_bus *bus, const char *name, bool once, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;

        agent_start();
        return bus_ask(bus, "Fail", error, &reply, "sb", name, (int) once);
}

int bus_ask(sd_bus *bus, const char *method, sd_bus_error *error, sd_bus_message **ret, const char *types,
            ...)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, BUS_SERVICE, BUS_PATH, BUS_INTERFACE, method);
        if (r < 0)
                return r;
        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = sd_bus_call(bus, m, CHANGE_TIMEOUT, error, ret);
        return r < 0 ? r : 0;
}

int bus_call_names(sd_bus *bus, const char *method, const char *a, const char *b, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;

        agent_start();
        return b ? bus_ask(bus, method, error, &reply, "ss", a, b)
                 : bus_ask(bus, method, error, &reply, "s", a);
}

typedef struct Changing {
        bool done;
        int result;
        sd_bus_error *error;
} Changing;

static int on_changed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Changing *c = userdata;

        c->done = true;
        c->result = sd_bus_message_is_method_error(reply, NULL)
                            ? -sd_bus_error_get_errno(sd_bus_message_get_error(reply))
                            : 0;
        if (c->result < 0)
                (void) sd_bus_error_copy(c->error, sd_bus_message_get_error(reply));
        return 0;
}

static void show_progress(sd_bus *bus, Progress *p, const char *name)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(device_freep) Device *d = NULL;

        if (bus_show(bus, name, &d, &error) >= 0)
                progress_draw(p, d);
}

static int await_change(sd_bus *bus, const char *name, const Changing *c)
{
        Progress progress;
        int r = 0;

        progress_begin(&progress);
        while (!c->done && r >= 0) {
                usec_t now = usec_now(CLOCK_MONOTONIC);

                r = sd_bus_process(bus, NULL);
                if (r == 0 && progress_is_due(&progress))
                        show_progress(bus, &progress, name);
                else if (r == 0)
                        r = sd_bus_wait(bus, progress.next == USEC_INFINITY ? UINT64_MAX
                                             : progress.next > now          ? progress.next - now
                                                                            : 0);
                if (r == -EINTR)
                        r = 0;
        }
        progress_end(&progress);
        return r < 0 ? r : c->result;
}

int bus_change(sd_bus *bus, const char *method, const char *name, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *m = NULL;
        _cleanup_(slot_releasep) sd_bus_slot *slot = NULL;
        Changing c = {.error = error};
        int r;

        agent_start();
        r = sd_bus_message_new_method_call(bus, &m, BUS_SERVICE, BUS_PATH, BUS_INTERFACE, method);
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', name);
        if (r >= 0)
                r = sd_bus_call_async(bus, &slot, m, on_changed, &c, CHANGE_TIMEOUT);
        return r < 0 ? r : await_change(bus, name, &c);
}

static int bus_list_all(sd_bus *bus, DeviceList *ret)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_call(bus, "List", NULL, 0, &error, &reply);
        if (r >= 0)
                r = device_list_read(reply, ret);
        if (r < 0)
                bus_complain(r, &error);
        return r;
}

/* 0: fetched; -ENOENT: the daemon refused this name; other: there is no use in asking on. */
static int bus_list_one(sd_bus *bus, const char *name, DeviceList *l)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_show(bus, name, &l->items[l->n_items], &error);
        if (r >= 0) {
                l->n_items++;
                return 0;
        }
        bus_complain(r, &error);
        return error.name && strncmp(error.name, BUS_SERVICE ".", strlen(BUS_SERVICE ".")) == 0 ? -ENOENT : r;
}

int bus_list(sd_bus *bus, char *const *names, size_t n_names, DeviceList *ret)
{
        _cleanup_(device_list_deinit) DeviceList l = {0};
        int result = 0, r;

        if (n_names == 0)
                return bus_list_all(bus, ret);
        l.items = calloc(n_names, sizeof(*l.items));
        if (!l.items)
                return -ENOMEM;
        for (size_t i = 0; i < n_names; i++) {
                r = bus_list_one(bus, names[i], &l);
                if (r < 0 && r != -ENOENT)
                        return r;
                if (r < 0)
                        result = r;
        }
        *ret = TAKE_GENERIC(l, DeviceList, (DeviceList){0});
        return result;
}

int bus_subscribe(sd_bus *bus, sd_bus_message_handler_t changed, sd_bus_message_handler_t owner,
                  void *userdata)
{
        int r;

        r = sd_bus_match_signal(bus, NULL, BUS_SERVICE, BUS_PATH, BUS_INTERFACE, "Changed", changed,
                                userdata);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',"
                                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                     "arg0='" BUS_SERVICE "'",
                                     owner, userdata);
        if (r < 0)
                complain("cannot subscribe to the signals of evertaped: %s", strerror(-r));
        return r;
}
