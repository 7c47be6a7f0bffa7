/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a command costs in the engine alone: a program's WRITEs and READs go through src/hold, with journal
 * and CRC as in evertaped, to a drive that answers at once. That is the model without data; what it takes
 * itself is measured in the same rounds and not counted. A block is written from one of eight buffers and
 * read into one of them, as by a program that goes through a file: they are in no cache of the first level.
 *
 * bench-engine             a table
 * bench-engine --json      the same for tests/bench/run
 * bench-engine --copies    how often each byte is copied, which does not depend on the machine
 * bench-engine WHAT N      N commands of one kind and nothing else, for callgrind: the difference of two
 * numbers is what that many commands take */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hold/unit.h"
#include "model/model.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/crc32c.h"

#define N_BUFFERS 8
#define N_ROUNDS  15
#define RING      (UINT64_C(256) << 20)
#define N_FEW     200         /* commands that are counted one by one */
#define PIPELINE  (16U << 20) /* as Pipeline= is if nothing is said */
#define TAPE      (UINT64_C(1) << 44)

typedef struct World {
        Unit unit;
        UnitMemory memory;
        ModelDrive *drive, *bare; /* the held one; one that is used without the engine */
        ModelMedium *medium, *bare_medium;
        uint8_t *data;
        uint32_t n_block;
        uint32_t tag;
        bool answered, good;
} World;

/* ---- copies: the linker gives us the calls of memcpy(), memmove() and crc32c_copy() ---- */

#define COPY_MIN 512 /* less is not data */

static uint64_t n_copied;

void *__real_memcpy(void *dst, const void *src, size_t n);
void *__wrap_memcpy(void *dst, const void *src, size_t n);
void *__real_memmove(void *dst, const void *src, size_t n);
void *__wrap_memmove(void *dst, const void *src, size_t n);

void *__wrap_memcpy(void *dst, const void *src, size_t n)
{
        n_copied += n >= COPY_MIN ? n : 0;
        return __real_memcpy(dst, src, n);
}

void *__wrap_memmove(void *dst, const void *src, size_t n)
{
        n_copied += n >= COPY_MIN ? n : 0;
        return __real_memmove(dst, src, n);
}

uint32_t __real_crc32c_copy(uint32_t crc, void *to, const void *from, size_t n);
uint32_t __wrap_crc32c_copy(uint32_t crc, void *to, const void *from, size_t n);

/* Which may call memcpy(). */
uint32_t __wrap_crc32c_copy(uint32_t crc, void *to, const void *from, size_t n)
{
        uint64_t before = n_copied;

        crc = __real_crc32c_copy(crc, to, from, n);
        n_copied = before + (n >= COPY_MIN ? n : 0);
        return crc;
}

static _Noreturn void fail(const char *what)
{
        fprintf(stderr, "bench-engine: %s\n", what);
        exit(EXIT_FAILURE);
}

/* Shared, as in evertaped, and all there: the kernel's work for a page that is touched first is another
 * measurement. */
static void *map_memory(size_t n)
{
        void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

        if (p == MAP_FAILED)
                fail("no memory");
        return p;
}

static void execute(ModelDrive *d, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                    ScsiResult *ret)
{
        model_drive_execute(d, cdb, n_cdb, data, n_data, ret);
        ret->delivery = SCSI_ANSWERED;
}

static void pump(World *w)
{
        HoldAction a;
        ScsiResult result;

        while (unit_next_action(&w->unit, &a)) {
                if (a.type == HOLD_SUBMIT) {
                        execute(w->drive, a.command.cdb, a.command.n_cdb, a.command.data, a.command.n_data,
                                &result);
                        unit_result(&w->unit, &result, 0);
                } else if (a.type == HOLD_COMPLETE) {
                        w->answered = true;
                        w->good = a.status == SCSI_GOOD;
                        if (a.ordered)
                                unit_note_answer(&w->unit, a.tag);
                        if (a.ordered)
                                unit_answered(&w->unit, 0);
                } else if (a.type == HOLD_NOTE_LENGTH) {
                        unit_length_noted(&w->unit, a.length);
                } else if (a.type == HOLD_CLOSE_PATH) {
                        fail(a.text);
                }
        }
}

static void command(World *w, const uint8_t *cdb, void *data, uint32_t n_data)
{
        HoldCommand c = {.tag = ++w->tag, .cdb = cdb, .n_cdb = 6, .data = data, .n_data = n_data};

        w->answered = false;
        unit_command(&w->unit, &c, 0);
        pump(w);
        if (!w->answered || !w->good)
                fail("a command was not answered GOOD");
}

