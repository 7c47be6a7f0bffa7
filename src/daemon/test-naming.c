/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who gets which name, and when; which libraries are asked, when, and what becomes of the answers. The
 * registry is a real one; the test stands in for the manager and for the reader of elements. */

#include "daemon/naming.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/element-reader.h"
#include "daemon/events.h"
#include "daemon/inventories.h"
#include "daemon/naming-internal.h"
#include "identity/inf-table.h"
#include "names/registry.h"
#include "scsi/vpd.h"
#include "util/bytes.h"

#define N_PATHS_MAX 80
#define MS          ((uint64_t) 1000)

struct Manager {
        sd_event *event;
        Registry *registry;
        DevicePath paths[N_PATHS_MAX], old[N_PATHS_MAX];
        size_t n_paths, n_old;
        bool askable;
        BayFollow follow;
        unsigned n_dropped;
        char told[4096]; /* "lib1-drive1 arrived\n" ... */
};

static Manager manager;
static Naming *naming;
static char database[] = "/tmp/test-naming-XXXXXX";

/* ---- what stands in ---- */

typedef struct Question {
        ElementReader *reader;
        char node[16];
        ElementReaderDone done;
        void *userdata;
} Question;

struct ElementReader {
        Question *question;
};

static Question questions[4];
static unsigned n_asked;
static int reader_error;

int element_reader_new(sd_event *e, const char *node, const ElementStatusRequest *request,
                       ElementReaderDone done, void *userdata, ElementReader **ret)
{
        Question *q = questions;

        if (reader_error < 0)
                return reader_error;
        assert_int_equal(request->type, ELEMENT_DRIVE);
        assert_true(request->device_ids);
        while (q->reader) {
                assert_string_not_equal(q->node, node); /* one question at a time */
                assert_true(++q < questions + ELEMENTSOF(questions));
        }
        *q = (Question){.reader = calloc(1, sizeof(*q->reader)), .done = done, .userdata = userdata};
        assert_non_null(q->reader);
        q->reader->question = q;
        snprintf(q->node, sizeof(q->node), "%s", node);
        n_asked++;
        *ret = q->reader;
        return 0;
}

ElementReader *element_reader_free(ElementReader *b)
{
        if (b)
                b->question->reader = NULL;
        free(b);
        return NULL;
}

sd_event *manager_event(Manager *m)
{
        return m->event;
}

Registry *manager_registry(Manager *m)
{
        return m->registry;
}

size_t manager_paths(const Manager *m, const DevicePath **ret)
{
        *ret = m->paths;
        return m->n_paths;
}

BayFollow manager_follow(const Manager *m)
{
        return m->follow;
}

void manager_find_askable(Manager *m, const RegistryDevice *device, char *node, size_t n_node)
{
        node[0] = '\0';
        for (size_t i = 0; i < m->n_paths && m->askable; i++)
                if (identity_claims_equal(&m->paths[i].identity, &device->identity))
                        snprintf(node, n_node, "%s", m->paths[i].sg);
}

InfMatch manager_match(const Manager *m, const Identity *identity)
{
        static const InfEntry any;

        return (InfMatch){.entry = identity->product[0] == 'U' ? NULL : &any};
}

void manager_add_event(Manager *m, uint32_t device, const char *event, const char *text)
{
        size_t n = strlen(m->told);
        RegistryDevice d;

        assert_int_equal(registry_find_id(m->registry, device, &d), 0);
        snprintf(m->told + n, sizeof(m->told) - n, "%s %s\n", d.name, event);
}

void manager_name_changed(Manager *m, const RegistryDevice *device, const Identity *before)
{
}

struct Inventories *manager_inventories(const Manager *m)
{
        return NULL;
}

void inventories_want(Inventories *all, uint32_t library)
{
}

void inventories_drop(Inventories *all, uint32_t library)
{
        manager.n_dropped++;
}

void event_log_daemon(const char *event, const char *format, ...)
{
        size_t n = strlen(manager.told);
        va_list ap;

        n += (size_t) snprintf(manager.told + n, sizeof(manager.told) - n, "- %s: ", event);
        va_start(ap, format);
        vsnprintf(manager.told + n, sizeof(manager.told) - n, format, ap);
        va_end(ap);
        strcat(manager.told, "\n");
}

/* ---- devices ---- */

static DevicePath device(DeviceType type, const char *key, const char *serial, unsigned sg)
{
        DevicePath p = {
                .host = 1,
                .lun = sg,
                .state = "running",
                .identity = {
                        .type = type, .rank = IDENTITY_NAA, .vendor = "V", .product = "P", .revision = "1"}};

        snprintf(p.identity.key, sizeof(p.identity.key), "naa.%s", key);
        snprintf(p.identity.serial, sizeof(p.identity.serial), "%s", serial);
        snprintf(p.identity.address, sizeof(p.identity.address), "scsi.1:0:0:%u", sg);
        snprintf(p.sg, sizeof(p.sg), "sg%u", sg);
        return p;
}

