/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.evertape1 as a client sees it: objects, signals, calls, and who may make them. argv[1]: the folder with
 * the interfaces as XML; argv[2]: "print" and an interface, to write that file anew. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "daemon/test-bus-world.h"
#include "util/text.h"

#define SERVICE    "org.evertape1"
#define MANAGER    "/org/evertape1", "org.evertape1.Manager"
#define DEVICE(n)  "/org/evertape1/device/" n, "org.evertape1.Device"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define EXIT_SKIP  77

static const char *xml_directory;

/* ---- small ---- */

static void check_call(sd_bus *bus, const char *path, const char *interface, const char *member,
                       const char *error_name, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call, *reply = NULL;
        va_list ap;
        int r;

        assert_true(sd_bus_message_new_method_call(bus, &call, SERVICE, path, interface, member) >= 0);
        va_start(ap, types);
        assert_true(sd_bus_message_appendv(call, types, ap) >= 0);
        va_end(ap);
        r = sd_bus_call(bus, call, 0, &error, &reply);
        if (error_name)
                assert_string_equal(error.name, error_name);
        else if (r < 0)
                fail_msg("%s: %s", member, error.message);
        sd_bus_error_free(&error);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(call);
}

static char *get_text(sd_bus *bus, const char *path, const char *property)
{
        char *text = NULL;

        assert_true(sd_bus_get_property_string(bus, SERVICE, path, "org.evertape1.Device", property, NULL,
                                               &text) >= 0);
        return text;
}

static void add_library(unsigned n_drives)
{
        assert_int_equal(world_do(world_add_changer, 0), 1);
        for (unsigned i = 0; i < n_drives; i++)
                assert_int_equal(world_do(world_add_drive, 'a' + (int) i), 2 + (int) i);
}

/* ---- signals ---- */

typedef struct Heard {
        char changed[1024]; /* "PATH: NAME NAME\n" */
        char objects[512];  /* "+PATH\n", "-PATH\n" */
} Heard;

static void append(char *text, size_t n, const char *before, const char *word)
{
        size_t at = strlen(text);

        snprintf(text + at, n - at, "%s%s", before, word);
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *interface, *name, *contents;
        Heard *h = userdata;
        char type;

        append(h->changed, sizeof(h->changed), sd_bus_message_get_path(m), ":");
        assert_true(sd_bus_message_read(m, "s", &interface) > 0);
        assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(m, "s", &name) > 0);
                append(h->changed, sizeof(h->changed), " ", name);
                assert_true(sd_bus_message_peek_type(m, &type, &contents) > 0);
                assert_true(sd_bus_message_skip(m, "v") > 0);
                assert_true(sd_bus_message_exit_container(m) >= 0);
        }
        append(h->changed, sizeof(h->changed), "\n", "");
        return 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Heard *h = userdata;
        const char *path;

        assert_true(sd_bus_message_read(m, "o", &path) > 0);
        append(h->objects, sizeof(h->objects), "+", path);
        append(h->objects, sizeof(h->objects), "\n", "");
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Heard *h = userdata;
        const char *path;

        assert_true(sd_bus_message_read(m, "o", &path) > 0);
        append(h->objects, sizeof(h->objects), "-", path);
        append(h->objects, sizeof(h->objects), "\n", "");
        return 0;
}

static void listen_to(sd_bus *bus, Heard *h)
{
        static const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } signals[] = {
                {PROPERTIES, "PropertiesChanged", on_properties},
                {"org.freedesktop.DBus.ObjectManager", "InterfacesAdded", on_added},
                {"org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", on_removed},
        };

        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                assert_true(sd_bus_match_signal(bus, NULL, SERVICE, NULL, signals[i].interface,
                                                signals[i].member, signals[i].handler, h) >= 0);
}

static int op_nothing(Manager *m, int argument)
{
        return 0;
}

/* What evertaped had to say of all that was done before. */
static void hear(sd_bus *bus, Heard *h)
{
        *h = (Heard){};
        world_do(op_nothing, 0);
        check_call(bus, "/org/evertape1", "org.freedesktop.DBus.Peer", "Ping", NULL, "");
        while (sd_bus_process(bus, NULL) > 0)
                ;
}

/* ---- objects ---- */

