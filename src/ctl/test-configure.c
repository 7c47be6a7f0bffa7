/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape configure as a user runs it, on files below a folder of its own, against a daemon of paper and
 * with checkers that reject what has REJECT in it. argv[1] is the program, argv[2] the folder of
 * configurations. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "ctl/fake-daemon.h"
#include "util/cleanup.h"

#define EXIT_SKIP 77 /* meson: this test cannot be run here */

static const char *program, *data;
static char root[] = "/tmp/test-configure-XXXXXX";
static char bus_address[256];
static pid_t bus_pid, daemon_pid;
static char said[65536];

/* What a shell command prints, both streams, into said. Its exit status. */
_printf_(1, 2) static int shell(const char *format, ...)
{
        char command[4096];
        size_t n;
        va_list ap;
        FILE *f;

        va_start(ap, format);
        vsnprintf(command, sizeof(command), format, ap);
        va_end(ap);
        f = popen(command, "re");
        assert_non_null(f);
        n = fread(said, 1, sizeof(said) - 1, f);
        said[n] = '\0';
        return WEXITSTATUS(pclose(f));
}

static int configure(const char *arguments)
{
        return shell("%s configure --root %s %s 2>&1", program, root, arguments);
}

static void assert_said(const char *what)
{
        if (!strstr(said, what))
                fail_msg("'%s' is not in what it said:\n%s", what, said);
}

static void assert_same(const char *path, const char *original)
{
        if (shell("cmp %s%s %s 2>&1", root, path, original) != 0)
                fail_msg("%s", said);
}

static void assert_no(const char *path)
{
        assert_int_not_equal(shell("test -e %s%s -o -L %s%s", root, path, root, path), 0);
}

#define SD_CONF "/etc/bacula/bacula-sd.conf"
#define DROP_IN "/etc/systemd/system/bacula-sd.service.d/evertape.conf"
#define HOOK    "/etc/evertape/hooks.d/bacula"

/* Devices of the daemon are nodes below the root; the checker is on the PATH. */
static int setup(void **state)
{
        strcpy(root, "/tmp/test-configure-XXXXXX");
        assert_non_null(mkdtemp(root));
        assert_int_equal(
                shell("set -e; cd %s; mkdir -p bin dev etc/bacula etc/amanda/Weekly var/lib "
                      "lib/systemd/system original\n"
                      "touch dev/nst1 dev/nst7 dev/sg1 dev/sg9 dev/sg2 lib/systemd/system/bacula-sd.service\n"
                      "touch etc/amanda/Weekly/disklist\n"
                      "printf '#!/bin/sh\\n! grep -h REJECT \"$3\"' > bin/bacula-sd\n"
                      "printf '#!/bin/sh\\ntest -e disklist && ! grep -h REJECT amanda.conf' > "
                      "bin/amgetconf\n"
                      "chmod +x bin/*\n"
                      "sed 's/nst0/nst7/; s/sg3/sg1/; s/Control Device.*/Control Device = \\/dev\\/sg9/' "
                      "%s/bacula/two-drives.conf > original/sd.conf\n"
                      "cp original/sd.conf etc/bacula/bacula-sd.conf; chmod 640 etc/bacula/bacula-sd.conf\n"
                      "sed '/includefile/d; s/nst0/nst7/; s/sg3/sg1/' %s/amanda/robot.conf > "
                      "original/amanda.conf\n"
                      "cp original/amanda.conf etc/amanda/Weekly\n",
                      root, data, data),
                0);
        daemon_pid = fake_daemon_start(bus_address, FAKE_LIBRARY, -1);
        assert_true(daemon_pid > 0);
        snprintf(said, sizeof(said), "%s/bin:/usr/bin:/bin", root);
        return setenv("PATH", said, 1);
}

static int teardown(void **state)
{
        fake_daemon_stop(daemon_pid);
        daemon_pid = 0;
        return shell("rm -rf %s", root);
}

static char *original(const char *name)
{
        static char path[256];

        snprintf(path, sizeof(path), "%s/original/%s", root, name);
        return path;
}