static DevicePath drive(const char *serial, unsigned sg)
{
        return device(DEVICE_TAPE, serial, serial, sg);
}

static DevicePath library(const char *serial, unsigned sg)
{
        return device(DEVICE_CHANGER, serial, serial, sg);
}

/* These are there from now on, as a scan finds them. */
static void found(const DevicePath *paths, size_t n)
{
        memcpy(manager.old, manager.paths, sizeof(manager.paths));
        manager.n_old = manager.n_paths;
        if (n > 0)
                memcpy(manager.paths, paths, n * sizeof(*paths));
        manager.n_paths = n;
        naming_update(naming, manager.old, manager.n_old);
}

#define FOUND(...)                                                                                           \
        found((const DevicePath[]){__VA_ARGS__},                                                             \
              sizeof((const DevicePath[]){__VA_ARGS__}) / sizeof(DevicePath))

/* ---- a library's answers ---- */

static Question *question_of(unsigned sg)
{
        char node[16];

        snprintf(node, sizeof(node), "sg%u", sg);
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                if (questions[i].reader && strcmp(questions[i].node, node) == 0)
                        return &questions[i];
        return NULL;
}

/* The drives in its bays 256.. by their serial numbers; "": empty, or it does not say. */
static void says(unsigned sg, const char *const *serials, size_t n)
{
        uint8_t data[2048] = {0};
        Question *q = question_of(sg);

        assert_non_null(q);
        put_be(data, 256, 2);
        put_be(data + 2, n, 2);
        put_be(data + 5, 8 + 48 * n, 3);
        data[8] = ELEMENT_DRIVE;
        put_be(data + 10, 48, 2);
        put_be(data + 13, 48 * n, 3);
        for (size_t i = 0; i < n; i++) {
                uint8_t *e = data + 16 + 48 * i;

                put_be(e, 256 + i, 2);
                e[12] = 2; /* ASCII, vendor specific */
                e[15] = (uint8_t) strlen(serials[i]);
                memcpy(e + 16, serials[i], strlen(serials[i]));
        }
        q->done(q->userdata, 0, data, 16 + 48 * n, "");
}

#define SAYS(sg, ...)                                                                                        \
        says(sg, (const char *const[]){__VA_ARGS__},                                                         \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void refuses(unsigned sg, int error)
{
        Question *q = question_of(sg);

        assert_non_null(q);
        q->done(q->userdata, error, NULL, 0, "NOT READY 04/01");
}

/* ---- */

static int setup(void **state)
{
        int fd;

        strcpy(database, "/tmp/test-naming-XXXXXX");
        fd = mkstemp(database);
        manager = (Manager){.askable = true};
        n_asked = 0;
        reader_error = 0;
        if (fd < 0 || close(fd) < 0 || registry_open(database, &manager.registry) < 0 ||
            sd_event_new(&manager.event) < 0 || naming_new(&manager, &naming) < 0)
                return -1;
        naming->settle = 50 * MS;
        return 0;
}

static int teardown(void **state)
{
        naming = naming_free(naming);
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                assert_null(questions[i].reader);
        manager.event = sd_event_unref(manager.event);
        manager.registry = registry_close(manager.registry);
        return unlink(database);
}

static bool is_called(const DevicePath *p, const char *name)
{
        RegistryDevice d;

        return registry_find(manager.registry, &p->identity, &d) >= 0 && strcmp(d.name, name) == 0;
}

static bool has_no_name(const DevicePath *p)
{
        RegistryDevice d;

        return registry_find(manager.registry, &p->identity, &d) == -ENOENT;
}

/* Turns of the loop until nothing waits any more, or until the time is over. */
static bool settles(uint64_t usec)
{
        uint64_t end = usec_now(CLOCK_MONOTONIC) + usec, t;

        while (naming->unnamed && (t = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(manager.event, end - t) >= 0);
        return !naming->unnamed;
}

static bool is_asked(unsigned sg, uint64_t usec)
{
        uint64_t end = usec_now(CLOCK_MONOTONIC) + usec, t;

        while (!question_of(sg) && (t = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(manager.event, end - t) >= 0);
        return question_of(sg);
}

static void assert_told(const char *text)
{
        assert_string_equal(manager.told, text);
        manager.told[0] = '\0';
}

/* A library's drives have the names of their bays, whatever order they came in; one that is in none stands
 * alone. */
static void test_library(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), c = drive("C", 3), l = library("L", 4);

        FOUND(a, b, c, l);
        assert_true(is_called(&l, "lib1"));
        assert_true(has_no_name(&a) && has_no_name(&c));
        assert_true(naming_is_pending(naming));
        SAYS(4, "B", "A", "");
        assert_true(is_called(&b, "lib1-drive1"));
        assert_true(is_called(&a, "lib1-drive2"));
        assert_true(is_called(&c, "drive1"));
        assert_false(naming_is_pending(naming));
        assert_told("lib1 arrived\nlib1-drive1 arrived\nlib1-drive2 arrived\ndrive1 arrived\n");
        FOUND(a, b, c, l); /* nothing is new */
        assert_int_equal(n_asked, 1);
        assert_told("");
}

/* A drive that comes waits a moment for its library to come too. */
static void test_drive_before_library(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        FOUND(l);
        SAYS(4, "");
        found(NULL, 0);
        FOUND(a);
        assert_true(has_no_name(&a));
        FOUND(a, l);
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

static void test_stand_alone(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        found(NULL, 0);
        FOUND(a);
        assert_true(has_no_name(&a));
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "drive1"));
        FOUND(a, l); /* found in a library later, it keeps its name */
        SAYS(4, "A");
        assert_true(is_called(&a, "drive1"));
        assert_told("drive1 arrived\nlib1 arrived\ndrive1 bay\n");
}

static void test_replaced(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4), new = drive("N", 1);

        FOUND(a, b, l);
        SAYS(4, "A", "B");
        manager.told[0] = '\0';
        FOUND(b, l);
        FOUND(new, b, l);
        assert_true(is_asked(4, 0)); /* at once */
        SAYS(4, "N", "B");
        assert_true(is_called(&new, "lib1-drive1"));
        assert_true(has_no_name(&a));
        assert_told("lib1-drive1 replaced\n");
}

