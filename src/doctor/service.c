/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertaped itself: does it run, is its unit whole, is its configuration right, have its journals room? */

#include <errno.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "util/root.h"
#include "util/text.h"

#define UNIT            "evertaped.service"
#define CONFIG          EVERTAPE_SYSCONFDIR "/evertape.conf"
#define DEFAULT_JOURNAL (UINT64_C(1) << 30) /* daemon/config.c */
#define MEMORY_SHARE    16 /* daemon/memory.c: no journal is larger than this part of the memory */

static void check_enabled(const Doctor *d, Report *r)
{
        /* A machine without systemd starts it in its own way. */
        if (!file_exists(d->root, "run/systemd/system") ||
            file_exists(d->root, "etc/systemd/system/multi-user.target.wants/" UNIT))
                return;
        report_add(r, doctor_n_held(d) > 0 ? SEVERITY_WARNING : SEVERITY_NOTE, UNIT,
                   "evertaped is not started at boot");
        report_why(r, "after a reboot nothing is held");
        report_fix(r, "systemctl enable evertaped");
}

void check_service(const Doctor *d, Report *r)
{
        check_enabled(d, r);
        switch (d->input->daemon) {
        case DAEMON_RUNNING:
                return;
        case DAEMON_NOT_ASKED:
                report_add(r, SEVERITY_UNCHECKED, NULL, "evertaped of another system cannot be asked");
                return;
        case DAEMON_UNKNOWN:
                report_add(r, SEVERITY_UNCHECKED, NULL,
                           "the system bus cannot be reached, so evertaped cannot be asked");
                report_fix(r, "systemctl start dbus");
                return;
        case DAEMON_SILENT:
                report_add(r, SEVERITY_PROBLEM, UNIT, "evertaped does not answer");
                report_why(r, "programs that use held devices may wait for it");
                report_fix(r, "systemctl status evertaped; journalctl -u evertaped");
                return;
        case DAEMON_ABSENT:
                break;
        }
        report_add(r, doctor_n_held(d) > 0 ? SEVERITY_PROBLEM : SEVERITY_WARNING, UNIT,
                   "evertaped does not run");
        report_why(r, doctor_n_held(d) > 0
                              ? "held devices are not there for programs, and programs that use them wait"
                              : "new devices get no name, and nothing can be held");
        report_fix(r, "systemctl start evertaped");
}

typedef struct UnitKey {
        const char *assignment; /* as in a unit file, up to and with '=' */
        const char *needed;     /* the value that is right, or "" for: not 0 */
        const char *why;
} UnitKey;

static const UnitKey unit_keys[] = {
        {"FileDescriptorStoreMax=", "",
         "the journal is lost when evertaped is restarted: a drive that was reset meanwhile cannot be "
         "brought back to where it was"},
        {"Restart=", "always", "programs wait in the kernel until evertaped is started again"},
        {"KillMode=", "process", "systemd would wait for, or kill, what makes and removes LUNs"},
        {"Type=", "notify", "what is started after evertaped is started before the devices are there"},
};

static bool value_is_right(const UnitKey *key, const char *value)
{
        return key->needed[0] != '\0' ? text_equal(value, key->needed)
                                      : !text_equal(value, "0") && value[0] != '\0';
}

static void check_unit_text(const ConfFile *file, char *text, Report *r)
{
        char *line, where[sizeof(file->path) + 16];
        unsigned number = 0;

        while ((line = line_next(&text, &number)))
                for (size_t i = 0; i < ELEMENTSOF(unit_keys); i++) {
                        const UnitKey *key = &unit_keys[i];
                        size_t n = strlen(key->assignment);

                        if (strncmp(line, key->assignment, n) != 0 || value_is_right(key, line + n))
                                continue;
                        snprintf(where, sizeof(where), "/%s:%u", file->path, number);
                        report_add(r, SEVERITY_WARNING, where, "%s changes the service of evertaped", line);
                        report_why(r, key->why);
                        report_fix(r,
                                   "remove the line; systemctl daemon-reload && systemctl restart evertaped");
                }
}

void check_service_unit(const Doctor *d, Report *r)
{
        static const char *const dirs[] = {"etc/systemd/system/" UNIT ".d", "run/systemd/system/" UNIT ".d",
                                           "usr/lib/systemd/system/" UNIT ".d"};
        ConfFile whole = {.path = "etc/systemd/system/" UNIT};
        _cleanup_free_ ConfFile *files = NULL;
        _cleanup_free_ char *unit = NULL;
        size_t n = 0;

        if (conf_list(d->root, dirs, ELEMENTSOF(dirs), ".conf", &files, &n) < 0) {
                r->error = -ENOMEM;
                return;
        }
        if (file_read_text(d->root, whole.path, &unit) == 0) {
                report_add(r, SEVERITY_NOTE, "/etc/systemd/system/" UNIT,
                           "the unit of evertaped is replaced by a copy");
                report_why(r, "it stays as it is when evertape is updated");
                report_fix(r, "systemctl revert evertaped, and put what you changed into: systemctl edit "
                              "evertaped");
                check_unit_text(&whole, unit, r);
        }
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *text = NULL;

                if (file_read_text(d->root, files[i].path, &text) == 0)
                        check_unit_text(&files[i], text, r);
        }
}

