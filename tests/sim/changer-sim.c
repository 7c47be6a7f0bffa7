/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine and changer model together. A program moves cartridges between slots, import/export elements and
 * drives while the library is lost, reset, drops what it carries, and the daemon is killed. The oracle is the
 * library: each cartridge is there exactly once, and where the program was told that it is; after an error,
 * where it was, where it should go, or in the picker.
 *
 *      changer-sim [--seed N] [--count N] [--verbose]
 *      changer-sim --cut-everywhere [--thorough]
 *      changer-sim --cut AT:FAULT [--cut AT:FAULT] [--verbose] */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "scsi/cdb.h"
#include "scsi/smc.h"
#include "sim/world.h"

#define N_SLOTS      8
#define N_IMPORT     2
#define N_DRIVES     2
#define N_CARTRIDGES 6
#define N_PICKERS    2
#define N_PLACES     (N_PICKERS + N_SLOTS + N_IMPORT + N_DRIVES)
#define FAULTS_MAX   40
#define FAILURES     10
#define SECOND_CUTS  12
#define STATUS_SIZE  8192

enum {
        PICKER = 1,
        FIRST_DRIVE = 256,
        FIRST_IMPORT = 768,
        FIRST_SLOT = 1024
};

typedef struct Library {
        World world;
        ModelDrive *drives[N_DRIVES];
        ModelChanger *changer;
        uint16_t places[N_PLACES]; /* element addresses; the pickers first */
        char told[N_PLACES];       /* the cartridge that the program believes there, or 0 */
        unsigned n_errors;
} Library;

static struct {
        uint64_t seed, count;
        bool verbose, cut_everywhere, thorough;
        Cut cuts[CUTS_MAX];
        size_t n_cuts;
} arg = {.seed = 1, .count = 1};

/* ---- the library ---- */

static Library *library_of(World *w)
{
        return w->userdata;
}

static void changer_execute(World *w, ScsiResult *ret)
{
        const ScsiCommand *c = &w->command;

        model_changer_execute(library_of(w)->changer, c->cdb, c->n_cdb, c->data, c->n_data, ret);
}

static void changer_reset(World *w, uint16_t code)
{
        model_changer_reset(library_of(w)->changer, code);
}

static bool changer_suffer(World *w, Fault fault, uint32_t k)
{
        if (fault == FAULT_POWER_BEFORE || fault == FAULT_POWER_AFTER)
                model_changer_reset(library_of(w)->changer, 0x2901);
        else if (w->command.cdb[0] == OP_MOVE_MEDIUM)
                model_changer_drop_in_picker(library_of(w)->changer, 1);
        else if (w->command.cdb[0] == OP_EXCHANGE_MEDIUM)
                model_changer_drop_in_picker(library_of(w)->changer, 1 + world_below(w, 3));
        else
                return false;
        return true;
}

static const Device changer_device = {
        .type = DEVICE_CHANGER,
        .execute = changer_execute,
        .suffer = changer_suffer,
        .reset = changer_reset,
};

static void name_places(Library *l)
{
        size_t n = 0;

        for (uint16_t i = 0; i < N_PICKERS; i++)
                l->places[n++] = (uint16_t) (PICKER + i);
        for (uint16_t i = 0; i < N_DRIVES; i++)
                l->places[n++] = (uint16_t) (FIRST_DRIVE + i);
        for (uint16_t i = 0; i < N_IMPORT; i++)
                l->places[n++] = (uint16_t) (FIRST_IMPORT + i);
        for (uint16_t i = 0; i < N_SLOTS; i++)
                l->places[n++] = (uint16_t) (FIRST_SLOT + i);
}

/* Cartridges A, B, C ... in the first slots. */
static void insert_cartridges(Library *l)
{
        for (size_t i = 0; i < N_CARTRIDGES; i++) {
                char name[2] = {(char) ('A' + i)};
                ScsiResult r;
                uint8_t cdb[SCSI_CDB_MAX];

                if (model_changer_insert(l->changer, i, model_medium_new(name, name, 1 << 20, 1 << 10)) < 0)
                        abort();
                l->told[N_PICKERS + N_DRIVES + N_IMPORT + i] = name[0];
                model_changer_execute(l->changer, cdb, scsi_cdb_test_unit_ready(cdb), NULL, 0, &r);
        }
}