/* A drive that is known may be in another bay; asking waits for programs that may wait for it. */
static void test_moved(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, b, l);
        SAYS(4, "A", "B");
        manager.told[0] = '\0';
        FOUND(l);
        FOUND(b, a, l);
        assert_false(is_asked(4, 0));
        assert_true(is_asked(4, 3000 * MS));
        SAYS(4, "B", "A");
        assert_true(is_called(&b, "lib1-drive1"));
        assert_true(is_called(&a, "lib1-drive2"));
        assert_told("lib1-drive1 replaced\nlib1-drive2 replaced\n");
}

/* A drive that comes while the library is being asked may be missing in the answer. */
static void test_asked_again(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, l);
        FOUND(a, b, l);
        assert_int_equal(n_asked, 1);
        SAYS(4, "A", "");
        assert_true(has_no_name(&b));
        assert_true(is_asked(4, 0));
        SAYS(4, "A", "B");
        assert_true(is_called(&b, "lib1-drive2"));
}

/* A library that is not ready is asked again, later and later. */
static void test_not_ready(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        FOUND(a, l);
        for (unsigned i = 0; i < 2; i++) {
                refuses(4, -EAGAIN);
                assert_false(is_asked(4, 0));
                assert_true(has_no_name(&a));
                assert_true(is_asked(4, 2000 * MS));
        }
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

/* Not for ever: neither for one that is not ready nor for one that does not answer at all. */
static void test_patience(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        naming->patience = 200 * MS;
        FOUND(a, l);
        refuses(4, -EAGAIN);
        assert_true(settles(3000 * MS));
        assert_true(is_called(&a, "drive1"));
        assert_true(is_asked(4, 3000 * MS));
        SAYS(4, "A");
        FOUND(a, b, l);
        assert_true(is_asked(4, 0));
        assert_true(has_no_name(&b));
        assert_true(settles(3000 * MS)); /* the question is still open */
        assert_non_null(question_of(4));
        assert_true(is_called(&b, "drive2"));
}

/* It says nothing of its drives, or what nobody understands, or refuses, or there is no node: they stand
 * alone. */
static void test_useless(void **state)
{
        for (int how = 0; how < 3; how++) {
                char serial[2] = {(char) ('A' + how)}, name[8];
                DevicePath a = drive(serial, 1), l = library("L", 4 + (unsigned) how);
                Question *q;

                snprintf(name, sizeof(name), "drive%d", how + 1);
                found(NULL, 0);
                FOUND(a, l);
                q = question_of(4 + (unsigned) how);
                assert_non_null(q);
                if (how == 0)
                        says(4, (const char *const[]){""}, 1);
                else if (how == 1)
                        q->done(q->userdata, 0, (const uint8_t *) "\0\0\0", 3, "");
                else
                        q->done(q->userdata, -EOPNOTSUPP, NULL, 0, "");
                assert_true(settles(2000 * MS));
                assert_true(is_called(&a, name));
        }
}

static void test_node_cannot_be_opened(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);

        reader_error = -EIO;
        FOUND(a, l);
        assert_true(has_no_name(&a));
        reader_error = 0;
        assert_true(is_asked(4, 2000 * MS));
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
}

