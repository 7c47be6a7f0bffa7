/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine and drive model together: seeds, each a workload on a kind of drive with faults drawn at random; or
 * every workload on every kind of drive, small, with each fault at each command and each write of the state,
 * and a second one at each step of the recovery. What fails prints the command that plays it again.
 *
 *      sim [--seed N] [--count N] [--preset swap] [--jobs N]
 *      sim --cut-everywhere [--twice|--thorough] [--jobs N]
 *      sim --workload NAME --drive NAME [--cut AT:FAULT[:K]]... [--verbose]
 *      sim --list
 *
 * --workload, --drive, --fault, --without choose among them; --behind BYTES sets how much write-behind there
 * is, which seeds draw and cuts have none of. */

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/run.h"

#define FAILURES      10
#define SECOND_CUTS   15 /* commands after the first cut at which there is a second */
#define SECOND_STORES 6
#define JOBS_MAX      64

static struct {
        uint64_t seed, count;
        bool verbose, cut_everywhere, twice, thorough;
        unsigned n_jobs;
        Preset preset;
        const Workload *work;
        const DriveKind *kind;
        Fault fault; /* the only first one, or FAULT_NONE */
        bool without[_FAULT_MAX];
        Cut cuts[CUTS_MAX];
        size_t n_cuts;
        int64_t behind; /* -1: drawn for seeds, none for cuts */
} arg = {.seed = 1, .count = 1, .n_jobs = 1, .behind = -1};

/* ---- one run ---- */

static void print_again(const RunPlan *p, const char *why)
{
        char text[64];

        if (p->seed > 0) {
                printf("seed %" PRIu64 ": %s\n  play it again: sim --seed %" PRIu64, p->seed, why, p->seed);
                if (p->preset == PRESET_SWAP)
                        printf(" --preset swap");
                if (arg.work)
                        printf(" --workload %s", arg.work->name);
                if (arg.kind)
                        printf(" --drive %s", arg.kind->name);
                for (unsigned i = 1; i < _FAULT_MAX; i++)
                        if (arg.without[i])
                                printf(" --without %s", fault_rows[i].name);
        } else {
                printf("%s\n  play it again: sim --workload %s --drive %s", why, p->work->name,
                       p->kind->name);
        }
        for (size_t i = 0; i < CUTS_MAX && p->cuts[i].at > 0; i++)
                printf(" --cut %s", cut_format(&p->cuts[i], text, sizeof(text)));
        if (arg.behind >= 0)
                printf(" --behind %" PRIi64, arg.behind);
        printf(" --verbose\n");
        fflush(stdout);
}

static RunResult play(const RunPlan *p, Totals *t)
{
        RunResult r;

        run_play(p, t, &r);
        if (r.failed && t->n_failed <= FAILURES)
                print_again(p, r.why);
        return r;
}

/* ---- seeds ---- */

static void run_seeds(unsigned job, Totals *t)
{
        for (uint64_t i = job; i < arg.count && t->n_failed < FAILURES; i += arg.n_jobs) {
                RunPlan p = {.seed = arg.seed + i,
                             .preset = arg.preset,
                             .verbose = arg.verbose,
                             .behind = arg.behind,
                             .without = arg.without};

                run_draw(&p, arg.work, arg.kind);
                (void) play(&p, t);
        }
}

/* ---- cuts ---- */

static bool in_cuts(unsigned fault)
{
        return fault_is_for_drive((Fault) fault) && !arg.without[fault];
}

/* One of each family, unless it may take hours. */
static bool in_second_cuts(unsigned fault)
{
        static const bool some[_FAULT_MAX] = {
                [FAULT_LOST_AFTER] = true,  [FAULT_RESET_AFTER] = true,       [FAULT_LOST_AND_NEXUS] = true,
                [FAULT_POWER_AFTER] = true, [FAULT_FAILOVER_BEFORE] = true,   [FAULT_KILL_AFTER] = true,
                [FAULT_SWAP] = true,        [FAULT_KILL_BEFORE_STORE] = true, [FAULT_DEFERRED] = true,
        };

        return in_cuts(fault) && (arg.thorough || some[fault]);
}

/* A fault at one place, with every number that it can have there. Returns the last run that had it. */
static void cut_at(RunPlan *p, Cut *cut, Totals *t, void (*then)(RunPlan *p, const RunResult *r, Totals *t))
{
        for (cut->k = 0;; cut->k++) {
                unsigned before = p->cuts[0].at > 0 && cut != &p->cuts[0];
                RunResult r = play(p, t);

                if (r.n_faults <= before)
                        break;
                if (then)
                        then(p, &r, t);
                if (!fault_rows[cut->fault].counted)
                        break;
        }
}

