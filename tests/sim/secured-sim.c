/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that has set all that a reset takes away (a persistent reservation, logical block protection, an
 * encryption key, and another key in the middle of the tape) against the model of a drive, cut at every
 * command in every way there is, and once more while it recovers. Every block on the medium must be encrypted
 * with the key that was set when it was written, be what was written, and have been written while the
 * reservation was held. An error is a failure too, unless another host has taken the reservation, or the key
 * died with evertaped.
 *
 *      secured-sim [--twice [--every N [--from N]]] [--protection BITS]
 *      secured-sim --cut AT:FAULT [--cut AT:FAULT] [--protection BITS] [--verbose] */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold/unit.h"
#include "model/model.h"
#include "scsi/cdb.h"
#include "scsi/reserve.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define RING_SIZE   (UINT64_C(4) << 20)
#define STEPS_MAX   20000
#define CUTS_MAX    2
#define SECOND_CUTS 25 /* commands after the first cut at which there is a second */
#define FAILURES    10
#define OBJECTS     16 /* with each key */
#define BLOCK       96
#define OURS        UINT64_C(0x1234)
#define THEIRS      UINT64_C(0x5678)
#define THEIR_NEXUS 3
#define KEY_LENGTH  32
#define EXCLUSIVE   3

enum {
        LOSES_PATH = 1 << 0,
        OTHER_NEXUS = 1 << 1, /* the device comes back by another path */
        RESETS = 1 << 2,
        POWER = 1 << 3, /* with half of the buffer */
        DIES = 1 << 4,
        FORGETS = 1 << 5, /* evertaped's memory for keys is its own */
        TAKEN = 1 << 6,   /* another host takes the reservation */
        AT_ANSWER = 1 << 7,
        EXECUTES = 1 << 8,
};

static const struct FaultRow {
        const char *name;
        unsigned what;
} faults[] = {
        {"none", EXECUTES},
        {"lost-before", LOSES_PATH},
        {"lost-after", LOSES_PATH | EXECUTES},
        {"failover-before", LOSES_PATH | OTHER_NEXUS},
        {"failover-after", LOSES_PATH | OTHER_NEXUS | EXECUTES},
        {"reset-after", RESETS | EXECUTES},
        {"lost-and-reset", LOSES_PATH | RESETS | EXECUTES},
        {"power-before", LOSES_PATH | POWER},
        {"power-after", LOSES_PATH | POWER | EXECUTES},
        {"power-and-failover", LOSES_PATH | OTHER_NEXUS | POWER | EXECUTES},
        {"kill-before", DIES},
        {"kill-after", DIES | EXECUTES},
        {"kill-at-answer", DIES | AT_ANSWER | EXECUTES},
        {"kill-and-power", DIES | POWER | EXECUTES},
        {"kill-and-forget", DIES | FORGETS | EXECUTES},
        {"forget-and-power", DIES | FORGETS | POWER | EXECUTES},
        {"taken", LOSES_PATH | TAKEN},
        {"taken-in-place", TAKEN | EXECUTES},
};

typedef struct Cut {
        unsigned at, fault;
} Cut;

typedef struct Run {
        UnitConfig config;
        Unit unit;
        UnitState *state;
        uint8_t *ring, *scratch;
        UnitSecrets secrets;
        usec_t now;
        uint32_t tail;
        ModelDrive *drive;
        ModelMedium *medium;
        size_t nexus;

        Cut cuts[CUTS_MAX];
        unsigned n_commands;
        bool path_up, submitted, dies_at_answer;
        ScsiCommand command;

        bool outstanding, delivered, answered;
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n_cdb;
        void *data;
        uint32_t n_data;
        uint8_t status, sense[SCSI_SENSE_MAX], n_sense;

        bool reserved;      /* the program was told so */
        uint8_t protection; /* LBP_W and LBP_R */
        uint8_t keys_set;   /* how many */
        size_t n_told;
        bool taken, forgot, over; /* over: the program was told of an error */
        bool failed;
        char failure[200];
} Run;

