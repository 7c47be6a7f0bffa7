/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each check on a machine on which nothing is wrong, on the same with one thing wrong, and again when it is
 * mended. argv[1] is the folder of evertape's rules, argv[2] the manual page. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "doctor/test-machine.h"
#include "names/registry.h"
#include "util/root.h"

static const char *rules, *manual;

static int setup(void **state)
{
        *state = machine_new(rules);
        return 0;
}

static int teardown(void **state)
{
        machine_free(*state);
        return 0;
}

static void test_healthy(void **state)
{
        Machine *m = *state;

        machine_expect_healthy(m);
        for (size_t i = 0; doctor_check_id(i); i++)
                if (!machine_find(m, doctor_check_id(i), SEVERITY_OK, "", "") &&
                    !machine_find(m, doctor_check_id(i), SEVERITY_NOTE, "", ""))
                        fail_msg("check %s says nothing", doctor_check_id(i));
        assert_null(doctor_check_summary(1000));
}

typedef struct FileCase {
        const char *path;
        const char *text; /* NULL: the file is taken away */
        const char *check;
        Severity severity;
        const char *where, *what;
} FileCase;

#define RULE_DIR "etc/udev/rules.d/"
#define RELEASE  "6.1.0-13-amd64"

/* clang-format off */
static const FileCase cases[] = {
        {"proc/sys/kernel/osrelease", "5.0.21\n", "kernel-version", SEVERITY_PROBLEM, "", "kernel is 5.0.21"},
        {"proc/sys/kernel/osrelease", "4.18.0-553.el8\n", "kernel-version", SEVERITY_PROBLEM, "", "4.18.0-553.el8"},
        {"proc/sys/kernel/osrelease", "strange\n", "kernel-version", SEVERITY_UNCHECKED, "osrelease", "strange"},
        {"proc/sys/kernel/osrelease", "6.1.0-14-amd64\n", "kernel-modules", SEVERITY_PROBLEM, "", "no /lib/modules/6.1.0-14-amd64"},
        {"lib/modules/" RELEASE "/modules.dep", "kernel/drivers/target/loopback/tcm_loop.ko:\nkernel/drivers/scsi/st.ko:\n",
         "kernel-modules", SEVERITY_PROBLEM, "", "no module target_core_user"},
        {"etc/modprobe.d/site.conf", "\n# no\n  install tcm-loop /bin/false # really\n", "kernel-modules", SEVERITY_PROBLEM,
         "/etc/modprobe.d/site.conf:3", "tcm_loop is forbidden"},
        {"boot/config-" RELEASE, "CONFIG_TCM_USER2=m\n# CONFIG_LOOPBACK_TARGET is not set\nCONFIG_CHR_DEV_SG=y\nCONFIG_CHR_DEV_ST=m\n",
         "kernel-config", SEVERITY_PROBLEM, "/boot/config-" RELEASE, "without CONFIG_LOOPBACK_TARGET"},
        {"proc/self/mounts", "sysfs /sys sysfs rw 0 0\n", "configfs", SEVERITY_PROBLEM, "/sys/kernel/config", "not mounted"},
        {"sys/kernel/security/lockdown", "none [integrity] confidentiality\n", "lockdown", SEVERITY_NOTE, "", "[integrity]"},
        {"proc/sys/kernel/hung_task_panic", "1\n", "hung-task", SEVERITY_PROBLEM, "hung_task_panic", "waits for 120 s"},
        {"run/udev/queue", "", "links", SEVERITY_UNCHECKED, "by-name", "udev is at work"},
        {"proc/312/comm", "systemd-journal\n", "udev-running", SEVERITY_PROBLEM, "", "does not run"},
        {"usr/lib/udev/rules.d/61-evertape.rules", NULL, "udev-rules", SEVERITY_PROBLEM, "", "61-evertape.rules is not installed"},
        {"usr/lib/udev/rules.d/59-evertape.rules", "# old\n", "udev-rules", SEVERITY_PROBLEM, "59-evertape", "not that of this"},
        {"usr/lib/udev/rules.d/70-evertape-old.rules", "", "udev-rules", SEVERITY_WARNING, "70-evertape-old", "no rule file of this"},
        {"usr/lib/udev/evertape-id", NULL, "udev-rules", SEVERITY_PROBLEM, "evertape-id", "missing"},
        {"usr/lib/udev/rules.d/60-persistent-storage-tape.rules", NULL, "udev-fights", SEVERITY_NOTE, "", "missing"},
        {RULE_DIR "98-lin_tape.rules", "# IBM\nKERNEL==\"IBMtape*\", SYMLINK=\"lin_tape/by-id/x\"\n", "udev-fights",
         SEVERITY_PROBLEM, "98-lin_tape.rules:2", "takes away all links"},
        {RULE_DIR "10-site.rules", "KERNEL==\"nst0\", SYMLINK+=\"backup\"\n", "udev-fights", SEVERITY_WARNING,
         "10-site.rules:1", "backup to whatever is nst0"},
        {RULE_DIR "10-site.rules", "KERNEL==\"nst*\", ATTRS{x}==\"y\", SYMLINK+=\"tape/by-name/drive1-nst\"\n", "udev-fights",
         SEVERITY_PROBLEM, "10-site.rules:1", "evertape's directory"},
        {RULE_DIR "10-site.rules", "ATTRS{serial}==\"y\", SYMLINK+=\"tape/by-name/drive1-nst\"\n", "udev-fights",
         SEVERITY_PROBLEM, "10-site.rules:1", "evertape's directory"},
        {RULE_DIR "10-site.rules", "SUBSYSTEM==\"scsi_tape\", SYMLINK:=\"x\"\n", "udev-fights", SEVERITY_PROBLEM,
         "10-site.rules:1", "SYMLINK:=\"x\""},
        {RULE_DIR "99-site.rules", "SUBSYSTEM!=\"scsi_tape\", GOTO=\"e\"\n\n# c\nATTRS{x}==\"y\", \\\n OPTIONS+=\"link_priority=500\"\n"
         "LABEL=\"e\"\n", "udev-fights", SEVERITY_PROBLEM, "99-site.rules:4", "priority of links"},
        {RULE_DIR "90-mode.rules", "KERNEL==\"nst*|st*\", MODE=\"0666\"\n", "udev-fights", SEVERITY_PROBLEM, "90-mode.rules:1",
         "sets MODE"},
        {RULE_DIR "90-mode.rules", "SUBSYSTEM!=\"block\", GOTO=\"e\"\nLABEL=\"e\"\nSUBSYSTEM==\"scsi_generic\", ATTRS{type}==\"1|8\", "
         "OWNER=\"me\"\n", "udev-fights", SEVERITY_PROBLEM, "90-mode.rules:3", "sets OWNER"},
        {RULE_DIR "10-mode.rules", "SUBSYSTEM==\"scsi_generic\", GROUP:=\"backup\"\n", "udev-fights", SEVERITY_PROBLEM,
         "10-mode.rules:1", "sets GROUP"},
        {RULE_DIR "10-name.rules", "SUBSYSTEM==\"scsi_tape\", NAME=\"tape%n\"\n", "udev-fights", SEVERITY_NOTE, "10-name.rules:1",
         "NAME"},
        {RULE_DIR "10-run.rules", "KERNEL==\"st[0-9]\", RUN+=\"/usr/bin/mt -f /dev/%k defblksize 0\"\n", "udev-fights",
         SEVERITY_WARNING, "10-run.rules:1", "runs mt"},
        {RULE_DIR "10-run.rules", "KERNEL==\"sg[0-9]*\", PROGRAM==\"sg_inq /dev/%k\", SYMLINK+=\"x\"\n", "udev-fights",
         SEVERITY_WARNING, "10-run.rules:1", "runs sg_inq"},
        {RULE_DIR "10-run.rules", "SUBSYSTEM==\"scsi_tape\", RUN+=\"/bin/sh -c 'sleep 1;/bin/mt-st -f $env{DEVNAME} status'\"\n",
         "udev-fights", SEVERITY_WARNING, "10-run.rules:1", "runs mt-st"},
        {RULE_DIR "10-own.rules", "KERNEL==\"nst*\", SYMLINK+=\"tape/by-id/own\"\n", "udev-fights", SEVERITY_OK, "10-own.rules:1",
         "links of its own"},
        {RULE_DIR "99-broken.rules", "SUBSYSTEM!=\"scsi_tape\", GOTO=\"e\"\nnonsense\n", "udev-fights", SEVERITY_NOTE,
         "99-broken.rules:2", "not understood"},
        {"sys/module/ch/parameters/init", "1\n", "ch-init", SEVERITY_WARNING, "/sys/module/ch", "loaded with init=1"},
        {"etc/modprobe.d/lib.conf", "options ch readattrs=1 init=1\n", "ch-init", SEVERITY_WARNING, "/etc/modprobe.d/lib.conf:1",
         "to be loaded with init=1"},
        {"usr/lib/modprobe.d/evertape.conf", NULL, "ch-init", SEVERITY_WARNING, "", "no modprobe.d says"},
        {"etc/stinit.def", "# timeout=900\nmanufacturer=HP {\nlong-timeout=14000\n", "stinit", SEVERITY_WARNING, "/etc/stinit.def:3",
         "stinit sets"},
        {"etc/target/saveconfig.json", "{\"storage_objects\": [{\"config\": \"evertape/3\"}], \"wwn\": \"naa.3e7e7a9e00000006\"}",
         "target-service", SEVERITY_PROBLEM, "/etc/target/saveconfig.json", "saved LUNs"},
        {"etc/systemd/system/multi-user.target.wants/target.service", "", "target-service", SEVERITY_NOTE, "target.service", "enabled"},
        {"etc/smartd.conf", "DEVICESCAN\n  /dev/sg3 -d scsi -H\n", "pollers", SEVERITY_WARNING, "/etc/smartd.conf:2", "/dev/sg3"},
        {"proc/9/comm", "tcmu-runner\n", "neighbours", SEVERITY_NOTE, "", "tcmu-runner"},
        {"proc/9/comm", "multipathd\n", "neighbours", SEVERITY_OK, "", "multipathd"},
        {"sys/module/lin_tape/refcnt", "0\n", "neighbours", SEVERITY_WARNING, "", "lin_tape"},
        {"sys/kernel/config/target/core/user_3700/evertape-2/enable", "1\n", "stale-lun", SEVERITY_PROBLEM, "/evertape-2",
         "not held: drive1"},
        {"sys/kernel/config/target/core/user_3700/evertape-9/enable", "1\n", "stale-lun", SEVERITY_PROBLEM, "/evertape-9",
         "not in the registry"},
        {"sys/devices/host11/target11:0:1/11:0:1:0/timeout", "900\n", "held-timeout", SEVERITY_PROBLEM, "nst7/device/timeout",
         "drive2 after 900 s"},
        {"etc/systemd/system/multi-user.target.wants/evertaped.service", NULL, "service", SEVERITY_WARNING, "evertaped.service",
         "not started at boot"},
        {"etc/systemd/system/evertaped.service.d/site.conf", "[Service]\nFileDescriptorStoreMax=0\n", "service-unit",
         SEVERITY_WARNING, "/etc/systemd/system/evertaped.service.d/site.conf:2", "FileDescriptorStoreMax=0"},
        {"etc/systemd/system/evertaped.service.d/site.conf", "Restart=no\n", "service-unit", SEVERITY_WARNING, "site.conf:1",
         "Restart=no"},
        {"etc/systemd/system/evertaped.service", "Restart=always\n", "service-unit", SEVERITY_NOTE, "", "replaced"},
        {"proc/meminfo", "MemTotal: 1048576 kB\n", "memory", SEVERITY_NOTE, "", "Journal=1024M is more than the memory allows for: 64M"},
        {"run/evertape/unit-2.state", "", "state-files", SEVERITY_NOTE, "unit-2.state", "not held"},
        {"run/evertape/unit-12.saved.new", "", "state-files", SEVERITY_NOTE, "unit-12.saved.new", "unit 12"},
        {"etc/bacula/bacula-sd.conf", "Device {\n  # /dev/nst1\n  Archive Device = /dev/nst0\n", "backup-config", SEVERITY_NOTE,
         "/etc/bacula/bacula-sd.conf:3", "/dev/nst0"},
        {"etc/bareos/bareos-sd.d/device/t.conf", "Archive Device = \"/dev/sg5\"\n", "backup-config", SEVERITY_NOTE,
         "/etc/bareos/bareos-sd.d/device/t.conf:1", "/dev/sg5"},
        {"etc/amanda/daily/amanda.conf", "tapedev \"tape:/dev/nst0\"\n", "backup-config", SEVERITY_NOTE,
         "/etc/amanda/daily/amanda.conf:1", "/dev/nst0"},
};

