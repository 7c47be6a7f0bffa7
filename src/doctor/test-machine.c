/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Debian 12 with evertape 0.1, two drives and a library, as small as the checks let it be. */

#include "doctor/test-machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "names/registry.h"
#include "util/root.h"

#define RELEASE "6.1.0-13-amd64"

const TestDevice machine_drive1 = {.host = 10,
                                   .lun = 1,
                                   .sg = 3,
                                   .type = 1,
                                   .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                   .serial = "DRV0001",
                                   .naa = "\x50\x01\x43\x80\x12\x34\x56\x01",
                                   .node = "st0",
                                   .driver = "st"};
const TestDevice machine_drive2 = {.host = 10,
                                   .lun = 2,
                                   .sg = 4,
                                   .type = 1,
                                   .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                   .serial = "DRV0002",
                                   .naa = "\x50\x01\x43\x80\x12\x34\x56\x02"};
const TestDevice machine_changer = {.host = 10,
                                    .lun = 3,
                                    .sg = 5,
                                    .type = 8,
                                    .inquiry = "STK     L700            0001",
                                    .serial = "LIB0001",
                                    .node = "sch0",
                                    .driver = "ch"};
const TestDevice machine_lun2 = {.host = 11,
                                 .target = 1,
                                 .sg = 6,
                                 .type = 1,
                                 .inquiry = "HP      Ultrium 3-SCSI  G24W",
                                 .serial = "DRV0002",
                                 .naa = "\x50\x01\x43\x80\x12\x34\x56\x02",
                                 .node = "st7",
                                 .driver = "st",
                                 .proc_name = "tcm_loopback\n"};

static const char *const files[][2] = {
        {"proc/sys/kernel/osrelease", RELEASE "\n"},
        {"proc/sys/kernel/hung_task_panic", "0\n"},
        {"proc/sys/kernel/hung_task_timeout_secs", "120\n"},
        {"proc/self/mounts", "sysfs /sys sysfs rw 0 0\nconfigfs /sys/kernel/config configfs rw 0 0\n"},
        {"proc/meminfo", "MemTotal:       33554432 kB\nMemFree: 1 kB\n"},
        {"proc/1/comm", "systemd\n"},
        {"proc/312/comm", "systemd-udevd\n"},
        {"lib/modules/" RELEASE "/modules.builtin",
         "kernel/drivers/scsi/scsi_mod.ko\nkernel/drivers/scsi/sg.ko\n"},
        {"lib/modules/" RELEASE "/modules.dep",
         "kernel/drivers/target/target_core_user.ko: kernel/drivers/uio/uio.ko\n"
         "kernel/drivers/target/loopback/tcm_loop.ko.xz: kernel/drivers/target/target_core_mod.ko.xz\n"
         "kernel/drivers/scsi/st.ko:\nkernel/drivers/scsi/ch.ko:\n"},
        {"boot/config-" RELEASE, "CONFIG_TCM_USER2=m\nCONFIG_LOOPBACK_TARGET=m\nCONFIG_CHR_DEV_SG=y\n"
                                 "CONFIG_CHR_DEV_ST=m\nCONFIG_CHR_DEV_SCH=m\n"},
        {"usr/lib/modprobe.d/evertape.conf", "# a comment\noptions ch init=0\n"},
        {"sys/module/ch/parameters/init", "0\n"},
        {"usr/lib/udev/rules.d/50-udev-default.rules", "SUBSYSTEM==\"scsi_tape\", GROUP=\"tape\"\n"},
        {"usr/lib/udev/rules.d/60-persistent-storage-tape.rules", "SUBSYSTEM!=\"scsi_tape\", GOTO=\"end\"\n"},
        {"usr/lib/udev/evertape-id", "#!/bin/true\n"},
        {"etc/systemd/system/multi-user.target.wants/evertaped.service", ""},
        {"run/systemd/system/here", ""},
        {"sys/kernel/config/target/core/user_3700/evertape-3/enable", "1\n"},
        {"dev/sg3", ""},
        {"dev/sg4", ""},
        {"dev/sg5", ""},
        {"dev/sg6", ""},
        {"dev/st0", ""},
        {"dev/nst0", ""},
        {"dev/st7", ""},
        {"dev/nst7", ""},
        {"dev/sch0", ""},
};

static const char *const links[][2] = {
        {"dev/tape/by-name/lib1-changer", "../../sg5"}, {"dev/tape/by-name/lib1-sch", "../../sch0"},
        {"dev/tape/by-name/drive1", "../../st0"},       {"dev/tape/by-name/drive1-nst", "../../nst0"},
        {"dev/tape/by-name/drive1-sg", "../../sg3"},    {"dev/tape/by-name/drive2", "../../st7"},
        {"dev/tape/by-name/drive2-nst", "../../nst7"},  {"dev/tape/by-name/drive2-sg", "../../sg6"},
};

