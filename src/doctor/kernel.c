/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What evertape needs of the kernel. */

#include <errno.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/modules.h"
#include "util/root.h"
#include "util/text.h"

#define OLDEST_MAJOR 5 /* 5.1: before it target_core_user had no action/reset_ring that works */
#define OLDEST_MINOR 1

void check_kernel_version(const Doctor *d, Report *r)
{
        unsigned major, minor;

        if (sscanf(d->release, "%u.%u", &major, &minor) != 2) {
                report_add(r, SEVERITY_UNCHECKED, "/proc/sys/kernel/osrelease", "says no version: \"%s\"",
                           d->release);
                return;
        }
        if (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR))
                return;
        report_add(r, SEVERITY_PROBLEM, NULL, "the kernel is %s; 5.1 is the oldest that can hold a device",
                   d->release);
        report_why(r, "its command ring cannot be taken over when evertaped is restarted");
        report_fix(r, "install a newer kernel");
}

typedef struct NeededModule {
        const char *name;
        const char *config; /* the option that builds it */
        const char *what;
        bool changers; /* for changers only */
} NeededModule;

static const NeededModule needed[] = {
        {"target_core_user", "CONFIG_TCM_USER2", "nothing can be held without it", false},
        {"tcm_loop", "CONFIG_LOOPBACK_TARGET", "nothing can be held without it", false},
        {"sg", "CONFIG_CHR_DEV_SG", "no device is found without it", false},
        {"st", "CONFIG_CHR_DEV_ST", "tapes have no /dev/nst node without it", false},
        {"ch", "CONFIG_CHR_DEV_SCH",
         "changers have no /dev/sch node without it; programs such as mtx use sg and do not need it", true},
};

static void report_module(const Doctor *d, Report *r, const NeededModule *m)
{
        Severity severity = m->changers ? SEVERITY_NOTE : SEVERITY_PROBLEM;
        char where[360];

        switch (module_state(d->root, d->release, m->name, where, sizeof(where))) {
        case MODULE_LOADED:
        case MODULE_BUILTIN:
        case MODULE_LOADABLE:
                return;
        case MODULE_REFUSED:
                report_add(r, severity, where, "module %s is forbidden by an install line", m->name);
                report_why(r, m->what);
                report_fix(r, "remove the line, then: modprobe %s", m->name);
                return;
        case MODULE_MISSING:
                report_add(r, severity, NULL, "kernel %s has no module %s", d->release, m->name);
                report_why(r, m->what);
                report_fix(r,
                           "install the package with all modules of this kernel (Debian linux-image-*, "
                           "Ubuntu linux-modules-extra-*, RHEL kernel-modules-extra), or a kernel with %s",
                           m->config);
                return;
        case MODULE_UNKNOWN:
                report_add(r, severity, NULL,
                           "module %s is not loaded and cannot be: there is no /lib/modules/%s", m->name,
                           d->release);
                report_why(r, "after an update of the kernel the running one has no modules any more; a "
                              "container has none either");
                report_fix(r, "reboot into the kernel that is installed");
                return;
        }
}

void check_kernel_modules(const Doctor *d, Report *r)
{
        char path[256];
        bool have_list;

        snprintf(path, sizeof(path), "lib/modules/%s", d->release);
        have_list = file_exists(d->root, path);
        for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
                size_t before = r->n_items;

                if (needed[i].changers && !doctor_has_changer(d))
                        continue;
                report_module(d, r, &needed[i]);
                if (!have_list && r->n_items > before)
                        return; /* the others lack for the same reason */
        }
}

static bool modules_are_there(const Doctor *d)
{
        char where[360];

        for (size_t i = 0; i < ELEMENTSOF(needed); i++)
                if (!needed[i].changers &&
                    module_state(d->root, d->release, needed[i].name, where, sizeof(where)) > MODULE_LOADABLE)
                        return false;
        return true;
}

/* "CONFIG_X=y" or "=m". */
static bool config_has(const char *text, const char *option)
{
        size_t n = strlen(option);

        for (const char *p = text; (p = strstr(p, option)); p += n)
                if ((p == text || p[-1] == '\n') && p[n] == '=' && (p[n + 1] == 'y' || p[n + 1] == 'm'))
                        return true;
        return false;
}