/* What looks like the above and is none. */
static const char *const harmless[][2] = {
        {"etc/modprobe.d/site.conf", "#install tcm_loop /bin/false\ninstall st /sbin/modprobe --ignore-install st\n"
                                     "install tcm_loop_other /bin/false\n"},
        {"etc/modprobe.d/lib.conf", "options chx init=1\noptions ch noinit=1\n"},
        {RULE_DIR "99-disk.rules", "SUBSYSTEM==\"block\", KERNEL==\"s*\", SYMLINK=\"x\", MODE=\"0666\", OPTIONS+=\"link_priority=1\"\n"},
        {RULE_DIR "99-all.rules", "KERNEL==\"*\", MODE=\"0600\"\n"},
        {RULE_DIR "99-gate.rules", "SUBSYSTEM!=\"scsi_tape\", GOTO=\"e\"\nLABEL=\"e\"\nKERNEL==\"sda\", MODE=\"0666\", SYMLINK=\"x\"\n"},
        {RULE_DIR "99-not.rules", "KERNEL!=\"st*\", MODE=\"0666\"\n"},
        {RULE_DIR "10-before.rules", "SUBSYSTEM==\"scsi_tape\", MODE=\"0660\", GROUP=\"tape\", OPTIONS+=\"link_priority=5\"\n"},
        {RULE_DIR "99-scanner.rules", "SUBSYSTEM==\"scsi_generic\", ATTRS{type}==\"3|6\", MODE=\"0664\", GROUP=\"scanner\"\n"},
        {RULE_DIR "99-block.rules", "SUBSYSTEM!=\"block\", GOTO=\"e\"\nKERNEL==\"st*\", MODE=\"0666\"\nLABEL=\"e\"\n"},
        {RULE_DIR "99-builtin.rules", "SUBSYSTEM==\"scsi_tape\", IMPORT{builtin}=\"mt\"\n"},
        {RULE_DIR "99-run.rules", "SUBSYSTEM==\"scsi_tape\", RUN+=\"/usr/bin/logger mtt amt /dev/mt mt.log\", PROGRAM=\"\"\n"},
        {RULE_DIR "99-site.rules.bak", "KERNEL==\"nst*\", MODE=\"0666\"\n"},
        {"etc/stinit.def", "# timeout=900\n{buffer-writes read-ahead mytimeout=1 timeouts}\n"},
        {"etc/smartd.conf", "# /dev/sg3\nDEVICESCAN\n/dev/sda -a\n"},
        {"etc/target/saveconfig.json", "{\"storage_objects\": [], \"targets\": [{\"wwn\": \"naa.6001405abc\"}]}"},
        {"etc/bacula/bacula-sd.conf", "Archive Device = /dev/tape/by-name/drive1-nst\n# /dev/nst0\nX=/dev/nst\nY=/dev/stdin\n"},
        {"etc/bacula/notes.txt", "/dev/nst0\n"},
        {"run/evertape/unit-3.state", ""},
        {"run/evertape/evertaped.lock", "12"},
        {"sys/kernel/config/target/core/user_3700/hba_info", ""},
        {"sys/kernel/config/target/core/user_3700/evertape-x/enable", ""},
        {"etc/systemd/system/evertaped.service.d/a.conf", "[Service]\n#Restart=no\nFileDescriptorStoreMax=2048\nEnvironment=A=b\n"},
        {"sys/kernel/security/lockdown", "[none] integrity confidentiality\n"},
};
/* clang-format on */