static void test_objects(void **state)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        sd_bus *bus = world_open(POLKIT_ABSENT);
        unsigned n_devices = 0, n_libraries = 0;
        const char *path;

        add_library(2);
        assert_true(sd_bus_call_method(bus, SERVICE, "/org/evertape1", "org.freedesktop.DBus.ObjectManager",
                                       "GetManagedObjects", NULL, &reply, "") >= 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}") > 0);
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                assert_true(sd_bus_message_read(reply, "o", &path) > 0);
                n_devices += strncmp(path, "/org/evertape1/device/", 22) == 0;
                n_libraries += strcmp(path, "/org/evertape1/library/1") == 0;
                assert_true(sd_bus_message_skip(reply, "a{sa{sv}}") > 0);
                assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        assert_int_equal(n_devices, 3);
        assert_int_equal(n_libraries, 1);
        world_close(bus);
}

static void test_no_such_object(void **state)
{
        static const char *const paths[] = {"/org/evertape1/device/4",   "/org/evertape1/device/01",
                                            "/org/evertape1/device/1/1", "/org/evertape1/device/4294967297",
                                            "/org/evertape1/device",     "/org/evertape1/device/_1",
                                            "/org/evertape1/library/2"};
        sd_bus *bus = world_open(POLKIT_ABSENT);

        add_library(2);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                check_call(bus, paths[i], "org.evertape1.Device", "Hold", SD_BUS_ERROR_UNKNOWN_OBJECT, "");
                check_call(bus, paths[i], PROPERTIES, "GetAll", SD_BUS_ERROR_UNKNOWN_OBJECT, "s",
                           "org.evertape1.Device");
        }
        check_call(bus, "/org/evertape1/library/1", "org.evertape1.Device", "Hold",
                   SD_BUS_ERROR_UNKNOWN_METHOD, "");
        world_close(bus);
}

static void test_library(void **state)
{
        static const char *const names[] = {"lib1-drive1", "lib1-drive2"};
        static const char *const paths[] = {"/org/evertape1/device/2", "/org/evertape1/device/3"};
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        sd_bus *bus = world_open(POLKIT_ABSENT);
        const char *name, *path;
        uint32_t element;

        add_library(2);
        assert_true(sd_bus_get_property(bus, SERVICE, "/org/evertape1/library/1", "org.evertape1.Library",
                                        "Bays", NULL, &reply, "a(uso)") >= 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "(uso)") > 0);
        for (unsigned i = 0; i < 2; i++) {
                assert_true(sd_bus_message_read(reply, "(uso)", &element, &name, &path) > 0);
                assert_int_equal(element, 256 + i);
                assert_string_equal(name, names[i]);
                assert_string_equal(path, paths[i]);
        }
        assert_int_equal(sd_bus_message_read(reply, "(uso)", &element, &name, &path), 0);
        world_close(bus);
}

/* ---- what is told ---- */

static int op_go_away(Manager *m, int id)
{
        m->present[id] = false;
        bus_look_again(m->bus);
        return 0;
}

/* Away and back, and named, and with another node: one turn. */
static int op_flap(Manager *m, int id)
{
        op_go_away(m, id);
        m->present[id] = true;
        snprintf(m->paths[id].sg, sizeof(m->paths[id].sg), "sg99");
        bus_look_again(m->bus);
        return 0;
}

static int op_look(Manager *m, int id)
{
        bus_look_again(m->bus);
        return 0;
}

static int op_named(Manager *m, int named)
{
        m->named = named;
        bus_look_again(m->bus);
        return 0;
}

static void test_only_what_changed_is_told(void **state)
{
        sd_bus *bus = world_open(POLKIT_ABSENT);
        Heard h = {};

        add_library(1);
        world_do(op_nothing, 0);
        listen_to(bus, &h);
        hear(bus, &h);
        world_do(op_go_away, 2);
        hear(bus, &h);
        assert_string_equal(h.changed,
                            "/org/evertape1/device/2: State GenericNode RealNode PathCount Links\n");
        world_do(op_flap, 2);
        hear(bus, &h);
        assert_string_equal(h.changed,
                            "/org/evertape1/device/2: State GenericNode RealNode PathCount Links\n");
        world_do(op_look, 0); /* nothing is other than before */
        world_do(op_named, 1);
        hear(bus, &h);
        assert_string_equal(h.changed, "/org/evertape1: Named\n");
        assert_string_equal(h.objects, "");
        world_close(bus);
}

