/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* monitor_scan, monitor_find_user and the drivers' bind files on a tree of the test's own: two drives, a
 * changer, a held LUN, a loopback LUN of somebody else, a disk. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "identity/test-tree.h"
#include "monitor/monitor.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/root.h"

static const TestDevice drive1 = {.host = 10,
                                  .lun = 1,
                                  .sg = 3,
                                  .type = 1,
                                  .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                  .serial = "                     DRV0001",
                                  .naa = "\x50\x01\x43\x80\x12\x34\x56\x78",
                                  .node = "st0",
                                  .driver = "st"};
static const TestDevice drive2 = {.host = 2,
                                  .lun = 2,
                                  .sg = 4,
                                  .type = 1,
                                  .inquiry = "IBM     ULT3580-TD5     D2AD",
                                  .serial = "1068000123"};
static const TestDevice changer = {.host = 10,
                                   .lun = 3,
                                   .sg = 5,
                                   .type = 8,
                                   .inquiry = "STK     L700            0001",
                                   .serial = "LIB0001",
                                   .node = "sch0",
                                   .driver = "ch"};
static const TestDevice held = {.host = 11,
                                .target = 1,
                                .sg = 6,
                                .type = 1,
                                .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                .serial = "DRV0001",
                                .naa = "\x50\x01\x43\x80\x12\x34\x56\x78",
                                .node = "st7",
                                .driver = "st",
                                .proc_name = "tcm_loopback\n"};
static const TestDevice foreign = {.host = 12,
                                   .target = 1,
                                   .sg = 7,
                                   .type = 1,
                                   .inquiry = "LIO-ORG tape            0001",
                                   .proc_name = "tcm_loopback\n"};
static const TestDevice disk = {
        .host = 10, .sg = 2, .inquiry = "ATA     Disk            0001", .serial = "D1"};

typedef struct Scan {
        DevicePath *paths;
        size_t n;
} Scan;

static Scan scan(TestTree *t)
{
        Scan s;

        assert_int_equal(monitor_scan(t->root, &s.paths, &s.n), 0);
        return s;
}

static const DevicePath *find_sg(const Scan *s, const char *sg)
{
        for (size_t i = 0; i < s->n; i++)
                if (strcmp(s->paths[i].sg, sg) == 0)
                        return &s->paths[i];
        return NULL;
}

static int setup(void **state)
{
        static const TestDevice *const all[] = {&drive1, &drive2, &changer, &held, &foreign, &disk};
        TestTree *t = tree_new();

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                tree_add_device(t, all[i]);
        tree_add_loopback(t, "naa.3e7e7a9e00000001", "11:0:1\n");
        tree_add_loopback(t, "naa.5001405000000001", "12:0:1\n");
        *state = t;
        return 0;
}

static int teardown(void **state)
{
        *state = tree_free(*state);
        return 0;
}

static void test_scan(void **state)
{
        Scan s = scan(*state);
        const DevicePath *p;

        assert_int_equal(s.n, 5);
        for (size_t i = 0; i < s.n; i++) {
                static const char *const order[] = {"sg4", "sg3", "sg5", "sg6", "sg7"};

                assert_string_equal(s.paths[i].sg, order[i]);
                assert_int_equal(s.paths[i].held_lun, i == 3);
                assert_string_equal(s.paths[i].state, "running");
        }
        p = find_sg(&s, "sg3");
        assert_int_equal(p->host, 10);
        assert_int_equal(p->lun, 1);
        assert_string_equal(p->tape, "nst0");
        assert_string_equal(p->changer, "");
        assert_string_equal(p->identity.key, "naa.5001438012345678");
        assert_string_equal(p->identity.serial, "DRV0001");
        assert_true(identity_equal(&p->identity, &find_sg(&s, "sg6")->identity));
        p = find_sg(&s, "sg4");
        assert_string_equal(p->tape, "");
        assert_string_equal(p->identity.key, "sn.IBM:ULT3580-TD5:1068000123");
        p = find_sg(&s, "sg5");
        assert_string_equal(p->changer, "sch0");
        assert_string_equal(p->tape, "");
        assert_int_equal(p->identity.type, DEVICE_CHANGER);
        free(s.paths);
}

static void test_scan_nothing(void **state)
{
        TestTree *t = tree_new();
        Scan s = scan(t);

        assert_int_equal(s.n, 0);
        free(s.paths);
        tree_free(t);
}