static void read_saved(Machine *m, const char *path, char *text, size_t n, bool *ret_was)
{
        ssize_t k = root_read(m->tree->root, path, text, n - 1);

        *ret_was = k >= 0;
        text[k > 0 ? k : 0] = '\0';
}

/* The parents that the test made go too, so that the next one begins with the same machine. */
static void restore(Machine *m, const char *path, const char *saved, bool was)
{
        char parent[512];

        if (was) {
                tree_text(m->tree, path, saved);
                if (strstr(path, "evertape-id"))
                        assert_int_equal(fchmodat(m->tree->root, path, 0755, 0), 0);
                return;
        }
        tree_unlink(m->tree, path);
        snprintf(parent, sizeof(parent), "%s", path);
        for (char *slash; (slash = strrchr(parent, '/'));) {
                *slash = '\0';
                if (unlinkat(m->tree->root, parent, AT_REMOVEDIR) < 0)
                        return;
        }
}

static void test_files(void **state)
{
        Machine *m = *state;
        static char saved[16384];
        bool was;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const FileCase *c = &cases[i];

                read_saved(m, c->path, saved, sizeof(saved), &was);
                if (c->text)
                        tree_text(m->tree, c->path, c->text);
                else
                        tree_unlink(m->tree, c->path);
                machine_expect(m, c->check, c->severity, c->where, c->what);
                restore(m, c->path, saved, was);
                machine_expect_healthy(m);
                if (c->severity >= SEVERITY_NOTE)
                        assert_null(machine_find(m, c->check, c->severity, c->where, c->what));
        }
}