static struct {
        bool verbose, twice;
        unsigned protection, first, every;
        Cut cuts[CUTS_MAX];
        size_t n_cuts;
} arg = {.protection = 0xc0, .every = 1};

static _printf_(2, 3) void fail(Run *r, const char *format, ...)
{
        va_list ap;

        if (r->failed)
                return;
        r->failed = true;
        va_start(ap, format);
        vsnprintf(r->failure, sizeof(r->failure), format, ap);
        va_end(ap);
}

/* ---- the oracle ---- */

static void key_bytes(size_t number, uint8_t key[static KEY_LENGTH])
{
        memset(key, 0x11 * (int) number, KEY_LENGTH);
}

/* The one that object i is to be encrypted with: 1, or 2. */
static size_t key_of(size_t i)
{
        return i < OBJECTS ? 1 : 2;
}

static bool is_filemark(size_t i)
{
        return i % 5 == 4;
}

static void fill(uint8_t *dst, size_t i)
{
        for (size_t k = 0; k < BLOCK; k++)
                dst[k] = (uint8_t) (i * 31 + k * 7);
}

static void check_object(Run *r, size_t i)
{
        uint8_t expected[BLOCK], key[KEY_LENGTH];
        const uint8_t *data;
        uint32_t n;

        model_medium_object(r->medium, i, &data, &n);
        fill(expected, i);
        key_bytes(key_of(i), key);
        if ((data == NULL) != is_filemark(i))
                fail(r, "object %zu is a %s", i, data ? "block" : "filemark");
        else if (data && model_medium_key_in(r->medium, 0, i) == 0)
                fail(r, "object %zu is in the clear", i);
        else if (data && model_medium_key_in(r->medium, 0, i) != model_key_name(key, KEY_LENGTH))
                fail(r, "object %zu is encrypted with another key", i);
        else if (data && (n != BLOCK || memcmp(data, expected, BLOCK) != 0))
                fail(r, "object %zu is not what was written: %u bytes", i, n);
}

static void check_medium(Run *r, bool complete)
{
        size_t n = model_medium_count(r->medium);

        for (size_t i = 0; i < n; i++)
                check_object(r, i);
        if (n > r->n_told + 1 || (complete && n != r->n_told))
                fail(r, "%zu objects on the medium, %zu written", n, r->n_told);
}

/* ---- the daemon ---- */

static void start_daemon(Run *r)
{
        UnitMemory memory = {
                .state = r->state,
                .n_state = sizeof(*r->state),
                .ring = r->ring,
                .n_ring = RING_SIZE,
                .scratch = r->scratch,
                .n_scratch = HOLD_SCRATCH_SIZE,
                .secrets = &r->secrets,
        };

        if (unit_init(&r->unit, &r->config, &memory, r->now, NULL) < 0)
                fail(r, "the unit does not start");
        unit_take_over(&r->unit, r->tail);
        r->path_up = r->submitted = r->delivered = r->dies_at_answer = false;
}

static void kill_daemon(Run *r)
{
        memset(&r->unit, 0xa5, sizeof(r->unit));
        memset(r->scratch, 0xa5, 4096);
        start_daemon(r);
}

/* ---- the device ---- */

static void device_out(Run *r, size_t nexus, uint8_t action, uint64_t key, uint64_t action_key)
{
        ReserveOut out = {.action = action, .scope_type = EXCLUSIVE, .key = key, .action_key = action_key};
        uint8_t cdb[SCSI_CDB_MAX], list[RESERVE_OUT_LENGTH];
        size_t n_cdb = reserve_out_build(&out, cdb, list);
        ScsiResult result;

        model_drive_use_nexus(r->drive, nexus);
        model_drive_execute(r->drive, cdb, n_cdb, list, sizeof(list), &result);
        model_drive_use_nexus(r->drive, r->nexus);
}

