/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers as man/org.evertape1.5.scd says, or as a mode says it should not. */

#include "ctl/fake-daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ctl/ctl-bus.h"
#include "ctl/fake-elements.h"
#include "util/text.h"

typedef struct FakeDevice {
        const char *name, *kind, *state, *reason;
        int held;
        const char *vendor, *product, *serial, *node, *sg, *changer, *real, *link1, *link2;
        uint64_t since, outages, last_outage, commands, written, read;
        const char *position;
        const char *user;
        uint32_t pid;
} FakeDevice;

/* 2026-11-23 14:01:02 UTC */
#define SINCE (UINT64_C(1795442462) * 1000000)

/* clang-format off */
static FakeDevice library[] = {
        {"lib1-drive2", "tape", "present", "", 0, "HP", "Ultrium 3-SCSI", "DRV0002", "/dev/nst1", "/dev/sg2", "",
         "/dev/sg2", "/dev/tape/by-name/lib1-drive2-nst", NULL, SINCE, 0, 0, 0, 0, 0, "", "", 0},
        {"lib1-drive1", "tape", "resuming", "reading back 12 blocks", 1, "HP", "Ultrium 3-SCSI", "DRV0001",
         "/dev/nst7", "/dev/sg9", "", "/dev/sg3", "/dev/tape/by-name/lib1-drive1-nst",
         "/dev/tape/by-name/lib1-drive1-sg", SINCE, 2, 132500000, 48211, 1610612736, 1023, "block 1234, file 2",
         "bacula-sd", 4711},
        {"lib1", "changer", "present", "", 0, "STK", "L700", "LIB0001", "/dev/sg1", "/dev/sg1", "/dev/sch0",
         "/dev/sg1", "/dev/tape/by-name/lib1-changer", NULL, SINCE, 0, 0, 3, 0, 0, "", "", 0},
};
static FakeDevice hostile[] = {
        {"лента-10", "tape", "present", "\033[2Jgone\r\n\177 \xc2\x9b" "31m", 0, "V\"\\", "磁带机", "a\tb", "/dev/nst0", "",
         "", "", "/dev/one\ntwo", "/dev/three", 0, 0, 0, 0, 0, 0, "", "", 0},
        {"лента-2", "tape", "present", "", 0, "HP", "x", "S2", "", "", "", "", NULL, NULL, 0, 0, 0, 0, 0, 0, "", "", 0},
};
static FakeDevice hostile_library[] = {
        {"lib<b>", "changer", "present", "</title><script>alert(1)</script>", 0, "A&B", "\"'>", "S1", "/dev/sg1", "", "", "", NULL,
         NULL, 0, 0, 0, 0, 0, 0, "", "", 0},
        {"drive\"\\1", "tape", "held", "]]>&lt;", 1, "V", "P", "S\n2", "/dev/nst0", "", "", "", NULL, NULL, 0, 1, 0, 0, 0, 0,
         "", "<img src=x onerror=alert(2)>", 7},
};
static FakeDevice large[] = {
        {"big", "tape", "held", "", 1, "V", "P", "S", "/dev/nst0", "", "", "", NULL, NULL, UINT64_MAX, UINT64_MAX,
         UINT64_MAX, UINT64_MAX, UINT64_MAX, 1023 * 1024, "", "p", UINT32_MAX},
};
/* clang-format on */

typedef struct Fake {
        FakeMode mode;
        FakeDevice *devices;
        size_t n_devices;
        int calls_fd;
} Fake;

static int append_text(sd_bus_message *m, const char *key, const char *text)
{
        return sd_bus_message_append(m, "{sv}", key, "s", text);
}

static int append_number(sd_bus_message *m, const char *key, uint64_t number)
{
        return sd_bus_message_append(m, "{sv}", key, "t", number);
}