static void test_harmless_files(void **state)
{
        Machine *m = *state;
        size_t n_notes;

        machine_run(m);
        n_notes = report_count(&m->report, SEVERITY_NOTE);
        for (size_t i = 0; i < ELEMENTSOF(harmless); i++) {
                tree_text(m->tree, harmless[i][0], harmless[i][1]);
                machine_expect_healthy(m);
                if (report_count(&m->report, SEVERITY_NOTE) != n_notes)
                        fail_msg("%s is found fault with", harmless[i][0]);
                restore(m, harmless[i][0], "", false);
        }
}

/* Each check has something to break it with. */
static void test_each_check_has_a_case(void **state)
{
        static const char *const elsewhere[] = {
                "identity", "duplicates", "paths",         "device-state",    "held-lun",     "real-node",
                "registry", "config",     "iscsi-targets", "iscsi-initiator", "iscsi-secrets"};

        for (size_t i = 0; doctor_check_id(i); i++) {
                bool has = false;

                for (size_t j = 0; j < ELEMENTSOF(cases); j++)
                        has |= strcmp(cases[j].check, doctor_check_id(i)) == 0;
                for (size_t j = 0; j < ELEMENTSOF(elsewhere); j++)
                        has |= strcmp(elsewhere[j], doctor_check_id(i)) == 0;
                if (!has)
                        fail_msg("no test breaks %s", doctor_check_id(i));
        }
}

