/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rules of others that undo what evertape's do. udev reads all files in the order of their names, whatever
 * their directory: later ones win, but for ":=", which ends the matter, and for the priority of links. A rule
 * is taken for one about tapes by what it matches itself, by what it assigns, or by a "not a tape: skip"
 * above it. */

#include <errno.h>
#include <string.h>

#include "doctor/check.h"
#include "doctor/files.h"
#include "doctor/rules.h"
#include "doctor/subject.h"
#include "doctor/udev-files.h"
#include "util/text.h"

#define RELOAD "\n" UDEV_RELOAD

/* One rule with what is known about its place. */
typedef struct Place {
        const char *file; /* its name without the directory */
        bool after_ours;  /* behind 61-evertape.rules */
        Severity harm;    /* of what undoes the protection of held devices: is there one? */
        char where[360];  /* file:line */
} Place;

static bool token_is(const RuleToken *t, const char *key)
{
        return text_equal(t->key, key);
}

static void report_symlink(const Place *p, const Rule *rule, const RuleToken *t, Report *r)
{
        const char *kernel = rule_value(rule, "KERNEL");

        if (strstr(t->value, "tape/by-name/")) {
                report_add(r, SEVERITY_PROBLEM, p->where, "the rule makes a link in evertape's directory: %s",
                           t->value);
                report_why(r, "two rules fight for the link: it may lead to another device than the one of "
                              "that name");
                report_fix(r, "remove the rule, and give the name by: evertape rename" RELOAD);
        } else if (t->op == RULE_SET_LAST || (t->op == RULE_SET && p->after_ours)) {
                report_add(r, SEVERITY_PROBLEM, p->where,
                           "the rule takes away all links but its own (SYMLINK%s\"%s\")",
                           t->op == RULE_SET ? "=" : ":=", t->value);
                report_why(r, "the device has no link in /dev/tape/by-name and by-id");
                report_fix(r, "write SYMLINK+= in the place of SYMLINK%s" RELOAD,
                           t->op == RULE_SET ? "=" : ":=");
        } else if (kernel && !strpbrk(kernel, "*?[")) {
                report_add(r, SEVERITY_WARNING, p->where, "the rule gives the name %s to whatever is %s",
                           t->value, kernel);
                report_why(r, "the numbers of the kernel change when devices go and come: the name will lead "
                              "to another device");
                report_fix(r, "remove the rule; use /dev/tape/by-name, and `evertape rename` for a name of "
                              "your own" RELOAD);
        } else {
                report_add(r, SEVERITY_OK, p->where, "the rule makes links of its own: %s", t->value);
        }
}

static void report_priority(const Place *p, const Rule *rule, const RuleToken *t, Report *r)
{
        if (!strstr(t->value, "link_priority") || !p->after_ours)
                return;
        report_add(r, p->harm, p->where, "the rule changes the priority of links (%s)", t->value);
        report_why(r, "links in /dev/tape/by-id may lead to the real device while evertape holds it");
        report_fix(r,
                   "remove OPTIONS from the rule, or rename the file so that it sorts before " UDEV_NAME_RULES
                           RELOAD);
}

static void report_rights(const Place *p, const Rule *rule, const RuleToken *t, Report *r)
{
        if (!p->after_ours && t->op != RULE_SET_LAST)
                return;
        report_add(r, p->harm, p->where, "the rule sets %s of tape nodes after evertape (%s)", t->key,
                   t->value);
        report_why(r, "the real node of a held device becomes open to other programs, which could rewind it "
                      "under a backup");
        report_fix(r,
                   "write \"=\" and not \":=\", and rename the file so that it sorts before " UDEV_NAME_RULES
                           RELOAD);
}

static void report_name(const Place *p, const Rule *rule, const RuleToken *t, Report *r)
{
        report_add(r, SEVERITY_NOTE, p->where, "the rule sets NAME (%s), which udev ignores for tapes",
                   t->value);
        report_fix(r, "remove it");
}

/* Programs that open tape nodes. stinit, which Debian runs for every tape, is looked at by its own check. */
static const char *const programs[] = {"mt",         "mt-st",    "mt-gnu", "mtx",    "tapeinfo",
                                       "loaderinfo", "tapectl",  "sg_inq", "sg_vpd", "sg_turs",
                                       "sg_logs",    "sg_modes", "sg_raw"};

