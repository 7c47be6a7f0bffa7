/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape: the command line. This file is the table of verbs and what can be said about them; each verb has
 * a file of its own. They ask evertaped, or read files, and none touches a device. */

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl-table.h"
#include "ctl/ctl.h"
#include "util/text.h"

#define COMMAND_PREFIX "evertape "
#define HELP_OPTION    "  -h, --help            this text\n"

static const Verb verbs[] = {
        {
                .name = "list",
                .arguments = "[OPTION...] [NAME...]",
                .summary = "list devices (the default)",
                .options = TABLE_OPTIONS_HELP,
                .lists_columns = true,
                .run = verb_list,
        },
        {
                .name = "show",
                .arguments = "[OPTION...] NAME",
                .summary = "show all that is known of one device",
                .options = "  -J, --json            JSON\n",
                .run = verb_show,
        },
        {
                .name = "hold",
                .arguments = "NAME... | --all",
                .summary = "hold devices: from now on they never go away",
                .options = "  -a, --all             every device that is present\n",
                .run = verb_hold,
        },
        {
                .name = "release",
                .arguments = "NAME... | --all",
                .summary = "give held devices back",
                .options = "  -a, --all             every held device\n",
                .run = verb_release,
        },
        {
                .name = "status",
                .arguments = "[OPTION...] [NAME...]",
                .summary = "show what devices are doing",
                .options = TABLE_OPTIONS_HELP
                "  -i, --interval SPAN   again every SPAN, until interrupted\n"
                "  -f, --follow          again when something changes, until interrupted\n",
                .lists_columns = true,
                .run = verb_status,
        },
        {
                .name = "map",
                .arguments = "[OPTION...] [NAME]",
                .summary = "draw libraries: drives, slots and cartridges",
                .options = "  -J, --json            JSON, of all that is known\n"
                           "  -s, --svg FILE        write the picture to FILE as SVG; - is the output\n"
                           "  -w, --width COLUMNS   draw it so wide; by default as wide as the terminal\n"
                           "  -A, --ascii           draw with ASCII characters alone\n"
                           "  -r, --refresh         have the library say first what is where\n",
                .run = verb_map,
        },
        {
                .name = "metrics",
                .arguments = "[OPTION...]",
                .summary = "print numbers for Prometheus (OpenMetrics)",
                .options = "  -o, --output FILE     write FILE, at once and whole\n",
                .run = verb_metrics,
        },
        {
                .name = "fail",
                .arguments = "[OPTION...] NAME...",
                .summary = "end the wait of programs for held devices that are away",
                .options = "  -1, --once            only of those that wait now, not until it is back\n",
                .run = verb_fail,
        },
        {
                .name = "wait",
                .arguments = "[OPTION...] NAME...",
                .summary = "wait until all these devices are in a state",
                .options = "  -s, --state STATE     present, absent, away, probing, held, resuming, failed;\n"
                           "                        by default present or held: ready for use\n"
                           "  -t, --timeout SPAN    give up after SPAN (90, 15min); by default never\n",
                .run = verb_wait,
        },
        {
                .name = "rename",
                .arguments = "NAME NEW-NAME",
                .summary = "give a device another name",
                .options = "",
                .run = verb_rename,
        },
        {
                .name = "replace",
                .arguments = "NAME --with SERIAL",
                .summary = "give the name of a drive to the one that took its place",
                .options = "  -w, --with SERIAL     the new drive: its serial number, name or node\n",
                .run = verb_replace,
        },
        {
                .name = "forget",
                .arguments = "NAME...",
                .summary = "forget devices that are gone for good; their names are free again",
                .options = "",
                .run = verb_forget,
        },
        {
                .name = "names",
                .arguments = "export [FILE] | import [--dry-run] FILE",
                .summary = "write all names as text, and bring them back",
                .options = "  -n, --dry-run         import: only say what would be done\n"
                           "      --registry FILE   use this registry and do not ask evertaped\n",
                .run = verb_names,
        },
        {
                .name = "history",
                .arguments = "[OPTION...] [NAME]",
                .summary = "show what happened to a device, or to all",
                .options = "  -s, --since WHEN      from then on: 2026-11-23, \"2026-11-23 14:00\", or a "
                           "span of time\n"
                           "                        before now (2h, 30min)\n"
                           "  -J, --json            JSON\n"
                           "  -n, --noheadings      no line of headings\n",
                .run = verb_history,
        },
        {
                .name = "watch",
                .arguments = "[OPTION...]",
                .summary = "print a line for every change of a device",
                .options = "  -J, --json            a JSON object a line\n",
                .run = verb_watch,
        },
        {
                .name = "attach",
                .arguments = "[OPTION...] [iscsi://[USER@]HOST[:PORT]/TARGET[/LUN]]",
                .summary = "use drives and changers of an iSCSI target; show what is attached",
                .options = "  -J, --json            JSON\n"
                           "  -n, --noheadings      no line of headings\n",
                .run = verb_attach,
        },
        {
                .name = "detach",
                .arguments = "NAME | URL...",
                .summary = "use an iSCSI target no more",
                .options = "",
                .run = verb_detach,
        },
        {
                .name = "discover",
                .arguments = "[OPTION...] HOST[:PORT]",
                .summary = "show which iSCSI targets there are, and what they have",
                .options = "  -u, --user USER       log in with the secret of this user\n"
                           "  -t, --targets         targets and portals only: log in to none\n"
                           "  -J, --json            JSON\n"
                           "  -n, --noheadings      no line of headings\n",
                .run = verb_discover,
        },
        {
                .name = "doctor",
                .arguments = "[OPTION...]",
                .summary = "find what is in the way of evertape on this machine",
                .options = "  -a, --all             also what was found in order\n"
                           "  -q, --quiet           problems only, and nothing when there is none\n"
                           "  -J, --json            JSON\n"
                           "      --root DIR        of another system, or what was captured of one\n",
                .run = verb_doctor,
        },
        {
                .name = "inf",
                .arguments = "list [OPTION...] [FILE...] | check FILE... | match [OPTION...] [NAME]",
                .summary = "which devices tape.inf knows, and which of its entries is a device's",
                .options =
                        "  list                  list the entries of the FILEs, or of those that count here\n"
                        "  check                 say what is wrong with the FILEs, with line and reason\n"
                        "  match                 say which entry is the device's, and why; NAME may be a "
                        "node\n\n"
                        "  -o, --output COLUMNS  columns of list: DESCRIPTION, ID, MANUFACTURER, SERVICE,\n"
                        "                        PROFILE, TIMEOUT, FILE, LINE; +COLUMNS adds to the default "
                        "ones\n"
                        "  -J, --json            JSON, of list\n"
                        "  -r, --raw             one blank between columns, unusual characters escaped\n"
                        "  -n, --noheadings      no line of headings\n"
                        "  -q, --inquiry DATA    match INQUIRY data, \"VENDOR  PRODUCT         REV\", not a "
                        "device\n"
                        "  -k, --kind KIND       of a device with that data: tape (the default), changer\n"
                        "  -f, --file FILE       match with this file instead of those that count here\n",
                .run = verb_inf,
        },
        {
                .name = "configure",
                .arguments = "bacula | amanda [OPTION...]",
                .summary = "put devices' names into the configuration of a backup program",
                .options = "  -c, --check           say what is there and what to do (the default)\n"
                           "  -d, --diff            show what --write would change\n"
                           "  -w, --write           change it, once the program's own check accepts it\n"
                           "  -r, --remove          take back what --write changed\n"
                           "  -f, --config FILE     the configuration, if it is not where it usually is\n"
                           "      --root DIR        files are below DIR\n",
                .run = verb_configure,
        },
};