/* What a mode puts before and in place of what is right. */
static int append_oddities(sd_bus_message *m, FakeMode mode)
{
        if (mode == FAKE_WRONG_TYPE)
                return append_text(m, "Outages", "many");
        if (mode == FAKE_WRONG_LIST)
                return sd_bus_message_append(m, "{sv}", "Links", "at", 1, UINT64_C(5));
        if (mode == FAKE_FUTURE)
                return sd_bus_message_append(m, "{sv}{sv}{sv}", "Encryption", "(sa{sv})", "aes", 0, "Heads",
                                             "ai", 2, 1, 2, "Name", "s", "overwritten below");
        return 0;
}

static void append_activity(sd_bus_message *m)
{
        append_text(m, "Cartridge", "E00001L3");
        append_text(m, "Motion", "resume");
        append_text(m, "MotionDetail", "compare");
        append_text(m, "Progress", "42 %");
        append_text(m, "OutageCause", "the path to the device is gone");
        append_number(m, "OutageBegan", SINCE);
        append_number(m, "Rate", 81250000);
        append_number(m, "Replayed", 3);
        append_number(m, "JournalFill", 3145728);
        append_number(m, "JournalSize", 268435456);
}

static int append_rest(sd_bus_message *m, const Fake *f, const FakeDevice *d)
{
        char bay[16] = "";
        unsigned drive;

        append_text(m, "Vendor", d->vendor);
        append_text(m, "Product", d->product);
        append_text(m, "Revision", "G24W");
        append_text(m, "Serial", d->serial);
        append_text(m, "Identity", "naa.5000e11100000001");
        append_text(m, "Library", strncmp(d->name, "lib1-", 5) == 0 ? "lib1" : "");
        if (sscanf(d->name, "lib1-drive%u", &drive) == 1)
                snprintf(bay, sizeof(bay), "%u", 255 + drive);
        append_text(m, "Bay", bay);
        append_text(m, "Note", text_equal(d->name, "big") ? "same serial number as lib1-drive1" : "");
        append_text(m, "Profile",
                    f->mode == FAKE_UNKNOWN_MODELS || text_equal(d->kind, "changer") ? "generic" : "lto");
        append_text(m, "ProfileFrom",
                    f->mode == FAKE_UNKNOWN_MODELS ? "" : "/usr/share/evertape/tape.inf:57");
        append_text(m, "Node", d->node);
        append_text(m, "GenericNode", d->sg);
        append_text(m, "ChangerNode", d->changer);
        append_text(m, "RealNode", d->real);
        append_number(m, "PathCount", 1);
        sd_bus_message_append(m, "{sv}", "Links", "as", (d->link1 != NULL) + (d->link2 != NULL), d->link1,
                              d->link2);
        append_number(m, "Since", d->since);
        append_number(m, "Outages", d->outages);
        append_number(m, "LastOutage", d->last_outage);
        append_number(m, "Commands", d->commands);
        append_number(m, "BytesWritten", d->written);
        append_number(m, "BytesRead", d->read);
        append_text(m, "Position", d->position);
        append_number(m, "Timeout", d->outages == UINT64_MAX ? UINT64_MAX : UINT64_C(900000000));
        if (f->mode == FAKE_LARGE_LIBRARY)
                fake_append_facts(m);
        append_text(m, "User", d->user);
        if (d->pid == 4711)
                append_activity(m);
        return sd_bus_message_append(m, "{sv}", "UserPid", "u", d->pid);
}

static int append_device(sd_bus_message *m, const Fake *f, const FakeDevice *d)
{
        if (f->mode == FAKE_WRONG_VARIANT)
                return sd_bus_message_append(m, "a{ss}", 1, "Name", d->name);
        sd_bus_message_open_container(m, 'a', "{sv}");
        append_oddities(m, f->mode);
        if (f->mode != FAKE_NAMELESS)
                append_text(m, "Name", d->name);
        append_text(m, "Kind", d->kind);
        append_text(m, "State", d->state);
        append_text(m, "Reason", d->reason);
        sd_bus_message_append(m, "{sv}", "Held", "b", d->held);
        append_rest(m, f, d);
        return sd_bus_message_close_container(m);
}

