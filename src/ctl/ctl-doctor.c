/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape doctor: what src/doctor finds, for a person or a program. Here is what is not in files: whether
 * the daemon answers, and what it says of its configuration. */

#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "ctl/ctl-attached.h"
#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "doctor/doctor.h"
#include "util/root.h"
#include "util/text.h"

#define PING_TIMEOUT (5 * USEC_PER_SEC)
#define DAEMON_PATH  EVERTAPE_LIBEXECDIR "/evertaped"
#define REGISTRY     EVERTAPE_STATEDIR "/evertape.db"

typedef struct Options {
        bool all, quiet, json;
        const char *root;
} Options;

static DaemonState ask_daemon(void)
{
        bool answers = false;
        int r = bus_ping(PING_TIMEOUT, &answers);

        if (r == -ESRCH)
                return DAEMON_ABSENT;
        return r < 0 ? DAEMON_UNKNOWN : answers ? DAEMON_RUNNING : DAEMON_SILENT;
}

/* Log lines of a program that has no terminal begin with their level: "<4>". */
static void strip_levels(char *text)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                if ((from == text || from[-1] == '\n') && from[0] == '<' && from[1] >= '0' &&
                    from[1] <= '7' && from[2] == '>')
                        from += 3;
                *to++ = *from;
                if (*from == '\0')
                        return;
        }
        *to = '\0';
}

static void read_output(int fd, char *text, size_t n_text)
{
        char rest[4096];
        size_t n = 0;
        ssize_t k;

        while (n + 1 < n_text && ((k = read(fd, text + n, n_text - 1 - n)) > 0 || (k < 0 && errno == EINTR)))
                n += k > 0 ? (size_t) k : 0;
        while (read(fd, rest, sizeof(rest)) > 0) /* so that it does not die of SIGPIPE */
                ;
        text[n] = '\0';
        strip_levels(text);
}

