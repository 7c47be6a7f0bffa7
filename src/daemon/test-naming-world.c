/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/test-naming-world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/events.h"
#include "daemon/inventories.h"
#include "identity/inf-table.h"
#include "util/bytes.h"

Manager manager;
Naming *naming;
char database[] = "/tmp/test-naming-XXXXXX";
unsigned n_asked;
int reader_error;

/* ---- what stands in ---- */

struct ElementReader {
        Question *question;
};

static Question questions[4];

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

DevicePath device(DeviceType type, const char *key, const char *serial, unsigned sg)
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

DevicePath drive(const char *serial, unsigned sg)
{
        return device(DEVICE_TAPE, serial, serial, sg);
}

DevicePath library(const char *serial, unsigned sg)
{
        return device(DEVICE_CHANGER, serial, serial, sg);
}

void found(const DevicePath *paths, size_t n)
{
        memcpy(manager.old, manager.paths, sizeof(manager.paths));
        manager.n_old = manager.n_paths;
        if (n > 0)
                memcpy(manager.paths, paths, n * sizeof(*paths));
        manager.n_paths = n;
        naming_update(naming, manager.old, manager.n_old);
}

/* ---- a library's answers ---- */

Question *question_of(unsigned sg)
{
        char node[16];

        snprintf(node, sizeof(node), "sg%u", sg);
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                if (questions[i].reader && strcmp(questions[i].node, node) == 0)
                        return &questions[i];
        return NULL;
}

void says(unsigned sg, const char *const *serials, size_t n)
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

void refuses(unsigned sg, int error)
{
        Question *q = question_of(sg);

        assert_non_null(q);
        q->done(q->userdata, error, NULL, 0, "NOT READY 04/01");
}

/* ---- */

int naming_setup(void **state)
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

int naming_teardown(void **state)
{
        naming = naming_free(naming);
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                assert_null(questions[i].reader);
        manager.event = sd_event_unref(manager.event);
        manager.registry = registry_close(manager.registry);
        return unlink(database);
}

bool is_called(const DevicePath *p, const char *name)
{
        RegistryDevice d;

        return registry_find(manager.registry, &p->identity, &d) >= 0 && strcmp(d.name, name) == 0;
}

bool has_no_name(const DevicePath *p)
{
        RegistryDevice d;

        return registry_find(manager.registry, &p->identity, &d) == -ENOENT;
}

bool settles(uint64_t usec)
{
        uint64_t end = usec_now(CLOCK_MONOTONIC) + usec, t;

        while (naming->unnamed && (t = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(manager.event, end - t) >= 0);
        return !naming->unnamed;
}

bool is_asked(unsigned sg, uint64_t usec)
{
        uint64_t end = usec_now(CLOCK_MONOTONIC) + usec, t;

        while (!question_of(sg) && (t = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(manager.event, end - t) >= 0);
        return question_of(sg);
}

void assert_told(const char *text)
{
        assert_string_equal(manager.told, text);
        manager.told[0] = '\0';
}