/* Sends the reply and notes that it has been sent. */
static int answer(const Fake *f, sd_bus_message *reply)
{
        sd_bus *bus = sd_bus_message_get_bus(reply);
        int r = sd_bus_send(bus, reply, NULL);

        sd_bus_flush(bus);
        if (f->calls_fd >= 0)
                (void) !write(f->calls_fd, "", 1);
        return r;
}

static int on_list(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        const Fake *f = userdata;

        sd_bus_message_new_method_return(call, &reply);
        if (f->mode == FAKE_WRONG_REPLY) {
                sd_bus_message_append(reply, "as", 1, "lib1");
                return answer(f, reply);
        }
        sd_bus_message_open_container(reply, 'a', f->mode == FAKE_WRONG_VARIANT ? "a{ss}" : "a{sv}");
        for (size_t i = 0; i < f->n_devices; i++)
                append_device(reply, f, &f->devices[i]);
        sd_bus_message_close_container(reply);
        return answer(f, reply);
}

static FakeDevice *find_device(const Fake *f, sd_bus_message *call, sd_bus_error *error)
{
        const char *name = "";

        sd_bus_message_read(call, "s", &name);
        for (size_t i = 0; i < f->n_devices; i++) {
                FakeDevice *d = &f->devices[i];

                if (text_equal(d->name, name) || text_equal(d->serial, name) || text_equal(d->node, name))
                        return d;
        }
        sd_bus_error_setf(error, "org.evertape1.Error.NoSuchDevice",
                          "no device is called '%s'; see: evertape list", name);
        return NULL;
}

static int on_show(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        const Fake *f = userdata;
        const FakeDevice *d = find_device(f, call, error);

        if (!d)
                return -ENOENT;
        sd_bus_message_new_method_return(call, &reply);
        if (f->mode == FAKE_WRONG_REPLY)
                sd_bus_message_append(reply, "s", d->name);
        else
                append_device(reply, f, d);
        return answer(f, reply);
}

/* A held device has three, one of which is gone; the hostile one says what is no text for a terminal. */
static int on_paths(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        const Fake *f = userdata;
        const FakeDevice *d = find_device(f, call, error);

        if (!d)
                return -ENOENT;
        sd_bus_message_new_method_return(call, &reply);
        if (f->mode == FAKE_WRONG_PATHS) {
                sd_bus_message_append(reply, "aa{sv}", 1, 1, "Commands", "s", "many");
                return sd_bus_send(NULL, reply, NULL);
        }
        sd_bus_message_open_container(reply, 'a', "a{sv}");
        if (d->held || f->mode == FAKE_HOSTILE)
                sd_bus_message_append(reply, "a{sv}a{sv}a{sv}", 8, "Node", "s", "/dev/sg3", "State", "s",
                                      "active", "Address", "s", "2:0:0:0", "Transport", "s", "sas 0x5000c5",
                                      "Since", "t", SINCE, "Commands", "t", UINT64_C(48000), "Bytes", "t",
                                      UINT64_C(1048576), "Weight", "d", 1.5, 6, "Node", "s", "/dev/sg5",
                                      "State", "s", "flapping", "Address", "s", "3:0:0:0", "Outages", "t",
                                      UINT64_C(7), "Since", "t", SINCE, "LastError", "s",
                                      f->mode == FAKE_HOSTILE ? "\033[2J\"" : "transport disrupted", 1,
                                      "State", "s", "failed");
        sd_bus_message_close_container(reply);
        return sd_bus_send(NULL, reply, NULL);
}

