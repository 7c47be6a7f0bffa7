/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine and the drive model under a seeded scheduler. One seed is one backup: a program writes blocks
 * and filemarks, rewinds and reads everything back, while the path is cut before and after execution, the
 * drive is reset or loses power with its buffer, the daemon is killed at every point where it can be, during
 * recovery too. The oracle is the medium: it must hold what the program was told is written, every object
 * exactly once, and the program must have read the same. A seed that fails prints the command that plays it
 * again.
 *
 *      sim [--seed N] [--count N] [--verbose] */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold/unit.h"
#include "model/model.h"
#include "scsi/cdb.h"
#include "util/cleanup.h"

#define OBJECTS_MAX 400
#define BLOCK_MAX   6000
#define RING_SIZE   (UINT64_C(4) << 20)
#define STEPS_MAX   400000
#define FAULTS_MAX  50 /* of one run: so that every recovery comes to its end */

typedef struct Object {
        uint32_t n_data; /* 0: filemark */
        uint8_t *data;
} Object;

/* What this run has been asked to go through. */
typedef struct Trouble {
        unsigned one_in; /* a fault in one of so many commands; 0: none */
        bool kills, power, swaps;
} Trouble;

typedef struct Sim {
        uint64_t seed, random;
        bool verbose;
        Trouble trouble;
        ModelDriveConfig drive_config;
        ModelDrive *drive;
        ModelMedium *medium, *other;
        UnitState *state;
        uint8_t *ring, *scratch;
        Unit *unit;
        usec_t now;
        uint32_t tail; /* of the command ring: how many answers the kernel has */

        /* the device's side */
        bool path_up, submitted;
        ScsiCommand command;

        /* the program's side: one command outstanding, as st has it */
        bool outstanding, delivered, answered;
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;
        uint8_t *data;
        uint32_t n_data;
        uint8_t status, sense[SCSI_SENSE_MAX], n_sense;
        uint32_t n_read;

        Object told[OBJECTS_MAX]; /* what the program was told is on the medium */
        size_t n_told;
        bool swapped, failed;
        char failure[256];
        unsigned n_faults, n_errors, n_kills;
} Sim;

/* xorshift64*: the same numbers everywhere */
static uint64_t draw(Sim *s)
{
        s->random ^= s->random >> 12;
        s->random ^= s->random << 25;
        s->random ^= s->random >> 27;
        return s->random * UINT64_C(2685821657736338717);
}

static uint32_t below(Sim *s, uint32_t n)
{
        return (uint32_t) ((draw(s) >> 33) % n);
}