static void library_init(Library *l, uint64_t seed)
{
        ModelDriveConfig drive = {
                .vendor = "HPE", .product = "Ultrium 9-SCSI", .revision = "R3G3", .serial = "DRIVE"};
        ModelChangerConfig config = {
                .vendor = "HPE",
                .product = "MSL G3 Series",
                .revision = "9.50",
                .serial = "LIB0001",
                .n_slots = N_SLOTS,
                .n_transports = 1 + seed % N_PICKERS,
                .n_import_export = N_IMPORT,
                .n_drives = N_DRIVES,
                .drives = l->drives,
        };

        for (size_t i = 0; i < N_DRIVES; i++)
                l->drives[i] = model_drive_new(&drive);
        l->changer = model_changer_new(&config);
        name_places(l);
        insert_cartridges(l);
        world_init(&l->world, &changer_device, l, config.serial, seed);
        l->world.verbose = arg.verbose;
        l->world.n_faults_max = FAULTS_MAX;
        for (unsigned i = 0; i < _FAULT_MAX; i++)
                l->world.kinds[i] = fault_is_for_changer(i);
}

static void library_deinit(Library *l)
{
        world_deinit(&l->world);
        model_changer_free(l->changer);
        for (size_t i = 0; i < N_DRIVES; i++)
                model_drive_free(l->drives[i]);
}

/* ---- the oracle ---- */

/* What is really at each place, by the library itself and not through the engine. */
static void look(Library *l, char found[static N_PLACES])
{
        ElementStatusRequest request = {.count = 0xffff, .volume_tags = true, .n_alloc = STATUS_SIZE};
        uint8_t cdb[SCSI_CDB_MAX], data[STATUS_SIZE];
        ScsiResult r;
        ElementIter it;
        Element e;

        memset(found, 0, N_PLACES);
        do
                model_changer_execute(l->changer, cdb, scsi_cdb_read_element_status(cdb, &request), data,
                                      sizeof(data), &r);
        while (r.status != SCSI_GOOD);
        if (smc_elements_init(&it, data, r.n_transferred) < 0)
                abort();
        while (smc_elements_next(&it, &e) > 0)
                for (size_t i = 0; i < N_PLACES; i++)
                        if (l->places[i] == e.address && e.full)
                                found[i] = e.volume_tag[0];
}

static void check_once(Library *l, const char found[static N_PLACES])
{
        for (char name = 'A'; name < 'A' + N_CARTRIDGES; name++) {
                unsigned n = 0;

                for (size_t i = 0; i < N_PLACES; i++)
                        n += found[i] == name;
                if (n != 1)
                        world_fail(&l->world, n ? FAIL_DUPLICATED : FAIL_LOST,
                                   "cartridge %c is in the library %u times", name, n);
        }
}

static void check_places(Library *l)
{
        char found[N_PLACES];

        look(l, found);
        check_once(l, found);
        for (size_t i = 0; i < N_PLACES; i++)
                if (found[i] != l->told[i])
                        world_fail(&l->world, FAIL_MISPLACED,
                                   "cartridge '%c' is in element %u, the program was told '%c'",
                                   found[i] ? found[i] : '-', l->places[i], l->told[i] ? l->told[i] : '-');
}

/* ---- the program ---- */

/* Indices of places; other_to is where an EXCHANGE MEDIUM puts what was in `to`. */
typedef struct Route {
        size_t from, to, other_to;
} Route;

static bool move_medium(Library *l, size_t from, size_t to)
{
        World *w = &l->world;

        return world_run(w, scsi_cdb_move_medium(w->cdb, PICKER, l->places[from], l->places[to]), NULL, 0);
}

static bool exchange_medium(Library *l, const Route *route)
{
        World *w = &l->world;
        size_t n = scsi_cdb_move_medium(w->cdb, PICKER, l->places[route->from], l->places[route->to]);

        w->cdb[0] = OP_EXCHANGE_MEDIUM;
        put_be(w->cdb + 8, l->places[route->other_to], 2);
        return world_run(w, n, NULL, 0);
}

static bool is_on_the_way(const Route *route, size_t place)
{
        return place < N_PICKERS || place == route->from || place == route->to || place == route->other_to;
}

/* The library's own words about a cartridge that it could not put down are the only right error. What it
 * moved is in one of the places of the command, or in a picker. */