static int on_elements(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        const Fake *f = userdata;

        if (!find_device(f, call, error))
                return -ENOENT;
        sd_bus_message_new_method_return(call, &reply);
        if (f->mode == FAKE_WRONG_REPLY)
                sd_bus_message_append(reply, "s", "none");
        else
                fake_append_elements(reply, f->mode, SINCE);
        return sd_bus_send(NULL, reply, NULL);
}

static int on_read_elements(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        if (!find_device(userdata, call, error))
                return -ENOENT;
        if (((const Fake *) userdata)->mode == FAKE_HOSTILE_LIBRARY)
                return sd_bus_error_setf(error, "org.evertape1.Error.Failed",
                                         "its elements could not be read: NOT READY 04/03");
        return sd_bus_reply_method_return(call, "");
}

static int on_fail(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const FakeDevice *d = find_device(userdata, call, error);
        int once = 0;

        if (!d)
                return -ENOENT;
        sd_bus_message_read(call, "b", &once);
        if (!d->held || once)
                return sd_bus_error_setf(error, "org.evertape1.Error.NothingWaits",
                                         "%s: no program waits for it%s", d->name, once ? " now" : "");
        return sd_bus_reply_method_return(call, "");
}

static int change(sd_bus_message *call, Fake *f, FakeDevice *d, bool hold)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *signal = NULL;

        d->held = hold;
        d->state = hold ? "held" : "present";
        d->reason = hold ? "" : "released";
        sd_bus_message_new_signal(sd_bus_message_get_bus(call), &signal, BUS_PATH, BUS_INTERFACE, "Changed");
        append_device(signal, f, d);
        sd_bus_send(NULL, signal, NULL);
        return sd_bus_reply_method_return(call, "");
}

static int on_hold(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        FakeDevice *d = find_device(userdata, call, error);

        if (!d)
                return -ENOENT;
        if (d->held)
                return sd_bus_error_setf(error, "org.evertape1.Error.AlreadyHeld", "%s is held already",
                                         d->name);
        if (text_equal(d->name, "lib1"))
                return sd_bus_error_setf(error, "org.evertape1.Error.InUse",
                                         "%s is open by mtx (pid 99); end that first", d->name);
        return change(call, userdata, d, true);
}

static int on_release(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        FakeDevice *d = find_device(userdata, call, error);

        if (!d)
                return -ENOENT;
        if (!d->held)
                return sd_bus_error_setf(error, "org.evertape1.Error.NotHeld", "%s is not held", d->name);
        return change(call, userdata, d, false);
}

/* ---- names ---- */

static int on_rename(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        FakeDevice *d = find_device(userdata, call, error);
        const char *name = "";

        if (!d)
                return -ENOENT;
        sd_bus_message_read(call, "s", &name);
        if (text_equal(name, "lib1"))
                return sd_bus_error_setf(error, "org.evertape1.Error.NameTaken", "%s: 'lib1' is taken",
                                         d->name);
        d->name = strdup(name);
        return sd_bus_reply_method_return(call, "");
}

static int on_replace(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        FakeDevice *d = find_device(userdata, call, error);
        const char *with = "";

        if (!d)
                return -ENOENT;
        sd_bus_message_read(call, "s", &with);
        d->serial = strdup(with);
        return sd_bus_reply_method_return(call, "");
}

static int on_forget(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        FakeDevice *d = find_device(userdata, call, error);

        if (!d)
                return -ENOENT;
        if (text_equal(d->name, "lib1"))
                return sd_bus_error_setf(error, "org.evertape1.Error.InUse", "lib1: is there");
        return sd_bus_reply_method_return(call, "");
}

static int on_export(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(call, "s", "# evertape names, version 1\n");
}

/* Says what it was given. */
static int on_import(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        char report[256];
        const char *text;
        int dry;

        if (sd_bus_message_read(call, "sb", &text, &dry) < 0)
                return -EBADMSG;
        snprintf(report, sizeof(report), "%s: %.20s\n", dry ? "dry" : "wet", text);
        return sd_bus_reply_method_return(call, "bs", text[0] == '#', report);
}

