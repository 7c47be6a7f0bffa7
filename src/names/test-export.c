/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The udev properties of a real drive, a held one, its LUN and a changer. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity/test-tree.h"
#include "names/export.h"
#include "names/portable.h"
#include "names/registry.h"

static const TestDevice drive = {.host = 2,
                                 .lun = 1,
                                 .sg = 3,
                                 .type = 1,
                                 .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                 .serial = "   DRV0001",
                                 .naa = "\x50\x01\x43\x80\x12\x34\x56\x78",
                                 .node = "st0"};
static const TestDevice lun = {.host = 11,
                               .target = 1,
                               .sg = 6,
                               .type = 1,
                               .inquiry = "HP      Ultrium 3-SCSI  G24W",
                               .serial = "DRV0001",
                               .naa = "\x50\x01\x43\x80\x12\x34\x56\x78",
                               .node = "st7",
                               .proc_name = "tcm_loopback\n"};
static const TestDevice changer = {.host = 2,
                                   .lun = 3,
                                   .sg = 5,
                                   .type = 8,
                                   .inquiry = "STK     L700            0001",
                                   .serial = "LIB\n1",
                                   .node = "sch0"};

typedef struct Fixture {
        TestTree *tree;
        char db[96];
        const char *text;
} Fixture;

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));

        f->tree = tree_new();
        tree_add_device(f->tree, &drive);
        tree_add_device(f->tree, &lun);
        tree_add_device(f->tree, &changer);
        tree_add_loopback(f->tree, "naa.3e7e7a9e00000002", "11:0:1\n");
        snprintf(f->db, sizeof(f->db), "%s/evertape.db", f->tree->path);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;

        tree_free(f->tree);
        free(f);
        return 0;
}

/* Names drive and changer as the daemon would, from what sysfs says of them. */
static void register_all(const Fixture *f, bool hold)
{
        Identity d = {.type = DEVICE_TAPE,
                      .rank = IDENTITY_NAA,
                      .key = "naa.5001438012345678",
                      .serial = "DRV0001"},
                 c = {.type = DEVICE_CHANGER,
                      .rank = IDENTITY_SERIAL,
                      .key = "sn.STK:L700:LIB?1",
                      .serial = "LIB?1"};
        RegistryDevice row;
        Registry *r;

        assert_int_equal(registry_open(f->db, &r), 0);
        assert_int_equal(registry_add(r, &c, 1, &row), 0);
        assert_int_equal(registry_add(r, &d, 1, &row), 0);
        assert_int_equal(registry_set_hold(r, row.id, hold), 0);
        registry_close(r);
}

static void assert_export(const Fixture *f, const TestDevice *d, const char *node, const char *expected)
{
        char path[160], syspath[200], *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);
        int no_name = 1;

        snprintf(syspath, sizeof(syspath), "/%s", tree_device_path(path, d, node));
        assert_int_equal(
                export_properties(f->tree->root, syspath, &(ExportSource){f->db, f->text}, out, &no_name), 0);
        fclose(out);
        assert_string_equal(text, expected);
        free(text);
}

#define DRIVE   "EVERTAPE_IDENTITY=naa.5001438012345678\nEVERTAPE_SERIAL=DRV0001\n"
#define CHANGER "EVERTAPE_IDENTITY=sn.STK:L700:LIB?1\nEVERTAPE_SERIAL=LIB?1\n"

static void test_unknown(void **state)
{
        Fixture *f = *state;

        assert_export(f, &drive, "/scsi_tape/nst0", DRIVE);
        assert_export(f, &lun, "/scsi_tape/nst7", DRIVE "EVERTAPE_HELD=1\n");
        assert_export(f, &changer, "/scsi_changer/sch0", CHANGER);
}