static void take_error(Library *l, const Route *route)
{
        Sense s = world_sense(&l->world);
        char names[] = {l->told[route->from], l->told[route->to]}, found[N_PLACES];

        if (s.key != SENSE_HARDWARE_ERROR || s.code != 0x1501)
                world_fail(&l->world, FAIL_ERROR, "from %u to %u: error %x %04x", l->places[route->from],
                           l->places[route->to], s.key, s.code);
        look(l, found);
        l->n_errors++;
        l->told[route->from] = l->told[route->to] = 0;
        for (size_t i = 0; i < N_PLACES; i++)
                if (found[i] != 0 && (found[i] == names[0] || found[i] == names[1]) &&
                    is_on_the_way(route, i))
                        l->told[i] = found[i];
}

static size_t choose(Library *l, bool full)
{
        size_t i;

        do
                i = N_PICKERS + world_below(&l->world, N_PLACES - N_PICKERS);
        while (full != (l->told[i] != 0));
        return i;
}

/* One move, of what lies in the picker first. */
static void move_something(Library *l)
{
        size_t picker = l->told[0] ? 0 : 1;
        Route r = {.from = l->told[picker] ? picker : choose(l, true), .to = choose(l, false)};

        r.other_to = r.to;
        if (move_medium(l, r.from, r.to)) {
                l->told[r.to] = l->told[r.from];
                l->told[r.from] = 0;
        } else if (!l->world.failed) {
                take_error(l, &r);
        }
        check_places(l);
}

/* Two at a time; every other time they change places. */
static void exchange_something(Library *l)
{
        Route r = {.from = choose(l, true)};
        char other;

        if (l->told[0] || l->told[1])
                return;
        do
                r.to = choose(l, true);
        while (r.to == r.from);
        r.other_to = world_below(&l->world, 2) ? r.from : choose(l, false);
        if (exchange_medium(l, &r)) {
                other = l->told[r.to];
                l->told[r.to] = l->told[r.from];
                l->told[r.from] = 0;
                l->told[r.other_to] = other;
        } else if (!l->world.failed) {
                take_error(l, &r);
        }
        check_places(l);
}

/* A move that cannot be: the device's error, and nothing has moved. */
static void move_nothing(Library *l)
{
        World *w = &l->world;

        if (l->told[0] || l->told[1])
                return;
        if (move_medium(l, choose(l, false), choose(l, false)))
                world_fail(w, FAIL_ERROR, "a move out of an empty element was GOOD");
        check_places(l);
}

static void inventory(Library *l)
{
        World *w = &l->world;
        ElementStatusRequest request = {.count = 0xffff, .volume_tags = true, .n_alloc = STATUS_SIZE};
        uint8_t data[STATUS_SIZE];

        if (!world_run(w, scsi_cdb_read_element_status(w->cdb, &request), data, sizeof(data)) && !w->failed)
                world_fail(w, FAIL_ERROR, "READ ELEMENT STATUS failed");
}

static void initialize(Library *l)
{
        World *w = &l->world;

        *w->cdb = OP_INITIALIZE_ELEMENT_STATUS;
        memset(w->cdb + 1, 0, 5);
        if (!world_run(w, 6, NULL, 0) && !w->failed)
                world_fail(w, FAIL_ERROR, "INITIALIZE ELEMENT STATUS failed");
        check_places(l);
}

static void work(Library *l, unsigned n)
{
        World *w = &l->world;

        for (int i = 0; i < 200 && !w->failed; i++) {
                if (world_run(w, scsi_cdb_test_unit_ready(w->cdb), NULL, 0))
                        break;
                w->now += USEC_PER_SEC;
        }
        for (unsigned i = 0; i < n && !w->failed; i++) {
                if (i % 7 == 3)
                        inventory(l);
                else if (i % 11 == 10)
                        move_nothing(l);
                else if (i % 3 == 1)
                        exchange_something(l);
                else if (i % 13 == 12)
                        initialize(l);
                else
                        move_something(l);
        }
}

/* ---- runs ---- */

static bool run_seed(uint64_t seed, unsigned *n_faults)
{
        static const unsigned rates[] = {0, 4, 10, 30};
        _cleanup_free_ Library *l = calloc(1, sizeof(*l));
        World *w = &l->world;
        bool failed;

        library_init(l, seed);
        w->one_in = rates[seed % ELEMENTSOF(rates)];
        work(l, 40);
        failed = w->failed;
        if (failed)
                printf("seed %" PRIu64 ": %s\n  play it again: changer-sim --seed %" PRIu64 " --verbose\n",
                       seed, w->why, seed);
        *n_faults += w->n_faults;
        library_deinit(l);
        return !failed;
}