static void test_objects_come_and_go(void **state)
{
        sd_bus *bus = world_open(POLKIT_ABSENT);
        Heard h = {};

        add_library(1);
        world_do(op_nothing, 0);
        listen_to(bus, &h);
        hear(bus, &h);
        assert_int_equal(world_do(world_add_drive, 'b'), 3);
        hear(bus, &h);
        assert_string_equal(h.objects, "+/org/evertape1/device/3\n");
        assert_string_equal(h.changed, "/org/evertape1/library/1: Bays Drives\n");
        check_call(bus, DEVICE("3"), "Forget", BUS_ERROR_IN_USE, "");
        world_do(op_go_away, 3);
        hear(bus, &h);
        check_call(bus, DEVICE("3"), "Forget", NULL, "");
        hear(bus, &h);
        assert_string_equal(h.objects, "-/org/evertape1/device/3\n");
        check_call(bus, DEVICE("3"), "Forget", SD_BUS_ERROR_UNKNOWN_OBJECT, "");
        world_close(bus);
}

/* ---- calls ---- */

static int op_n_holds(Manager *m, int argument)
{
        return (int) m->n_holds;
}

static void test_methods_of_a_device(void **state)
{
        _cleanup_free_ char *name = NULL;
        sd_bus *bus = world_open(POLKIT_ABSENT);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;

        add_library(2);
        check_call(bus, DEVICE("2"), "Hold", NULL, "");
        check_call(bus, MANAGER, "Hold", NULL, "s", "lib1-drive2");
        assert_int_equal(world_do(op_n_holds, 0), 2);
        check_call(bus, DEVICE("2"), "Release", BUS_ERROR_NOT_HELD, "");
        check_call(bus, DEVICE("2"), "Fail", BUS_ERROR_NOTHING_WAITS, "b", 1);
        check_call(bus, DEVICE("2"), "Fail", BUS_ERROR_NOT_HELD, "b", 0);
        check_call(bus, DEVICE("2"), "Rename", BUS_ERROR_INVALID_NAME, "s", "a b");
        check_call(bus, DEVICE("2"), "Rename", NULL, "s", "left");
        name = get_text(bus, "/org/evertape1/device/2", "Name");
        assert_string_equal(name, "left"); /* the path stays */
        check_call(bus, DEVICE("2"), "History", NULL, "t", UINT64_C(0));
        check_call(bus, DEVICE("2"), "Paths", NULL, "");
        check_call(bus, DEVICE("1"), "Elements", NULL, "");
        check_call(bus, DEVICE("2"), "Elements", BUS_ERROR_NO_SUCH_DEVICE, ""); /* a drive has none */
        check_call(bus, DEVICE("1"), "ReadElements", BUS_ERROR_NOT_PRESENT, "");
        check_call(bus, MANAGER, "Attach", BUS_ERROR_FAILED, "s", "iscsi://");
        check_call(bus, MANAGER, "Detach", BUS_ERROR_FAILED, "s", "iscsi://");
        check_call(bus, MANAGER, "Discover", BUS_ERROR_FAILED, "ss", "localhost", "");
        check_call(bus, MANAGER, "Attached", NULL, "");
        check_call(bus, DEVICE("2"), "Replace", BUS_ERROR_NO_SUCH_DEVICE, "s", "nobody");
        assert_true(sd_bus_call_method(bus, SERVICE, MANAGER, "GetDevice", NULL, &reply, "s", "left") >= 0);
        assert_true(sd_bus_message_read(reply, "o", &path) > 0);
        assert_string_equal(path, "/org/evertape1/device/2");
        world_close(bus);
}

static void test_calls_of_wrong_form(void **state)
{
        sd_bus *bus = world_open(POLKIT_ABSENT);

        add_library(1);
        check_call(bus, MANAGER, "Hold", SD_BUS_ERROR_INVALID_ARGS, "u", 1);
        check_call(bus, MANAGER, "Hold", SD_BUS_ERROR_INVALID_ARGS, "");
        check_call(bus, MANAGER, "Hold", SD_BUS_ERROR_INVALID_ARGS, "ss", "a", "b");
        check_call(bus, DEVICE("2"), "Hold", SD_BUS_ERROR_INVALID_ARGS, "s", "lib1-drive1");
        check_call(bus, DEVICE("2"), "List", SD_BUS_ERROR_UNKNOWN_METHOD, "");
        check_call(bus, MANAGER, "None", SD_BUS_ERROR_UNKNOWN_METHOD, "");
        check_call(bus, "/org/evertape1/device/2", PROPERTIES, "Set", SD_BUS_ERROR_PROPERTY_READ_ONLY, "ssv",
                   "org.evertape1.Device", "Name", "s", "x");
        assert_int_equal(world_do(op_n_holds, 0), 0);
        world_close(bus);
}

/* One look at the registry for all that one answer has. */
static int op_n_lists(Manager *m, int argument)
{
        int n = (int) m->n_lists;

        m->n_lists = 0;
        return n;
}

