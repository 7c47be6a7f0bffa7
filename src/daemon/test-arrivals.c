/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which devices have come back or gone, from two lists of paths. The manager is the test's own: it keeps what
 * it is told. */

#include "daemon/arrivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/manager.h"
#include "util/cleanup.h"

struct Manager {
        Registry *registry;
        const DevicePath *paths;
        size_t n_paths;
        char told[512]; /* "gone drive1 sg3\n" ... */
};

static Manager manager;
static char database[] = "/tmp/test-arrivals-XXXXXX";
static Identity drive, other, held, twin, unknown;

Registry *manager_registry(Manager *m)
{
        return m->registry;
}

size_t manager_paths(const Manager *m, const DevicePath **ret)
{
        *ret = m->paths;
        return m->n_paths;
}

void manager_add_event(Manager *m, uint32_t device, const char *event, const char *text)
{
        size_t n = strlen(m->told);
        RegistryDevice d;

        assert_int_equal(registry_find_id(m->registry, device, &d), 0);
        snprintf(m->told + n, sizeof(m->told) - n, "%s %s %s\n", event, d.name, text);
}

static Identity make(const char *key)
{
        Identity id = {
                .type = DEVICE_TAPE, .rank = IDENTITY_NAA, .vendor = "V", .product = "P", .revision = "1"};

        snprintf(id.key, sizeof(id.key), "naa.%s", key);
        snprintf(id.serial, sizeof(id.serial), "S%s", key);
        return id;
}

static DevicePath path(const Identity *id, const char *sg, bool lun)
{
        DevicePath p = {.identity = *id, .held_lun = lun};

        snprintf(p.sg, sizeof(p.sg), "%s", sg);
        if (!lun) /* as a scan has them, each path has its own */
                snprintf(p.identity.address, sizeof(p.identity.address), "scsi.%s:0:0:0", sg + 2);
        return p;
}

static int setup(void **state)
{
        RegistryDevice d;
        int fd = mkstemp(database);

        drive = make("5a");
        other = make("5b");
        held = make("5c");
        unknown = make("5d");
        twin = make("5e");
        if (fd < 0 || close(fd) < 0 || registry_open(database, &manager.registry) < 0 ||
            registry_add(manager.registry, &drive, 1, &d) < 0 ||
            registry_add(manager.registry, &other, 1, &d) < 0 ||
            registry_add(manager.registry, &held, 1, &d) < 0)
                return -1;
        return registry_set_hold(manager.registry, d.id, true);
}

static int teardown(void **state)
{
        registry_close(manager.registry);
        return unlink(database);
}

static void check(const DevicePath *old, size_t n_old, const DevicePath *now, size_t n_now, const char *told)
{
        manager.paths = now;
        manager.n_paths = n_now;
        manager.told[0] = '\0';
        arrivals_tell(&manager, old, n_old);
        assert_string_equal(manager.told, told);
}

static void test_come_and_go(void **state)
{
        const DevicePath one[] = {path(&drive, "sg1", false)};
        const DevicePath two[] = {path(&drive, "sg1", false), path(&other, "sg2", false)};

        check(one, 1, two, 2, "returned drive2 sg2\n");
        check(two, 2, one, 1, "gone drive2 sg2\n");
        check(two, 2, two, 2, "");
        check(two, 2, NULL, 0, "gone drive1 sg1\ngone drive2 sg2\n");
}

/* Of a device with two paths it is told once, and not when only one of them goes. */
static void test_paths(void **state)
{
        const DevicePath both[] = {path(&drive, "sg1", false), path(&drive, "sg4", false)};
        const DevicePath one[] = {path(&drive, "sg4", false)};

        check(both, 2, one, 1, "");
        check(one, 1, both, 2, "");
        check(NULL, 0, both, 2, "returned drive1 sg1\n");
        check(both, 2, NULL, 0, "gone drive1 sg1\n");
}

/* Two devices that claim one identity are told of one by one. */
static void test_apart(void **state)
{
        DevicePath two[] = {path(&twin, "sg1", false), path(&twin, "sg2", false)};
        DevicePath one[] = {path(&twin, "sg2", false)};
        RegistryDevice d;

        two[0].apart = two[1].apart = true;
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(registry_add_apart(manager.registry, &two[i].identity, 1, &d), 0);
        check(two, 2, one, 1, "gone drive4 sg1\n");
        check(one, 1, two, 2, "returned drive4 sg1\n");
}

/* The engine tells of one that is held, and one without a name is told of when it gets one. */
static void test_not_told(void **state)
{
        const DevicePath paths[] = {path(&held, "sg1", false), path(&unknown, "sg2", false)};
        const DevicePath just_held[] = {path(&drive, "sg1", false), path(&drive, "sg7", true)};
        const DevicePath lun[] = {path(&drive, "sg7", true)};

        check(NULL, 0, paths, 2, "");
        check(paths, 2, NULL, 0, "");
        check(just_held, 2, lun, 1, "");
        check(lun, 1, just_held, 2, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_come_and_go),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_apart),
                cmocka_unit_test(test_not_told),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
