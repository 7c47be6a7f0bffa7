/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The registry, on which all names rest. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "doctor/check.h"
#include "names/examine.h"

#define ROOM_MIN (UINT64_C(16) << 20)

static void report_examined(const Doctor *d, const RegistryExamination *e, Report *r)
{
        const char *path = d->input->registry;

        if (e->damage[0] == '\0' && e->version > 0) {
                report_add(r, SEVERITY_PROBLEM, path,
                           "the registry is of version %d, which this evertape does not know", e->version);
                report_why(
                        r,
                        "it was written by a newer evertape; nothing in it is changed, and no name is given");
                report_fix(
                        r,
                        "install the newer evertape again, or\nmv %s %s.newer\nsystemctl restart evertaped\n"
                        "and it takes the names from names.txt beside it",
                        path, path);
                return;
        }
        report_add(r, SEVERITY_PROBLEM, path, "the registry is damaged%s%s", e->damage[0] ? ": " : "",
                   e->damage);
        report_why(r, "devices get no names and nothing new can be held");
        report_fix(
                r,
                "mv %s %s.damaged\nsystemctl restart evertaped\nit takes the names from names.txt beside it; "
                "if there is none: evertape names import FILE, the last export",
                path, path);
}

static void check_room(const char *path, Report *r)
{
        struct statvfs fs;

        if (statvfs(path, &fs) < 0)
                return;
        if (fs.f_flag & ST_RDONLY) {
                report_add(r, SEVERITY_PROBLEM, path, "its file system is read-only");
                report_why(r, "no name can be given or changed, and nothing new can be held");
                report_fix(r, "look into the kernel's log for why it is, and mount it for writing again");
                return;
        }
        if ((uint64_t) fs.f_bavail * fs.f_frsize >= ROOM_MIN)
                return;
        report_add(r, SEVERITY_WARNING, path, "there are only %" PRIu64 "K free on its file system",
                   (uint64_t) fs.f_bavail * fs.f_frsize >> 10);
        report_why(r, "a name that cannot be written down is not given");
        report_fix(r, "make room");
}

void check_registry(const Doctor *d, Report *r)
{
        RegistryExamination e;
        int error = d->registry_error, examined;

        if (error == -ENOENT) {
                report_add(r, SEVERITY_NOTE, d->input->registry, "there is no registry yet");
                report_why(r, "evertaped makes it when it is started for the first time");
                return;
        }
        if (error < 0 && error != -EUCLEAN && error != -EPROTO) {
                report_unread(r, d->input->registry, error);
                return;
        }
        examined = registry_examine(d->input->registry, &e);
        if (examined < 0) {
                report_unread(r, d->input->registry, examined);
                return;
        }
        if (error < 0 || e.damage[0] != '\0')
                report_examined(d, &e, r);
        check_room(d->input->registry, r);
}