static void test_check_and_diff(void **state)
{
        assert_int_equal(configure("bacula"), 1);
        assert_said("todo  " SD_CONF ":17: Library: /dev/sg1 is lib1 (serial number LIB0001) today");
        assert_said("todo  " SD_CONF ":25: Drive-0: /dev/nst7 is lib1-drive1");
        assert_said("todo  lib1-drive2 is not held");
        assert_said(
                "todo  its service does not wait for its devices, or the hook for events is not turned on");

        assert_int_equal(configure("bacula --diff"), 1);
        assert_said("--- " SD_CONF "\n+++ " SD_CONF "\n@@ -14,7 +14,7 @@\n");
        assert_said("-  Changer Device = /dev/sg1\n+  Changer Device = /dev/tape/by-name/lib1-changer\n");
        assert_same(SD_CONF, original("sd.conf"));
        assert_no(DROP_IN);
}

static void test_write_and_remove(void **state)
{
        struct stat st;
        char path[256];

        assert_int_equal(configure("bacula --write"), 0);
        assert_said(SD_CONF ": written\n");
        assert_said("Restart Bacula");
        assert_said("evertape hold lib1-drive2");
        assert_int_equal(shell("grep '/dev/' %s" SD_CONF, root), 0);
        assert_string_equal(
                said, "  Changer Device = /dev/tape/by-name/lib1-changer\n"
                      "  Archive Device = /dev/tape/by-name/lib1-drive1-nst          ; AutomaticMount = yes\n"
                      "  Control Device = /dev/tape/by-name/lib1-drive1-sg\n"
                      "  Archive Device = /dev/tape/by-name/lib1-drive2-nst\n");
        snprintf(path, sizeof(path), "%s" SD_CONF, root);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_int_equal(shell("cat %s" DROP_IN, root), 0);
        assert_said("wait --timeout 60s lib1 lib1-drive1 lib1-drive2\n");
        assert_int_equal(shell("readlink %s" HOOK, root), 0);
        assert_said("/lib/evertape/hooks.d/bacula");
        assert_int_equal(shell("cat %s/etc/evertape/hook-bacula.conf", root), 0);
        assert_said("lib1-drive2\ttape\t1\tDrive-1\tLibrary\t" SD_CONF "\n");

        assert_int_equal(shell("cp %s %s/original/written.conf", path, root), 0);
        assert_int_equal(configure("bacula --write"), 0);
        assert_said("nothing to change");
        assert_same(SD_CONF, original("written.conf"));
        assert_int_equal(configure("bacula --diff"), 0);

        assert_int_equal(configure("bacula --remove"), 0);
        assert_said(SD_CONF ": as it was before\n");
        assert_same(SD_CONF, original("sd.conf"));
        assert_no(DROP_IN);
        assert_no(HOOK);
        assert_no("/etc/evertape/hook-bacula.conf");
        assert_int_equal(configure("bacula --remove"), 0);
}

static void test_amanda(void **state)
{
        assert_int_equal(configure("amanda --write"), 0);
        assert_int_equal(shell("grep '/dev/' %s/etc/amanda/Weekly/amanda.conf", root), 0);
        assert_string_equal(said,
                            "    tpchanger \"chg-robot:/dev/tape/by-name/lib1-changer\"\n"
                            "    property \"tape-device\" \"0=tape:/dev/tape/by-name/lib1-drive1-nst\" \\\n"
                            "                           \"1=tape:/dev/tape/by-name/lib1-drive2-nst\"\n");
        assert_int_equal(configure("amanda --remove"), 0);
        assert_same("/etc/amanda/Weekly/amanda.conf", original("amanda.conf"));

        assert_int_equal(shell("cp -r %s/etc/amanda/Weekly %s/etc/amanda/Daily", root, root), 0);
        assert_int_equal(configure("amanda"), 1);
        assert_said("there are several /etc/amanda/*/amanda.conf");
        assert_int_equal(configure("amanda -f /etc/amanda/Daily/amanda.conf -w"), 0);
        assert_same("/etc/amanda/Weekly/amanda.conf", original("amanda.conf"));
}