_printf_(2, 3) static void trace(Sim *s, const char *format, ...)
{
        va_list ap;

        if (!s->verbose)
                return;
        printf("%8.3f ", (double) s->now / USEC_PER_SEC);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

_printf_(2, 3) static void fail(Sim *s, const char *format, ...)
{
        va_list ap;

        if (s->failed)
                return;
        s->failed = true;
        va_start(ap, format);
        vsnprintf(s->failure, sizeof(s->failure), format, ap);
        va_end(ap);
        trace(s, "FAILED: %s", s->failure);
}

/* ---- the daemon ---- */

static void start_daemon(Sim *s)
{
        UnitConfig config = {.type = DEVICE_TAPE, .timeout = USEC_INFINITY};
        UnitMemory memory = {.state = s->state,
                             .n_state = sizeof(*s->state),
                             .ring = s->ring,
                             .n_ring = RING_SIZE,
                             .scratch = s->scratch,
                             .n_scratch = HOLD_SCRATCH_SIZE};

        snprintf(config.serial, sizeof(config.serial), "%s", s->drive_config.serial);
        if (unit_init(s->unit, &config, &memory, s->now, NULL) < 0)
                fail(s, "the unit does not start");
        unit_take_over(s->unit, s->tail);
        s->path_up = s->submitted = false;
        s->delivered = false; /* what is outstanding comes back as BUSY and is delivered again */
}

static void execute(Sim *s, ScsiResult *ret)
{
        memset(ret, 0, sizeof(*ret));
        model_drive_execute(s->drive, s->command.cdb, s->command.n_cdb, s->command.data, s->command.n_data,
                            ret);
}

/* kill -9: what was on its way to the device is executed, or is not. */
static void kill_daemon(Sim *s)
{
        ScsiResult lost;

        if (s->submitted && below(s, 2)) {
                trace(s, "  executed by the device after the death of the daemon");
                execute(s, &lost);
        }
        s->n_kills++;
        trace(s, "KILL");
        /* the dead process' memory is gone; only state and ring stay */
        memset(s->unit, 0xa5, sizeof(*s->unit));
        memset(s->scratch, 0xa5, HOLD_SCRATCH_SIZE);
        start_daemon(s);
}

static bool maybe_kill(Sim *s, unsigned one_in)
{
        if (!s->trouble.kills || s->trouble.one_in == 0 || s->n_faults >= FAULTS_MAX || below(s, one_in) != 0)
                return false;
        s->n_faults++;
        kill_daemon(s);
        return true;
}

/* ---- the device ---- */

static const char *const fault_names[] = {
        "lost before execution",
        "lost after execution",
        "never sent",
        "in doubt, path stays",
        "in doubt after execution, path stays",
        "reset before",
        "reset after",
        "power cycle",
        "becoming ready",
        "cartridge swapped",
};
enum {
        LOST_BEFORE,
        LOST_AFTER,
        NEVER_SENT,
        DOUBT_BEFORE,
        DOUBT_AFTER,
        RESET_BEFORE,
        RESET_AFTER,
        POWER,
        BECOMING,
        SWAP,
        _N
};

/* False: that is not in this run. */
static bool apply_fault(Sim *s, unsigned fault, ScsiResult *ret)
{
        *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .host_status = 0xe};
        switch (fault) {
        case LOST_AFTER:
                execute(s, ret);
                __attribute__((fallthrough));
        case LOST_BEFORE:
                *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .path_gone = true};
                return true;
        case NEVER_SENT:
                *ret = (ScsiResult){.delivery = SCSI_NOT_SENT, .path_gone = true, .error = ENODEV};
                return true;
        case DOUBT_AFTER:
                execute(s, ret);
                __attribute__((fallthrough));
        case DOUBT_BEFORE:
                *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .host_status = 0xb};
                return true;
        case RESET_BEFORE:
                model_drive_reset(s->drive, 0x2900);
                execute(s, ret);
                return true;
        case RESET_AFTER:
                execute(s, ret);
                model_drive_reset(s->drive, 0x2903);
                return true;
        case POWER:
                if (!s->trouble.power)
                        return false;
                if (below(s, 2))
                        execute(s, ret);
                model_drive_power_cycle(s->drive, below(s, s->drive_config.n_buffer + 1));
                *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .path_gone = true};
                return true;
        case BECOMING:
                model_drive_becoming_ready(s->drive, 1 + below(s, 5));
                execute(s, ret);
                return true;
        case SWAP:
                if (!s->trouble.swaps || s->swapped || s->n_told == 0)
                        return false;
                s->swapped = true;
                model_drive_load(s->drive, s->other);
                *ret = (ScsiResult){.delivery = SCSI_IN_DOUBT, .path_gone = true};
                return true;
        default:
                return false;
        }
}

static void device_turn(Sim *s)
{
        bool trouble = s->trouble.one_in > 0 && s->n_faults < FAULTS_MAX && below(s, s->trouble.one_in) == 0;
        unsigned fault = trouble ? below(s, _N) : _N;
        ScsiResult result;

        if (fault < _N && apply_fault(s, fault, &result)) {
                s->n_faults++;
                trace(s, "  FAULT %s at %02x", fault_names[fault], s->command.cdb[0]);
        } else {
                execute(s, &result);
        }
        s->submitted = false;
        if (maybe_kill(s, s->trouble.one_in * 2))
                return;
        trace(s, "  device %02x -> delivery %d status %02x sense %02x %02x%02x n %u", s->command.cdb[0],
              result.delivery, result.status, result.n_sense > 2 ? result.sense[2] : 0,
              result.n_sense > 13 ? result.sense[12] : 0, result.n_sense > 13 ? result.sense[13] : 0,
              result.n_transferred);
        unit_result(s->unit, &result, s->now);
}

/* ---- the engine's actions ---- */

static void answer_program(Sim *s, const HoldAction *a)
{
        s->tail++;
        s->outstanding = false;
        s->answered = true;
        s->status = a->status;
        s->n_sense = a->n_sense;
        memcpy(s->sense, a->sense, a->n_sense);
        s->n_read = a->n_read;
}