/* Each file that can be missing while the kernel removes a device: the whole device is left out. */
/* Two units of one target that claim to be the same are two; two paths to one are not, nor are a drive and a
 * changer with one serial number. One without any identifier is known by its place. */
static void test_apart(void **state)
{
        TestDevice first = drive2, second = drive2, path = drive2, robot = drive2, nobody = drive2;
        TestTree *t = tree_new();
        Scan s;

        second.lun = 5;
        second.sg = 8;
        path.host = 3;
        path.sg = 9;
        robot.type = 8;
        robot.lun = 6;
        robot.sg = 10;
        nobody.host = 4;
        nobody.sg = 11;
        nobody.serial = NULL;
        tree_add_device(t, &first);
        tree_add_device(t, &path);
        tree_add_device(t, &robot);
        tree_add_device(t, &nobody);
        s = scan(t);
        assert_int_equal(s.n, 4);
        for (size_t i = 0; i < s.n; i++)
                assert_false(s.paths[i].apart);
        assert_string_equal(s.paths[0].identity.address, "scsi.2:0:0:2");
        assert_string_equal(s.paths[3].identity.key, "scsi.4:0:0:2");
        assert_int_equal(s.paths[3].identity.rank, IDENTITY_ADDRESS);
        free(s.paths);
        tree_add_device(t, &second);
        s = scan(t);
        assert_int_equal(s.n, 5);
        for (size_t i = 0; i < s.n; i++)
                assert_int_equal(s.paths[i].apart,
                                 s.paths[i].host == 2 && s.paths[i].identity.type == DEVICE_TAPE);
        free(s.paths);
        tree_free(t);
}

static void test_vanishing(void **state)
{
        static const char *const states[] = {"cancel\n", "deleted\n"};
        TestTree *t = *state;
        char path[160];
        Scan s;

        for (size_t i = 0; i < ELEMENTSOF(states); i++) {
                tree_text(t, tree_device_path(path, &drive1, "/state"), states[i]);
                s = scan(t);
                assert_int_equal(s.n, 4);
                assert_null(find_sg(&s, "sg3"));
                free(s.paths);
        }
        tree_text(t, tree_device_path(path, &drive1, "/state"), "transport-offline\n");
        s = scan(t);
        assert_string_equal(find_sg(&s, "sg3")->state, "transport-offline");
        free(s.paths);
        tree_unlink(t, tree_device_path(path, &drive1, "/state"));
        s = scan(t);
        assert_int_equal(s.n, 4);
        free(s.paths);
        tree_text(t, tree_device_path(path, &drive1, "/state"), "running\n");
        tree_text(t, tree_device_path(path, &drive1, "/inquiry"), "short");
        tree_unlink(t, tree_device_path(path, &drive2, "/inquiry"));
        tree_unlink(t, tree_device_path(path, &changer, "/scsi_generic/sg5/device"));
        tree_remove(t, tree_device_path(path, &held, ""));
        s = scan(t);
        assert_int_equal(s.n, 1);
        assert_string_equal(s.paths[0].sg, "sg7");
        free(s.paths);
}

/* Removes drive1 in the kernel's order and adds it again, each time that a byte comes. */
static void churn(TestTree *t, int fd)
{
        static const char *const files[] = {"/state", "/vpd_pg83", "/vpd_pg80", "/inquiry"};
        static const char *const nodes[] = {"scsi_generic/sg3", "bsg/10:0:0:1",    "scsi_tape/st0",
                                            "scsi_tape/st0l",   "scsi_tape/st0m",  "scsi_tape/st0a",
                                            "scsi_tape/nst0",   "scsi_tape/nst0l", "scsi_tape/nst0m",
                                            "scsi_tape/nst0a"};
        char path[160], byte;

        while (read(fd, &byte, 1) == 1) {
                for (size_t i = 0; i < ELEMENTSOF(files); i++)
                        tree_unlink(t, tree_device_path(path, &drive1, files[i]));
                tree_remove(t, tree_device_path(path, &drive1, ""));
                for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                        snprintf(path, sizeof(path), "sys/class/%s", nodes[i]);
                        tree_unlink(t, path);
                }
                tree_add_device(t, &drive1);
                assert_int_equal(write(fd, &byte, 1), 1);
        }
        _exit(0);
}

/* Is drive1 seen? If so, then whole, and without harm to the others. */
static bool scan_sees_drive1(TestTree *t)
{
        Scan s = scan(t);
        const DevicePath *p = find_sg(&s, "sg3");
        bool seen = p != NULL;

        if (seen)
                assert_string_equal(p->identity.key, "naa.5001438012345678");
        assert_int_equal(s.n, seen ? 5 : 4);
        free(s.paths);
        return seen;
}

