/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Drivers and programs beside evertape that change what it relies on. Only those for which there is a reason.
 */

#include <errno.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/modules.h"
#include "util/root.h"
#include "util/text.h"
#include "util/wwn.h"

static const char ch_why[] = "each time that a library comes back, ch has it take its inventory (INITIALIZE "
                             "ELEMENT STATUS): its robot is busy for minutes and backups wait";

/* The option that is in force, of the module or of the next modprobe. */
void check_ch_init(const Doctor *d, Report *r)
{
        Severity severity = doctor_has_changer(d) ? SEVERITY_WARNING : SEVERITY_NOTE;
        char value[32], where[360] = "";
        long long init = 0;
        bool loaded = file_read_number(d->root, "sys/module/ch/parameters/init", &init) >= 0;
        int configured = module_option(d->root, "ch", "init", value, sizeof(value), where, sizeof(where));

        if (configured < 0 || !text_equal(value, "0")) {
                if (!loaded && severity == SEVERITY_NOTE)
                        return;
                report_add(r, severity, configured < 0 ? NULL : where,
                           configured < 0 ? "no modprobe.d says options ch init=0"
                                          : "ch is to be loaded with init=%s",
                           value);
                report_why(r, ch_why);
                report_fix(r, "echo 'options ch init=0' > /etc/modprobe.d/zz-evertape-ch.conf");
        }
        if (!loaded || init == 0)
                return;
        report_add(r, severity, "/sys/module/ch/parameters/init", "module ch was loaded with init=%lld",
                   init);
        report_why(r, ch_why);
        report_fix(r, "modprobe -r ch && modprobe ch init=0");
}

/* An stinit.def that sets a time limit, at once or for some drive. */
void check_stinit(const Doctor *d, Report *r)
{
        static const char *const options[] = {"timeout", "long-timeout"};
        char where[64];

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                int line = file_find_word(d->root, "etc/stinit.def", options[i]);

                if (line <= 0)
                        continue;
                snprintf(where, sizeof(where), "/etc/stinit.def:%d", line);
                report_add(r, SEVERITY_WARNING, where, "stinit sets %s of tapes", options[i]);
                report_why(r, "it is run when the held LUN of the drive comes: a command that waits for the "
                              "drive is then ended by the kernel after that time, and the backup fails");
                report_fix(r, "remove %s= from the file, then: evertape release NAME && evertape hold NAME",
                           options[i]);
                return; /* "timeout" is a word of long-timeout too */
        }
}

static bool text_has_held_lun(const char *text)
{
        return strstr(text, LUN_WWN_PREFIX) || strstr(text, "\"evertape/") || strstr(text, "\"evertape-");
}

static void check_saveconfig(const Doctor *d, const char *path, Report *r)
{
        _cleanup_free_ char *text = NULL;
        char where[64];
        int error = file_read_text(d->root, path, &text);

        snprintf(where, sizeof(where), "/%s", path);
        if (error < 0 && error != -ENOENT && error != -ENOTDIR)
                report_unread(r, where, error);
        if (error < 0 || !text_has_held_lun(text))
                return;
        report_add(r, SEVERITY_PROBLEM, where,
                   "targetcli has saved LUNs of held devices in its configuration");
        report_why(r, "at the next boot they are made again without evertaped, which then cannot make its "
                      "own; the scan of such a LUN hangs");
        report_fix(r,
                   "remove from the file every storage object evertape-N and every loopback "
                   "target " LUN_WWN_PREFIX "...; do not run `targetcli saveconfig` while devices are held");
}