static void test_manual_has_every_check(void **state)
{
        static char page[65536];
        char bold[64];
        FILE *f = fopen(manual, "re");
        size_t n;

        assert_non_null(f);
        n = fread(page, 1, sizeof(page) - 1, f);
        fclose(f);
        assert_true(n > 0 && n < sizeof(page) - 1);
        for (size_t i = 0; doctor_check_id(i); i++) {
                snprintf(bold, sizeof(bold), "*%s*", doctor_check_id(i));
                if (!strstr(page, bold))
                        fail_msg("%s is not in %s", bold, manual);
        }
}

static void test_hung_task_names_the_file(void **state)
{
        Machine *m = *state;

        tree_text(m->tree, "proc/sys/kernel/hung_task_panic", "1\n");
        tree_text(m->tree, "etc/sysctl.d/50-panic.conf",
                  "#kernel.hung_task_panic=0\n\nkernel.hung_task_panic = 1\n");
        machine_expect(m, "hung-task", SEVERITY_PROBLEM, "/etc/sysctl.d/50-panic.conf:3", "panics");
}

static void test_rules_replaced_and_masked(void **state)
{
        Machine *m = *state;
        static char text[16384];
        bool was;

        read_saved(m, "usr/lib/udev/rules.d/61-evertape.rules", text, sizeof(text), &was);
        tree_text(m->tree, "etc/udev/rules.d/61-evertape.rules", text);
        machine_expect(m, "udev-rules", SEVERITY_WARNING, "/etc/udev/rules.d/61-evertape.rules",
                       "reads this copy");
        tree_text(m->tree, "etc/udev/rules.d/61-evertape.rules", "# nothing\n");
        machine_expect(m, "udev-rules", SEVERITY_PROBLEM, "/etc/udev/rules.d/61-evertape.rules",
                       "not that of this");
        tree_unlink(m->tree, "etc/udev/rules.d/61-evertape.rules");
        tree_link(m->tree, "etc/udev/rules.d/61-evertape.rules", "/dev/null");
        machine_expect(m, "udev-rules", SEVERITY_PROBLEM, "/etc/udev/rules.d/61-evertape.rules", "masked");
        tree_unlink(m->tree, "etc/udev/rules.d/61-evertape.rules");
        machine_expect_healthy(m);
}

static void test_links(void **state)
{
        Machine *m = *state;

        tree_unlink(m->tree, "dev/tape/by-name/drive1-nst");
        machine_expect(m, "links", SEVERITY_PROBLEM, "drive1",
                       "nst0 has no link /dev/tape/by-name/drive1-nst");
        tree_link(m->tree, "dev/tape/by-name/drive1-nst", "../../nst5");
        machine_expect(m, "links", SEVERITY_PROBLEM, "/dev/tape/by-name/drive1-nst",
                       "nst5, which is not there");
        tree_unlink(m->tree, "dev/tape/by-name/drive1-nst");
        tree_link(m->tree, "dev/tape/by-name/drive1-nst", "../../nst7");
        machine_expect(m, "links", SEVERITY_PROBLEM, "/dev/tape/by-name/drive1-nst",
                       "nst7, which is another device");
        tree_unlink(m->tree, "dev/tape/by-name/drive1-nst");
        tree_text(m->tree, "dev/tape/by-name/drive1-nst", "a file");
        machine_expect(m, "links", SEVERITY_WARNING, "/dev/tape/by-name/drive1-nst", "no link of udev");
        tree_unlink(m->tree, "dev/tape/by-name/drive1-nst");
        tree_link(m->tree, "dev/tape/by-name/drive1-nst", "../../nst0");
        machine_expect_healthy(m);
        tree_unlink(m->tree,
                    "dev/tape/by-name/drive2-sg"); /* a held device's link must not lead to the real one */
        tree_link(m->tree, "dev/tape/by-name/drive2-sg", "../../sg4");
        machine_expect(m, "links", SEVERITY_PROBLEM, "/dev/tape/by-name/drive2-sg", "another device");
}