/* Another host puts the program's key out, and reserves the drive itself. */
static void take_reservation(Run *r)
{
        if (model_drive_holder(r->drive) != OURS)
                return;
        r->taken = true;
        device_out(r, THEIR_NEXUS, RESERVE_OUT_REGISTER_AND_IGNORE, 0, THEIRS);
        device_out(r, THEIR_NEXUS, RESERVE_OUT_PREEMPT, THEIRS, OURS);
}

/* What a WRITE finds in the drive. */
static void watch(Run *r, const ScsiResult *result)
{
        if (r->command.cdb[0] != OP_WRITE_6 || result->status != SCSI_GOOD)
                return;
        if (r->reserved && model_drive_holder(r->drive) != OURS)
                fail(r, "a WRITE without the reservation");
        if (r->over && model_medium_count(r->medium) > 0)
                check_object(r, model_medium_count(r->medium) - 1);
        else
                check_medium(r, false);
}

static void execute(Run *r, ScsiResult *result)
{
        const ScsiCommand *c = &r->command;

        model_drive_execute(r->drive, c->cdb, c->n_cdb, c->data, c->n_data, result);
        watch(r, result);
}

static void suffer(Run *r, unsigned what)
{
        if (what & RESETS)
                model_drive_reset(r->drive, 0x2900);
        if (what & POWER)
                model_drive_power_cycle(r->drive, model_drive_unflushed(r->drive) / 2);
        if (what & OTHER_NEXUS)
                model_drive_use_nexus(r->drive, r->nexus = 1 - r->nexus);
        if (what & TAKEN)
                take_reservation(r);
        if (what & FORGETS) {
                memset(&r->secrets, 0, sizeof(r->secrets));
                r->forgot = true;
        }
}

static void device_turn(Run *r)
{
        unsigned what = EXECUTES;
        ScsiResult result = {};

        r->n_commands++;
        for (size_t i = 0; i < CUTS_MAX; i++)
                if (r->cuts[i].at == r->n_commands)
                        what = faults[r->cuts[i].fault].what;
        if (what & EXECUTES)
                execute(r, &result);
        r->submitted = false;
        suffer(r, what);
        if (arg.verbose)
                printf("  %u: %02x %02x -> %02x %x %02x%02x, what %x; %s\n", r->n_commands, r->command.cdb[0],
                       r->command.cdb[1], result.status, result.sense[2] & 0xf, result.sense[12],
                       result.sense[13], what, unit_phase_name(r->unit.phase));
        if (what & LOSES_PATH)
                result = (ScsiResult){.delivery = SCSI_IN_DOUBT, .path_gone = true};
        r->dies_at_answer = what & DIES && what & AT_ANSWER;
        if (what & DIES && !r->dies_at_answer)
                kill_daemon(r);
        else
                unit_result(&r->unit, &result, r->now);
}

/* ---- one thing after the other ---- */

static void complete(Run *r, const HoldAction *a)
{
        if (a->ordered)
                unit_note_answer(&r->unit, r->tail);
        if (r->dies_at_answer) {
                kill_daemon(r);
                return;
        }
        r->tail++;
        r->outstanding = false;
        r->answered = true;
        r->status = a->status;
        r->n_sense = a->n_sense;
        memcpy(r->sense, a->sense, a->n_sense);
        if (a->ordered)
                unit_answered(&r->unit, r->now);
}

static void take_action(Run *r, const HoldAction *a)
{
        if (a->type == HOLD_COMPLETE) {
                complete(r, a);
        } else if (a->type == HOLD_SUBMIT) {
                if (!r->path_up || r->submitted)
                        fail(r, "a command too many");
                r->command = a->command;
                r->submitted = true;
        } else if (a->type == HOLD_CLOSE_PATH) {
                r->path_up = false;
        } else if (a->type == HOLD_EVENT && arg.verbose) {
                printf("  event %s: %s\n", a->event, a->text);
        }
}