static void rewind_tapes(World *w)
{
        static const uint8_t cdb[6] = {OP_REWIND};
        ScsiResult result;

        command(w, cdb, NULL, 0);
        execute(w->bare, cdb, sizeof(cdb), NULL, 0, &result);
}

static ModelDrive *new_drive(const char *serial, ModelMedium **ret_medium)
{
        ModelDriveConfig config = {.vendor = "MODEL",
                                   .product = "ULTRIUM-TD7",
                                   .revision = "0001",
                                   .serial = serial,
                                   .n_buffer = 64};
        ModelDrive *d = model_drive_new(&config);
        ModelMedium *m = model_medium_new("BENCH1L7", serial, TAPE, 0);
        uint8_t ready[6] = {OP_TEST_UNIT_READY};
        ScsiResult result;

        if (!d || !m)
                fail("no memory");
        model_medium_keep_no_data(m);
        model_drive_load(d, m);
        for (int i = 0; i < 4; i++) /* unit attentions */
                execute(d, ready, sizeof(ready), NULL, 0, &result);
        *ret_medium = m;
        return d;
}

static void world_init(World *w)
{
        UnitConfig config = {.type = DEVICE_TAPE,
                             .serial = "BENCH",
                             .timeout = USEC_INFINITY,
                             .pipeline = PIPELINE,
                             .group_after = UNIT_GROUP_AFTER,
                             .journal_reserve = RING / UNIT_JOURNAL_RESERVE};

        w->drive = new_drive("BENCH", &w->medium);
        w->bare = new_drive("BARE", &w->bare_medium);
        w->memory = (UnitMemory){.state = map_memory(sizeof(UnitState)),
                                 .n_state = sizeof(UnitState),
                                 .ring = map_memory(RING),
                                 .n_ring = RING,
                                 .scratch = map_memory(HOLD_SCRATCH_SIZE),
                                 .n_scratch = HOLD_SCRATCH_SIZE};
        w->data = map_memory((size_t) N_BUFFERS * SCSI_TRANSFER_MAX);
        for (size_t i = 0; i < (size_t) N_BUFFERS * SCSI_TRANSFER_MAX; i += sizeof(uint64_t)) {
                uint64_t v = i * UINT64_C(0x9e3779b97f4a7c15);

                memcpy(w->data + i, &v, sizeof(v));
        }
        if (unit_init(&w->unit, &config, &w->memory, 0, NULL) < 0)
                fail("the engine does not start");
        unit_path_up(&w->unit, 0);
        pump(w);
        if (w->unit.phase != UNIT_HELD)
                fail("the drive is not held");
}

static void world_deinit(World *w)
{
        model_drive_free(w->drive);
        model_drive_free(w->bare);
        model_medium_free(w->medium);
        model_medium_free(w->bare_medium);
}

static uint8_t *buffer(const World *w, uint64_t i)
{
        return w->data + i % N_BUFFERS * SCSI_TRANSFER_MAX;
}

static void build_cdb(uint8_t cdb[static 6], uint8_t opcode, uint32_t n)
{
        memset(cdb, 0, 6);
        cdb[0] = opcode;
        put_be(cdb + 2, n, 3);
}

/* ---- what is measured: n commands, of blocks of n_block bytes ---- */

static void held(World *w, uint8_t opcode, uint64_t n)
{
        uint8_t cdb[6];

        build_cdb(cdb, opcode, w->n_block);
        for (uint64_t i = 0; i < n; i++)
                command(w, cdb, buffer(w, i), w->n_block);
}

static void bare(World *w, uint8_t opcode, uint64_t n)
{
        uint8_t cdb[6];
        ScsiResult result;

        build_cdb(cdb, opcode, w->n_block);
        for (uint64_t i = 0; i < n; i++)
                execute(w->bare, cdb, sizeof(cdb), buffer(w, i), w->n_block, &result);
}

/* The limit: the copy that cannot be spared. */
static void copy_only(World *w, uint8_t opcode, uint64_t n)
{
        (void) opcode;
        for (uint64_t i = 0; i < n; i++)
                memcpy(w->memory.ring + i * w->n_block % (RING - SCSI_TRANSFER_MAX), buffer(w, i),
                       w->n_block);
}

static volatile uint32_t digest;