static void test_an_answer_is_one_look(void **state)
{
        sd_bus *bus = world_open(POLKIT_ABSENT);

        add_library(5);
        world_do(op_nothing, 0);
        world_do(op_n_lists, 0);
        check_call(bus, "/org/evertape1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
                   "");
        assert_int_equal(world_do(op_n_lists, 0), 1);
        world_close(bus);
}

/* ---- who may ---- */

#define AS_NOBODY(member, text)                                                                              \
        world_call_as_nobody("/org/evertape1", "org.evertape1.Manager", member, text, false)

static int op_polkit_flags(Manager *m, int argument)
{
        return (int) m->polkit_flags;
}

static int op_asked(Manager *m, int argument)
{
        return m->n_asked == 1 && text_equal(m->asked_action, "org.evertape1.hold") &&
               text_equal(m->asked_device, "lib1-drive1");
}

static bool can_be_nobody(void)
{
        return geteuid() == 0;
}

static void test_without_polkit_only_root_may(void **state)
{
        sd_bus *bus;

        if (!can_be_nobody())
                skip();
        bus = world_open(POLKIT_ABSENT);
        add_library(1);
        assert_string_equal(AS_NOBODY("List", NULL), "");
        assert_string_equal(AS_NOBODY("Show", "lib1-drive1"), "");
        assert_string_equal(AS_NOBODY("ExportNames", NULL), "");
        assert_string_equal(AS_NOBODY("Hold", "lib1-drive1"), SD_BUS_ERROR_ACCESS_DENIED);
        assert_string_equal(AS_NOBODY("Forget", "lib1-drive1"), SD_BUS_ERROR_ACCESS_DENIED);
        assert_string_equal(world_call_as_nobody(DEVICE("2"), "Rename", "mine", true),
                            SD_BUS_ERROR_ACCESS_DENIED);
        assert_int_equal(world_do(op_n_holds, 0), 0);
        world_close(bus);
}

static void test_polkit_decides(void **state)
{
        static const struct {
                PolkitMode mode;
                const char *error;
                int n_holds;
        } rows[] = {
                {POLKIT_YES, "", 1},
                {POLKIT_NO, SD_BUS_ERROR_ACCESS_DENIED, 0},
                {POLKIT_CHALLENGE, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, 0},
        };

        if (!can_be_nobody())
                skip();
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                sd_bus *bus = world_open(rows[i].mode);

                add_library(1);
                assert_string_equal(AS_NOBODY("Hold", "SNa"), rows[i].error); /* its serial number */
                assert_int_equal(world_do(op_n_holds, 0), rows[i].n_holds);
                assert_int_equal(world_do(op_polkit_flags, 0), 0);
                assert_true(world_do(op_asked, 0));
                (void) world_call_as_nobody(DEVICE("2"), "Hold", NULL, true);
                assert_int_equal(world_do(op_polkit_flags, 0), 1);          /* AllowUserInteraction */
                check_call(bus, MANAGER, "Hold", NULL, "s", "lib1-drive1"); /* root is not asked about */
                world_close(bus);
        }
}

static int op_n_asked(Manager *m, int argument)
{
        return (int) m->n_asked;
}

static int op_n_cancelled(Manager *m, int argument)
{
        return (int) m->n_cancelled;
}

static int on_flood_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const int *fd = userdata;

        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_LIMITS_EXCEEDED) > 0)
                (void) !write(*fd, "", 1);
        return 0;
}

/* A user with many calls that polkit does not answer, who then leaves. Writes a byte for each call refused.
 */
static pid_t start_flood(int fd, unsigned n_calls)
{
        pid_t pid = fork();
        sd_bus *bus;

        if (pid != 0)
                return pid;
        if (setresuid(65534, 65534, 65534) < 0 || sd_bus_new(&bus) < 0 ||
            sd_bus_set_address(bus, getenv("EVERTAPE_BUS")) < 0 || sd_bus_set_bus_client(bus, true) < 0 ||
            sd_bus_start(bus) < 0)
                _exit(1);
        for (unsigned i = 0; i < n_calls; i++)
                if (sd_bus_call_method_async(bus, NULL, SERVICE, MANAGER, "Hold", on_flood_answer, &fd, "s",
                                             "lib1-drive1") < 0)
                        _exit(1);
        for (;;) {
                int r = sd_bus_process(bus, NULL);

                if (r < 0 || (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0))
                        _exit(1);
        }
}

static void wait_for(WorldOp op, int value)
{
        for (unsigned i = 0; i < 10000 && world_do(op, 0) < value; i++)
                usleep(1000); /* what another process does is asked for */
        assert_int_equal(world_do(op, 0), value);
}