/* A word of a command, "/usr/bin/mt" or "mt", but not "/dev/mt". */
static const char *opening_program(const char *word, size_t n_word)
{
        const char *slash = memrchr(word, '/', n_word), *begin = slash ? slash + 1 : word;
        size_t n = n_word - (size_t) (begin - word);

        if (n_word > 5 && strncmp(word, "/dev/", 5) == 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                if (strlen(programs[i]) == n && strncmp(begin, programs[i], n) == 0)
                        return programs[i];
        return NULL;
}

/* The command may be a shell's: sh -c 'sleep 1; mt -f /dev/%k status'. */
static void report_program(const Place *p, const Rule *rule, const RuleToken *t, Report *r)
{
        static const char between[] = " \t'\";&|`()=";
        const char *name = NULL;

        if (text_equal(t->attribute, "builtin"))
                return;
        for (const char *word = t->value; !name && *word; word += strspn(word, between)) {
                size_t n = strcspn(word, between);

                name = opening_program(word, n);
                word += n;
        }
        if (!name)
                return;
        report_add(r, SEVERITY_WARNING, p->where, "the rule runs %s for every tape that comes", name);
        report_why(r, "it opens the device: commands that nobody asked for, a unit attention that the backup "
                      "program never sees, and with /dev/st a rewind");
        report_fix(r, "remove %s from the rule" RELOAD, t->key);
}

typedef struct TokenRow {
        const char *key;
        bool assigns; /* only when it assigns; PROGRAM is run by a comparison too */
        void (*report)(const Place *, const Rule *, const RuleToken *, Report *);
} TokenRow;

static const TokenRow rows[] = {
        {"SYMLINK", true, report_symlink}, {"OPTIONS", true, report_priority},
        {"MODE", true, report_rights},     {"GROUP", true, report_rights},
        {"OWNER", true, report_rights},    {"NAME", true, report_name},
        {"RUN", true, report_program},     {"PROGRAM", false, report_program},
        {"IMPORT", false, report_program},
};

static void check_rule(const Place *place, const Rule *rule, Report *r)
{
        for (size_t i = 0; i < rule->n_tokens; i++)
                for (size_t j = 0; j < ELEMENTSOF(rows); j++)
                        if (token_is(&rule->tokens[i], rows[j].key) && rule->tokens[i].op != RULE_REMOVE &&
                            (!rows[j].assigns || rule_token_assigns(&rule->tokens[i])))
                                rows[j].report(place, rule, &rule->tokens[i], r);
}

static void check_text(const ConfFile *file, char *text, Severity harm, Report *r)
{
        Place place = {
                .file = conf_name(file),
                .after_ours = strcmp(conf_name(file), UDEV_NAME_RULES) > 0,
                .harm = harm,
        };
        RuleGate gate = {0};
        RulesReader reader;
        Rule rule;
        int next;

        rules_open(&reader, text);
        while ((next = rules_next(&reader, &rule)) != 0) {
                snprintf(place.where, sizeof(place.where), "/%s:%u", file->path, rule.line);
                if (next < 0) {
                        if (gate.is_for_tapes)
                                report_add(r, SEVERITY_NOTE, place.where,
                                           "the rule is not understood, and udev may not either");
                        continue;
                }
                if (rule_is_about_tapes(&rule, &gate))
                        check_rule(&place, &rule, r);
                rule_gate_follow(&gate, &rule);
        }
}

/* What systemd ships is known, unless a site has put its own in the place of it. */
static bool is_known(const ConfFile *file)
{
        static const char *const known[] = {"50-udev-default.rules", "60-persistent-storage-tape.rules"};

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (text_equal(conf_name(file), known[i]) && strncmp(file->path, "etc/", 4) != 0)
                        return true;
        return file->masked || udev_file_is_ours(file) || strstr(conf_name(file), "evertape");
}

static void check_by_id(const ConfFile *files, size_t n, Report *r)
{
        for (size_t i = 0; i < n; i++)
                if (text_equal(conf_name(&files[i]), "60-persistent-storage-tape.rules") && !files[i].masked)
                        return;
        report_add(r, SEVERITY_NOTE, NULL, "60-persistent-storage-tape.rules is missing or masked");
        report_why(r, "there are no links in /dev/tape/by-id; those in by-name do not depend on it");
}

void check_udev_fights(const Doctor *d, Report *r)
{
        Severity harm = doctor_n_held(d) > 0 ? SEVERITY_PROBLEM : SEVERITY_WARNING;
        _cleanup_free_ ConfFile *files = NULL;
        size_t n = 0;

        if (conf_list(d->root, udev_rule_dirs, N_UDEV_RULE_DIRS, ".rules", &files, &n) < 0) {
                r->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *text = NULL;
                char where[sizeof(files->path) + 1];
                int error;

                if (is_known(&files[i]))
                        continue;
                error = file_read_text(d->root, files[i].path, &text);
                snprintf(where, sizeof(where), "/%s", files[i].path);
                if (error < 0)
                        report_unread(r, where, error);
                else
                        check_text(&files[i], text, harm, r);
        }
        check_by_id(files, n, r);
}