static void crc_only(World *w, uint8_t opcode, uint64_t n)
{
        (void) opcode;
        for (uint64_t i = 0; i < n; i++)
                digest = crc32c(0, buffer(w, i), w->n_block);
}

static const struct Case {
        const char *name, *text;
        void (*run)(World *w, uint8_t opcode, uint64_t n);
        uint8_t opcode;
        uint32_t n_block;
        uint64_t n_commands;
} cases[] = {
        {"write-512", "WRITE, 512 bytes", held, OP_WRITE_6, 512, 40000},
        {"read-512", "READ, 512 bytes", held, OP_READ_6, 512, 40000},
        {"write-256k", "WRITE, 256 KiB", held, OP_WRITE_6, 262144, 1000},
        {"read-256k", "READ, 256 KiB", held, OP_READ_6, 262144, 1000},
        {"write-1m", "WRITE, 1 MiB", held, OP_WRITE_6, 1048576, 250},
        {"copy-256k", "the copy alone, 256 KiB", copy_only, 0, 262144, 1000},
        {"crc-256k", "the CRC alone, 256 KiB", crc_only, 0, 262144, 1000},
};

static double nanoseconds(clockid_t clock)
{
        struct timespec t;

        clock_gettime(clock, &t);
        return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

/* Of the processor's time, since others use the machine too. */
static double time_of(World *w, const struct Case *c, void (*run)(World *, uint8_t, uint64_t))
{
        double begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);

        run(w, c->opcode, c->n_commands);
        return (nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin) / (double) c->n_commands;
}

/* What is read again must be there. */
static void prepare(World *w, const struct Case *c, uint64_t n)
{
        w->n_block = c->n_block;
        rewind_tapes(w);
        if (c->opcode != OP_READ_6)
                return;
        held(w, OP_WRITE_6, n);
        bare(w, OP_WRITE_6, n);
        rewind_tapes(w);
}

static double measure_once(World *w, const struct Case *c)
{
        double ns;

        w->n_block = c->n_block;
        if (c->run != held)
                return time_of(w, c, c->run);
        prepare(w, c, c->n_commands);
        ns = time_of(w, c, held) - time_of(w, c, bare);
        return ns;
}

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static void print(const struct Case *c, const double *ns, bool json, bool last)
{
        double median = ns[N_ROUNDS / 2], gb = (double) c->n_block / median;

        if (json)
                printf("{\"name\": \"%s\", \"what\": \"%s\", \"bytes\": %u, \"ns\": %.1f, \"ns_min\": %.1f, "
                       "\"ns_max\": %.1f, "
                       "\"gb_s\": %.3f}%s\n",
                       c->name, c->text, c->n_block, median, ns[0], ns[N_ROUNDS - 1], gb, last ? "" : ",");
        else
                printf("%-26s %10.0f ns (%.0f to %.0f) %8.2f GB/s\n", c->text, median, ns[0],
                       ns[N_ROUNDS - 1], gb);
}

static void measure_all(World *w, bool json)
{
        static double ns[ELEMENTSOF(cases)][N_ROUNDS];

        for (size_t round = 0; round < N_ROUNDS; round++)
                for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                        ns[i][round] = measure_once(w, &cases[i]);
        printf("%s", json ? "[" : "");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                qsort(ns[i], N_ROUNDS, sizeof(ns[i][0]), compare);
                print(&cases[i], ns[i], json, i + 1 == ELEMENTSOF(cases));
        }
        printf("%s", json ? "]\n" : "");
}

static void count_copies(World *w)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const struct Case *c = &cases[i];

                if (c->run != held)
                        continue;
                prepare(w, c, N_FEW);
                n_copied = 0;
                held(w, c->opcode, N_FEW);
                printf("%s %.3f\n", c->name, (double) n_copied / (N_FEW * (double) c->n_block));
        }
}

static void run_one(World *w, const char *name, uint64_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const struct Case *c = &cases[i];

                if (strcmp(c->name, name) != 0)
                        continue;
                prepare(w, c, N_FEW); /* the same for any n */
                c->run(w, c->opcode, n);
                return;
        }
        fail("no such case");
}

int main(int argc, char **argv)
{
        static World w;

        world_init(&w);
        if (argc == 2 && strcmp(argv[1], "--copies") == 0)
                count_copies(&w);
        else if (argc == 3)
                run_one(&w, argv[1], strtoull(argv[2], NULL, 10));
        else
                measure_all(&w, argc == 2 && strcmp(argv[1], "--json") == 0);
        world_deinit(&w);
        return EXIT_SUCCESS;
}