static void test_named(void **state)
{
        Fixture *f = *state;

        register_all(f, false);
        assert_export(f, &drive, "/scsi_tape/st0",
                      DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_LINK=tape/by-name/drive1\n");
        assert_export(f, &drive, "/scsi_tape/nst0",
                      DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_LINK=tape/by-name/drive1-nst\n");
        assert_export(f, &drive, "/scsi_tape/nst0m", DRIVE "EVERTAPE_NAME=drive1\n");
        assert_export(f, &drive, "/scsi_generic/sg3",
                      DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_LINK=tape/by-name/drive1-sg\n");
        assert_export(f, &changer, "/scsi_generic/sg5",
                      CHANGER "EVERTAPE_NAME=lib1\nEVERTAPE_LINK=tape/by-name/lib1-changer\n");
        assert_export(f, &changer, "/scsi_changer/sch0",
                      CHANGER "EVERTAPE_NAME=lib1\nEVERTAPE_LINK=tape/by-name/lib1-sch\n");
}

static void add_device(const Fixture *f, TestDevice *d, Registry *r, unsigned host, DeviceType type,
                       const char *naa, const char *serial, const char *name)
{
        Identity id = {.type = type, .rank = IDENTITY_NAA};
        RegistryDevice row;

        *d = (TestDevice){.host = host,
                          .sg = host,
                          .type = (uint8_t) type,
                          .inquiry = type == DEVICE_TAPE ? "IBM     ULT3580-TD5     0103"
                                                         : "STK     L700            0103",
                          .serial = serial,
                          .naa = naa};
        tree_add_device(f->tree, d);
        snprintf(id.key, sizeof(id.key), "naa.");
        for (size_t i = 0; i < 8; i++)
                snprintf(id.key + 4 + 2 * i, 3, "%02x", (unsigned char) naa[i]);
        snprintf(id.serial, sizeof(id.serial), "%s", serial);
        assert_int_equal(registry_add(r, &id, 1, &row), 0);
        assert_string_equal(row.name, name);
}

static void assert_link(const Fixture *f, const TestDevice *d, const char *link)
{
        char path[160], node[32], syspath[200], line[64], *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);
        int no_name = 1;

        snprintf(node, sizeof(node), "/scsi_generic/sg%u", d->sg);
        snprintf(syspath, sizeof(syspath), "/%s", tree_device_path(path, d, node));
        assert_int_equal(
                export_properties(f->tree->root, syspath, &(ExportSource){f->db, f->text}, out, &no_name), 0);
        fclose(out);
        snprintf(line, sizeof(line), "EVERTAPE_LINK=tape/by-name/%s\n", link);
        assert_non_null(strstr(text, line));
        free(text);
}

/* Each has a name of its own, and each name leads to its device: AWS Storage Gateway's virtual library, whose
 * eleven devices have one NAA (systemd issue 7411); the StorageTek SL150, whose changer has the NAA of its
 * first drive (systemd issue 22676), and here its serial number too; two drives with one serial number. */
static void test_duplicates(void **state)
{
        static const char vtl[] = "\x50\x00\x00\x00\x00\x00\x00\x01",
                          bridge[] = "\x50\x01\x04\xf0\x00\x00\x00\x01",
                          one[] = "\x50\x01\x43\x80\x00\x00\x00\x01",
                          two[] = "\x50\x01\x43\x80\x00\x00\x00\x02";
        static char serials[10][8];
        Fixture *f = *state;
        TestDevice d[15];
        Registry *r;
        char name[16];

        assert_int_equal(registry_open(f->db, &r), 0);
        add_device(f, &d[0], r, 30, DEVICE_CHANGER, vtl, "VTL", "lib1");
        for (unsigned i = 0; i < 10; i++) {
                snprintf(serials[i], sizeof(serials[i]), "AWS%u", i);
                snprintf(name, sizeof(name), "drive%u", i + 1);
                add_device(f, &d[1 + i], r, 31 + i, DEVICE_TAPE, vtl, serials[i], name);
        }
        add_device(f, &d[11], r, 50, DEVICE_CHANGER, bridge, "SL", "lib2");
        add_device(f, &d[12], r, 51, DEVICE_TAPE, bridge, "SL", "drive11");
        add_device(f, &d[13], r, 52, DEVICE_TAPE, one, "TWIN", "drive12");
        add_device(f, &d[14], r, 53, DEVICE_TAPE, two, "TWIN", "drive13");
        registry_close(r);
        assert_link(f, &d[0], "lib1-changer");
        for (unsigned i = 0; i < 10; i++) {
                snprintf(name, sizeof(name), "drive%u-sg", i + 1);
                assert_link(f, &d[1 + i], name);
        }
        assert_link(f, &d[11], "lib2-changer");
        assert_link(f, &d[12], "drive11-sg");
        assert_link(f, &d[13], "drive12-sg");
        assert_link(f, &d[14], "drive13-sg");
}

/* The name's links lead to the LUN and to nothing else. */
static void test_held(void **state)
{
        Fixture *f = *state;

        register_all(f, true);
        assert_export(f, &drive, "/scsi_tape/nst0", DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_REAL_OF_HELD=1\n");
        assert_export(f, &drive, "/scsi_tape/st0a", DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_REAL_OF_HELD=1\n");
        assert_export(f, &drive, "/scsi_generic/sg3",
                      DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_REAL_OF_HELD=1\n");
        assert_export(f, &lun, "/scsi_tape/nst7",
                      DRIVE "EVERTAPE_HELD=1\nEVERTAPE_NAME=drive1\nEVERTAPE_LINK=tape/by-name/drive1-nst\n");
}

/* A registry that cannot be read: a node of which nothing was said before gets its link by the last text. */
static void test_text(void **state)
{
        Fixture *f = *state;
        char text[96];
        Registry *r;
        FILE *out;

        register_all(f, true);
        snprintf(text, sizeof(text), "%s/names.txt", f->tree->path);
        assert_int_equal(registry_open(f->db, &r), 0);
        out = fopen(text, "we");
        assert_non_null(out);
        assert_int_equal(portable_export(r, out), 0);
        fclose(out);
        registry_close(r);
        f->text = text;
        assert_export(f, &changer, "/scsi_generic/sg5",
                      CHANGER "EVERTAPE_NAME=lib1\nEVERTAPE_LINK=tape/by-name/lib1-changer\n");
        assert_int_equal(truncate(f->db, 10000), 0);
        assert_export(f, &changer, "/scsi_generic/sg5",
                      CHANGER "EVERTAPE_NAME=lib1\nEVERTAPE_LINK=tape/by-name/lib1-changer\n");
        assert_export(f, &lun, "/scsi_tape/nst7",
                      DRIVE "EVERTAPE_HELD=1\nEVERTAPE_NAME=drive1\nEVERTAPE_LINK=tape/by-name/drive1-nst\n");
        assert_export(f, &drive, "/scsi_tape/nst0", DRIVE "EVERTAPE_NAME=drive1\nEVERTAPE_REAL_OF_HELD=1\n");
        assert_int_equal(unlink(text), 0);
        assert_export(f, &drive, "/scsi_tape/nst0", DRIVE "EVERTAPE_NAME_UNKNOWN=1\n");
        f->text = NULL;
}

static void test_bad_paths(void **state)
{
        static const struct {
                const char *path;
                int error;
        } cases[] = {
                {"", -EINVAL},
                {"sys/devices", -EINVAL},
                {"/proc/self", -EINVAL},
                {"/sys/devices/nothing", -ENOENT},
                {"/sys/class/scsi_host/host2", -ENOENT},
                {"/sys/devices/host2/target2:0:0/2:0:0:1", -ENOENT},
        };
        Fixture *f = *state;
        char buf[1] = "", path[160], syspath[200];
        FILE *out = fmemopen(buf, 1, "w");
        int no_name = 1;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_int_equal(export_properties(f->tree->root, cases[i].path,
                                                   &(ExportSource){f->db, f->text}, out, &no_name),
                                 cases[i].error);
        tree_text(f->tree, tree_device_path(path, &drive, "/state"), "cancel\n");
        snprintf(syspath, sizeof(syspath), "/%s", tree_device_path(path, &drive, "/scsi_tape/nst0"));
        assert_int_equal(
                export_properties(f->tree->root, syspath, &(ExportSource){f->db, f->text}, out, &no_name),
                -ENODEV);
        assert_int_equal(no_name, 1);
        fclose(out);
        assert_int_equal(buf[0], '\0');
}

/* A registry that cannot be used is told of, and what is known without it is printed. */
static void test_foreign_registry(void **state)
{
        Fixture *f = *state;
        char path[160], syspath[200], text[200] = "";
        FILE *out = fmemopen(text, sizeof(text), "w");
        int no_name = 1;

        tree_text(f->tree, "evertape.db",
                  "this is no database, and long enough to be sure of it ..............."
                  ".................................................................");
        snprintf(syspath, sizeof(syspath), "/%s", tree_device_path(path, &lun, "/scsi_tape/nst7"));
        assert_int_equal(
                export_properties(f->tree->root, syspath, &(ExportSource){f->db, f->text}, out, &no_name), 0);
        assert_int_equal(no_name, -EUCLEAN);
        fclose(out);
        assert_string_equal(text, DRIVE "EVERTAPE_HELD=1\nEVERTAPE_NAME_UNKNOWN=1\n");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
                cmocka_unit_test_setup_teardown(test_named, setup, teardown),
                cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
                cmocka_unit_test_setup_teardown(test_text, setup, teardown),
                cmocka_unit_test_setup_teardown(test_held, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_paths, setup, teardown),
                cmocka_unit_test_setup_teardown(test_foreign_registry, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