/* As they are installed, so that what is looked for in them is there. */
static void copy_rules(Machine *m, const char *rules)
{
        static const char *const names[] = {"59-evertape.rules", "61-evertape.rules"};
        _cleanup_close_ int from = root_open(rules);
        char text[16384], path[64];

        assert_true(from >= 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ssize_t n = root_read(from, names[i], text, sizeof(text));

                assert_true(n > 0);
                snprintf(path, sizeof(path), "usr/lib/udev/rules.d/%s", names[i]);
                tree_write(m->tree, path, text, (size_t) n);
        }
}

static void add_registry(Machine *m)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        _cleanup_free_ DevicePath *paths = NULL;
        RegistryDevice row;
        size_t n;

        tree_text(m->tree, "var/lib/evertape/here", "");
        snprintf(m->registry, sizeof(m->registry), "%s/var/lib/evertape/evertape.db", m->tree->path);
        assert_int_equal(registry_open(m->registry, &registry), 0);
        assert_int_equal(monitor_scan(m->tree->root, &paths, &n), 0);
        assert_int_equal(n, 4);
        assert_int_equal(registry_add(registry, &paths[2].identity, 1000, &row), 0); /* lib1 */
        assert_int_equal(registry_add(registry, &paths[0].identity, 1000, &row), 0); /* drive1 */
        assert_int_equal(registry_add(registry, &paths[1].identity, 1000, &row), 0); /* drive2 */
        assert_string_equal(row.name, "drive2");
        assert_int_equal(row.id, 3);
        assert_int_equal(registry_set_hold(registry, row.id, true), 0);
}

Machine *machine_new(const char *rules)
{
        static const TestDevice *const devices[] = {&machine_drive1, &machine_drive2, &machine_changer,
                                                    &machine_lun2};
        Machine *m = calloc(1, sizeof(*m));
        char path[160];

        assert_non_null(m);
        m->tree = tree_new();
        for (size_t i = 0; i < ELEMENTSOF(devices); i++)
                tree_add_device(m->tree, devices[i]);
        tree_add_loopback(m->tree, "naa.3e7e7a9e00000006", "11:0:1\n");
        tree_text(m->tree, tree_device_path(path, &machine_lun2, "/timeout"), "172800\n");
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                tree_text(m->tree, files[i][0], files[i][1]);
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                tree_link(m->tree, links[i][0], links[i][1]);
        copy_rules(m, rules);
        assert_int_equal(fchmodat(m->tree->root, "usr/lib/udev/evertape-id", 0755, 0), 0);
        assert_int_equal(fchmodat(m->tree->root, "dev/sg4", 0600, 0), 0);
        add_registry(m);
        m->input = (DoctorInput){.root = m->tree->root, .registry = m->registry, .daemon = DAEMON_RUNNING};
        return m;
}

Machine *machine_free(Machine *m)
{
        report_deinit(&m->report);
        tree_free(m->tree);
        free(m);
        return NULL;
}

void machine_run(Machine *m)
{
        report_deinit(&m->report);
        assert_int_equal(doctor_run(&m->input, &m->report), 0);
}

const Finding *machine_find(const Machine *m, const char *check, Severity severity, const char *where,
                            const char *what)
{
        for (size_t i = 0; i < m->report.n_items; i++) {
                const Finding *f = &m->report.items[i];

                if (strcmp(f->check, check) == 0 && f->severity == severity &&
                    strstr(f->where ? f->where : "", where) && strstr(f->what, what))
                        return f;
        }
        return NULL;
}

void machine_check_healthy(const Machine *m)
{
        for (size_t i = 0; i < m->report.n_items; i++) {
                const Finding *f = &m->report.items[i];

                if (f->severity > SEVERITY_NOTE)
                        fail_msg("%s: %s: %s: %s", f->check, severity_name(f->severity),
                                 f->where ? f->where : "-", f->what);
        }
}

void machine_expect(Machine *m, const char *check, Severity severity, const char *where, const char *what)
{
        const Finding *f;

        machine_run(m);
        f = machine_find(m, check, severity, where, what);
        if (!f)
                fail_msg("%s does not find \"%s\" in %s", check, what, where);
        if (severity >= SEVERITY_WARNING) {
                assert_non_null(f->why);
                assert_non_null(f->fix);
        }
}

void machine_expect_healthy(Machine *m)
{
        machine_run(m);
        machine_check_healthy(m);
}
