/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape's own rules: are they there, are they the ones that udev reads, and does udev run? */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/udev-files.h"
#include "util/text.h"

/* Where udev looks, first one wins; the last two are the packages' and one directory on most machines. */
const char *const udev_rule_dirs[N_UDEV_RULE_DIRS] = {"etc/udev/rules.d", "run/udev/rules.d",
                                                      "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
                                                      "lib/udev/rules.d"};

void check_udev_running(const Doctor *d, Report *r)
{
        if (process_runs(d->root, "systemd-udevd") || process_runs(d->root, "udevd"))
                return;
        report_add(r, SEVERITY_PROBLEM, NULL, "udev does not run");
        report_why(
                r,
                "there are no links in /dev/tape, and the real nodes of held devices are open to programs");
        report_fix(r, "systemctl start systemd-udevd\n" UDEV_TRIGGER);
}

/* What each of our files must say: an old one does not. */
static const struct {
        const char *name;
        const char *words[3];
} ours[] = {
        {UDEV_IDENTITY_RULES,
         {"evertape-id --export", "EVERTAPE_REAL_OF_HELD", "UDEV_DISABLE_PERSISTENT_STORAGE"}},
        {UDEV_NAME_RULES, {"EVERTAPE_LINK", "link_priority=100", "EVERTAPE_REAL_OF_HELD"}},
};

bool udev_file_is_ours(const ConfFile *file)
{
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (text_equal(conf_name(file), ours[i].name))
                        return true;
        return false;
}

static bool is_of_package(const ConfFile *file)
{
        return strncmp(file->path, "usr/lib/", 8) == 0 || strncmp(file->path, "lib/", 4) == 0;
}

static void report_content(const Doctor *d, const ConfFile *file, size_t our, Report *r)
{
        _cleanup_free_ char *text = NULL;
        char where[sizeof(file->path) + 1];
        int error = file_read_text(d->root, file->path, &text);

        snprintf(where, sizeof(where), "/%s", file->path);
        if (error < 0) {
                report_unread(r, where, error);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(ours[our].words); i++)
                if (!strstr(text, ours[our].words[i])) {
                        report_add(r, SEVERITY_PROBLEM, where,
                                   "the rule file is not that of this evertape: there is no %s",
                                   ours[our].words[i]);
                        report_why(r, "names or rights of held devices are not as they should be");
                        report_fix(r, is_of_package(file) ? "install evertape again\n" UDEV_RELOAD
                                                          : "remove the file\n" UDEV_RELOAD);
                        return;
                }
        if (is_of_package(file))
                return;
        report_add(r, SEVERITY_WARNING, where, "udev reads this copy and not the file of the package");
        report_why(r, "it stays as it is when evertape is updated");
        report_fix(r, "rm %s\n" UDEV_RELOAD, where);
}

static void report_our_file(const Doctor *d, const ConfFile *files, size_t n, size_t our, Report *r)
{
        for (size_t i = 0; i < n; i++) {
                char where[sizeof(files->path) + 1];

                if (!text_equal(conf_name(&files[i]), ours[our].name))
                        continue;
                snprintf(where, sizeof(where), "/%s", files[i].path);
                if (!files[i].masked) {
                        report_content(d, &files[i], our, r);
                        return;
                }
                report_add(r, SEVERITY_PROBLEM, where, "the rule file is masked");
                report_why(r, "there are no links in /dev/tape/by-name, and held devices are not protected");
                report_fix(r, "rm %s\n" UDEV_RELOAD, where);
                return;
        }
        report_add(r, SEVERITY_PROBLEM, NULL, "rule file %s is not installed", ours[our].name);
        report_why(r, "there are no links in /dev/tape/by-name, and held devices are not protected");
        report_fix(r, "install evertape again\n" UDEV_RELOAD);
}

/* A copy under another name is read besides ours, at another place in the order. */
static void report_strays(const ConfFile *files, size_t n, Report *r)
{
        for (size_t i = 0; i < n; i++) {
                char where[sizeof(files->path) + 1];

                if (!strstr(conf_name(&files[i]), "evertape") || udev_file_is_ours(&files[i]) ||
                    files[i].masked)
                        continue;
                snprintf(where, sizeof(where), "/%s", files[i].path);
                report_add(r, SEVERITY_WARNING, where, "this is no rule file of this version of evertape");
                report_why(r, "rules of an older version, or a copy, are read besides those of this one and "
                              "at another place in the order");
                report_fix(r, "rm %s\n" UDEV_RELOAD, where);
        }
}

static void report_helper(const Doctor *d, Report *r)
{
        static const char *const paths[] = {"usr/lib/udev/evertape-id", "lib/udev/evertape-id"};
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                if (fstatat(d->root, paths[i], &st, 0) == 0 && (st.st_mode & S_IXUSR))
                        return;
        report_add(r, SEVERITY_PROBLEM, "/usr/lib/udev/evertape-id",
                   "udev's helper is missing or cannot be run");
        report_why(r, "no device gets a link in /dev/tape/by-name");
        report_fix(r, "install evertape again");
}

void check_udev_rules(const Doctor *d, Report *r)
{
        _cleanup_free_ ConfFile *files = NULL;
        size_t n = 0;

        if (conf_list(d->root, udev_rule_dirs, N_UDEV_RULE_DIRS, ".rules", &files, &n) < 0) {
                r->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                report_our_file(d, files, n, i, r);
        report_strays(files, n, r);
        report_helper(d, r);
}