static int on_history(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *name;
        uint64_t since;

        if (sd_bus_message_read(call, "st", &name, &since) < 0)
                return -EBADMSG;
        if (text_equal(name, "nobody"))
                return sd_bus_error_setf(error, "org.evertape1.Error.NoSuchDevice", "nobody: no such device");
        if (since > SINCE || ((const Fake *) userdata)->mode == FAKE_EMPTY)
                return sd_bus_reply_method_return(call, "a(tsss)", 0);
        if (text_equal(name, "lib1-drive1"))
                return sd_bus_reply_method_return(
                        call, "a(tsss)", 6, SINCE, name, "away", "the path is gone", SINCE + 12000000, name,
                        "resumed", "after 12s 400ms, 3 objects written again", SINCE + 20000000, name,
                        "reset", "29/00", SINCE + 21000000, name, "resumed",
                        "after 1s, 0 objects written again", SINCE + 30000000, name, "failed",
                        "another cartridge is in the drive", SINCE + 31000000, name, "resumed",
                        "in a form of another version");
        return sd_bus_reply_method_return(call, "a(tsss)", 2, SINCE, name[0] ? name : "lib1", "arrived",
                                          "sg3", SINCE, "", "replaced", "now\033[2J B, before A");
}

/* ---- iSCSI ---- */

static int on_attached(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        if (((const Fake *) userdata)->mode == FAKE_EMPTY)
                return sd_bus_reply_method_return(call, "aa{sv}", 0);
        return sd_bus_reply_method_return(
                call, "aa{sv}", 2, 5, "Url", "s", "iscsi://10.0.0.1/iqn.2026-11.example:lib", "State", "s",
                "online", "Since", "t", SINCE, "Devices", "u", 2, "Later", "(ss)", "a", "b", 6, "Url", "s",
                "iscsi://10.0.0.2/iqn.2026-11.example:lib", "State", "s", "offline", "Reason", "s",
                "no route to host", "Since", "t", SINCE, "Devices", "u", 2, "Held", "u", 1);
}

/* Attach and Look. */
static int on_look(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(call, "a(usssbs)", 2, 0, "changer", "STK", "L700", 1, "LIB0001", 1,
                                          "tape", "HP", "Ultrium 3-SCSI", 1, "a\033b");
}

static int on_discover(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(call, "a(ss)", 1, "iqn.2026-11.example:lib", "10.0.0.1:3260");
}

/* No vtable: it would not let a mode answer with a wrong signature. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        static const struct {
                const char *member;
                sd_bus_message_handler_t handler;
        } methods[] = {{"List", on_list},          {"Show", on_show},
                       {"Hold", on_hold},          {"Release", on_release},
                       {"Rename", on_rename},      {"Replace", on_replace},
                       {"Forget", on_forget},      {"ExportNames", on_export},
                       {"ImportNames", on_import}, {"History", on_history},
                       {"Paths", on_paths},        {"Fail", on_fail},
                       {"Elements", on_elements},  {"ReadElements", on_read_elements},
                       {"Attached", on_attached},  {"Attach", on_look},
                       {"Look", on_look},          {"Discover", on_discover}};

        FakeMode mode = ((const Fake *) userdata)->mode;

        if (mode == FAKE_DIES)
                _exit(1);
        if (mode == FAKE_CHALLENGES && sd_bus_message_get_allow_interactive_authorization(m) > 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "please");
        if (mode == FAKE_DENIES || mode == FAKE_CHALLENGES)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "no");
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (sd_bus_message_is_method_call(m, BUS_INTERFACE, methods[i].member) > 0)
                        return methods[i].handler(m, userdata, error);
        return 0;
}

/* lib1 and its drives, in as many states as there are. */
static size_t make_large_library(FakeDevice *devices, size_t n)
{
        static const struct {
                const char *state, *reason, *user;
                int held;
        } rows[] = {{"held", "", "bacula-sd", 1},
                    {"held", "", "bacula-sd", 1},
                    {"resuming", "reading back 12 blocks", "bacula-sd", 1},
                    {"away", "the path is gone", "bacula-sd", 1},
                    {"held", "", "", 1},
                    {"failed", "the cartridge was changed", "tar", 1},
                    {"present", "", "", 0},
                    {"absent", "", "", 0}};

        devices[0] = library[2];
        devices[0].held = true;
        devices[0].state = "held";
        for (size_t i = 1; i < n; i++) {
                FakeDevice *d = &devices[i];

                *d = library[1];
                (void) !asprintf((char **) &d->name, "lib1-drive%zu", i);
                (void) !asprintf((char **) &d->serial, "DRV%04zu", i);
                (void) !asprintf((char **) &d->node, "/dev/nst%zu", i);
                d->product = "ULT3580-TD8";
                d->vendor = "IBM";
                d->state = rows[i - 1].state;
                d->reason = rows[i - 1].reason;
                d->user = rows[i - 1].user;
                d->held = rows[i - 1].held;
        }
        return n;
}