static void take_action(Sim *s, const HoldAction *a)
{
        switch (a->type) {
        case HOLD_COMPLETE:
                if (!s->outstanding) {
                        fail(s, "an answer to nothing");
                        return;
                }
                if (a->ordered) {
                        if (maybe_kill(s, s->trouble.one_in * 4))
                                return;
                        unit_note_answer(s->unit, s->tail);
                        if (maybe_kill(s, s->trouble.one_in * 4))
                                return;
                }
                trace(s, "program <- %02x status %02x", s->cdb[0], a->status);
                answer_program(s, a);
                if (a->ordered) {
                        if (maybe_kill(s, s->trouble.one_in * 4))
                                return;
                        unit_answered(s->unit, s->now);
                }
                break;
        case HOLD_SUBMIT:
                s->command = a->command;
                s->submitted = true;
                if (!s->path_up)
                        fail(s, "a command without a path");
                break;
        case HOLD_CLOSE_PATH:
                s->path_up = false;
                trace(s, "path closed: %s", a->text);
                break;
        case HOLD_EVENT:
                trace(s, "event %s: %s", a->event, a->text);
                break;
        case HOLD_CHANGED:
                trace(s, "phase %s", unit_phase_name(s->unit->phase));
                break;
        }
}

/* One thing happens. */
static void step(Sim *s)
{
        HoldAction a;
        usec_t deadline;

        s->now += 10;
        if (unit_next_action(s->unit, &a)) {
                take_action(s, &a);
                return;
        }
        if (s->outstanding && !s->delivered && (s->path_up || below(s, 2))) {
                s->delivered = true;
                unit_command(s->unit,
                             &(HoldCommand){.tag = 1,
                                            .cdb = s->cdb,
                                            .n_cdb = s->n_cdb,
                                            .data = s->data,
                                            .n_data = s->n_data},
                             s->now);
                return;
        }
        if (s->submitted) {
                if (!maybe_kill(s, s->trouble.one_in * 4))
                        device_turn(s);
                return;
        }
        if (!s->path_up) {
                s->now += 1000 + below(s, 5 * USEC_PER_SEC);
                s->path_up = true;
                unit_path_up(s->unit, s->now);
                return;
        }
        deadline = unit_deadline(s->unit);
        if (deadline == USEC_INFINITY) {
                fail(s, "stuck in phase %s", unit_phase_name(s->unit->phase));
                return;
        }
        s->now = deadline > s->now ? deadline : s->now;
        unit_tick(s->unit, s->now);
}

/* ---- the program ---- */

/* Runs a command to its answer; true if GOOD. */
static bool run(Sim *s, size_t n_cdb, void *data, uint32_t n_data)
{
        trace(s, "program -> %02x", s->cdb[0]);
        s->n_cdb = n_cdb;
        s->data = data;
        s->n_data = n_data;
        s->outstanding = true;
        s->delivered = s->answered = false;
        for (unsigned i = 0; !s->answered && !s->failed; i++) {
                if (i > STEPS_MAX)
                        fail(s, "no answer after %u steps", i);
                step(s);
        }
        if (s->status != SCSI_GOOD)
                s->n_errors++;
        return !s->failed && s->status == SCSI_GOOD;
}

/* Content that names its place, some of it the same in many blocks (zeros), as backups are. */
static void fill(Sim *s, Object *o, size_t number)
{
        bool zeros = below(s, 4) == 0;

        for (uint32_t i = 0; i < o->n_data; i++)
                o->data[i] = zeros ? 0 : (uint8_t) (number * 31 + i * 7 + (i >> 8));
}

static bool early_warning(const Sim *s)
{
        Sense sense;

        return s->status == SCSI_CHECK_CONDITION && sense_parse(s->sense, s->n_sense, &sense) >= 0 &&
               sense.key == SENSE_NO_SENSE && sense.eom;
}

/* False: the program was told of an error. */
static bool write_object(Sim *s)
{
        Object *o = &s->told[s->n_told];
        bool good;

        o->n_data = below(s, 10) == 0 ? 0 : 1 + below(s, BLOCK_MAX);
        o->data = o->n_data > 0 ? malloc(o->n_data) : NULL;
        fill(s, o, s->n_told);
        if (o->n_data > 0)
                good = run(s, scsi_cdb_write_6(s->cdb, false, o->n_data), o->data, o->n_data);
        else
                good = run(s, scsi_cdb_write_filemarks_6(s->cdb, false, 1), NULL, 0);
        if (!good && !early_warning(s)) {
                free(o->data);
                return false;
        }
        s->n_told++;
        return true;
}

