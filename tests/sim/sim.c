/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine and drive model together: many seeded backups with faults drawn at random, or one small backup that
 * is cut at every single command in every way there is, and once more while it recovers. What fails prints
 * the command that plays it again.
 *
 *      sim [--seed N] [--count N] [--without FAULT]... [--verbose]
 *      sim --cut-everywhere [--twice|--thorough] [--drive NAME] [--without FAULT]...
 *      sim --drive NAME --cut AT:FAULT [--cut AT:FAULT] [--verbose] */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/backup.h"

#define FAULTS_MAX  50 /* of one run: so that every recovery comes to its end */
#define FAILURES    10
#define SECOND_CUTS 15 /* commands after the first cut at which there is a second */

static struct {
        uint64_t seed, count;
        bool verbose, cut_everywhere, twice, thorough;
        const char *drive;
        bool without[_FAULT_MAX];
        Cut cuts[CUTS_MAX];
        size_t n_cuts;
} arg = {.seed = 1, .count = 1};

static const struct Drive {
        const char *name;
        bool old;
        uint32_t n_buffer;
        size_t n_appended;
} drives[] = {
        {"buffered", false, 16, 4},
        {"unbuffered", false, 0, 4},
        {"old", true, 4, 0},
        {"old-appending", true, 4, 4},
};

/* ---- drawn from a seed ---- */

static void draw_trouble(World *w)
{
        static const unsigned rates[] = {0, 8, 20, 60};
        bool kills = world_below(w, 2), power = world_below(w, 2), swaps = world_below(w, 8) == 0;

        w->one_in = rates[world_below(w, ELEMENTSOF(rates))];
        w->n_faults_max = FAULTS_MAX;
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                w->kinds[i] = i != FAULT_DROP && i != FAULT_DROP_AND_LOST;
        w->kinds[FAULT_POWER_BEFORE] = w->kinds[FAULT_POWER_AFTER] = power;
        w->kinds[FAULT_SWAP] = swaps;
        for (unsigned i = FAULT_KILL_BEFORE; i <= FAULT_KILL_AFTER_ANSWER; i++)
                w->kinds[i] = kills;
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                w->kinds[i] = w->kinds[i] && !arg.without[i];
}

static bool run_seed(uint64_t seed, unsigned *n_faults)
{
        _cleanup_free_ Backup *b = calloc(1, sizeof(*b));
        World *w = &b->world;
        bool old = seed % 4 == 0, failed;

        backup_init(b, seed, old, seed % 3 * 8);
        w->verbose = arg.verbose;
        draw_trouble(w);
        backup_run(b, 20 + world_below(w, OBJECTS_MAX - 60), world_below(w, 20), 6000);
        failed = w->failed;
        if (failed)
                printf("seed %" PRIu64 ": %s\n  play it again: sim --seed %" PRIu64 " --verbose\n", seed,
                       w->failure, seed);
        *n_faults += w->n_faults;
        backup_deinit(b);
        return !failed;
}

static int run_seeds(void)
{
        unsigned n_failed = 0, n_faults = 0;

        for (uint64_t i = 0; i < arg.count && n_failed < FAILURES; i++)
                n_failed += !run_seed(arg.seed + i, &n_faults);
        printf("%" PRIu64 " backups, %u faults, %u failed\n", arg.count, n_faults, n_failed);
        return n_failed > 0;
}

/* ---- cut ---- */

typedef struct Tally {
        unsigned n_runs, n_failed;
} Tally;

static void print_again(const struct Drive *d, const Cut *cuts, const char *why)
{
        printf("%s\n  play it again: sim --drive %s", why, d->name);
        for (size_t i = 0; i < CUTS_MAX && cuts[i].at > 0; i++)
                printf(" --cut %u:%s", cuts[i].at, fault_name(cuts[i].fault));
        printf(" --verbose\n");
}

/* Returns how many commands the device got. */
static unsigned run_cuts(const struct Drive *d, const Cut cuts[static CUTS_MAX], Tally *t)
{
        _cleanup_free_ Backup *b = calloc(1, sizeof(*b));
        unsigned n;

        backup_init(b, 1, d->old, d->n_buffer);
        b->world.verbose = arg.verbose;
        memcpy(b->world.cuts, cuts, sizeof(b->world.cuts));
        backup_run(b, 10, d->n_appended, 600);
        n = b->world.n_commands;
        t->n_runs++;
        if (b->world.failed && t->n_failed++ < FAILURES)
                print_again(d, cuts, b->world.failure);
        backup_deinit(b);
        return n;
}