static void fake_choose_devices(Fake *f)
{
        static FakeDevice eight[1 + 8];
        const struct {
                FakeMode mode;
                FakeDevice *devices;
                size_t n;
        } rows[] = {
                {FAKE_HOSTILE, hostile, ELEMENTSOF(hostile)},
                {FAKE_HOSTILE_LIBRARY, hostile_library, ELEMENTSOF(hostile_library)},
                {FAKE_LARGE, large, ELEMENTSOF(large)},
                {FAKE_LARGE_LIBRARY, eight, make_large_library(eight, ELEMENTSOF(eight))},
                {FAKE_EMPTY, NULL, 0},
        };

        f->devices = library;
        f->n_devices = ELEMENTSOF(library);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].mode == f->mode) {
                        f->devices = rows[i].devices;
                        f->n_devices = rows[i].n;
                }
        for (size_t i = 0; f->mode == FAKE_ALL_HELD && i < f->n_devices; i++) {
                f->devices[i].held = true;
                f->devices[i].state = "held";
        }
}

static int fake_run(const char *address, Fake *f, int ready_fd)
{
        sd_bus *bus;
        int r;

        fake_choose_devices(f);
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 ||
            sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0 ||
            sd_bus_add_object(bus, NULL, BUS_PATH, on_message, f) < 0 ||
            sd_bus_request_name(bus, BUS_SERVICE, 0) < 0 || write(ready_fd, "", 1) != 1)
                return 1;
        close(ready_fd);
        for (;;) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return 1;
        }
}

pid_t fake_daemon_start(const char *address, FakeMode mode, int calls_fd)
{
        Fake f = {.mode = mode, .calls_fd = calls_fd};
        int ready[2];
        char byte;
        pid_t pid;

        if (pipe(ready) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(ready[0]);
                _exit(fake_run(address, &f, ready[1]));
        }
        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1) {
                fake_daemon_stop(pid);
                pid = -EIO;
        }
        close(ready[0]);
        return pid;
}

void fake_daemon_stop(pid_t pid)
{
        if (pid <= 0)
                return;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

pid_t fake_bus_start(char *address, size_t n_address)
{
        _cleanup_fclose_ FILE *f = NULL;
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(fds[1], STDOUT_FILENO);
                dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* it warns of limits */
                execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile",
                       "--address=unix:tmpdir=/tmp", "--print-address", NULL);
                _exit(127);
        }
        close(fds[1]);
        f = fdopen(fds[0], "r");
        if (pid < 0 || !f || !fgets(address, (int) n_address, f))
                return -ENOENT;
        address[strcspn(address, "\n")] = '\0';
        return setenv("EVERTAPE_BUS", address, 1) < 0 ? -errno : pid;
}