void check_kernel_config(const Doctor *d, Report *r)
{
        static const char *const bases[] = {"boot/config-%s", "lib/modules/%s/config",
                                            "usr/lib/modules/%s/config"};
        _cleanup_free_ char *text = NULL;
        char path[192], shown[200];
        int error = -ENOENT;

        for (size_t i = 0; error < 0 && i < ELEMENTSOF(bases); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(path, sizeof(path), bases[i], d->release);
#pragma GCC diagnostic pop
                error = file_read_text(d->root, path, &text);
        }
        if (error < 0 && modules_are_there(d))
                return;
        if (error < 0) {
                report_add(r, SEVERITY_UNCHECKED, NULL, "there is no readable configuration of kernel %s",
                           d->release);
                return;
        }
        snprintf(shown, sizeof(shown), "/%s", path);
        for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
                if (config_has(text, needed[i].config) || (needed[i].changers && !doctor_has_changer(d)))
                        continue;
                report_add(r, needed[i].changers ? SEVERITY_NOTE : SEVERITY_PROBLEM, shown,
                           "the kernel is built without %s", needed[i].config);
                report_why(r, needed[i].what);
                report_fix(r, "install a kernel with %s=m", needed[i].config);
        }
}

/* A line of mounts is "device where type ...". */
static bool is_mounted(int root, const char *where, const char *type)
{
        static const size_t n_max = 1 << 16;
        _cleanup_free_ char *text = malloc(n_max);
        unsigned number = 0;
        char *rest, *line, words[2][256];
        ssize_t n = text ? root_read(root, "proc/self/mounts", text, n_max - 1) : -ENOMEM;

        if (n < 0)
                return false;
        text[n] = '\0';
        rest = text;
        while ((line = line_next(&rest, &number)))
                if (sscanf(line, "%*s %255s %255s", words[0], words[1]) == 2 && text_equal(words[0], where) &&
                    text_equal(words[1], type))
                        return true;
        return false;
}

void check_configfs(const Doctor *d, Report *r)
{
        bool held = d->input->daemon == DAEMON_RUNNING && doctor_n_held(d) > 0;

        if (is_mounted(d->root, "/sys/kernel/config", "configfs"))
                return;
        report_add(r, held ? SEVERITY_PROBLEM : SEVERITY_NOTE, "/sys/kernel/config",
                   "configfs is not mounted");
        if (!held) {
                report_why(r, "evertaped mounts it when it holds the first device");
                return;
        }
        report_why(r, "the LUNs of held devices can be neither made nor removed");
        report_fix(r, "mount -t configfs configfs /sys/kernel/config");
}

void check_lockdown(const Doctor *d, Report *r)
{
        char text[128];

        if (root_read_text(d->root, "sys/kernel/security/lockdown", text, sizeof(text)) < 0 ||
            strstr(text, "[none]") || !strchr(text, '['))
                return;
        report_add(r, SEVERITY_NOTE, "/sys/kernel/security/lockdown", "the kernel is locked down (%s)", text);
        report_why(r, "only signed modules are loaded; those of the distribution's kernel are, lin_tape or "
                      "mhvtl may not be");
}

/* The line of sysctl.d that set it, so that it does not come back at the next boot. */
static void find_sysctl(const Doctor *d, const char *key, char *where, size_t n_where)
{
        static const char *const dirs[] = {"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d",
                                           "usr/lib/sysctl.d", "lib/sysctl.d"};
        _cleanup_free_ ConfFile *files = NULL;
        size_t n = 0;
        int line = file_find_word(d->root, "etc/sysctl.conf", key);

        where[0] = '\0';
        if (line > 0)
                snprintf(where, n_where, "/etc/sysctl.conf:%d", line);
        if (conf_list(d->root, dirs, ELEMENTSOF(dirs), ".conf", &files, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                line = file_find_word(d->root, files[i].path, key);
                if (line > 0)
                        snprintf(where, n_where, "/%s:%d", files[i].path, line);
        }
}

void check_hung_task(const Doctor *d, Report *r)
{
        long long panic = 0, timeout = 0;
        char where[360];

        if (file_read_number(d->root, "proc/sys/kernel/hung_task_panic", &panic) < 0)
                return; /* a kernel without the detector */
        (void) file_read_number(d->root, "proc/sys/kernel/hung_task_timeout_secs", &timeout);
        if (panic <= 0 || timeout <= 0) {
                if (timeout > 0 && doctor_n_held(d) > 0) {
                        report_add(r, SEVERITY_NOTE, NULL,
                                   "a program that waits for a held device for more than %lld s has the "
                                   "kernel log \"task blocked\"",
                                   timeout);
                        report_why(r, "it is true and harmless: the program goes on when the device is back");
                }
                return;
        }
        find_sysctl(d, "hung_task_panic", where, sizeof(where));
        report_add(r, SEVERITY_PROBLEM, where[0] ? where : "/proc/sys/kernel/hung_task_panic",
                   "kernel.hung_task_panic is %lld: the machine panics when a program waits for %lld s",
                   panic, timeout);
        report_why(r, "a program that waits for a held device does that: the wait becomes a crash of the "
                      "whole machine");
        if (where[0])
                report_fix(r, "sysctl kernel.hung_task_panic=0\nand change the line in %.300s", where);
        else
                report_fix(r, "sysctl kernel.hung_task_panic=0");
}
