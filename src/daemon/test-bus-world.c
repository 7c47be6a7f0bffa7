/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertaped is a child, so that a client may wait for its answers. */

#include "daemon/test-bus-world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "daemon/attached.h"
#include "daemon/held-facts.h"
#include "daemon/inventories.h"
#include "names/bay.h"
#include "util/text.h"

static char address[256];
static pid_t bus_pid, daemon_pid;
static int commands = -EBADF;

typedef struct Command {
        WorldOp op;
        int argument;
} Command;

/* ---- the manager of paper ---- */

int manager_list(Manager *m, DeviceView **ret, size_t *ret_n)
{
        _cleanup_free_ RegistryDevice *devices = NULL;
        RegistryDevice library;
        size_t n;
        int r = registry_list(m->registry, &devices, &n);

        if (r < 0)
                return r;
        m->n_lists++;
        *ret = calloc(n + 1, sizeof(**ret));
        *ret_n = n;
        for (size_t i = 0; i < n; i++) {
                DeviceView *v = &(*ret)[i];

                *v = (DeviceView){.manager = m, .device = devices[i]};
                if (m->present[devices[i].id])
                        v->real = &m->paths[devices[i].id];
                v->n_real = m->present[devices[i].id];
                if (registry_find_id(m->registry, devices[i].library, &library) >= 0)
                        memcpy(v->library, library.name, sizeof(v->library));
        }
        return 0;
}

int manager_find(Manager *m, const char *name, DeviceView *ret)
{
        _cleanup_free_ DeviceView *views = NULL;
        size_t n;
        int r = manager_list(m, &views, &n);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (text_equal(views[i].device.name, name) ||
                    text_equal(views[i].device.identity.serial, name)) {
                        *ret = views[i];
                        return 0;
                }
        return -ENOENT;
}

int manager_find_or_refuse(Manager *m, const char *name, DeviceView *ret, sd_bus_error *error)
{
        int r = manager_find(m, name, ret);

        return r < 0 ? sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_DEVICE, "%s: no such device", name) : r;
}

int manager_refuse(sd_bus_error *error, const char *name, int r, const char *format, ...)
{
        (void) sd_bus_error_set(error, name, format);
        return r;
}

int manager_hold(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error)
{
        DeviceView v;
        int r = manager_find_or_refuse(m, name, &v, error);

        if (r < 0)
                return r;
        m->n_holds++;
        return sd_bus_reply_method_return(call, "");
}

int manager_release(Manager *m, const char *name, sd_bus_message *call, sd_bus_error *error)
{
        return manager_refuse(error, BUS_ERROR_NOT_HELD, -EALREADY, "is not held");
}

int manager_fail(Manager *m, const char *name, bool once, sd_bus_error *error)
{
        return manager_refuse(error, once ? BUS_ERROR_NOTHING_WAITS : BUS_ERROR_NOT_HELD, -EALREADY, "none");
}

bool manager_find_user(const DeviceView *v, DeviceUser *ret)
{
        return false;
}

bool manager_is_named(const Manager *m)
{
        return m->named;
}

Registry *manager_registry(Manager *m)
{
        return m->registry;
}

int manager_root(const Manager *m)
{
        return AT_FDCWD;
}

InfMatch manager_match(const Manager *m, const Identity *identity)
{
        return (InfMatch){};
}

size_t manager_paths(const Manager *m, const DevicePath **ret)
{
        *ret = m->paths;
        return 0;
}

void manager_add_event(Manager *m, uint32_t device, const char *event, const char *text)
{
        (void) registry_add_event(m->registry, device, 1, event, text);
}

void manager_add_forgotten(Manager *m, uint32_t device, const char *name)
{
}

void manager_names_changed(Manager *m)
{
        bus_look_again(m->bus);
}

void manager_name_changed(Manager *m, const RegistryDevice *device, const Identity *before)
{
        bus_look_again(m->bus);
}

Inventories *manager_inventories(const Manager *m)
{
        return NULL;
}

void inventories_view(Inventories *all, uint32_t library, bool held, InventoryView *ret)
{
        static const Inventory empty;

        *ret = (InventoryView){.inventory = &empty, .problem = "not read yet"};
}

int inventories_read(Inventories *all, const RegistryDevice *device, sd_bus_message *call,
                     sd_bus_error *error)
{
        return manager_refuse(error, BUS_ERROR_NOT_PRESENT, -ENODEV, "cannot be asked now");
}

Attached *manager_attached(Manager *m)
{
        return NULL;
}

int attached_look(Attached *a, const char *url, bool remember, sd_bus_message *call, sd_bus_error *error)
{
        return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, remember ? "no URL" : "nothing there");
}

