/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bus-flood SECONDS DESTINATION [SEED]: a local user who means harm. Many connections with many matches each,
 * and calls without a pause: methods, objects, interfaces and arguments right and wrong, large and nested.
 * For the scenario `bus` of the lab; DESTINATION org.freedesktop.DBus is the same trouble for somebody else.
 * Says "flooding" when all of it is on its way, and ends with what was sent and answered, one line; with 1 if
 * a connection was lost. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "util/time.h"

#define CONNECTIONS 20
#define MATCHES     200 /* a connection */
#define OUTSTANDING 16
#define LARGE       (1u << 20)
#define READY_AFTER 400 /* answers: the matches were taken, and calls of all connections */

typedef struct Client {
        sd_bus *bus;
        unsigned n_outstanding;
        bool lost;
} Client;

static const char *destination;
static Client clients[CONNECTIONS];
static uint64_t n_sent, n_answered, n_refused, n_matches;
static char large[LARGE + 1];

static const char *const paths[] = {
        "/org/evertape1",           "/org/evertape1/device/1",
        "/org/evertape1/device/2",  "/org/evertape1/device/9",
        "/org/evertape1/device",    "/org/evertape1/device/4294967296",
        "/org/evertape1/library/1", "/",
};
static const char *const interfaces[] = {
        "org.evertape1.Manager",
        "org.evertape1.Device",
        "org.evertape1.Library",
        "org.freedesktop.DBus.Properties",
        "org.freedesktop.DBus.Introspectable",
        "org.freedesktop.DBus.ObjectManager",
        "org.freedesktop.DBus.Peer",
        "org.evertape1.Nonsense",
};
static const char *const members[] = {
        "List",         "Show",    "Paths",  "History",     "Hold",        "Release",           "Fail",
        "Rename",       "Replace", "Forget", "ExportNames", "ImportNames", "GetDevice",         "Elements",
        "ReadElements", "GetAll",  "Get",    "Set",         "Introspect",  "GetManagedObjects", "Ping",
        "Nonsense",
};

#define PICK(list) ((list)[(size_t) random() % ELEMENTSOF(list)])

/* ---- arguments ---- */

static int add_nothing(sd_bus_message *m)
{
        return 0;
}

static int add_name(sd_bus_message *m)
{
        static const char *const names[] = {"lib1-drive1", "lib1",         "",    "/dev/sg0",
                                            "nobody",      "\xc2\x9b\x7f", "%s%n"};

        return sd_bus_message_append(m, "s", PICK(names));
}

static int add_large_name(sd_bus_message *m)
{
        return sd_bus_message_append(m, "s", large);
}

static int add_two(sd_bus_message *m)
{
        return sd_bus_message_append(m, "sb", random() % 16 ? "lib1-drive1" : large, 1);
}

static int add_number(sd_bus_message *m)
{
        return sd_bus_message_append(m, "u", (uint32_t) random());
}

static int add_since(sd_bus_message *m)
{
        return sd_bus_message_append(m, "st", "", UINT64_C(0));
}

static int add_property(sd_bus_message *m)
{
        static const char *const names[] = {"User", "State", "Links", "Nonsense", "Bays"};

        return sd_bus_message_append(m, "ss", PICK(interfaces), PICK(names));
}

static int add_set(sd_bus_message *m)
{
        return sd_bus_message_append(m, "ssv", "org.evertape1.Device", "Name", "s", "mine");
}

static int add_large_array(sd_bus_message *m)
{
        return sd_bus_message_append_array(m, 'u', large, LARGE / 4);
}

static int add_nested(sd_bus_message *m)
{
        return sd_bus_message_append(m, "aaaaaaaas", 1, 1, 1, 1, 1, 1, 1, 1, "x");
}

static int add_dictionary(sd_bus_message *m)
{
        return sd_bus_message_append(m, "a{sv}", 2, "a", "v", "v", "s", "x", "b", "t", UINT64_MAX);
}

typedef int (*Add)(sd_bus_message *m);

/* what is large, seldom: it costs the bus more than anybody else */
static const Add adds[] = {
        add_nothing,    add_nothing,  add_nothing,  add_name,     add_name, add_name,
        add_name,       add_two,      add_number,   add_since,    add_set,  add_nested,
        add_dictionary, add_property, add_property, add_property,
};
static const Add large_adds[] = {add_large_name, add_large_array};

static int add_get_user(sd_bus_message *m)
{
        return sd_bus_message_append(m, "ss", "org.evertape1.Device", "User");
}

static int add_interface(sd_bus_message *m)
{
        return sd_bus_message_append(m, "s", "org.evertape1.Device");
}