static void read_back(Sim *s)
{
        _cleanup_free_ uint8_t *buffer = malloc(BLOCK_MAX + 16);

        for (size_t i = 0; i < s->n_told && !s->failed; i++) {
                const Object *o = &s->told[i];
                bool good = run(s, scsi_cdb_read_6(s->cdb, false, true, BLOCK_MAX), buffer, BLOCK_MAX);
                Sense sense = {};

                if (s->failed || (s->swapped && !good))
                        return;
                if (s->status == SCSI_CHECK_CONDITION)
                        (void) sense_parse(s->sense, s->n_sense, &sense);
                if (o->n_data == 0 && !sense.filemark) {
                        fail(s, "object %zu: no filemark", i);
                } else if (o->n_data > 0 && !good) {
                        fail(s, "object %zu: error %x %04x while reading", i, sense.key, sense.code);
                } else if (o->n_data > 0 &&
                           (s->n_read != o->n_data || memcmp(buffer, o->data, o->n_data) != 0)) {
                        fail(s, "object %zu: %u bytes read of %u, or other data", i, s->n_read, o->n_data);
                }
        }
}

/* ---- the oracle ---- */

static void check_object(Sim *s, size_t i)
{
        const uint8_t *data;
        uint32_t n;

        model_medium_object(s->medium, i, &data, &n);
        if (n != s->told[i].n_data || (n > 0 && memcmp(data, s->told[i].data, n) != 0))
                fail(s, "object %zu on the medium is not what was written there", i);
}

/* complete: the program was never told of an error, so the medium holds all of it. */
static void check_medium(Sim *s, bool complete)
{
        size_t n = model_medium_count(s->medium);

        if (complete && n != s->n_told)
                fail(s, "%zu objects on the medium, %zu written", n, s->n_told);
        if (!complete && !s->swapped && n > s->n_told + 1)
                fail(s, "%zu objects on the medium, only %zu written", n, s->n_told);
        for (size_t i = 0; i < n && i < s->n_told && !s->failed; i++)
                check_object(s, i);
        if (model_medium_count(s->other) != 1)
                fail(s, "something was written to the wrong cartridge");
}

/* ---- one run ---- */

static void set_up(Sim *s)
{
        static const uint8_t label[] = "another cartridge";
        ScsiResult r;
        uint8_t cdb[SCSI_CDB_MAX];

        s->random = s->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        s->trouble = (Trouble){
                .one_in = (uint32_t[]){0, 8, 20, 60}[below(s, 4)],
                .kills = below(s, 2),
                .power = below(s, 2),
                .swaps = below(s, 8) == 0,
        };
        s->drive_config = (ModelDriveConfig){.vendor = "HPE",
                                             .product = "Ultrium 9-SCSI",
                                             .revision = "R3G3",
                                             .serial = "SIM0001",
                                             .naa = UINT64_C(0x50014380deadbee1),
                                             .n_buffer = below(s, 3) * 8};
        if (below(s, 4) == 0)
                s->drive_config.no_mam = s->drive_config.no_locate = s->drive_config.no_read_position =
                        s->drive_config.vague_end_of_data = true;
        s->drive = model_drive_new(&s->drive_config);
        s->medium = model_medium_new("SIM001L9", "MEDIUM-1", UINT64_C(64) << 20, UINT64_C(1) << 20);
        s->other = model_medium_new("SIM002L9", "MEDIUM-2", UINT64_C(64) << 20, UINT64_C(1) << 20);
        model_drive_load(s->drive, s->other);
        for (int i = 0; i < 5; i++)
                model_drive_execute(s->drive, cdb, scsi_cdb_test_unit_ready(cdb), NULL, 0, &r);
        model_drive_execute(s->drive, cdb, scsi_cdb_write_6(cdb, false, sizeof(label)), (void *) label,
                            sizeof(label), &r);
        model_drive_execute(s->drive, cdb, scsi_cdb_rewind(cdb, false), NULL, 0, &r);
        model_drive_load(s->drive, s->medium);
        s->state = calloc(1, sizeof(*s->state));
        s->ring = calloc(1, RING_SIZE);
        s->scratch = calloc(1, HOLD_SCRATCH_SIZE);
        s->unit = calloc(1, sizeof(*s->unit));
        s->now = USEC_PER_SEC;
        start_daemon(s);
}