/* What the user changes between --write and --remove stays. */
static void test_changed_meanwhile(void **state)
{
        assert_int_equal(configure("bacula --write"), 0);
        assert_int_equal(
                shell("sed -i '1i # mine' %s" SD_CONF "; echo '# at the end' >> %s" SD_CONF, root, root), 0);
        assert_int_equal(
                shell("(echo '# mine'; cat %s/original/sd.conf; echo '# at the end') > %s/original/both",
                      root, root),
                0);
        assert_int_equal(configure("bacula --remove"), 0);
        assert_same(SD_CONF, original("both"));

        /* and between two writes */
        assert_int_equal(configure("bacula --write"), 0);
        assert_int_equal(
                shell("sed -i 's,/dev/tape/by-name/lib1-drive2-nst,/dev/nst1,; 1i # more' %s" SD_CONF, root),
                0);
        assert_int_equal(configure("bacula --write"), 0);
        assert_int_equal(configure("bacula --remove"), 0);
        assert_int_equal(shell("sed -i '1i # more' %s/original/both", root), 0);
        assert_same(SD_CONF, original("both"));
}

/* As it was it may have been nothing that the program accepts, but others' changes are never put in unseen.
 */
static void test_removed_whatever_it_was(void **state)
{
        assert_int_equal(configure("bacula --write"), 0);
        assert_int_equal(shell("printf '#!/bin/sh\\nexit 1\\n' > %s/bin/bacula-sd", root), 0);
        assert_int_equal(shell("cp %s" SD_CONF " %s/original/written.conf; echo '# mine' >> %s" SD_CONF, root,
                               root, root),
                         0);
        assert_int_equal(configure("bacula --remove"), 1);
        assert_said("rejects the new configuration; nothing was changed");
        assert_int_equal(shell("cp %s/original/written.conf %s" SD_CONF, root, root), 0);
        assert_int_equal(configure("bacula --remove"), 0);
        assert_same(SD_CONF, original("sd.conf"));
}

static void test_changed_at_the_same_place(void **state)
{
        assert_int_equal(configure("bacula --write"), 0);
        assert_int_equal(shell("sed -i 's/ AutomaticMount = yes/ # no/' %s" SD_CONF "; cp %s" SD_CONF
                               " %s/original/mine",
                               root, root, root),
                         0);
        assert_int_equal(configure("bacula --remove"), 1);
        assert_said(SD_CONF ": was changed where evertape had changed it");
        assert_same(SD_CONF, original("mine"));
}

static void test_rejected(void **state)
{
        assert_int_equal(shell("sed -i 's/Name = Standard/Name = REJECT/' %s" SD_CONF "; cp %s" SD_CONF
                               " %s/original/bad",
                               root, root, root),
                         0);
        assert_int_equal(configure("bacula --write"), 1);
        assert_said("bacula-sd rejects the new configuration; nothing was changed. It says:\n");
        assert_said("REJECT");
        assert_same(SD_CONF, original("bad"));
        assert_no(DROP_IN);
        assert_no(HOOK);
}

/* Runs it where something is mounted, which is seen by nobody else; skips the test if that is not allowed
 * here. */
static int configure_with(const char *mount, const char *arguments)
{
        if (shell("unshare -m sh -c '%s' 2>&1", mount) != 0)
                skip();
        return shell("unshare -m sh -c '%s; %s configure --root %s %s' 2>&1", mount, program, root,
                     arguments);
}

static void test_no_checker(void **state)
{
        char mount[512];

        snprintf(mount, sizeof(mount), "mkdir -p %s/empty; rm -f %s/bin/*; mount --bind %s/empty /usr/sbin",
                 root, root, root);
        assert_int_equal(configure_with(mount, "bacula --write"), 1);
        assert_said("bacula-sd is not installed, so the new configuration cannot be checked; nothing was "
                    "changed");
        assert_same(SD_CONF, original("sd.conf"));
}

static void test_cannot_write(void **state)
{
        assert_int_equal(shell("touch %s/var/lib/evertape", root), 0);
        assert_int_equal(configure("bacula --write"), 1);
        assert_said("Not a directory; nothing was changed");
        assert_same(SD_CONF, original("sd.conf"));
        assert_int_equal(shell("ls %s/etc/bacula", root), 0);
        assert_string_equal(said, "bacula-sd.conf\n");
}