void check_config(const Doctor *d, Report *r)
{
        _cleanup_free_ char *copy = d->input->config_said ? strdup(d->input->config_said) : NULL;
        char *rest = copy, *line;
        unsigned number = 0;
        size_t before = r->n_items;

        if (d->input->config_status == -EOPNOTSUPP) {
                report_add(r, SEVERITY_UNCHECKED, NULL, "the configuration of another system is not read");
                return;
        }
        if (d->input->config_status < 0) {
                report_add(r, SEVERITY_UNCHECKED, EVERTAPE_LIBEXECDIR "/evertaped", "cannot be run: %s",
                           strerror(-d->input->config_status));
                return;
        }
        while (d->input->config_status > 0 && (line = line_next(&rest, &number))) {
                if (line[0] == '\0')
                        continue;
                report_add(r, SEVERITY_PROBLEM, NULL, "%s", line);
                report_why(r, "what is not understood is left at its default");
                report_fix(r, "mend it, see evertape.conf(5); check: " EVERTAPE_LIBEXECDIR
                              "/evertaped --check-config; systemctl restart evertaped");
        }
        if (d->input->config_status == 0 || r->n_items > before)
                return;
        report_add(r, SEVERITY_PROBLEM, CONFIG, "the configuration is not accepted");
        report_why(r, "evertaped does not start");
        report_fix(r, EVERTAPE_LIBEXECDIR "/evertaped --check-config");
}

/* Journal= of one file, if it is there and right; check_config reports what is wrong. */
static void read_journal(int root, const char *path, uint64_t *journal)
{
        _cleanup_free_ char *text = NULL;
        unsigned number = 0;
        char *rest, *line;
        uint64_t size;

        if (file_read_text(root, path, &text) < 0)
                return;
        rest = text;
        while ((line = line_next(&rest, &number))) {
                line += strspn(line, " \t");
                if (strncmp(line, "Journal", 7) != 0)
                        continue;
                line += 7 + strspn(line + 7, " \t");
                if (*line != '=')
                        continue;
                line += 1 + strspn(line + 1, " \t");
                line[strcspn(line, " \t\r;")] = '\0';
                if (text_parse_size(line, &size) == 0)
                        *journal = size;
        }
}

static uint64_t configured_journal(int root)
{
        static const char *const dirs[] = {"etc/evertape/evertape.conf.d"};
        _cleanup_free_ ConfFile *files = NULL;
        uint64_t journal = DEFAULT_JOURNAL;
        size_t n = 0;

        read_journal(root, "etc/evertape/evertape.conf", &journal);
        (void) conf_list(root, dirs, ELEMENTSOF(dirs), ".conf", &files, &n);
        for (size_t i = 0; i < n; i++)
                read_journal(root, files[i].path, &journal);
        return journal;
}

void check_memory(const Doctor *d, Report *r)
{
        unsigned long long kib;
        uint64_t total, journal, each;
        size_t n_tapes = 0;
        char text[4096];
        ssize_t n = root_read(d->root, "proc/meminfo", text, sizeof(text) - 1);

        if (n <= 0)
                return;
        text[n] = '\0';
        if (sscanf(text, "MemTotal: %llu", &kib) != 1)
                return;
        for (size_t i = 0; i < d->n_known; i++)
                n_tapes += d->known[i].hold && d->known[i].identity.type == DEVICE_TAPE;
        total = (uint64_t) kib << 10;
        journal = configured_journal(d->root);
        each = journal < total / MEMORY_SHARE ? journal : total / MEMORY_SHARE;
        if (n_tapes > 0 && each < journal) {
                report_add(r, SEVERITY_NOTE, NULL,
                           "Journal=%lluM is more than the memory allows for: %lluM are used for each",
                           (unsigned long long) journal >> 20, (unsigned long long) each >> 20);
                report_why(r, "a smaller journal only has the drive write its buffer more often");
        }
        if (each * n_tapes <= total / 2)
                return;
        report_add(r, SEVERITY_WARNING, NULL,
                   "the journals of %zu held tapes may take %lluM of %lluM of memory", n_tapes,
                   (unsigned long long) (each * n_tapes) >> 20, (unsigned long long) total >> 20);
        report_why(
                r,
                "with all of them writing, the machine may run out of memory in the middle of the backups");
        report_fix(r, "in " CONFIG ":\n[Hold]\nJournal=%lluM",
                   (unsigned long long) (total / 2 / n_tapes) >> 20);
}