/* A device more than the machine has; nobody has named it, so that no link is missed. */
static void with_device(Machine *m, const TestDevice *d)
{
        tree_add_device(m->tree, d);
        machine_run(m);
}

static void test_device_without_identifier(void **state)
{
        Machine *m = *state;
        TestDevice d = {.host = 12, .sg = 8, .type = 1, .inquiry = "ACME    TAPE            0001"};

        with_device(m, &d);
        machine_expect(m, "identity", SEVERITY_WARNING, "12:0:0:0 (/dev/sg8, ACME TAPE)",
                       "neither a serial number nor an identifier; it is known by its place, scsi.12:0:0:0");
        d = (TestDevice){.host = 13,
                         .sg = 9,
                         .type = 1,
                         .inquiry = d.inquiry,
                         .naa = "\x50\x01\x43\x80\x12\x34\x56\x09"};
        with_device(m, &d);
        machine_expect(m, "identity", SEVERITY_NOTE, "13:0:0:0", "no serial number");
}

static void test_duplicates(void **state)
{
        Machine *m = *state;
        TestDevice other = machine_drive1, path = machine_drive1, same_target = machine_drive1,
                   serial = machine_drive1, product = machine_drive1;
        TestDevice changer = machine_changer;

        path.host = 20;
        path.sg = 20;
        path.node = NULL;
        with_device(m, &path);
        assert_null(machine_find(m, "duplicates", SEVERITY_PROBLEM, "", ""));
        assert_null(machine_find(m, "duplicates", SEVERITY_WARNING, "", ""));
        machine_expect(m, "paths", SEVERITY_OK, "drive1", "2 paths");
        same_target.lun = 9;
        same_target.sg = 21;
        same_target.node = NULL;
        with_device(m, &same_target);
        machine_expect(m, "duplicates", SEVERITY_WARNING,
                       "10:0:0:1 (/dev/sg3, HP Ultrium 3-SCSI) and 10:0:0:9", "claim to be the same");
        product.host = 25;
        product.sg = 25;
        product.inquiry = "ACME    OTHER           0001";
        product.node = NULL;
        with_device(m, &product);
        machine_expect(m, "duplicates", SEVERITY_PROBLEM, "25:0:0:1 (/dev/sg25, ACME OTHER)",
                       "two devices claim to be the same: naa.");
        other.host = 22;
        other.sg = 22;
        other.serial = "DRV0009";
        other.node = NULL;
        with_device(m, &other);
        machine_expect(m, "duplicates", SEVERITY_WARNING, "22:0:0:1",
                       "one identifier: naa.5001438012345601, serial number DRV0009");
        serial.host = 23;
        serial.sg = 23;
        serial.naa = "\x50\x01\x43\x80\x12\x34\x56\x77";
        serial.node = NULL;
        with_device(m, &serial);
        machine_expect(m, "duplicates", SEVERITY_WARNING, "23:0:0:1",
                       "one serial number: naa.5001438012345677, serial number DRV0001");
        changer.host = 24;
        changer.sg = 24;
        changer.naa = machine_drive1.naa;
        changer.node = NULL;
        with_device(m, &changer);
        machine_expect(m, "duplicates", SEVERITY_NOTE, "24:0:0:3", "a drive and a changer have one identity");
}

static void test_device_states(void **state)
{
        Machine *m = *state;
        const Finding *f;
        char path[160];

        tree_text(m->tree, tree_device_path(path, &machine_drive1, "/state"), "offline\n");
        machine_expect(m, "device-state", SEVERITY_PROBLEM, "10:0:0:1", "given the device up (offline)");
        f = machine_find(m, "device-state", SEVERITY_PROBLEM, "10:0:0:1", "");
        assert_string_equal(f->fix, "echo 1 > /sys/bus/scsi/devices/10:0:0:1/delete\n"
                                    "echo '0 0 -' > /sys/class/scsi_host/host10/scan");
        tree_text(m->tree, tree_device_path(path, &machine_drive1, "/state"), "blocked\n");
        machine_expect(m, "device-state", SEVERITY_WARNING, "10:0:0:1", "looking for it (blocked)");
        tree_text(m->tree, tree_device_path(path, &machine_drive1, "/state"), "running\n");
        tree_link(m->tree, "sys/bus/scsi/devices/10:0:0:1/driver", "../../../bus/scsi/drivers/lin_tape");
        machine_expect(m, "device-state", SEVERITY_WARNING, "10:0:0:1", "driver lin_tape has the device");
        tree_unlink(m->tree, "sys/bus/scsi/devices/10:0:0:1/driver");
        machine_expect_healthy(m);
        tree_text(m->tree, "sys/bus/scsi/drivers/st/module/x", "");
        machine_expect(m, "device-state", SEVERITY_WARNING, "10:0:0:1", "driver st does not have the device");
        assert_null(machine_find(m, "device-state", SEVERITY_WARNING, "10:0:0:2",
                                 "")); /* held: as it should be */
}