/* systemd's name of the unit is target.service with rtslib-fb, and rtslib-fb-targetctl on Debian. */
void check_target_service(const Doctor *d, Report *r)
{
        static const char *const files[] = {"etc/target/saveconfig.json",
                                            "etc/rtslib-fb-target/saveconfig.json"};
        static const char *const units[] = {"target.service", "rtslib-fb-targetctl.service"};
        char path[128];

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                check_saveconfig(d, files[i], r);
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                snprintf(path, sizeof(path), "etc/systemd/system/multi-user.target.wants/%s", units[i]);
                if (!file_exists(d->root, path))
                        continue;
                report_add(r, SEVERITY_NOTE, units[i], "the LIO target service is enabled");
                report_why(r,
                           "stopping or restarting it, and `targetcli clearconfig`, removes held LUNs too");
                report_fix(r, "release the devices, or stop what uses them, before: systemctl restart %s",
                           units[i]);
        }
}

/* "/dev/sg3 -a ..." in smartd.conf. DEVICESCAN looks at disks only. */
void check_pollers(const Doctor *d, Report *r)
{
        static const char *const files[] = {"etc/smartd.conf", "etc/smartmontools/smartd.conf"};
        static const char *const nodes[] = {"/dev/nst", "/dev/st", "/dev/sg", "/dev/tape/"};

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *text = NULL;
                unsigned number = 0;
                char *rest, *line, where[64];

                if (file_read_text(d->root, files[i], &text) < 0)
                        continue;
                rest = text;
                while ((line = line_next(&rest, &number))) {
                        line += strspn(line, " \t");
                        for (size_t j = 0; j < ELEMENTSOF(nodes); j++) {
                                if (strncmp(line, nodes[j], strlen(nodes[j])) != 0)
                                        continue;
                                snprintf(where, sizeof(where), "/%s:%u", files[i], number);
                                report_add(r, SEVERITY_WARNING, where, "smartd watches a tape: %.*s",
                                           (int) strcspn(line, " \t"), line);
                                report_why(r, "its commands come between those of a backup, take unit "
                                              "attentions that the program should see, and wait in the "
                                              "kernel while a held device is away");
                                report_fix(r, "remove the line; systemctl restart smartd");
                                break;
                        }
                }
        }
}

typedef struct Neighbour {
        const char *process, *module; /* one of them */
        Severity severity;
        const char *what, *why, *fix;
} Neighbour;

static const char lin_tape_why[] = "IBM's driver takes drives and changers from st and ch, and evertape "
                                   "holds only those of the kernel's own drivers";
static const char lin_tape_fix[] = "remove lin_tape, or leave its devices to it and do not hold them";

static const Neighbour neighbours[] = {
        {"tcmu-runner", NULL, SEVERITY_NOTE, "tcmu-runner runs",
         "evertape's LUNs are not of its kind and tell the kernel not to wait for its answers", NULL},
        {"multipathd", NULL, SEVERITY_OK, "multipathd runs",
         "it takes disks only; evertape handles the paths of tapes", NULL},
        {"lin_taped", NULL, SEVERITY_WARNING, "lin_taped runs", lin_tape_why, lin_tape_fix},
        {NULL, "lin_tape", SEVERITY_WARNING, "module lin_tape is loaded", lin_tape_why, lin_tape_fix},
        {NULL, "scsi_debug", SEVERITY_NOTE, "module scsi_debug is loaded",
         "some of the devices may be simulated", NULL},
        {NULL, "mhvtl", SEVERITY_NOTE, "module mhvtl is loaded", "some of the devices are a virtual library",
         NULL},
        {"tgtd", NULL, SEVERITY_NOTE, "tgtd runs",
         "this machine is an iSCSI target; its emulated drives know no LOCATE and no position", NULL},
};

void check_neighbours(const Doctor *d, Report *r)
{
        char path[64];

        for (size_t i = 0; i < ELEMENTSOF(neighbours); i++) {
                const Neighbour *n = &neighbours[i];

                if (n->module)
                        snprintf(path, sizeof(path), "sys/module/%s", n->module);
                if (n->module ? !file_exists(d->root, path) : !process_runs(d->root, n->process))
                        continue;
                report_add(r, n->severity, NULL, "%s", n->what);
                report_why(r, n->why);
                if (n->fix)
                        report_fix(r, "%s", n->fix);
        }
}