static void cut_again(RunPlan *p, const RunResult *first, Totals *t)
{
        for (unsigned i = 1; i <= SECOND_CUTS; i++)
                for (unsigned fault = 1; fault < _FAULT_MAX; fault++) {
                        bool store = fault_rows[fault].boundary == AT_STORE;

                        if (!in_second_cuts(fault) || (store && i > SECOND_STORES))
                                continue;
                        p->cuts[1] = (Cut){.at = (store ? first->first_store : first->first_command) + i,
                                           .fault = (Fault) fault};
                        cut_at(p, &p->cuts[1], t, NULL);
                }
        p->cuts[1] = (Cut){};
}

static bool is_chosen(const Workload *work, const DriveKind *kind)
{
        return (!arg.work || arg.work == work) && (!arg.kind || arg.kind == kind) &&
               workload_fits(work, kind);
}

static void cut_one(RunPlan *p, unsigned job, Totals *t)
{
        RunResult r = play(p, t);

        for (unsigned fault = 1; fault < _FAULT_MAX; fault++) {
                unsigned n = fault_rows[fault].boundary == AT_STORE ? r.n_stores : r.n_commands;

                if (!in_cuts(fault) || (arg.fault != FAULT_NONE && arg.fault != fault))
                        continue;
                for (unsigned at = 1 + job; at <= n && t->n_failed < FAILURES; at += arg.n_jobs) {
                        p->cuts[0] = (Cut){.at = at, .fault = (Fault) fault};
                        cut_at(p, &p->cuts[0], t, arg.twice ? cut_again : NULL);
                }
        }
}

static void cut_everywhere(unsigned job, Totals *t)
{
        for (size_t i = 0; i < n_workloads; i++)
                for (size_t k = 0; k < n_drive_kinds; k++) {
                        RunPlan p = {.work = &workloads[i],
                                     .kind = &drive_kinds[k],
                                     .behind = arg.behind > 0 ? arg.behind : 0};

                        if (is_chosen(p.work, p.kind))
                                cut_one(&p, job, t);
                }
}

static void run_cuts(unsigned job, Totals *t)
{
        for (size_t i = 0; i < n_workloads; i++)
                for (size_t k = 0; k < n_drive_kinds; k++) {
                        RunPlan p = {.work = &workloads[i],
                                     .kind = &drive_kinds[k],
                                     .verbose = arg.verbose,
                                     .behind = arg.behind > 0 ? arg.behind : 0};

                        memcpy(p.cuts, arg.cuts, sizeof(p.cuts));
                        if (job == 0 && is_chosen(p.work, p.kind))
                                (void) play(&p, t);
                }
}

/* ---- jobs ---- */

typedef void (*Job)(unsigned job, Totals *t);

static uint64_t sum_runs(const Totals *t)
{
        uint64_t n = 0;

        for (unsigned i = 0; i < arg.n_jobs; i++)
                n += __atomic_load_n(&t[i].n_runs, __ATOMIC_RELAXED);
        return n;
}

/* Until all have ended; on a terminal with a line that says how far they are. */
static bool await_jobs(const Totals *t)
{
        bool good = true;

        for (unsigned n = arg.n_jobs; n > 0;) {
                int status;
                pid_t pid = waitpid(-1, &status, isatty(STDOUT_FILENO) ? WNOHANG : 0);

                if (pid > 0) {
                        good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
                        n--;
                        continue;
                }
                printf("\r%" PRIu64 " runs", sum_runs(t));
                fflush(stdout);
                (void) poll(NULL, 0, 500);
        }
        if (isatty(STDOUT_FILENO))
                printf("\r                    \r");
        return good;
}

static bool run_jobs(Job run, Totals *ret)
{
        Totals *t = mmap(NULL, sizeof(Totals) * JOBS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                         -1, 0);
        bool good = true;

        if (t == MAP_FAILED)
                return false;
        if (arg.n_jobs == 1)
                run(0, t);
        for (unsigned i = 0; arg.n_jobs > 1 && i < arg.n_jobs; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        return false;
                if (pid == 0) {
                        run(i, &t[i]);
                        exit(0);
                }
        }
        if (arg.n_jobs > 1)
                good = await_jobs(t);
        for (unsigned i = 0; i < arg.n_jobs; i++)
                totals_add(ret, &t[i]);
        (void) munmap(t, sizeof(Totals) * JOBS_MAX);
        return good;
}