int attached_discover(Attached *a, const char *portal, const char *user, sd_bus_message *call,
                      sd_bus_error *error)
{
        return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, "no portal");
}

int attached_detach(Attached *a, const char *what, sd_bus_error *error)
{
        return manager_refuse(error, BUS_ERROR_FAILED, -ENOENT, "is not attached");
}

int attached_append(Attached *a, sd_bus_message *answer)
{
        return sd_bus_message_append(answer, "aa{sv}", 0);
}

void held_facts(const Held *h, usec_t now, HeldFacts *ret)
{
}

const char *held_state(const Held *h)
{
        return "held";
}

const char *held_reason(const Held *h)
{
        return "";
}

void held_look_at_paths(Held *h)
{
}

/* ---- ops ---- */

static int add_device(Manager *m, DeviceType type, char letter, RegistryDevice *ret)
{
        Identity id = {.type = type, .rank = IDENTITY_NAA, .vendor = "HP", .product = "Ultrium"};

        snprintf(id.key, sizeof(id.key), "naa.500000000000000%c", letter);
        snprintf(id.serial, sizeof(id.serial), "SN%c", letter);
        return registry_add(m->registry, &id, 1, ret);
}

static int appear(Manager *m, const RegistryDevice *d)
{
        m->present[d->id] = true;
        snprintf(m->paths[d->id].sg, sizeof(m->paths[d->id].sg), "sg%u", d->id);
        bus_look_again(m->bus);
        return (int) d->id;
}

int world_add_changer(Manager *m, int argument)
{
        RegistryDevice d;
        int r = add_device(m, DEVICE_CHANGER, 'f', &d);

        return r < 0 ? r : appear(m, &d);
}

int world_add_drive(Manager *m, int letter)
{
        Identity drives[8] = {};
        BayDrive bays[8] = {};
        LibrariesThere there = {(const uint32_t[]){1}, 1};
        BayChange *changes = NULL;
        RegistryDevice d;
        size_t n_changes, n = 0;
        int r;

        for (char c = 'a'; c <= letter && n < 8; c++, n++) {
                drives[n] = (Identity){.type = DEVICE_TAPE, .rank = IDENTITY_NAA, .vendor = "HP"};
                snprintf(drives[n].key, sizeof(drives[n].key), "naa.500000000000000%c", c);
                snprintf(drives[n].serial, sizeof(drives[n].serial), "SN%c", c);
                bays[n] = (BayDrive){
                        .element = (uint16_t) (256 + n), .ordinal = (unsigned) n + 1, .drive = &drives[n]};
        }
        r = registry_update_bays(m->registry, 1, bays, n, &there, FOLLOW_BAY, 1, &changes, &n_changes);
        free(changes);
        if (r >= 0)
                r = registry_find(m->registry, &drives[n - 1], &d);
        return r < 0 ? r : appear(m, &d);
}

/* ---- polkit ---- */

static int on_check(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *kind, *key, *action, *detail, *device;
        Manager *m = userdata;
        int r;

        r = sd_bus_message_read(call, "(sa{sv})s", &kind, 1, &key, "s", &detail, &action);
        if (r >= 0)
                r = sd_bus_message_read(call, "a{ss}u", 1, &detail, &device, &m->polkit_flags);
        if (r < 0)
                return r;
        snprintf(m->asked_action, sizeof(m->asked_action), "%s", action);
        snprintf(m->asked_device, sizeof(m->asked_device), "%s", device);
        m->n_asked++;
        if (m->polkit == POLKIT_SILENT)
                return 1;
        return sd_bus_reply_method_return(call, "(bba{ss})", m->polkit == POLKIT_YES,
                                          m->polkit == POLKIT_CHALLENGE, 0);
}

