/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A hint only: lines in the configuration of backup programs that name a device by the kernel's number.
 * Nothing of the programs' syntax is known here but that '#' begins a comment. */

#include <ctype.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "names/links.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

#define HINTS_MAX 20

typedef struct Hints {
        const Doctor *d;
        Report *r;
        size_t n;
} Hints;

/* "/dev/nst0" at p: its length, or 0. "/dev/nst0a" has its mode behind the number and is the same drive. */
static size_t unstable_node(const char *p)
{
        static const char *const nodes[] = {"/dev/nst", "/dev/st",   "/dev/sg",
                                            "/dev/sch", "/dev/rmt/", "/dev/changer"};
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                n = strlen(nodes[i]);
                if (strncmp(p, nodes[i], n) != 0 || !isdigit((unsigned char) p[n]))
                        continue;
                n += strspn(p + n, "0123456789");
                n += p[n] == 'a' || p[n] == 'l' || p[n] == 'm';
                return isalnum((unsigned char) p[n]) ? 0 : n;
        }
        return 0;
}

/* The name of the device that has the node now. */
static bool name_of_node(const Doctor *d, const char *node, char link[static LINK_LENGTH_MAX])
{
        for (size_t i = 0; i < d->n_paths; i++) {
                const DevicePath *p = &d->paths[i];
                const RegistryDevice *known = doctor_known(d, &p->identity);

                if (known &&
                    (text_equal(p->sg, node) || text_equal(p->tape, node) || text_equal(p->changer, node) ||
                     (p->tape[0] != '\0' && text_equal(p->tape + 1, node))))
                        return links_format(link, p->identity.type, node, known->name) == 0;
        }
        return false;
}

static void hint(Hints *h, const char *path, unsigned line, const char *node, size_t n_node)
{
        char where[sizeof(((ConfFile *) NULL)->path) + 16], name[32], link[LINK_LENGTH_MAX];

        if (h->n++ >= HINTS_MAX)
                return;
        snprintf(where, sizeof(where), "/%s:%u", path, line);
        snprintf(name, sizeof(name), "%.*s", (int) n_node, node);
        report_add(h->r, SEVERITY_NOTE, where, "%s is a name that changes when devices go and come", name);
        report_why(h->r, "the program then finds no device, or another one");
        if (name_of_node(h->d, name + strlen("/dev/"), link))
                report_fix(h->r, "write: /dev/%s", link);
        else
                report_fix(h->r,
                           "write the name from /dev/tape/by-name, see: evertape list -o NAME,NODE,LINKS");
}

static void check_file(Hints *h, const char *path)
{
        _cleanup_free_ char *text = NULL;
        unsigned number = 0;
        char *rest, *line;

        if (file_read_text(h->d->root, path, &text) < 0)
                return;
        rest = text;
        while ((line = line_next(&rest, &number))) {
                line[strcspn(line, "#")] = '\0';
                for (const char *p = line; (p = strstr(p, "/dev/")); p++) {
                        size_t n = unstable_node(p);

                        if (n == 0)
                                continue;
                        hint(h, path, number, p, n);
                        break;
                }
        }
}

/* Amanda has a folder for each configuration, Bareos one for each kind of resource, below one for each
 * daemon. */
static void check_directory(Hints *h, const char *path, unsigned depth)
{
        static const char *const suffixes[] = {".conf", "changer.conf", "disklist"};
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        char below[sizeof(((ConfFile *) NULL)->path)];

        if (root_opendir(h->d->root, path, &dir) < 0)
                return;
        while ((entry = dir_next(dir))) {
                size_t n_name = strlen(entry->d_name);
                bool wanted = false;

                if ((size_t) snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= sizeof(below))
                        continue;
                if (entry->d_type == DT_DIR && depth > 0)
                        check_directory(h, below, depth - 1);
                for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                        size_t n = strlen(suffixes[i]);

                        wanted |= n_name >= n && text_equal(entry->d_name + n_name - n, suffixes[i]);
                }
                if (wanted)
                        check_file(h, below);
        }
}

void check_backup_config(const Doctor *d, Report *r)
{
        static const char *const dirs[] = {"etc/bacula", "etc/bareos", "etc/amanda"};
        Hints h = {.d = d, .r = r};

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++)
                check_directory(&h, dirs[i], 3);
        if (h.n > HINTS_MAX)
                report_add(r, SEVERITY_NOTE, NULL, "and %zu more lines like these", h.n - HINTS_MAX);
}