/* ---- arguments ---- */

static void print_list(void)
{
        for (size_t i = 0; i < n_workloads; i++)
                printf("workload %-14s %s\n", workloads[i].name, workloads[i].description);
        for (size_t i = 0; i < n_drive_kinds; i++)
                printf("drive    %-14s %s\n", drive_kinds[i].name, drive_kinds[i].description);
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                if (fault_is_for_drive((Fault) i))
                        printf("fault    %s%s\n", fault_rows[i].name, fault_rows[i].counted ? ":K" : "");
}

static bool choose_workload(const char *name)
{
        for (size_t i = 0; i < n_workloads; i++)
                if (strcmp(workloads[i].name, name) == 0)
                        arg.work = &workloads[i];
        return arg.work != NULL;
}

static bool choose_drive(const char *name)
{
        for (size_t i = 0; i < n_drive_kinds; i++)
                if (strcmp(drive_kinds[i].name, name) == 0)
                        arg.kind = &drive_kinds[i];
        return arg.kind != NULL;
}

static bool leave_out(const char *name)
{
        Fault fault = fault_from_name(name);

        arg.without[fault] = true;
        return fault != FAULT_NONE;
}

static bool parse_option(int c)
{
        switch (c) {
        case 's':
                arg.seed = strtoull(optarg, NULL, 10);
                return arg.seed > 0;
        case 'n':
                arg.count = strtoull(optarg, NULL, 10);
                return true;
        case 'j':
                arg.n_jobs = (unsigned) strtoul(optarg, NULL, 10);
                return arg.n_jobs > 0 && arg.n_jobs <= JOBS_MAX;
        case 'p':
                arg.preset = PRESET_SWAP;
                return strcmp(optarg, "swap") == 0;
        case 'v':
                arg.verbose = true;
                return true;
        case 'e':
                arg.cut_everywhere = true;
                return true;
        case '2':
                arg.twice = true;
                return true;
        case 't':
                arg.twice = arg.thorough = true;
                return true;
        case 'W':
                return choose_workload(optarg);
        case 'd':
                return choose_drive(optarg);
        case 'f':
                arg.fault = fault_from_name(optarg);
                return arg.fault != FAULT_NONE;
        case 'w':
                return leave_out(optarg);
        case 'c':
                return arg.n_cuts < CUTS_MAX && cut_parse(&arg.cuts[arg.n_cuts++], optarg);
        case 'b':
                arg.behind = (int64_t) strtoul(optarg, NULL, 10);
                return true;
        case 'l':
                print_list();
                exit(0);
        default:
                return false;
        }
}

static bool parse_arguments(int argc, char **argv)
{
        /* clang-format off */
        static const struct option options[] = {
                {"seed", required_argument, NULL, 's'},
                {"count", required_argument, NULL, 'n'},
                {"jobs", required_argument, NULL, 'j'},
                {"preset", required_argument, NULL, 'p'},
                {"verbose", no_argument, NULL, 'v'},
                {"cut-everywhere", no_argument, NULL, 'e'},
                {"twice", no_argument, NULL, '2'},
                {"thorough", no_argument, NULL, 't'},
                {"workload", required_argument, NULL, 'W'},
                {"drive", required_argument, NULL, 'd'},
                {"fault", required_argument, NULL, 'f'},
                {"without", required_argument, NULL, 'w'},
                {"cut", required_argument, NULL, 'c'},
                {"behind", required_argument, NULL, 'b'},
                {"list", no_argument, NULL, 'l'},
                {},
        };
        /* clang-format on */
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (!parse_option(c))
                        return false;
        return optind == argc;
}

int main(int argc, char **argv)
{
        Totals t = {};
        bool good, by_seed;

        if (!parse_arguments(argc, argv))
                return 2;
        by_seed = !arg.cut_everywhere && arg.n_cuts == 0;
        good = run_jobs(arg.cut_everywhere ? cut_everywhere : by_seed ? run_seeds : run_cuts, &t);
        totals_print(&t);
        if (by_seed && arg.count > 1)
                printf("next seed %" PRIu64 "\n", arg.seed + arg.count);
        return !good || t.n_failed > 0 || t.n_runs == 0;
}