static int run_seeds(void)
{
        unsigned n_failed = 0, n_faults = 0;

        for (uint64_t i = 0; i < arg.count && n_failed < FAILURES; i++)
                n_failed += !run_seed(arg.seed + i, &n_faults);
        printf("%" PRIu64 " libraries, %u faults, %u failed\n", arg.count, n_faults, n_failed);
        return n_failed > 0;
}

/* How many of them there were, and how many when the first fault came. */
typedef struct Boundaries {
        unsigned n_commands, n_stores, first_command;
} Boundaries;

static Boundaries run_cuts(const Cut cuts[static CUTS_MAX], unsigned *n_runs, unsigned *n_failed)
{
        _cleanup_free_ Library *l = calloc(1, sizeof(*l));
        World *w = &l->world;
        char text[64];
        Boundaries n;

        library_init(l, 1);
        memcpy(w->cuts, cuts, sizeof(w->cuts));
        work(l, 8);
        n = (Boundaries){w->n_commands, w->n_stores, w->first_command};
        ++*n_runs;
        if (w->failed && (*n_failed)++ < FAILURES) {
                printf("%s\n  play it again: changer-sim", w->why);
                for (size_t i = 0; i < CUTS_MAX && cuts[i].at > 0; i++)
                        printf(" --cut %s", cut_format(&cuts[i], text, sizeof(text)));
                printf(" --verbose\n");
        }
        library_deinit(l);
        return n;
}

/* One of each family, unless all are asked for. */
static bool is_second(unsigned fault)
{
        static const bool some[_FAULT_MAX] = {
                [FAULT_LOST_BEFORE] = true, [FAULT_LOST_AFTER] = true,    [FAULT_RESET_AFTER] = true,
                [FAULT_KILL_AFTER] = true,  [FAULT_DROP_AND_LOST] = true,
        };

        return arg.thorough ? fault_is_for_changer(fault) : some[fault];
}

static void cut_again(Cut first, unsigned *n_runs, unsigned *n_failed)
{
        Boundaries n = run_cuts((Cut[CUTS_MAX]){first}, n_runs, n_failed);

        for (unsigned at = n.first_command + 1; at <= n.first_command + SECOND_CUTS; at++)
                for (unsigned fault = 1; fault < _FAULT_MAX; fault++)
                        if (is_second(fault))
                                (void) run_cuts((Cut[CUTS_MAX]){first, {at, (Fault) fault, 0}}, n_runs,
                                                n_failed);
}

static int cut_everywhere(void)
{
        unsigned n_runs = 0, n_failed = 0;
        Boundaries n = run_cuts((Cut[CUTS_MAX]){}, &n_runs, &n_failed);

        for (unsigned fault = 1; fault < _FAULT_MAX; fault++) {
                unsigned n_places = fault_rows[fault].boundary == AT_STORE ? n.n_stores : n.n_commands;

                for (unsigned at = 1; fault_is_for_changer((Fault) fault) && at <= n_places; at++)
                        cut_again((Cut){at, (Fault) fault, 0}, &n_runs, &n_failed);
        }
        printf("%u commands, %u stores, %u libraries, %u failed\n", n.n_commands, n.n_stores, n_runs,
               n_failed);
        return n_failed > 0;
}

static bool parse_cut(const char *text)
{
        return arg.n_cuts < CUTS_MAX && cut_parse(&arg.cuts[arg.n_cuts++], text);
}

static bool parse_arguments(int argc, char **argv)
{
        static const struct option options[] = {
                {"seed", required_argument, NULL, 's'},
                {"count", required_argument, NULL, 'n'},
                {"verbose", no_argument, NULL, 'v'},
                {"cut-everywhere", no_argument, NULL, 'e'},
                {"cut", required_argument, NULL, 'c'},
                {"thorough", no_argument, NULL, 't'},
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (c == 's')
                        arg.seed = strtoull(optarg, NULL, 10);
                else if (c == 'n')
                        arg.count = strtoull(optarg, NULL, 10);
                else if (c == 'v')
                        arg.verbose = true;
                else if (c == 'e')
                        arg.cut_everywhere = true;
                else if (c == 't')
                        arg.thorough = true;
                else if (c != 'c' || !parse_cut(optarg))
                        return false;
        return optind == argc;
}

int main(int argc, char **argv)
{
        unsigned n_runs = 0, n_failed = 0;

        if (!parse_arguments(argc, argv))
                return 2;
        if (arg.cut_everywhere)
                return cut_everywhere();
        if (arg.n_cuts == 0)
                return run_seeds();
        (void) run_cuts(arg.cuts, &n_runs, &n_failed);
        return n_failed > 0;
}
