/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* iSCSI targets that evertaped reaches by itself (docs/ISCSI.md). Which ones it is to reach is in a file; how
 * it fares with them it says itself. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"
#include "util/time.h"

#define LIST         EVERTAPE_STATEDIR "/iscsi.attached"  /* daemon/attached.c */
#define SECRETS      EVERTAPE_SYSCONFDIR "/iscsi.secrets" /* daemon/attached-login.h */
#define SESSIONS     "sys/class/iscsi_session"
#define AWAY_FOR_NOW (5 * 60 * USEC_PER_SEC) /* a target that is restarted */

/* Its lines that are understood. free() *ret. */
static int read_attached(const Doctor *d, IscsiUrl **ret, size_t *ret_n)
{
        _cleanup_free_ IscsiUrl *urls = NULL;
        _cleanup_free_ char *text = NULL;
        int r = file_read_text(d->root, &LIST[1], &text);
        char *rest = text, *line;
        unsigned number = 0;
        size_t n = 0;

        if (r == -ENOENT)
                r = 0;
        while (r >= 0 && rest && (line = line_next(&rest, &number))) {
                IscsiUrl *grown = reallocarray(urls, n + 1, sizeof(*grown));
                const char *why;

                if (!grown)
                        return -ENOMEM;
                urls = grown;
                n += iscsi_url_parse(line, &urls[n], &why) >= 0;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(urls);
        *ret_n = n;
        return 0;
}

/* ---- are they there? ---- */

static void report_refused(const DoctorTarget *t, Report *r)
{
        report_add(r, SEVERITY_PROBLEM, t->url, "evertaped cannot log in: %s", t->reason);
        report_why(r, t->n_held > 0 ? "held devices there are away, and programs that use them wait"
                                    : "its devices cannot be used");
        report_fix(r,
                   "mend " SECRETS ", or have the target let this initiator in; it is tried again by itself\n"
                   "evertape detach %s, if it is not wanted any more",
                   t->url);
}

static void report_away(const Doctor *d, const DoctorTarget *t, Report *r)
{
        usec_t away = t->since > 0 && d->input->now > t->since ? d->input->now - t->since : 0;
        bool for_now = away < AWAY_FOR_NOW;
        char span[32];

        report_add(r,
                   for_now         ? SEVERITY_NOTE
                   : t->n_held > 0 ? SEVERITY_PROBLEM
                                   : SEVERITY_WARNING,
                   t->url, "does not answer, for %s now%s%s",
                   text_format_span(span, sizeof(span), away / USEC_PER_SEC * USEC_PER_SEC),
                   t->reason[0] ? ": " : "", t->reason);
        report_why(r, t->n_held > 0
                              ? "held devices there are away, unless there is another path, and programs wait"
                              : "its devices cannot be used");
        report_fix(r,
                   "see to the target and the network on the way; it is tried again by itself\n"
                   "evertape detach %s, if it is not wanted any more",
                   t->url);
}

static void check_target(const Doctor *d, const DoctorTarget *t, Report *r)
{
        if (text_equal(t->state, "refused")) {
                report_refused(t, r);
        } else if (!text_equal(t->state, "online")) {
                report_away(d, t, r);
        } else if (t->n_devices == 0) {
                report_add(r, SEVERITY_WARNING, t->url, "there is no tape drive and no changer");
                report_why(r, "the target shows this initiator none of its devices, or none with this LUN");
                report_fix(r,
                           "see which LUNs the target gives to this initiator: evertape discover HOST\n"
                           "evertape detach %s, if it is not wanted any more",
                           t->url);
        }
}

void check_iscsi_targets(const Doctor *d, Report *r)
{
        _cleanup_free_ IscsiUrl *urls = NULL;
        size_t n = 0;
        int error = read_attached(d, &urls, &n);

        if (error < 0) {
                report_unread(r, LIST, error);
                return;
        }
        if (n > 0 && d->input->daemon != DAEMON_RUNNING)
                report_add(r, SEVERITY_UNCHECKED, NULL,
                           "evertaped cannot be asked whether its iSCSI targets are there (%zu)", n);
        else if (n > 0 && d->input->targets_error < 0)
                report_add(r, SEVERITY_UNCHECKED, NULL,
                           "evertaped does not say whether its iSCSI targets are there: %s",
                           strerror(-d->input->targets_error));
        for (size_t i = 0; i < d->input->n_targets; i++)
                check_target(d, &d->input->targets[i], r);
}

/* ---- does the kernel have them too? ---- */

static const IscsiUrl *find_target(const IscsiUrl *urls, size_t n, const char *target)
{
        for (size_t i = 0; i < n; i++)
                if (text_equal(urls[i].target, target))
                        return &urls[i];
        return NULL;
}

static void check_session(const Doctor *d, const char *session, const IscsiUrl *urls, size_t n, Report *r)
{
        char path[128], where[128], target[ISCSI_NAME_MAX];

        snprintf(path, sizeof(path), SESSIONS "/%s/targetname", session);
        if (root_read_text(d->root, path, target, sizeof(target)) < 0 || !find_target(urls, n, target))
                return;
        snprintf(where, sizeof(where), "/" SESSIONS "/%s", session);
        report_add(r, SEVERITY_PROBLEM, where, "the kernel's initiator is logged in to %s, which is attached",
                   target);
        report_why(r,
                   "programs can use its drives past evertape, and what is lost on one way may arrive after "
                   "what was sent over the other: blocks twice, or in the wrong place");
        report_fix(r,
                   "iscsiadm -m node -T %s -u\niscsiadm -m node -T %s -o update -n node.startup -v manual\n"
                   "or, to leave it to the kernel: evertape detach URL",
                   target, target);
}

void check_iscsi_initiator(const Doctor *d, Report *r)
{
        _cleanup_free_ IscsiUrl *urls = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *e;
        size_t n = 0;

        /* what cannot be read is told by check_iscsi_targets() */
        if (read_attached(d, &urls, &n) < 0 || n == 0 || root_opendir(d->root, SESSIONS, &dir) < 0)
                return;
        while ((e = dir_next(dir)))
                if (strlen(e->d_name) < 64)
                        check_session(d, e->d_name, urls, n, r);
}

/* ---- secrets ---- */

void check_iscsi_secrets(const Doctor *d, Report *r)
{
        struct stat st, root;

        if (fstatat(d->root, &SECRETS[1], &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENOENT)
                        report_unread(r, SECRETS, -errno);
                return;
        }
        /* root, but for a tree that somebody looks at as another system */
        if (fstatat(d->root, ".", &root, 0) < 0)
                root.st_uid = 0;
        if (S_ISREG(st.st_mode) && st.st_uid == root.st_uid && !(st.st_mode & 077))
                return;
        report_add(r, SEVERITY_PROBLEM, SECRETS,
                   S_ISREG(st.st_mode) ? "others than root can read or change the CHAP secrets"
                                       : "is no regular file");
        report_why(r, "evertaped reads no secret that others may know, and logs in to no target");
        report_fix(r, "chown root: " SECRETS "\nchmod 600 " SECRETS
                      "\nand have the targets take other secrets: these may be known");
}