static void test_who_leaves_is_dropped(void **state)
{
        enum {
                CALLS = 50,
                ALLOWED = 8
        };
        char refused[CALLS];
        sd_bus *bus;
        int fds[2];
        pid_t pid;

        if (!can_be_nobody())
                skip();
        bus = world_open(POLKIT_SILENT);
        add_library(1);
        assert_int_equal(pipe(fds), 0);
        pid = start_flood(fds[1], CALLS);
        for (size_t n = 0; n < CALLS - ALLOWED;) {
                ssize_t r = read(fds[0], refused, sizeof(refused));

                assert_true(r > 0);
                n += (size_t) r;
        }
        wait_for(op_n_asked, ALLOWED);
        check_call(bus, MANAGER, "Hold", NULL, "s", "lib1-drive1"); /* root does not wait behind them */
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        wait_for(op_n_cancelled, ALLOWED);
        assert_int_equal(world_do(op_n_holds, 0), 1);
        world_close(bus);
        close(fds[0]);
        close(fds[1]);
}

/* ---- what it says of itself ---- */

static const struct {
        const char *path, *interface;
} described[] = {
        {"/org/evertape1", "org.evertape1.Manager"},
        {"/org/evertape1/device/2", "org.evertape1.Device"},
        {"/org/evertape1/library/1", "org.evertape1.Library"},
};

/* free() */
static char *introspect(sd_bus *bus, const char *path, const char *interface)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char begin[128], *text;
        const char *xml, *from, *to;

        assert_true(sd_bus_call_method(bus, SERVICE, path, "org.freedesktop.DBus.Introspectable",
                                       "Introspect", NULL, &reply, "") >= 0);
        assert_true(sd_bus_message_read(reply, "s", &xml) > 0);
        snprintf(begin, sizeof(begin), " <interface name=\"%s\">", interface);
        from = strstr(xml, begin);
        assert_non_null(from);
        to = strstr(from, " </interface>\n");
        assert_non_null(to);
        assert_true(
                asprintf(&text,
                         "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                         "\"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
                         "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n<node>\n%.*s"
                         " </interface>\n</node>\n",
                         (int) (to - from), from) > 0);
        return text;
}

static void test_installed_xml_is_true(void **state)
{
        static char file[32768];
        sd_bus *bus = world_open(POLKIT_ABSENT);

        add_library(1);
        for (size_t i = 0; i < ELEMENTSOF(described); i++) {
                _cleanup_free_ char *live = introspect(bus, described[i].path, described[i].interface);
                char path[512];
                ssize_t n;
                int fd;

                snprintf(path, sizeof(path), "%s/%s.xml", xml_directory, described[i].interface);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                assert_true(fd >= 0);
                n = read(fd, file, sizeof(file) - 1);
                assert_true(n > 0);
                file[n] = '\0';
                close(fd);
                assert_string_equal(file, live);
        }
        world_close(bus);
}

static int print(const char *interface)
{
        sd_bus *bus = world_open(POLKIT_ABSENT);

        add_library(1);
        for (size_t i = 0; i < ELEMENTSOF(described); i++)
                if (text_equal(described[i].interface, interface)) {
                        _cleanup_free_ char *live =
                                introspect(bus, described[i].path, described[i].interface);

                        fputs(live, stdout);
                }
        world_close(bus);
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_objects, world_end),
                cmocka_unit_test_teardown(test_no_such_object, world_end),
                cmocka_unit_test_teardown(test_library, world_end),
                cmocka_unit_test_teardown(test_only_what_changed_is_told, world_end),
                cmocka_unit_test_teardown(test_objects_come_and_go, world_end),
                cmocka_unit_test_teardown(test_methods_of_a_device, world_end),
                cmocka_unit_test_teardown(test_calls_of_wrong_form, world_end),
                cmocka_unit_test_teardown(test_an_answer_is_one_look, world_end),
                cmocka_unit_test_teardown(test_without_polkit_only_root_may, world_end),
                cmocka_unit_test_teardown(test_polkit_decides, world_end),
                cmocka_unit_test_teardown(test_who_leaves_is_dropped, world_end),
                cmocka_unit_test_teardown(test_installed_xml_is_true, world_end),
        };

        if (argc < 2)
                return EXIT_FAILURE;
        xml_directory = argv[1];
        if (!world_start())
                return EXIT_SKIP;
        if (argc == 4 && text_equal(argv[2], "print"))
                return print(argv[3]);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