static void deliver(Run *r)
{
        HoldCommand c = {.tag = 1, .cdb = r->cdb, .n_cdb = r->n_cdb, .data = r->data, .n_data = r->n_data};

        r->delivered = true;
        unit_command(&r->unit, &c, r->now);
}

static void step(Run *r)
{
        HoldAction a;

        r->now += 10;
        if (unit_next_action(&r->unit, &a)) {
                take_action(r, &a);
        } else if (r->outstanding && !r->delivered) {
                deliver(r);
        } else if (r->submitted) {
                device_turn(r);
        } else if (!r->path_up) {
                r->path_up = true;
                unit_path_up(&r->unit, r->now);
        } else if (unit_deadline(&r->unit) == USEC_INFINITY) {
                fail(r, "stuck in phase %s", unit_phase_name(r->unit.phase));
        } else {
                r->now = unit_deadline(&r->unit) > r->now ? unit_deadline(&r->unit) : r->now;
                unit_tick(&r->unit, r->now);
        }
}

/* ---- the program ---- */

/* True if GOOD. A key is wiped in the program's own buffer by then: data are a copy. */
static bool run(Run *r, size_t n_cdb, const void *data, uint32_t n_data)
{
        uint8_t original[256], copy[256];

        if (r->failed)
                return false;
        if (arg.verbose)
                printf("program %02x %02x\n", r->cdb[0], r->cdb[1]);
        if (n_data > 0)
                memcpy(original, data, n_data);
        r->n_cdb = n_cdb;
        r->data = copy;
        r->n_data = n_data;
        r->outstanding = true;
        r->delivered = r->answered = false;
        for (unsigned i = 0; !r->answered && !r->failed; i++) {
                if (!r->delivered && n_data > 0)
                        memcpy(copy, original, n_data); /* as the kernel does at each delivery */
                if (i > STEPS_MAX)
                        fail(r, "no answer");
                step(r);
        }
        memcpy(original, copy, sizeof(copy));
        if (n_data > 0 && r->cdb[0] == OP_READ_6)
                memcpy((void *) data, original, n_data);
        return !r->failed && r->status == SCSI_GOOD;
}

static Sense last_sense(const Run *r)
{
        Sense s = {};

        if (r->status == SCSI_CHECK_CONDITION)
                (void) sense_parse(r->sense, r->n_sense, &s);
        return s;
}

static bool set_key(Run *r, size_t number)
{
        uint8_t page[20 + KEY_LENGTH] = {0, 0x10, 0, 16 + KEY_LENGTH, 0x40, 0, 2, 2, 1, [19] = KEY_LENGTH};

        key_bytes(number, page + 20);
        memcpy(r->cdb,
               (uint8_t[]){OP_SECURITY_PROTOCOL_OUT, 0x20, 0, 0x10, 0, 0, 0, 0, 0, sizeof(page), 0, 0}, 12);
        return run(r, 12, page, sizeof(page));
}

static bool set_protection(Run *r)
{
        uint8_t list[40] = {[3] = 0x10, [8] = 0x4a, 0xf0, 0, 28, 2, 4, r->protection};

        return r->protection == 0 ||
               run(r, scsi_cdb_mode_select_10(r->cdb, sizeof(list)), list, sizeof(list));
}

static bool reserve_out(Run *r, uint8_t action, uint64_t key, uint64_t action_key)
{
        ReserveOut out = {.action = action, .scope_type = EXCLUSIVE, .key = key, .action_key = action_key};
        uint8_t list[RESERVE_OUT_LENGTH];

        return run(r, reserve_out_build(&out, r->cdb, list), list, sizeof(list));
}

static bool reserve(Run *r)
{
        r->reserved =
                reserve_out(r, RESERVE_OUT_REGISTER, 0, OURS) && reserve_out(r, RESERVE_OUT_RESERVE, OURS, 0);
        return r->reserved;
}

