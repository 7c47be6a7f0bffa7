/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* configfs makes attribute files by itself when a directory is made; here they are made beforehand, as if an
 * earlier run had been interrupted after mkdir. What is written, refused and tolerated can be seen so; that
 * the kernel likes it is seen in a guest. */

#include "tcmu/lun.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tcmu/nodes.h"
#include "util/cleanup.h"
#include "util/root.h"

#define TARGET "sys/kernel/config/target"
#define CORE   TARGET "/core/user_3700/evertape-5"
#define LOOP   TARGET "/loopback/naa.3e7e7a9e0000000a"

typedef struct Tree {
        char path[32];
        int root;
} Tree;

static void make_dirs(int root, const char *path)
{
        char part[256];

        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                snprintf(part, sizeof(part), "%.*s", (int) (slash - path), path);
                assert_true(mkdirat(root, part, 0755) == 0 || errno == EEXIST);
        }
}

static void put(int root, const char *path, const char *text)
{
        int fd;

        make_dirs(root, path);
        fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void expect(int root, const char *path, const char *text)
{
        char got[512];

        assert_int_equal(root_read_text(root, path, got, sizeof(got)), 0);
        assert_string_equal(got, text);
}

static int setup(void **state)
{
        Tree *t = calloc(1, sizeof(*t));

        assert_non_null(t);
        snprintf(t->path, sizeof(t->path), "/tmp/test-lun.XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->root = root_open(t->path);
        assert_true(t->root >= 0);
        *state = t;
        return 0;
}

static int teardown(void **state)
{
        Tree *t = *state;
        char command[64];

        snprintf(command, sizeof(command), "rm -r %s", t->path);
        assert_int_equal(system(command), 0);
        close(t->root);
        free(t);
        return 0;
}

static void put_backstore(int root)
{
        put(root, CORE "/control", "");
        put(root, CORE "/enable", "");
        put(root, CORE "/attrib/cmd_time_out", "");
        put(root, CORE "/attrib/tmr_notification", "");
        put(root, CORE "/attrib/pgr_support", "");
        put(root, CORE "/attrib/alua_support", "");
}

static void test_backstore(void **state)
{
        Tree *t = *state;
        char control[512];
        bool existed = true;

        put_backstore(t->root);
        assert_int_equal(lun_create_backstore(t->root, 5, &existed), 0);
        assert_false(existed);
        assert_int_equal(root_read_text(t->root, CORE "/control", control, sizeof(control)), 0);
        assert_ptr_equal(strstr(control, "dev_config=evertape/5,dev_size="), control);
        assert_non_null(strstr(control, ",nl_reply_supported=-1,max_data_area_mb=64,data_pages_per_blk="));
        assert_int_equal(atol(strstr(control, "per_blk=") + 8) * sysconf(_SC_PAGESIZE), 1048576);
        expect(t->root, CORE "/attrib/cmd_time_out", "0");
        expect(t->root, CORE "/attrib/tmr_notification", "1");
        expect(t->root, CORE "/attrib/pgr_support", "0");
        expect(t->root, CORE "/attrib/alua_support", "0");
        expect(t->root, CORE "/enable", "1");

        put(t->root, CORE "/control", "untouched");
        assert_int_equal(lun_create_backstore(t->root, 5, &existed), 0);
        assert_true(existed);
        expect(t->root, CORE "/control", "untouched");
}

static void test_backstore_attributes(void **state)
{
        Tree *t = *state;
        bool existed = true;

        put_backstore(t->root);
        assert_int_equal(unlinkat(t->root, CORE "/attrib/pgr_support", 0), 0);
        assert_int_equal(lun_create_backstore(t->root, 5, &existed), 0);

        put(t->root, CORE "/enable", "0");
        assert_int_equal(unlinkat(t->root, CORE "/attrib/cmd_time_out", 0), 0);
        assert_int_equal(lun_create_backstore(t->root, 5, &existed), -ENOENT);
        expect(t->root, CORE "/enable", "0");
}

static void test_no_kernel_support(void **state)
{
        Tree *t = *state;
        LunAddress a;
        bool existed;

        assert_int_equal(lun_create_backstore(t->root, 5, &existed), -EOPNOTSUPP);
        assert_int_equal(lun_create_nexus(t->root, 5, &a), -EOPNOTSUPP);
        assert_int_equal(lun_create_backstore(t->root, 0, &existed), -EINVAL);
        assert_int_equal(lun_create_nexus(t->root, 0x80000000, &a), -EINVAL);
        assert_int_equal(lun_address(t->root, 5, &a), -ENOENT);
        assert_int_equal(lun_remove(t->root, 5), 0);
        assert_int_equal(lun_abandon(t->root, 5), 0);
}

static void test_nexus(void **state)
{
        Tree *t = *state;
        char target[128] = "";
        LunAddress a;

        put(t->root, LOOP "/tpgt_1/nexus", "");
        put(t->root, LOOP "/tpgt_1/address", "3:0:1\n");
        make_dirs(t->root, LOOP "/tpgt_1/lun/");
        assert_int_equal(lun_address(t->root, 5, &a), -ENOENT);
        for (int i = 0; i < 2; i++) {
                a = (LunAddress){};
                assert_int_equal(lun_create_nexus(t->root, 5, &a), 0);
                assert_int_equal(a.host, 3);
                assert_int_equal(a.channel, 0);
                assert_int_equal(a.target, 1);
                assert_int_equal(a.lun, 0);
        }
        expect(t->root, LOOP "/tpgt_1/nexus", "naa.3e7e7a9e0000000b");
        assert_true(readlinkat(t->root, LOOP "/tpgt_1/lun/lun_0/evertape", target, sizeof(target) - 1) > 0);
        assert_string_equal(target, "/" CORE);
}

static void test_remove(void **state)
{
        Tree *t = *state;
        LunAddress a;

        make_dirs(t->root, LOOP "/tpgt_1/lun/lun_0/");
        make_dirs(t->root, CORE "/");
        make_dirs(t->root, TARGET "/core/user_3700/evertape-6/");
        assert_int_equal(symlinkat("/" CORE, t->root, LOOP "/tpgt_1/lun/lun_0/evertape"), 0);
        assert_int_equal(unlinkat(t->root, LOOP "/tpgt_1/lun/lun_0", AT_REMOVEDIR), -1);

        /* configfs takes the default group with its parent; this tree does not */
        assert_int_equal(lun_remove(t->root, 5), -ENOTEMPTY);
        assert_int_equal(unlinkat(t->root, LOOP "/tpgt_1/lun", AT_REMOVEDIR), 0);
        assert_int_equal(lun_remove(t->root, 5), 0);
        assert_int_equal(faccessat(t->root, LOOP, F_OK, 0), -1);
        assert_int_equal(faccessat(t->root, CORE, F_OK, 0), -1);
        assert_int_equal(faccessat(t->root, TARGET "/core/user_3700/evertape-6", F_OK, 0), 0);
        assert_int_equal(lun_remove(t->root, 5), 0);
        assert_int_equal(lun_remove(t->root, 6), 0);
        assert_int_equal(faccessat(t->root, TARGET "/core/user_3700", F_OK, 0), -1);
        assert_int_equal(lun_address(t->root, 5, &a), -ENOENT);
}

static void test_find_uio(void **state)
{
        Tree *t = *state;
        uint64_t size = 0;
        unsigned uio = 0;

        put(t->root, "sys/class/uio/uio0/name", "tcm-user/3700/evertape-55/evertape/55\n");
        put(t->root, "sys/class/uio/uio1/name", "tcm-user/1/evertape-5/evertape/5\n");
        put(t->root, "sys/class/uio/uio2x/name", "tcm-user/3700/evertape-5/evertape/5\n");
        put(t->root, "sys/class/uio/uio3/name", "tcm-user/3700/evertape-5/evertape/5/6\n");
        assert_int_equal(lun_find_uio(t->root, 5, &uio, &size), -ENOENT);
        put(t->root, "sys/class/uio/uio12/name", "tcm-user/3700/evertape-5/evertape/5\n");
        put(t->root, "sys/class/uio/uio12/maps/map0/size", "0x0000000004100000\n");
        assert_int_equal(lun_find_uio(t->root, 5, &uio, &size), 0);
        assert_int_equal(uio, 12);
        assert_int_equal(size, 0x4100000);
        put(t->root, "sys/class/uio/uio12/maps/map0/size", "big\n");
        assert_int_equal(lun_find_uio(t->root, 5, &uio, &size), -EBADMSG);
}

static void test_abandon(void **state)
{
        Tree *t = *state;

        put(t->root, "sys/class/uio/uio1/name", "tcm-user/3700/evertape-5/evertape/5\n");
        put(t->root, "sys/class/uio/uio1/maps/map0/size", "0x1000\n");
        put(t->root, "dev/uio1", "");
        put(t->root, CORE "/action/block_dev", "0");
        put(t->root, CORE "/action/reset_ring", "0");
        assert_int_equal(lun_abandon(t->root, 5), 0);
        expect(t->root, CORE "/action/block_dev", "1");
        expect(t->root, CORE "/action/reset_ring", "2");
        assert_int_equal(lun_reset_ring(t->root, 5, 1), 0);
        expect(t->root, CORE "/action/reset_ring", "1");
        assert_int_equal(lun_reset_ring(t->root, 5, 3), -EINVAL);
        assert_int_equal(lun_block(t->root, 5, false), 0);
        expect(t->root, CORE "/action/block_dev", "0");
}

static void test_parse_address(void **state)
{
        static const char *const bad[] = {
                "",       "3",      "3:0",    "3:0:",  "3:0:1:0",         "3:0:1 ",
                " 3:0:1", "-3:0:1", "+3:0:1", "3:0:x", "99999999999:0:1",
        };
        LunAddress a = {.lun = 7};

        assert_int_equal(lun_parse_address("12:0:1", &a), 0);
        assert_int_equal(a.host, 12);
        assert_int_equal(a.target, 1);
        assert_int_equal(a.lun, 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(lun_parse_address(bad[i], &a), -EBADMSG);
}

#define DEVICE "sys/bus/scsi/devices/3:0:1:0"

static void test_nodes(void **state)
{
        static const LunAddress a = {.host = 3, .target = 1};
        Tree *t = *state;
        LunNodes nodes;

        make_dirs(t->root, "dev/");
        assert_int_equal(nodes_find(t->root, &a, DEVICE_TAPE, &nodes), -ENOENT);
        make_dirs(t->root, DEVICE "/scsi_generic/sg4/");
        make_dirs(t->root, DEVICE "/scsi_tape/nst1a/");
        make_dirs(t->root, DEVICE "/scsi_tape/st1/");
        make_dirs(t->root, DEVICE "/scsi_tape/nst1/");
        put(t->root, "dev/sg4", "");
        put(t->root, "dev/nst1a", "");
        put(t->root, "dev/st1", "");
        assert_int_equal(nodes_find(t->root, &a, DEVICE_TAPE, &nodes), -ENOENT);
        assert_int_equal(nodes_wait(t->root, &a, DEVICE_TAPE, 20 * USEC_PER_MSEC, &nodes), -ETIMEDOUT);
        put(t->root, "dev/nst1", "");
        assert_int_equal(nodes_find(t->root, &a, DEVICE_TAPE, &nodes), 0);
        assert_string_equal(nodes.sg, "sg4");
        assert_string_equal(nodes.tape, "nst1");
        assert_string_equal(nodes.changer, "");
        assert_int_equal(nodes_find(t->root, &a, DEVICE_CHANGER, &nodes), -ENOENT);
}

/* Returns when what fd watches was opened n times. */
static void await_opens(int fd, unsigned n)
{
        char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

        while (n > 0) {
                ssize_t r = read(fd, buf, sizeof(buf));

                if (r <= 0)
                        _exit(1);
                for (ssize_t at = 0; at < r; at += (ssize_t) sizeof(struct inotify_event)) {
                        struct inotify_event event;

                        memcpy(&event, buf + at, sizeof(event));
                        at += event.len;
                        if (n > 0 && (event.mask & IN_OPEN))
                                n--;
                }
        }
}

/* The node comes when nodes_wait has looked twice, that is, after it has set its watch: without the watch it
 * would be found only after the whole time. */
static void test_nodes_wait(void **state)
{
        static const LunAddress a = {.host = 3, .target = 1};
        Tree *t = *state;
        usec_t begin = usec_now(CLOCK_MONOTONIC);
        LunNodes nodes;
        char path[128];
        pid_t child;
        int fd, status;

        make_dirs(t->root, DEVICE "/scsi_generic/sg4/");
        make_dirs(t->root, DEVICE "/scsi_changer/sch0/");
        put(t->root, "dev/sg4", "");
        snprintf(path, sizeof(path), "%s/" DEVICE "/scsi_changer", t->path);
        fd = inotify_init1(IN_CLOEXEC);
        assert_true(inotify_add_watch(fd, path, IN_OPEN | IN_CLOSE) >= 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                await_opens(fd, 2);
                put(t->root, "dev/sch0", "");
                _exit(0);
        }
        assert_int_equal(nodes_wait(t->root, &a, DEVICE_CHANGER, 60 * USEC_PER_SEC, &nodes), 0);
        assert_string_equal(nodes.changer, "sch0");
        assert_true(usec_now(CLOCK_MONOTONIC) - begin < 30 * USEC_PER_SEC);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_backstore, setup, teardown),
                cmocka_unit_test_setup_teardown(test_backstore_attributes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_kernel_support, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nexus, setup, teardown),
                cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
                cmocka_unit_test_setup_teardown(test_find_uio, setup, teardown),
                cmocka_unit_test_setup_teardown(test_abandon, setup, teardown),
                cmocka_unit_test(test_parse_address),
                cmocka_unit_test_setup_teardown(test_nodes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nodes_wait, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