static void test_held(void **state)
{
        Machine *m = *state;
        char path[160];

        if (geteuid() == 0) { /* the owner of a file in the tree */
                assert_int_equal(fchmodat(m->tree->root, "dev/sg4", 0660, 0), 0);
                machine_expect(m, "real-node", SEVERITY_PROBLEM, "/dev/sg4",
                               "drive2 is open to others than root (mode 660)");
                assert_int_equal(fchmodat(m->tree->root, "dev/sg4", 0600, 0), 0);
                machine_expect_healthy(m);
        }
        tree_text(m->tree, tree_device_path(path, &machine_drive2, "/scsi_tape/nst3/dev"), "9:131\n");
        machine_expect(m, "real-node", SEVERITY_PROBLEM, "/dev/nst3",
                       "driver st still has the real device of held device drive2");
        tree_remove(m->tree, tree_device_path(path, &machine_drive2, "/scsi_tape"));
        assert_int_equal(renameat(m->tree->root, "sys/class/scsi_generic/sg4", m->tree->root, "gone"), 0);
        machine_expect(m, "held-lun", SEVERITY_WARNING, "drive2", "the real device is away");
        assert_int_equal(renameat(m->tree->root, "gone", m->tree->root, "sys/class/scsi_generic/sg4"), 0);
        machine_expect_healthy(m);
        tree_unlink(m->tree, "sys/class/scsi_generic/sg6");
        machine_expect(m, "held-lun", SEVERITY_PROBLEM, "drive2",
                       "the kernel has no LUN for it but the half of one");
        tree_unlink(m->tree, "sys/class/scsi_generic/sg4");
        machine_expect(m, "held-lun", SEVERITY_WARNING, "drive2",
                       "has not been there since evertaped was started");
        m->input.daemon = DAEMON_ABSENT;
        machine_expect(m, "held-lun", SEVERITY_UNCHECKED, "drive2", "cannot be asked");
}

/* As long as nothing is held, nothing is at risk. */
static void test_rights_without_held_devices(void **state)
{
        Machine *m = *state;
        _cleanup_(registry_closep) Registry *registry = NULL;

        assert_int_equal(registry_open(m->registry, &registry), 0);
        assert_int_equal(registry_set_hold(registry, 3, false), 0);
        tree_text(m->tree, RULE_DIR "90-mode.rules", "SUBSYSTEM==\"scsi_tape\", MODE=\"0666\"\n");
        machine_expect(m, "udev-fights", SEVERITY_WARNING, "90-mode.rules:1", "sets MODE");
        machine_expect(m, "stale-lun", SEVERITY_PROBLEM, "evertape-3", "not held: drive2");
}

static void test_service(void **state)
{
        Machine *m = *state;

        m->input.daemon = DAEMON_ABSENT;
        machine_expect(m, "service", SEVERITY_PROBLEM, "evertaped.service", "does not run");
        m->input.daemon = DAEMON_SILENT;
        machine_expect(m, "service", SEVERITY_PROBLEM, "evertaped.service", "does not answer");
        m->input.daemon = DAEMON_UNKNOWN;
        machine_expect(m, "service", SEVERITY_UNCHECKED, "", "bus cannot be reached");
        m->input.daemon = DAEMON_NOT_ASKED;
        machine_expect(m, "service", SEVERITY_UNCHECKED, "", "another system");
}

static void test_config(void **state)
{
        Machine *m = *state;

        m->input.config_status = 1;
        m->input.config_said =
                "/etc/evertape/evertape.conf: [Hold] Timeout=soon: not a span; ignored\n\nx\033[31m";
        machine_expect(m, "config", SEVERITY_PROBLEM, "", "[Hold] Timeout=soon");
        machine_expect(m, "config", SEVERITY_PROBLEM, "", "x?[31m");
        assert_int_equal(report_count(&m->report, SEVERITY_PROBLEM), 2);
        m->input.config_said = "";
        machine_expect(m, "config", SEVERITY_PROBLEM, "evertape.conf", "not accepted");
        m->input.config_status = -ENOENT;
        machine_expect(m, "config", SEVERITY_UNCHECKED, "evertaped", "No such file");
}