static void tear_down(Sim *s)
{
        for (size_t i = 0; i < s->n_told; i++)
                free(s->told[i].data);
        free(s->state);
        free(s->ring);
        free(s->scratch);
        free(s->unit);
        model_drive_free(s->drive);
        model_medium_free(s->medium);
        model_medium_free(s->other);
}

static bool told_of_blocks(const Sim *s)
{
        for (size_t i = 0; i < s->n_told; i++)
                if (s->told[i].n_data > 0)
                        return true;
        return false;
}

/* An error is right when the cartridge was swapped, or when nothing on the medium could prove that it is the
 * same: no serial number, and none of what was written survived. */
static bool error_is_right(const Sim *s)
{
        const char *why = s->unit->record.reason;

        if (s->swapped)
                return true;
        return s->drive_config.no_mam &&
               (strncmp(why, "nothing of what was written", 27) == 0 ||
                (strstr(why, "cannot be proven to be the same") && !told_of_blocks(s)));
}

/* After an error the position cannot be relied on, until the program goes to a place of its own. */
static void start_again(Sim *s)
{
        static uint8_t block[] = "after the error";

        if (s->failed)
                return;
        if (run(s, scsi_cdb_write_6(s->cdb, false, sizeof(block)), block, sizeof(block)))
                fail(s, "a WRITE went through after the position was lost");
        for (int i = 0; i < 3 && !s->failed; i++)
                if (run(s, scsi_cdb_rewind(s->cdb, false), NULL, 0))
                        return;
        fail(s, "no REWIND after an error");
}

static void backup(Sim *s)
{
        size_t n = 20 + below(s, OBJECTS_MAX - 40);
        unsigned tries = 0;

        while (!run(s, scsi_cdb_test_unit_ready(s->cdb), NULL, 0) && !s->failed && tries++ < 200)
                s->now += USEC_PER_SEC;
        if (!run(s, scsi_cdb_rewind(s->cdb, false), NULL, 0) && !s->failed &&
            !run(s, scsi_cdb_rewind(s->cdb, false), NULL, 0) && !s->swapped)
                fail(s, "REWIND failed");
        for (size_t i = 0; i < n && !s->failed; i++) {
                if (write_object(s))
                        continue;
                if (!s->failed && !error_is_right(s))
                        fail(s, "object %zu: the program got an error: %s", s->n_told,
                             s->unit->record.reason);
                check_medium(s, false);
                start_again(s);
                return;
        }
        if (!s->failed && !run(s, scsi_cdb_rewind(s->cdb, false), NULL, 0)) {
                if (!s->failed && !error_is_right(s))
                        fail(s, "REWIND after writing failed: %s", s->unit->record.reason);
                check_medium(s, false);
                return;
        }
        check_medium(s, true);
        if (!s->swapped)
                read_back(s);
        check_medium(s, !s->swapped);
}

static bool run_seed(uint64_t seed, bool verbose, unsigned *n_faults)
{
        _cleanup_free_ Sim *s = calloc(1, sizeof(*s));
        bool good;

        s->seed = seed;
        s->verbose = verbose;
        set_up(s);
        backup(s);
        good = !s->failed;
        if (!good)
                printf("seed %" PRIu64 ": %s\n  play it again: sim --seed %" PRIu64 " --verbose\n", seed,
                       s->failure, seed);
        *n_faults += s->n_faults;
        tear_down(s);
        return good;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                {"seed", required_argument, NULL, 's'},
                {"count", required_argument, NULL, 'n'},
                {"verbose", no_argument, NULL, 'v'},
                {},
        };
        uint64_t seed = 1, count = 1;
        unsigned n_failed = 0, n_faults = 0;
        bool verbose = false;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (c == 's')
                        seed = strtoull(optarg, NULL, 10);
                else if (c == 'n')
                        count = strtoull(optarg, NULL, 10);
                else if (c == 'v')
                        verbose = true;
                else
                        return 2;
        }
        for (uint64_t i = 0; i < count && n_failed < 10; i++)
                n_failed += !run_seed(seed + i, verbose, &n_faults);
        printf("%" PRIu64 " backups, %u faults, %u failed\n", count, n_faults, n_failed);
        return n_failed > 0;
}