static int on_cancel(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Manager *m = userdata;

        m->n_cancelled++;
        return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable authority[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_check,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CancelCheckAuthorization", "s", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int connect_as_client(sd_bus **ret)
{
        sd_bus *bus;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        *ret = bus;
        return r;
}

static int start_polkit(Manager *m)
{
        int r = connect_as_client(&m->polkit_bus);

        if (r >= 0)
                r = sd_bus_add_object_vtable(m->polkit_bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.PolicyKit1.Authority", authority, m);
        if (r >= 0)
                r = sd_bus_request_name(m->polkit_bus, "org.freedesktop.PolicyKit1", 0);
        return r < 0 ? r : sd_bus_attach_event(m->polkit_bus, m->event, 0);
}

/* ---- life ---- */

static int on_command(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Command c;
        int answer;

        if (read(fd, &c, sizeof(c)) != sizeof(c))
                return sd_event_exit(sd_event_source_get_event(source), 0);
        answer = c.op(userdata, c.argument);
        return write(fd, &answer, sizeof(answer)) == sizeof(answer) ? 0 : -EIO;
}

static int serve(int fd, PolkitMode polkit)
{
        sd_event_source *source = NULL;
        static Manager m;
        int r;

        m.polkit = polkit;
        r = registry_open(":memory:", &m.registry);
        if (r >= 0)
                r = sd_event_new(&m.event);
        if (r >= 0)
                r = bus_open(m.event, &m, &m.bus);
        if (r >= 0 && polkit != POLKIT_ABSENT)
                r = start_polkit(&m);
        if (r >= 0)
                r = sd_event_add_io(m.event, &source, fd, EPOLLIN, on_command, &m);
        if (r >= 0)
                r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
        if (r < 0 || write(fd, &r, sizeof(r)) != sizeof(r))
                return 1;
        r = sd_event_loop(m.event);
        sd_event_source_unref(source);
        m.bus = bus_free(m.bus);
        m.polkit_bus = sd_bus_flush_close_unref(m.polkit_bus);
        m.event = sd_event_unref(m.event);
        m.registry = registry_close(m.registry);
        return r < 0;
}

sd_bus *world_open(PolkitMode polkit)
{
        sd_bus *bus;
        int pair[2], ready;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        daemon_pid = fork();
        if (daemon_pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(pair[0]);
                exit(serve(pair[1], polkit));
        }
        close(pair[1]);
        commands = pair[0];
        assert_int_equal(read(commands, &ready, sizeof(ready)), sizeof(ready));
        assert_true(connect_as_client(&bus) >= 0);
        return bus;
}

void world_close(sd_bus *bus)
{
        int status;

        sd_bus_flush_close_unref(bus);
        close(commands);
        assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
        daemon_pid = 0;
        assert_int_equal(status, 0);
}

int world_end(void **state)
{
        if (daemon_pid > 0) {
                kill(daemon_pid, SIGKILL);
                waitpid(daemon_pid, NULL, 0);
        }
        daemon_pid = 0;
        return 0;
}

int world_do(WorldOp op, int argument)
{
        Command c = {op, argument};
        int answer;

        assert_int_equal(write(commands, &c, sizeof(c)), sizeof(c));
        assert_int_equal(read(commands, &answer, sizeof(answer)), sizeof(answer));
        return answer;
}

static void call_as_nobody(int fd, const char *path, const char *interface, const char *member,
                           const char *text, bool interactive)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call, *reply;
        sd_bus *bus;
        int r = setresuid(65534, 65534, 65534);

        if (r >= 0)
                r = connect_as_client(&bus);
        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &call, "org.evertape1", path, interface, member);
        if (r >= 0 && text)
                r = sd_bus_message_append(call, "s", text);
        if (r >= 0 && interactive)
                r = sd_bus_message_set_allow_interactive_authorization(call, true);
        if (r >= 0)
                r = sd_bus_call(bus, call, 0, &error, &reply);
        if (r < 0)
                dprintf(fd, "%s", error.name ? error.name : strerror(-r));
        _exit(0);
}

const char *world_call_as_nobody(const char *path, const char *interface, const char *member,
                                 const char *text, bool interactive)
{
        static char name[256];
        int fds[2];
        ssize_t n;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
                call_as_nobody(fds[1], path, interface, member, text, interactive);
        close(fds[1]);
        n = read(fds[0], name, sizeof(name) - 1);
        name[n > 0 ? n : 0] = '\0';
        close(fds[0]);
        waitpid(pid, NULL, 0);
        return name;
}

static bool write_config(char *path)
{
        int fd = mkstemp(path);

        if (fd < 0)
                return false;
        /* every user may connect: who may do what is evertaped's to say here */
        dprintf(fd, "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
                    "<policy context='default'><allow user='*'/><allow own='*'/>"
                    "<allow send_destination='*'/><allow receive_sender='*'/></policy></busconfig>");
        close(fd);
        return true;
}

bool world_start(void)
{
        char config[] = "/tmp/evertape-test-bus-XXXXXX", option[64];
        int fds[2];
        FILE *f;

        if (!write_config(config) || pipe2(fds, O_CLOEXEC) < 0)
                return false;
        snprintf(option, sizeof(option), "--config-file=%s", config);
        bus_pid = fork();
        if (bus_pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(fds[1], STDOUT_FILENO);
                dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
                execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile", "--print-address",
                       NULL);
                _exit(127);
        }
        close(fds[1]);
        f = fdopen(fds[0], "r");
        if (!f || !fgets(address, sizeof(address), f))
                address[0] = '\0';
        (void) unlink(config);
        address[strcspn(address, "\n")] = '\0';
        setenv("EVERTAPE_BUS", address, 1);
        return address[0] != '\0';
}