static const Verb *verb_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (text_equal(verbs[i].name, name))
                        return &verbs[i];
        return NULL;
}

/* What a device or a user calls itself must not command the terminal either. */
_printf_(1, 0) static void complain_va(const char *format, va_list ap)
{
        char text[2048];

        if (vsnprintf(text, sizeof(text), format, ap) < 0)
                return;
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = '?';
        fflush(stdout);
        fprintf(stderr, "evertape: %s\n", text);
}

void complain(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        complain_va(format, ap);
        va_end(ap);
}

int usage_error(const char *command, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        complain_va(format, ap);
        va_end(ap);
        fprintf(stderr, "See: %s --help\n", command);
        return EXIT_USAGE;
}

static int help(void)
{
        puts("evertape [VERB] [OPTION...] [NAME...]\n\n"
             "Tape devices that keep their name and their place.\n\nVerbs:");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                printf("  %-9s %s\n", verbs[i].name, verbs[i].summary);
        puts("\nNAME is a device's name, node or serial number. evertape VERB --help says more.\n"
             "\n  -h, --help     this text\n  -V, --version  the version\n\nSee evertape(1).");
        return EXIT_SUCCESS;
}

static int verb_help(const Verb *verb)
{
        printf("evertape %s %s\n\n%c%s.\n\n%s" HELP_OPTION, verb->name, verb->arguments,
               verb->summary[0] - ('a' - 'A'), verb->summary + 1, verb->options);
        if (!verb->lists_columns)
                return EXIT_SUCCESS;
        puts("\nColumns:");
        for (FieldId id = 0; id < _FIELD_MAX; id++)
                printf("  %-12s %s\n", field_get(id)->column, field_get(id)->help);
        return EXIT_SUCCESS;
}

int verb_other_option(const char *command, int option)
{
        const Verb *verb = verb_find(command + strlen(COMMAND_PREFIX));

        if (option == 'h' && verb)
                return verb_help(verb);
        fprintf(stderr, "See: %s --help\n", command);
        return EXIT_USAGE;
}

/* getopt_long(3) names argv[0] in what it says. */
static int run_verb(const char *name, int argc, char **argv)
{
        const Verb *verb = verb_find(name);
        char command[64];

        if (!verb)
                return usage_error("evertape", "unknown verb '%s'", name);
        snprintf(command, sizeof(command), COMMAND_PREFIX "%s", verb->name);
        argv[0] = command;
        return verb->run(argc, argv);
}

/* stdout is where the answer goes: that it could not be written is a failure. */
static int finish(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        complain("cannot write: %s", strerror(errno));
        return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
        const char *first = argc > 1 ? argv[1] : "list";

        setlocale(LC_ALL, "");
        if (text_equal(first, "-h") || text_equal(first, "--help"))
                return finish(help());
        if (text_equal(first, "-V") || text_equal(first, "--version")) {
                puts("evertape " EVERTAPE_VERSION);
                return finish(EXIT_SUCCESS);
        }
        if (argc > 1 && first[0] != '-')
                return finish(run_verb(first, argc - 1, argv + 1));
        return finish(run_verb("list", argc, argv));
}