/* Scans while a device goes and comes the way the kernel does it. */
static void test_vanishing_live(void **state)
{
        TestTree *t = *state;
        unsigned n_gone = 0;
        int pair[2], status;
        pid_t child;
        char byte = 0;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                close(pair[0]);
                churn(t, pair[1]);
        }
        close(pair[1]);
        for (unsigned i = 0; i < 20000 && (i < 100 || n_gone == 0); i++) {
                assert_int_equal(write(pair[0], &byte, 1), 1);
                n_gone += !scan_sees_drive1(t);
                n_gone += !scan_sees_drive1(t);
                assert_int_equal(read(pair[0], &byte, 1), 1);
                assert_true(scan_sees_drive1(t));
        }
        close(pair[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_true(n_gone > 0);
}

/* Out of descriptors is not "all devices are gone". */
static void test_scan_out_of_files(void **state)
{
        TestTree *t = *state;
        struct rlimit old, limit;
        DevicePath *paths;
        size_t n;
        int next = dup(t->root);

        close(next);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        limit = old;
        for (rlim_t i = 0; i < 3; i++) {
                limit.rlim_cur = (rlim_t) next + i;
                assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
                assert_int_equal(monitor_scan(t->root, &paths, &n), -EMFILE);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void test_find_user(void **state)
{
        TestTree *t = *state;
        Scan s = scan(t);
        const DevicePath *p = find_sg(&s, "sg3");
        char path[160];
        DeviceUser user = {0};

        tree_text(t, "proc/self", "");
        tree_link(t, "proc/77/fd/0", "/dev/null");
        tree_text(t, "proc/77/comm", "bacula-sd\n");
        tree_link(t, "proc/78/fd/5", "/nowhere");
        assert_int_equal(monitor_find_user(t->root, p, 1, &user), 0);
        /* As if /dev/null, 1:3, were one of the device's nodes. */
        tree_text(t, tree_device_path(path, &drive1, "/scsi_tape/nst0a/dev"), "1:3\n");
        assert_int_equal(monitor_find_user(t->root, p, 1, &user), 1);
        assert_int_equal(user.pid, 77);
        assert_string_equal(user.command, "bacula-sd");
        assert_string_equal(user.node, "nst0a");
        assert_false(user.passing);
        assert_int_equal(monitor_find_user(t->root, p, 77, &user), 0);
        /* Beside a worker of udev's it is the one that counts, whoever comes first. */
        for (int pid = 76; pid <= 79; pid += 3) {
                snprintf(path, sizeof(path), "proc/%d/fd/0", pid);
                tree_link(t, path, "/dev/null");
                snprintf(path, sizeof(path), "proc/%d/comm", pid);
                tree_text(t, path, "(udev-worker)\n");
                assert_int_equal(monitor_find_user(t->root, p, 1, &user), 1);
                assert_int_equal(user.pid, 77);
        }
        assert_int_equal(monitor_find_user(t->root, p, 77, &user), 1);
        assert_true(user.passing);
        assert_string_equal(user.command, "(udev-worker)");
        assert_int_equal(monitor_find_user(t->root, find_sg(&s, "sg5"), 1, &user), 0);
        tree_unlink(t, "sys/class/scsi_generic/sg3");
        assert_int_equal(monitor_find_user(t->root, p, 1, &user), -ENODEV);
        free(s.paths);
}

/* One look for all: a program that has two of them open, and one that is only passing before it. */
static void test_find_users(void **state)
{
        TestTree *t = *state;
        Scan s = scan(t);
        DeviceUser users[8];
        const DevicePath *drive = find_sg(&s, "sg3"), *robot = find_sg(&s, "sg5");
        char path[160];

        assert_true(s.n <= ELEMENTSOF(users));
        tree_link(t, "proc/76/fd/0", "/dev/null");
        tree_text(t, "proc/76/comm", "scsi_id\n");
        tree_link(t, "proc/77/fd/0", "/dev/null");
        tree_link(t, "proc/77/fd/1", "/dev/zero");
        tree_text(t, "proc/77/comm", "bacula-sd\n");
        tree_text(t, tree_device_path(path, &drive1, "/scsi_tape/nst0a/dev"), "1:3\n");
        tree_text(t, tree_device_path(path, &changer, "/scsi_changer/sch0/dev"), "1:5\n");
        assert_int_equal(monitor_find_users(t->root, s.paths, s.n, 1, users), 0);
        for (size_t i = 0; i < s.n; i++)
                assert_int_equal(users[i].pid, &s.paths[i] == drive || &s.paths[i] == robot ? 77 : 0);
        assert_string_equal(users[drive - s.paths].node, "nst0a");
        assert_string_equal(users[robot - s.paths].node, "sch0");
        free(s.paths);
}

static void assert_written(TestTree *t, const char *path, const char *text)
{
        char buf[64];

        assert_int_equal(root_read_text(t->root, path, buf, sizeof(buf)), 0);
        assert_string_equal(buf, text);
        tree_text(t, path, "");
}

#define ST "sys/bus/scsi/drivers/st/"
#define CH "sys/bus/scsi/drivers/ch/"

static void test_driver(void **state)
{
        TestTree *t = *state;
        Scan s = scan(t);
        const DevicePath *tape = find_sg(&s, "sg3"), *unbound = find_sg(&s, "sg4"),
                         *robot = find_sg(&s, "sg5");
        char path[160];

        tree_text(t, ST "unbind", "");
        tree_text(t, CH "unbind", "");
        assert_int_equal(monitor_unbind_driver(t->root, tape), 0);
        assert_written(t, ST "unbind", "10:0:0:1");
        assert_int_equal(monitor_unbind_driver(t->root, robot), 0);
        assert_written(t, CH "unbind", "10:0:0:3");
        assert_int_equal(monitor_unbind_driver(t->root, unbound), 0);
        assert_written(t, ST "unbind", "");
        assert_int_equal(monitor_bind_driver(t->root, unbound), -ENOENT);
        tree_text(t, ST "bind", "");
        assert_int_equal(monitor_bind_driver(t->root, unbound), 0);
        assert_written(t, ST "bind", "2:0:0:2");
        assert_int_equal(monitor_bind_driver(t->root, tape), 0);
        assert_written(t, ST "bind", "");
        tree_unlink(t, tree_device_path(path, &drive1, "/driver"));
        tree_link(t, path, "../../../../bus/scsi/drivers/lin_tape");
        assert_int_equal(monitor_unbind_driver(t->root, tape), -EBUSY);
        assert_int_equal(monitor_bind_driver(t->root, tape), -EBUSY);
        /* The number of its sg now belongs to another device. */
        tree_unlink(t, tree_device_path(path, &drive1, "/scsi_generic/sg3/device"));
        tree_link(t, path, "../../../10:0:0:9");
        assert_int_equal(monitor_unbind_driver(t->root, tape), -ENODEV);
        assert_written(t, ST "unbind", "");
        free(s.paths);
}

static void test_trigger(void **state)
{
        static const char *const nodes[] = {"/scsi_tape/st0/uevent", "/scsi_tape/nst0a/uevent",
                                            "/scsi_generic/sg3/uevent", "/bsg/10:0:0:1/uevent"};
        TestTree *t = *state;
        Scan s = scan(t);
        char path[160];

        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                tree_text(t, tree_device_path(path, &drive1, nodes[i]), "");
        assert_int_equal(monitor_trigger_udev(t->root, find_sg(&s, "sg3")), 0);
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                assert_written(t, tree_device_path(path, &drive1, nodes[i]), "add");
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                tree_text(t, tree_device_path(path, &drive1, nodes[i]), "");
        assert_int_equal(monitor_trigger_links(t->root, find_sg(&s, "sg3")), 0);
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                assert_written(t, tree_device_path(path, &drive1, nodes[i]), i % 2 ? "" : "add");
        tree_unlink(t, "sys/class/scsi_generic/sg3");
        assert_int_equal(monitor_trigger_links(t->root, find_sg(&s, "sg3")), -ENODEV);
        assert_int_equal(monitor_trigger_udev(t->root, find_sg(&s, "sg3")), -ENODEV);
        free(s.paths);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
                cmocka_unit_test(test_apart),
                cmocka_unit_test(test_scan_nothing),
                cmocka_unit_test_setup_teardown(test_vanishing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_vanishing_live, setup, teardown),
                cmocka_unit_test_setup_teardown(test_scan_out_of_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_find_user, setup, teardown),
                cmocka_unit_test_setup_teardown(test_find_users, setup, teardown),
                cmocka_unit_test_setup_teardown(test_driver, setup, teardown),
                cmocka_unit_test_setup_teardown(test_trigger, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