/* ---- calls ---- */

/* Those that cost evertaped most. */
static const struct {
        const char *path, *interface, *member;
        Add add;
} right[] = {
        {"/org/evertape1", "org.evertape1.Manager", "List", add_nothing},
        {"/org/evertape1", "org.evertape1.Manager", "Show", add_name},
        {"/org/evertape1", "org.evertape1.Manager", "History", add_since},
        {"/org/evertape1", "org.evertape1.Manager", "Hold", add_name},
        {"/org/evertape1", "org.evertape1.Manager", "ImportNames", add_two},
        {"/org/evertape1", "org.evertape1.Manager", "ExportNames", add_nothing},
        {"/org/evertape1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", add_nothing},
        {"/org/evertape1/device/1", "org.freedesktop.DBus.Properties", "GetAll", add_interface},
        {"/org/evertape1/device/2", "org.freedesktop.DBus.Properties", "Get", add_get_user},
        {"/org/evertape1/device/2", "org.evertape1.Device", "Release", add_nothing},
};

static int make_call(Client *c, sd_bus_message **ret)
{
        size_t i = (size_t) random() % ELEMENTSOF(right);
        int r;

        if (random() % 2) {
                r = sd_bus_message_new_method_call(c->bus, ret, destination, right[i].path,
                                                   right[i].interface, right[i].member);
                return r < 0 ? r : right[i].add(*ret);
        }
        r = sd_bus_message_new_method_call(c->bus, ret, destination, PICK(paths), PICK(interfaces),
                                           PICK(members));
        if (r >= 0)
                r = random() % 100 ? PICK(adds)(*ret) : PICK(large_adds)(*ret);
        return r;
}

static int send_call(Client *c);

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Client *c = userdata;

        if (sd_bus_error_has_name(sd_bus_message_get_error(m), SD_BUS_ERROR_DISCONNECTED)) {
                c->lost = true;
                return 0;
        }
        c->n_outstanding--;
        if (++n_answered == READY_AFTER) {
                puts("flooding");
                fflush(stdout);
        }
        n_refused += sd_bus_message_is_method_error(m, NULL) > 0;
        return send_call(c);
}

/* Keeps OUTSTANDING calls on their way. */
static int send_call(Client *c)
{
        int r = 0;

        while (r >= 0 && c->n_outstanding < OUTSTANDING && !c->lost) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

                r = make_call(c, &m);
                if (r >= 0 && random() % 2)
                        r = sd_bus_message_set_allow_interactive_authorization(m, true);
                if (r >= 0)
                        r = sd_bus_call_async(c->bus, NULL, m, on_answer, c, UINT64_MAX);
                c->n_outstanding += r >= 0;
                n_sent += r >= 0;
        }
        return r;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return 0;
}

static int open_client(Client *c, sd_event *event)
{
        char match[128];
        int r = sd_bus_open_system(&c->bus);

        for (unsigned i = 0; i < MATCHES && r >= 0; i++, n_matches++) {
                snprintf(match, sizeof(match), "type='signal',sender='org.evertape1',arg0='%u'", i);
                r = sd_bus_add_match_async(c->bus, NULL, match, on_signal, NULL, c);
        }
        if (r >= 0)
                r = sd_bus_attach_event(c->bus, event, 0);
        return r < 0 ? r : send_call(c);
}

static int on_end(sd_event_source *source, uint64_t usec, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int run(double seconds)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r = sd_event_new(&event);

        if (r >= 0)
                r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC,
                                               (uint64_t) (seconds * (double) USEC_PER_SEC), 0, on_end, NULL);
        for (size_t i = 0; i < CONNECTIONS && r >= 0; i++)
                r = open_client(&clients[i], event);
        return r < 0 ? r : sd_event_loop(event);
}

int main(int argc, char **argv)
{
        unsigned n_lost = 0;
        int r;

        if (argc < 3)
                return 2;
        destination = argv[2];
        srandom(argc > 3 ? (unsigned) atoi(argv[3]) : 1);
        memset(large, 'x', LARGE);
        r = run(atof(argv[1]));
        for (size_t i = 0; i < CONNECTIONS; i++)
                n_lost += clients[i].lost;
        printf("connections=%d lost=%u matches=%" PRIu64 " sent=%" PRIu64 " answered=%" PRIu64
               " refused=%" PRIu64 "%s%s\n",
               CONNECTIONS, n_lost, n_matches, n_sent, n_answered, n_refused, r < 0 ? " " : "",
               r < 0 ? strerror(-r) : "");
        return r < 0 || n_lost > 0;
}