static bool release(Run *r)
{
        r->reserved = false;
        return reserve_out(r, RESERVE_OUT_RELEASE, OURS, 0) &&
               reserve_out(r, RESERVE_OUT_REGISTER, OURS, 0) &&
               (model_drive_holder(r->drive) == 0 || r->taken);
}

static bool write_one(Run *r)
{
        uint8_t block[BLOCK + 4];
        uint32_t n = BLOCK + (r->protection & 0x80 ? 4 : 0);

        fill(block, r->n_told);
        put_be(block + BLOCK, model_block_crc(block, BLOCK), 4);
        if (is_filemark(r->n_told) ? !run(r, scsi_cdb_write_filemarks_6(r->cdb, false, 1), NULL, 0)
                                   : !run(r, scsi_cdb_write_6(r->cdb, false, n), block, n))
                return false;
        r->n_told++;
        return true;
}

static bool write_some(Run *r, size_t key)
{
        if (!set_key(r, key))
                return false;
        for (size_t i = 0; i < OBJECTS; i++)
                if (!write_one(r))
                        return false;
        return true;
}

static bool read_some(Run *r, size_t key)
{
        uint32_t n = BLOCK + (r->protection & 0x40 ? 4 : 0);
        uint8_t block[BLOCK + 4], expected[BLOCK];

        if (!set_key(r, key))
                return false;
        for (size_t i = (key - 1) * OBJECTS; i < key * OBJECTS; i++) {
                bool good = run(r, scsi_cdb_read_6(r->cdb, false, false, n), block, n);

                fill(expected, i);
                if (is_filemark(i) ? !last_sense(r).filemark : !good)
                        return false;
                if (!is_filemark(i) && memcmp(block, expected, BLOCK) != 0)
                        fail(r, "object %zu reads otherwise", i);
        }
        return !r->failed;
}

static bool rewind_tape(Run *r)
{
        return run(r, scsi_cdb_rewind(r->cdb, false), NULL, 0);
}

static bool work(Run *r)
{
        for (unsigned i = 0; i < 4 && !run(r, scsi_cdb_test_unit_ready(r->cdb), NULL, 0); i++)
                if (last_sense(r).key == SENSE_NOT_READY)
                        r->now += USEC_PER_SEC;
        if (!rewind_tape(r) || !reserve(r) || !set_protection(r) || !write_some(r, 1) || !write_some(r, 2) ||
            !rewind_tape(r))
                return false;
        check_medium(r, true);
        return read_some(r, 1) && read_some(r, 2) && release(r);
}

/* The program was told of an error. Whatever it does now, short of setting a key, nothing gets out in the
 * clear. */
static void go_on_after_error(Run *r)
{
        bool key_set =
                r->unit.record.key.number != 0 || r->unit.record.unrestorable & UNRESTORABLE_ENCRYPTION;

        r->over = true;
        if (!r->taken && !r->forgot)
                fail(r, "the program got an error: %x %04x; %s", last_sense(r).key, last_sense(r).code,
                     r->unit.record.reason);
        for (unsigned i = 0; i < 4 && !r->failed && !rewind_tape(r); i++)
                ;
        if (r->taken || !key_set || r->failed)
                return;
        r->n_told = 0;
        (void) write_one(r);
}

/* ---- runs ---- */

static void init(Run *r, const Cut cuts[static CUTS_MAX])
{
        const ModelDriveConfig config = {.vendor = "HPE",
                                         .product = "Ultrium 9-SCSI",
                                         .revision = "R3G3",
                                         .serial = "SIM0001",
                                         .n_buffer = 6};

        memcpy(r->cuts, cuts, sizeof(r->cuts));
        r->config = (UnitConfig){.type = DEVICE_TAPE, .serial = "SIM0001", .timeout = 60 * USEC_PER_SEC};
        r->protection = (uint8_t) arg.protection;
        r->drive = model_drive_new(&config);
        r->medium = model_medium_new("SIM001L9", "MEDIUM-1", UINT64_C(1) << 20, 1000);
        model_drive_load(r->drive, r->medium);
        r->state = calloc(1, sizeof(*r->state));
        r->ring = calloc(1, RING_SIZE);
        r->scratch = calloc(1, HOLD_SCRATCH_SIZE);
        r->now = USEC_PER_SEC;
        if (!r->state || !r->ring || !r->scratch)
                abort();
        start_daemon(r);
}

