/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The links in /dev/tape/by-name as they are now, against those that sysfs and the registry say there must
 * be. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/udev-files.h"
#include "names/links.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

#define LINK_DIR "dev/tape/by-name"

/* The link that one node of a path must have, below /dev; false when it must have none. */
static bool wanted_link(const Doctor *d, const DevicePath *p, const char *node,
                        char link[static LINK_LENGTH_MAX])
{
        const RegistryDevice *known = doctor_known(d, &p->identity);

        return known && (!known->hold || p->held_lun) && node[0] != '\0' &&
               links_format(link, p->identity.type, node, known->name) == 0;
}

/* st has eight nodes; the scan gives nst0, of which st0 has the other link. */
static size_t nodes_of(const DevicePath *p, const char *nodes[static 4])
{
        size_t n = 0;

        nodes[n++] = p->sg;
        if (p->tape[0] != '\0') {
                nodes[n++] = p->tape;
                nodes[n++] = p->tape + 1;
        }
        if (p->changer[0] != '\0')
                nodes[n++] = p->changer;
        return n;
}

/* Does one of the device's paths have this node for this link? */
static bool link_may_lead_to(const Doctor *d, const char *link, const char *node)
{
        char wanted[LINK_LENGTH_MAX];
        const char *nodes[4];

        for (size_t i = 0; i < d->n_paths; i++) {
                size_t n = nodes_of(&d->paths[i], nodes);

                for (size_t j = 0; j < n; j++)
                        if (text_equal(nodes[j], node) && wanted_link(d, &d->paths[i], node, wanted) &&
                            text_equal(wanted, link))
                                return true;
        }
        return false;
}

static void report_link(Report *r, const char *where, const char *target, bool dangling)
{
        if (dangling)
                report_add(r, SEVERITY_PROBLEM, where, "the link leads to %s, which is not there", target);
        else
                report_add(r, SEVERITY_PROBLEM, where, "the link leads to %s, which is another device",
                           target);
        report_why(r, dangling ? "a program that opens it gets an error"
                               : "a program that opens it reads and writes the wrong tape");
        report_fix(r, "rm %s\n" UDEV_TRIGGER, where);
}

static void check_link(const Doctor *d, const char *name, Report *r)
{
        char path[sizeof(LINK_DIR) + 258], where[sizeof(path) + 1], node[64];
        struct stat st;

        snprintf(path, sizeof(path), LINK_DIR "/%s", name);
        snprintf(where, sizeof(where), "/%s", path);
        if (root_link_name(d->root, path, node, sizeof(node)) < 0) {
                report_add(r, SEVERITY_WARNING, where, "this is no link of udev");
                report_why(r, "it stays when the device goes, and is in the way of a link of that name");
                report_fix(r, "rm -r %s", where);
                return;
        }
        if (fstatat(d->root, path, &st, 0) < 0)
                report_link(r, where, node, true);
        else if (!link_may_lead_to(d, path + strlen("dev/"), node))
                report_link(r, where, node, false);
}

static void check_present_links(const Doctor *d, Report *r)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (root_opendir(d->root, LINK_DIR, &dir) < 0)
                return;
        while ((entry = dir_next(dir)))
                check_link(d, entry->d_name, r);
}

static void check_missing_link(const Doctor *d, const DevicePath *p, const char *node, Report *r)
{
        char link[LINK_LENGTH_MAX], path[sizeof("dev/") + LINK_LENGTH_MAX], target[64];

        if (!wanted_link(d, p, node, link))
                return;
        snprintf(path, sizeof(path), "dev/%s", link);
        if (root_link_name(d->root, path, target, sizeof(target)) != -ENOENT)
                return;
        report_add(r, SEVERITY_PROBLEM, doctor_name(d, p), "%s has no link /dev/%s", node, link);
        report_why(r, "programs that are configured with the name do not find the device");
        report_fix(r, UDEV_TRIGGER);
}

void check_links(const Doctor *d, Report *r)
{
        const char *nodes[4];

        if (d->scan_error < 0 || (d->registry_error < 0 && d->registry_error != -ENOENT))
                return; /* said by others */
        if (file_exists(d->root, "run/udev/queue")) {
                report_add(r, SEVERITY_UNCHECKED, "/dev/tape/by-name", "udev is at work");
                report_fix(r, "udevadm settle; evertape doctor");
                return;
        }
        check_present_links(d, r);
        for (size_t i = 0; i < d->n_paths; i++) {
                size_t n = nodes_of(&d->paths[i], nodes);

                for (size_t j = 0; j < n; j++)
                        check_missing_link(d, &d->paths[i], nodes[j], r);
        }
}