static void test_read_only(void **state)
{
        char mount[512];

        snprintf(mount, sizeof(mount),
                 "mount --bind %s/etc/bacula %s/etc/bacula; mount -o remount,ro,bind %s/etc/bacula", root,
                 root, root);
        assert_int_equal(configure_with(mount, "bacula --write"), 1);
        assert_said(SD_CONF ": cannot be replaced: Read-only file system; nothing was changed");
        assert_same(SD_CONF, original("sd.conf"));
        assert_no(DROP_IN);
}

static void test_includes_and_links(void **state)
{
        assert_int_equal(shell("cd %s/etc/bacula && mkdir conf.d && mv bacula-sd.conf conf.d/sd-real && "
                               "ln -s conf.d/sd-real bacula-sd.conf && "
                               "echo '@conf.d/solo.conf' >> conf.d/sd-real && cp conf.d/sd-real "
                               "%s/original/sd.conf && "
                               "echo 'Device { Name = S; Archive Device = /dev/nst7 }' > conf.d/solo.conf",
                               root, root),
                         0);
        assert_int_equal(configure("bacula --write"), 0);
        assert_said("/etc/bacula/conf.d/solo.conf: written");
        assert_int_equal(shell("cat %s/etc/bacula/conf.d/solo.conf; readlink %s" SD_CONF, root, root), 0);
        assert_string_equal(said, "Device { Name = S; Archive Device = /dev/tape/by-name/lib1-drive1-nst }\n"
                                  "conf.d/sd-real\n");
        assert_int_equal(configure("bacula --remove"), 0);
        assert_same(SD_CONF, original("sd.conf"));
        assert_int_equal(shell("cat %s/etc/bacula/conf.d/solo.conf", root), 0);
        assert_string_equal(said, "Device { Name = S; Archive Device = /dev/nst7 }\n");
}

static void test_refusals(void **state)
{
        assert_int_equal(configure("bareos"), 2);
        assert_said("unknown program 'bareos'; there are: bacula amanda");
        assert_int_equal(configure(""), 2);
        assert_int_equal(configure("bacula --write --remove"), 2);
        assert_int_equal(configure("bacula --config bacula-sd.conf"), 2);
        assert_int_equal(configure("bacula --root /nonexistent"), 2);
        assert_int_equal(configure("bacula --wrong"), 2);
        assert_int_equal(configure("bacula --config /none"), 1);
        assert_said("/none: cannot be read: No such file or directory");
        assert_int_equal(configure("bacula --config /etc"), 1);
        assert_int_equal(shell("printf 'a\\0b' > %s/binary", root), 0);
        assert_int_equal(configure("bacula --config /binary"), 1);
        assert_said("it is no text");
        fake_daemon_stop(daemon_pid);
        daemon_pid = 0;
        assert_int_equal(configure("bacula --write"), 1);
        assert_said("evertaped is not running");
        assert_same(SD_CONF, original("sd.conf"));
}

static bool bus_start(void)
{
        int n = 0;

        if (shell("dbus-daemon --session --fork --nopidfile --print-address=1 --print-pid=1 2>/dev/null") !=
            0)
                return false;
        return sscanf(said, "%255s %d%n", bus_address, &bus_pid, &n) == 2 &&
               setenv("EVERTAPE_BUS", bus_address, 1) == 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_check_and_diff, setup, teardown),
                cmocka_unit_test_setup_teardown(test_write_and_remove, setup, teardown),
                cmocka_unit_test_setup_teardown(test_amanda, setup, teardown),
                cmocka_unit_test_setup_teardown(test_changed_meanwhile, setup, teardown),
                cmocka_unit_test_setup_teardown(test_removed_whatever_it_was, setup, teardown),
                cmocka_unit_test_setup_teardown(test_changed_at_the_same_place, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rejected, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_checker, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cannot_write, setup, teardown),
                cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
                cmocka_unit_test_setup_teardown(test_includes_and_links, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        };
        int failed;

        if (argc != 3)
                return EXIT_FAILURE;
        program = argv[1];
        data = argv[2];
        if (!bus_start())
                return EXIT_SKIP;
        setenv("LC_ALL", "C.UTF-8", 1);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        kill(bus_pid, SIGTERM);
        return failed;
}
