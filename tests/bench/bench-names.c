/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What naming costs with 10 and with 1000 devices: a scan of a generated sysfs, udev's helper for one node, a
 * known device found again, a new one named, one that replaces another in its bay, and all of them listed.
 * Prints a table; ends with 1 if a cost that must not grow with what is known has grown by more than half, or
 * a scan of 1000 devices takes a second.
 *
 * A name that is given is synced to the disk. That would hide everything else, so the registry is on
 * /dev/shm. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity/test-tree.h"
#include "monitor/monitor.h"
#include "names/bay.h"
#include "names/duplicate.h"
#include "names/export.h"
#include "names/registry.h"
#include "util/time.h"

#define N_FEW      10
#define N_MANY     1000
#define N_RUNS     101
#define GROWTH_MAX 1.5
#define SCAN_MAX   USEC_PER_SEC
#define HELPER_MAX (20 * USEC_PER_MSEC)
#define LIST_MAX   (10 * USEC_PER_MSEC)

typedef struct World {
        TestTree *tree;
        Registry *registry;
        char db[64];
        unsigned n;
        uint32_t library;
} World;

static Identity identity_of(unsigned i)
{
        Identity id = {
                .type = DEVICE_TAPE, .rank = IDENTITY_SERIAL, .vendor = "HP", .product = "Ultrium 5-SCSI"};

        snprintf(id.serial, sizeof(id.serial), "DRV%05u", i);
        snprintf(id.key, sizeof(id.key), "sn.HP:Ultrium_5-SCSI:DRV%05u", i);
        return id;
}

static void add_device(TestTree *t, unsigned i)
{
        char serial[16], node[16];
        TestDevice d = {.host = 1 + i / 256,
                        .target = i % 256,
                        .sg = i,
                        .type = 1,
                        .inquiry = "HP      Ultrium 5-SCSI  Z58W",
                        .serial = serial,
                        .node = node,
                        .driver = "st"};

        snprintf(serial, sizeof(serial), "DRV%05u", i);
        snprintf(node, sizeof(node), "st%u", i);
        tree_add_device(t, &d);
}

/* n devices there, and as many known. */
static World world_new(unsigned n)
{
        World w = {.tree = tree_new(), .n = n};
        Identity library = {.type = DEVICE_CHANGER, .rank = IDENTITY_SERIAL, .key = "sn.L", .serial = "L"};
        RegistryDevice d;

        snprintf(w.db, sizeof(w.db), "/dev/shm/evertape-bench-%d-%u.db", getpid(), n);
        assert_int_equal(registry_open(w.db, &w.registry), 0);
        for (unsigned i = 0; i < n; i++) {
                Identity id = identity_of(i);

                add_device(w.tree, i);
                assert_int_equal(registry_add(w.registry, &id, 1000, &d), 0);
        }
        assert_int_equal(registry_add(w.registry, &library, 1000, &d), 0);
        w.library = d.id;
        return w;
}

static void world_free(World *w)
{
        registry_close(w->registry);
        assert_int_equal(unlink(w->db), 0);
        tree_free(w->tree);
}

/* ---- what is measured ---- */

static void scan(World *w, unsigned run)
{
        DevicePath *paths;
        size_t n;

        assert_int_equal(monitor_scan(w->tree->root, &paths, &n), 0);
        assert_int_equal(n, w->n);
        free(paths);
}

static void helper(World *w, unsigned run)
{
        unsigned i = run % N_FEW;
        TestDevice d = {.host = 1, .target = i};
        char path[160], syspath[200], file[32], text[512] = "";
        FILE *out = fmemopen(text, sizeof(text), "w");
        int no_name;

        snprintf(file, sizeof(file), "/scsi_tape/nst%u", i);
        snprintf(syspath, sizeof(syspath), "/%s", tree_device_path(path, &d, file));
        assert_int_equal(
                export_properties(w->tree->root, syspath, &(ExportSource){.registry = w->db}, out, &no_name),
                0);
        fclose(out);
        assert_non_null(strstr(text, "EVERTAPE_LINK=tape/by-name/drive"));
}

static void known(World *w, unsigned run)
{
        Identity id = identity_of(run % N_FEW);
        RegistryDevice d;

        assert_int_equal(registry_add(w->registry, &id, 1001, &d), 0);
}

static void new (World *w, unsigned run)
{
        Identity id = identity_of(N_MANY + run);
        RegistryDevice d;

        assert_int_equal(registry_add(w->registry, &id, 1001, &d), 0);
}

/* What `evertape list` says of devices that claim the same. */
static void duplicates(World *w, unsigned run)
{
        RegistryDevice *devices;
        const RegistryDevice **others;
        size_t n;

        assert_int_equal(registry_list(w->registry, &devices, &n), 0);
        others = calloc(n, sizeof(*others));
        assert_non_null(others);
        assert_int_equal(duplicate_find_all(devices, n, others), 0);
        free(others);
        free(devices);
}

/* A library's drive is another one each time. */
static void replaced(World *w, unsigned run)
{
        Identity id = identity_of(100 * N_MANY + run);
        BayDrive bay = {.element = 256, .ordinal = 1, .drive = &id};
        BayChange *changes;
        size_t n;

        assert_int_equal(registry_update_bays(w->registry, w->library, &bay, 1, &(LibrariesThere){0},
                                              FOLLOW_BAY, 1001, &changes, &n),
                         0);
        assert_int_equal(n, 1);
        free(changes);
}

static int compare(const void *a, const void *b)
{
        const usec_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static usec_t nanoseconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (usec_t) t.tv_sec * 1000000000 + (usec_t) t.tv_nsec;
}

/* Median, in nanoseconds. */
static usec_t measure(World *w, void (*what)(World *, unsigned), unsigned n_runs)
{
        usec_t times[N_RUNS];

        for (unsigned i = 0; i < n_runs; i++) {
                usec_t begin = nanoseconds();

                what(w, i);
                times[i] = nanoseconds() - begin;
        }
        qsort(times, n_runs, sizeof(times[0]), compare);
        return times[n_runs / 2];
}

int main(void)
{
        static const struct {
                const char *text;
                void (*what)(World *, unsigned);
                unsigned n_runs;
                bool flat;
                usec_t max;
        } rows[] = {
                {"scan of all", scan, 5, false, SCAN_MAX},
                {"udev's helper, one node", helper, N_RUNS, true, HELPER_MAX},
                {"a known device again", known, N_RUNS, true, USEC_INFINITY},
                {"a new device", new, N_RUNS, true, USEC_INFINITY},
                {"a drive replaced in its bay", replaced, N_RUNS, true, USEC_INFINITY},
                {"list, with duplicates", duplicates, N_RUNS, false, LIST_MAX},
        };
        World few = world_new(N_FEW), many = world_new(N_MANY);
        bool bad = false;

        printf("%-26s %12s %12s   ratio\n", "", "10 devices", "1000");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t a = measure(&few, rows[i].what, rows[i].n_runs),
                       b = measure(&many, rows[i].what, rows[i].n_runs);
                double ratio = (double) b / (double) a;
                bool over = (rows[i].flat && ratio > GROWTH_MAX) || b / 1000 > rows[i].max;

                printf("%-26s %9.1f us %9.1f us %7.2f%s\n", rows[i].text, (double) a / 1000,
                       (double) b / 1000, ratio, over ? "  TOO MUCH" : "");
                bad |= over;
        }
        world_free(&few);
        world_free(&many);
        return bad;
}