static void test_memory(void **state)
{
        Machine *m = *state;
        _cleanup_(registry_closep) Registry *registry = NULL;
        RegistryDevice row;

        assert_int_equal(registry_open(m->registry, &registry), 0);
        for (int i = 0; i < 20; i++) {
                Identity id = {.type = DEVICE_TAPE, .rank = IDENTITY_NAA, .vendor = "HP", .product = "U"};

                snprintf(id.key, sizeof(id.key), "naa.50000000000000%02d", i);
                snprintf(id.serial, sizeof(id.serial), "S%d", i);
                assert_int_equal(registry_add(registry, &id, 1, &row), 0);
                assert_int_equal(registry_set_hold(registry, row.id, true), 0);
        }
        tree_text(m->tree, "etc/evertape/evertape.conf", "[Hold]\n#Journal=9G\nJournal = 2G ; a lot\n");
        machine_expect(m, "memory", SEVERITY_WARNING, "", "of 21 held tapes may take 43008M of 32768M");
        tree_text(m->tree, "etc/evertape/evertape.conf.d/50-site.conf", "[Hold]\nJournal=512M\n");
        machine_run(m);
        assert_null(machine_find(m, "memory", SEVERITY_WARNING, "", ""));
}

static void test_registry(void **state)
{
        Machine *m = *state;
        static char junk[20000];
        char path[] = "var/lib/evertape/evertape.db";
        sqlite3 *db;

        assert_int_equal(sqlite3_open(m->registry, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        machine_expect(m, "registry", SEVERITY_PROBLEM, "evertape.db", "of version 99");
        memset(junk, 'x', sizeof(junk));
        tree_write(m->tree, path, junk, sizeof(junk));
        machine_expect(m, "registry", SEVERITY_PROBLEM, "evertape.db", "damaged: file is not a database");
        assert_null(machine_find(m, "stale-lun", SEVERITY_PROBLEM, "", "")); /* not known: not claimed */
        tree_unlink(m->tree, path);
        machine_expect(m, "registry", SEVERITY_NOTE, "evertape.db", "no registry yet");
}

/* A writer that takes long is no damage. */
static void test_registry_locked(void **state)
{
        Machine *m = *state;
        sqlite3 *db;

        assert_int_equal(sqlite3_open(m->registry, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
        machine_expect(m, "registry", SEVERITY_UNCHECKED, "evertape.db", "busy");
        assert_null(machine_find(m, "registry", SEVERITY_PROBLEM, "", ""));
        sqlite3_close(db);
        machine_expect_healthy(m);
}

/* Half of its pages overwritten: it opens, and what is in it is not what it was. */
static void test_registry_with_a_hole(void **state)
{
        Machine *m = *state;
        static char page[4096];
        int fd = open(m->registry, O_RDWR | O_CLOEXEC);

        memset(page, 0xa5, sizeof(page));
        for (int i = 1; i < 12; i++)
                assert_int_equal(pwrite(fd, page, sizeof(page), (off_t) i * 4096), sizeof(page));
        close(fd);
        machine_expect(m, "registry", SEVERITY_PROBLEM, "evertape.db", "damaged");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_healthy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_harmless_files, setup, teardown),
                cmocka_unit_test(test_each_check_has_a_case),
                cmocka_unit_test(test_manual_has_every_check),
                cmocka_unit_test_setup_teardown(test_hung_task_names_the_file, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rules_replaced_and_masked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_links, setup, teardown),
                cmocka_unit_test_setup_teardown(test_device_without_identifier, setup, teardown),
                cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
                cmocka_unit_test_setup_teardown(test_device_states, setup, teardown),
                cmocka_unit_test_setup_teardown(test_held, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rights_without_held_devices, setup, teardown),
                cmocka_unit_test_setup_teardown(test_service, setup, teardown),
                cmocka_unit_test_setup_teardown(test_config, setup, teardown),
                cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
                cmocka_unit_test_setup_teardown(test_registry, setup, teardown),
                cmocka_unit_test_setup_teardown(test_registry_locked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_registry_with_a_hole, setup, teardown),
        };

        if (argc != 3)
                return EXIT_FAILURE;
        rules = argv[1];
        manual = argv[2];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