static void deinit(Run *r)
{
        free(r->state);
        free(r->ring);
        free(r->scratch);
        model_drive_free(r->drive);
        model_medium_free(r->medium);
}

typedef struct Tally {
        unsigned n_runs, n_errors, n_failed;
} Tally;

static void print_again(const Run *r)
{
        printf("%s\n  play it again: secured-sim --protection 0x%02x", r->failure, arg.protection);
        for (size_t i = 0; i < CUTS_MAX && r->cuts[i].at > 0; i++)
                printf(" --cut %u:%s", r->cuts[i].at, faults[r->cuts[i].fault].name);
        printf(" --verbose\n");
}

/* Returns how many commands the device got. */
static unsigned run_cuts(const Cut cuts[static CUTS_MAX], Tally *t)
{
        _cleanup_free_ Run *r = calloc(1, sizeof(*r));
        unsigned n;

        init(r, cuts);
        if (!work(r) && !r->failed)
                go_on_after_error(r);
        n = r->n_commands;
        t->n_runs++;
        t->n_errors += r->over;
        if (r->failed && t->n_failed++ < FAILURES)
                print_again(r);
        deinit(r);
        return n;
}

static void cut_everywhere(Tally *t)
{
        unsigned n = run_cuts((Cut[CUTS_MAX]){}, t);

        for (unsigned at = 1 + arg.first; at <= n; at += arg.every)
                for (unsigned fault = 1; fault < ELEMENTSOF(faults); fault++) {
                        (void) run_cuts((Cut[CUTS_MAX]){{at, fault}}, t);
                        for (unsigned next = at + 1; arg.twice && next <= at + SECOND_CUTS; next++)
                                for (unsigned second = 1; second < ELEMENTSOF(faults); second++)
                                        (void) run_cuts((Cut[CUTS_MAX]){{at, fault}, {next, second}}, t);
                }
        printf("protection %02x: %u commands\n", arg.protection, n);
}

static bool parse_cut(const char *text)
{
        char *colon;
        Cut cut = {.at = (unsigned) strtoul(text, &colon, 10)};

        if (*colon != ':' || arg.n_cuts >= CUTS_MAX)
                return false;
        for (unsigned i = 1; i < ELEMENTSOF(faults); i++)
                if (strcmp(faults[i].name, colon + 1) == 0)
                        cut.fault = i;
        arg.cuts[arg.n_cuts++] = cut;
        return cut.fault != 0;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                {"every", required_argument, NULL, 'e'},
                {"from", required_argument, NULL, 'f'},
                {"twice", no_argument, NULL, 't'},
                {"cut", required_argument, NULL, 'c'},
                {"protection", required_argument, NULL, 'p'},
                {"verbose", no_argument, NULL, 'v'},
                {},
        };
        Tally t = {};
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (c == 't')
                        arg.twice = true;
                else if (c == 'v')
                        arg.verbose = true;
                else if (c == 'e')
                        arg.every = (unsigned) strtoul(optarg, NULL, 0) + !strtoul(optarg, NULL, 0);
                else if (c == 'f')
                        arg.first = (unsigned) strtoul(optarg, NULL, 0);
                else if (c == 'p')
                        arg.protection = (unsigned) strtoul(optarg, NULL, 0);
                else if (c != 'c' || !parse_cut(optarg))
                        return 2;
        if (arg.n_cuts > 0)
                (void) run_cuts(arg.cuts, &t);
        else
                cut_everywhere(&t);
        printf("%u runs, %u with an error that is right, %u failed\n", t.n_runs, t.n_errors, t.n_failed);
        return t.n_failed > 0;
}