/* What is asked is given up when the library goes, or is held from now on. */
static void test_library_goes(void **state)
{
        DevicePath a = drive("A", 1), l = library("L", 4);
        RegistryDevice d;

        FOUND(a, l);
        FOUND(a);
        assert_null(question_of(4));
        assert_true(manager.n_dropped > 0);
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "drive1"));
        FOUND(a, l);
        assert_non_null(question_of(4));
        assert_int_equal(registry_find(manager.registry, &l.identity, &d), 0);
        naming_drop_library(naming, d.id);
        assert_null(question_of(4));
        assert_false(naming_is_pending(naming));
}

/* Each of two libraries names its own. */
static void test_two_libraries(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4), k = library("K", 5);

        FOUND(a, b, l, k);
        SAYS(4, "A");
        assert_true(is_called(&a, "lib1-drive1"));
        assert_true(has_no_name(&b)); /* the other one may have it */
        SAYS(5, "B");
        assert_true(is_called(&b, "lib2-drive1"));
}

/* Libraries that were there once are not among those that are asked. */
static void test_many_libraries(void **state)
{
        DevicePath a = drive("A", 1);

        for (unsigned i = 0; i < LIBRARIES_MAX + 5; i++) {
                char serial[8], name[24];
                DevicePath l;

                snprintf(serial, sizeof(serial), "L%u", i);
                snprintf(name, sizeof(name), "lib%u", i + 1);
                l = library(serial, 4);
                found(NULL, 0);
                FOUND(l);
                assert_true(is_called(&l, name));
                says(4, NULL, 0);
        }
        found(NULL, 0);
        FOUND(a, library("L68", 4));
        SAYS(4, "A");
        assert_true(is_called(&a, "lib69-drive1"));
}

/* Two that claim one identity at one target are two, and told apart by their addresses. */
static void test_apart(void **state)
{
        DevicePath a = drive("A", 1), b = drive("A", 2), other = device(DEVICE_TAPE, "A", "B", 3);

        a.apart = b.apart = true;
        FOUND(a, b, other); /* the third has the designator, and a serial number of its own */
        assert_true(is_called(&a, "drive1"));
        assert_true(is_called(&b, "drive2"));
        assert_true(is_called(&other, "drive3"));
}

/* Three paths to one drive are one name. */
static void test_paths(void **state)
{
        DevicePath a = drive("A", 1), b = drive("A", 2), c = drive("A", 3);

        b.host = 2;
        c.host = 3;
        FOUND(a, b, c);
        assert_true(settles(2000 * MS));
        assert_true(is_called(&c, "drive1"));
        FOUND(b, c);
        FOUND(a, b, c);
        assert_told("drive1 arrived\n");
}

static void test_firmware_and_profile(void **state)
{
        DevicePath a = drive("A", 1);

        strcpy(a.identity.product, "U");
        FOUND(a);
        assert_told("drive1 arrived\ndrive1 profile\n");
        found(NULL, 0);
        strcpy(a.identity.revision, "2");
        FOUND(a);
        assert_told("drive1 firmware\n");
}

/* The registry cannot be written to: who is known is known, who comes gets no name, and it is said why. */
static void test_registry_read_only(void **state)
{
        DevicePath a = drive("A", 1), b = drive("B", 2), l = library("L", 4);

        FOUND(a, l);
        SAYS(4, "A");
        manager.told[0] = '\0';
        registry_close(manager.registry);
        assert_int_equal(registry_open_readonly(database, &manager.registry), 0);
        FOUND(a, b, l);
        SAYS(4, "A", "");
        assert_true(settles(2000 * MS));
        assert_true(is_called(&a, "lib1-drive1"));
        assert_true(has_no_name(&b));
        assert_non_null(strstr(manager.told, "- registry-failed: lib1: its bays could not be noted"));
        assert_non_null(strstr(manager.told, "- registry-failed: sg2 (V P, serial number B) gets no name"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_library, setup, teardown),
                cmocka_unit_test_setup_teardown(test_drive_before_library, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stand_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
                cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
                cmocka_unit_test_setup_teardown(test_asked_again, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_ready, setup, teardown),
                cmocka_unit_test_setup_teardown(test_patience, setup, teardown),
                cmocka_unit_test_setup_teardown(test_useless, setup, teardown),
                cmocka_unit_test_setup_teardown(test_node_cannot_be_opened, setup, teardown),
                cmocka_unit_test_setup_teardown(test_library_goes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_two_libraries, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many_libraries, setup, teardown),
                cmocka_unit_test_setup_teardown(test_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
                cmocka_unit_test_setup_teardown(test_firmware_and_profile, setup, teardown),
                cmocka_unit_test_setup_teardown(test_registry_read_only, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