static int spawn_check(int out, pid_t *ret)
{
        static const char *const argv[] = {DAEMON_PATH, "--check-config", NULL};
        extern char **environ;
        posix_spawn_file_actions_t actions;
        int r = posix_spawn_file_actions_init(&actions);

        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn(ret, argv[0], &actions, NULL, (char *const *) argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* 0: right; 1: wrong, and text says why; -errno: it could not be run. */
static int check_config(char *text, size_t n_text)
{
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        int fds[2], status, r;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        from = fds[0];
        to = fds[1];
        r = spawn_check(to, &pid);
        to = safe_close(to);
        if (r < 0)
                return r;
        read_output(from, text, n_text);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

typedef struct Look {
        const char *heading;
        const char *colour; /* of a terminal, or "" */
        const char *one, *many;
} Look;

static const Look looks[_SEVERITY_MAX] = {
        [SEVERITY_PROBLEM] = {"Problems", "\033[1;31m", "problem", "problems"},
        [SEVERITY_WARNING] = {"Warnings", "\033[1;33m", "warning", "warnings"},
        [SEVERITY_UNCHECKED] = {"Not checked", "\033[1;35m", "not checked", "not checked"},
        [SEVERITY_NOTE] = {"Notes", "\033[1m", "note", "notes"},
        [SEVERITY_OK] = {"In order", "\033[1;32m", "in order", "in order"},
};

/* https://no-color.org: set, and not empty. */
static bool want_colour(void)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(no && no[0] != '\0') && term && !text_equal(term, "dumb");
}

static bool is_shown(const Options *options, Severity severity)
{
        if (options->quiet)
                return severity == SEVERITY_PROBLEM;
        return options->all || severity != SEVERITY_OK;
}

/* "Do:" and what follows from it, a line below the other. */
static void print_part(const char *label, const char *text)
{
        for (; text; label = "") {
                size_t n = strcspn(text, "\n");

                printf("      %-6s %.*s\n", label, (int) n, text);
                text = text[n] == '\n' ? text + n + 1 : NULL;
        }
}

static void print_finding(const Finding *f)
{
        printf("  %s: %s\n", f->check, f->what);
        print_part("Where:", f->where);
        print_part("Why:", f->why);
        print_part("Do:", f->fix);
}

static void print_group(const Report *report, Severity severity)
{
        bool colour = want_colour();

        if (report_count(report, severity) == 0)
                return;
        printf("%s%s:%s\n", colour ? looks[severity].colour : "", looks[severity].heading,
               colour ? "\033[0m" : "");
        for (size_t i = 0; i < report->n_items; i++)
                if (report->items[i].severity == severity)
                        print_finding(&report->items[i]);
        putchar('\n');
}

static void print_human(const Report *report, const Options *options)
{
        for (int s = _SEVERITY_MAX - 1; s >= 0; s--)
                if (is_shown(options, (Severity) s))
                        print_group(report, (Severity) s);
        if (options->quiet)
                return;
        for (int s = _SEVERITY_MAX - 1; s >= 0; s--) {
                size_t n = report_count(report, (Severity) s);

                printf("%zu %s%s", n, n == 1 ? looks[s].one : looks[s].many, s > 0 ? ", " : "\n");
        }
}

/* Text of a finding is printable ASCII and new lines. */
static void print_json_text(const char *key, const char *text, const char *end)
{
        printf("\"%s\": ", key);
        if (!text) {
                printf("null%s", end);
                return;
        }
        putchar('"');
        for (; *text; text++)
                if (*text == '\n')
                        fputs("\\n", stdout);
                else
                        printf("%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
        printf("\"%s", end);
}

static void print_json(const Report *report, const Options *options)
{
        const char *between = "";

        printf("{\"findings\": [");
        for (size_t i = 0; i < report->n_items; i++) {
                const Finding *f = &report->items[i];

                if (!is_shown(options, f->severity))
                        continue;
                printf("%s\n  {", between);
                print_json_text("check", f->check, ", ");
                print_json_text("severity", severity_name(f->severity), ", ");
                print_json_text("what", f->what, ", ");
                print_json_text("where", f->where, ", ");
                print_json_text("why", f->why, ", ");
                print_json_text("fix", f->fix, "}");
                between = ",";
        }
        printf("],\n \"problems\": %zu, \"warnings\": %zu, \"unchecked\": %zu, \"notes\": %zu, \"ok\": "
               "%zu}\n",
               report_count(report, SEVERITY_PROBLEM), report_count(report, SEVERITY_WARNING),
               report_count(report, SEVERITY_UNCHECKED), report_count(report, SEVERITY_NOTE),
               report_count(report, SEVERITY_OK));
}

/* 0 or -errno; evertaped runs. */
static int ask_targets(DoctorTarget **ret, size_t *ret_n)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        int r = bus_open(&bus);

        return r < 0 ? r : attached_ask(bus, ret, ret_n, &error);
}

static int doctor(const Options *options)
{
        _cleanup_(report_deinit) Report report = {0};
        _cleanup_close_ int root = root_open(options->root ? options->root : "/");
        DoctorInput input = {.root = root, .daemon = DAEMON_NOT_ASKED, .config_status = -EOPNOTSUPP};
        _cleanup_free_ DoctorTarget *targets = NULL;
        char said[4096] = "", registry[4096];
        int r;

        if (root < 0) {
                complain("%s: %s", options->root ? options->root : "/", strerror(-root));
                return EXIT_FAILURE;
        }
        snprintf(registry, sizeof(registry), "%s" REGISTRY, options->root ? options->root : "");
        input.registry = registry;
        if (!options->root) {
                input.daemon = ask_daemon();
                input.config_status = check_config(said, sizeof(said));
                input.config_said = said;
                input.now = usec_now(CLOCK_REALTIME);
        }
        if (input.daemon == DAEMON_RUNNING)
                input.targets_error = ask_targets(&targets, &input.n_targets);
        input.targets = targets;
        r = doctor_run(&input, &report);
        if (options->json)
                print_json(&report, options);
        else
                print_human(&report, options);
        if (r < 0)
                complain("findings are missing: %s", strerror(-r));
        return r < 0 || report_count(&report, SEVERITY_PROBLEM) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_doctor(int argc, char **argv)
{
        enum {
                ARG_ROOT = 256,
        };
        static const struct option long_options[] = {
                {"all", no_argument, NULL, 'a'},  {"quiet", no_argument, NULL, 'q'},
                {"json", no_argument, NULL, 'J'}, {"root", required_argument, NULL, ARG_ROOT},
                {"help", no_argument, NULL, 'h'}, {0},
        };
        Options options = {0};
        int c;

        while ((c = getopt_long(argc, argv, "aqJh", long_options, NULL)) >= 0)
                switch (c) {
                case 'a':
                        options.all = true;
                        break;
                case 'q':
                        options.quiet = true;
                        break;
                case 'J':
                        options.json = true;
                        break;
                case ARG_ROOT:
                        options.root = optarg;
                        break;
                default:
                        return verb_other_option(argv[0], c);
                }
        if (optind < argc)
                return usage_error(argv[0], "takes no names");
        return doctor(&options);
}