static bool in_cuts(unsigned fault)
{
        return fault != FAULT_DROP && fault != FAULT_DROP_AND_LOST && !arg.without[fault];
}

/* One of each family, unless it may take minutes. */
static bool in_second_cuts(unsigned fault)
{
        return in_cuts(fault) && (arg.thorough || fault == FAULT_LOST_AFTER || fault == FAULT_RESET_AFTER ||
                                  fault == FAULT_POWER_BEFORE || fault == FAULT_KILL_AFTER);
}

static void cut_again(const struct Drive *d, Cut first, Tally *t)
{
        for (unsigned at = first.at + 1; at <= first.at + SECOND_CUTS; at++)
                for (unsigned fault = 1; fault < _FAULT_MAX; fault++)
                        if (in_second_cuts(fault))
                                (void) run_cuts(d, (Cut[CUTS_MAX]){first, {at, (Fault) fault}}, t);
}

static void cut_everywhere(const struct Drive *d, Tally *t)
{
        unsigned n = run_cuts(d, (Cut[CUTS_MAX]){}, t);

        for (unsigned at = 1; at <= n; at++)
                for (unsigned fault = 1; fault < _FAULT_MAX; fault++) {
                        Cut cut = {at, (Fault) fault};

                        if (!in_cuts(fault))
                                continue;
                        (void) run_cuts(d, (Cut[CUTS_MAX]){cut}, t);
                        if (arg.twice)
                                cut_again(d, cut, t);
                }
        printf("%s: %u commands\n", d->name, n);
}

static int run_drives(void)
{
        Tally t = {};

        for (size_t i = 0; i < ELEMENTSOF(drives); i++) {
                if (arg.drive && strcmp(arg.drive, drives[i].name) != 0)
                        continue;
                if (arg.cut_everywhere)
                        cut_everywhere(&drives[i], &t);
                else
                        (void) run_cuts(&drives[i], arg.cuts, &t);
        }
        printf("%u backups, %u failed\n", t.n_runs, t.n_failed);
        return t.n_failed > 0 || t.n_runs == 0;
}

/* ---- arguments ---- */

static bool parse_cut(const char *text)
{
        char *colon;
        Cut cut = {.at = (unsigned) strtoul(text, &colon, 10)};

        if (*colon != ':' || arg.n_cuts >= CUTS_MAX)
                return false;
        cut.fault = fault_from_name(colon + 1);
        arg.cuts[arg.n_cuts++] = cut;
        return cut.fault != FAULT_NONE;
}

static bool parse_arguments(int argc, char **argv)
{
        static const struct option options[] = {
                {"seed", required_argument, NULL, 's'},    {"count", required_argument, NULL, 'n'},
                {"verbose", no_argument, NULL, 'v'},       {"cut-everywhere", no_argument, NULL, 'e'},
                {"twice", no_argument, NULL, '2'},         {"thorough", no_argument, NULL, 't'},
                {"drive", required_argument, NULL, 'd'},   {"cut", required_argument, NULL, 'c'},
                {"without", required_argument, NULL, 'w'}, {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 's':
                        arg.seed = strtoull(optarg, NULL, 10);
                        break;
                case 'n':
                        arg.count = strtoull(optarg, NULL, 10);
                        break;
                case 'v':
                        arg.verbose = true;
                        break;
                case 'e':
                        arg.cut_everywhere = true;
                        break;
                case '2':
                        arg.twice = true;
                        break;
                case 't':
                        arg.twice = arg.thorough = true;
                        break;
                case 'd':
                        arg.drive = optarg;
                        break;
                case 'c':
                        if (!parse_cut(optarg))
                                return false;
                        break;
                case 'w':
                        if (fault_from_name(optarg) == FAULT_NONE)
                                return false;
                        arg.without[fault_from_name(optarg)] = true;
                        break;
                default:
                        return false;
                }
        return optind == argc;
}

int main(int argc, char **argv)
{
        if (!parse_arguments(argc, argv))
                return 2;
        return arg.cut_everywhere || arg.n_cuts > 0 || arg.drive ? run_drives() : run_seeds();
}
