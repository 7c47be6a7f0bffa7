/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the program goes on the medium, and what it reads there. */

#include <string.h>

#include "scsi/cdb.h"
#include "scsi/ssc.h"
#include "sim/program-internal.h"

static const Expect good = {};

static const Object *object_here(Tape *t)
{
        const Track *k = tape_track(t);

        return t->at < k->n_told ? &k->told[t->at] : NULL;
}

static bool is_filemark(const Object *o)
{
        return o && o->n_data == 0;
}

/* ---- reading ---- */

static Expect at_filemark(int64_t residue)
{
        return (Expect){.check = true,
                        .filemark = true,
                        .code = ASC_FILEMARK_DETECTED,
                        .residue_given = true,
                        .residue = residue};
}

/* The block was read: the buffer has it, and it is one to know the cartridge by. */
static bool check_block(Tape *t, const Object *o, const uint8_t *data, uint32_t n)
{
        static uint8_t expected[TAPE_BLOCK_MAX];

        object_fill(o, expected);
        if (n < o->n_data || memcmp(data, expected, o->n_data) == 0)
                return true;
        world_fail(&t->world, t->swapped ? FAIL_UNPROVEN : FAIL_MISPLACED, "object %zu: other data were read",
                   t->at);
        return false;
}

static void anchor_here(Tape *t)
{
        if (!tape_place_known(t))
                return;
        t->anchored = true;
        t->anchor_partition = t->partition;
        t->anchor = t->at - 1;
}

/* One block, or what else stands here. */
static Expect expect_one(Tape *t, uint32_t n, bool sili)
{
        const Object *o = object_here(t);

        if (!o)
                return program_end_of_data(t, n);
        if (is_filemark(o))
                return at_filemark(n);
        if (o->n_data == n || (sili && (o->n_data < n || t->block_size == 0)))
                return good;
        return (Expect){.check = true,
                        .ili = true,
                        .residue_given = true,
                        .residue = (int64_t) n - (int64_t) o->n_data};
}

bool tape_read_as(Tape *t, uint32_t n, bool sili)
{
        World *w = &t->world;
        const Object *o = object_here(t);
        Expect e = expect_one(t, n, sili);

        if (!program_run(t, "READ", scsi_cdb_read_6(w->cdb, false, sili, n), t->buffer, n, &e))
                return false;
        tape_proven(t);
        if (!o)
                return true;
        if (!is_filemark(o) && !check_block(t, o, t->buffer, n))
                return false;
        t->at++;
        if (!is_filemark(o) && (o->n_data < n || (o->n_data == n && !sili)))
                anchor_here(t); /* with SILI one that fills the buffer may be longer */
        return true;
}

bool tape_read(Tape *t)
{
        return tape_read_as(t, TAPE_BLOCK_MAX, true);
}

/* How many blocks of the block size come next, up to n. */
static uint32_t count_blocks(Tape *t, uint32_t n)
{
        const Track *k = tape_track(t);
        uint32_t i = 0;

        while (i < n && t->at + i < k->n_told && k->told[t->at + i].n_data == t->block_size)
                i++;
        return i;
}

static Expect expect_several(Tape *t, uint32_t n, uint32_t n_blocks)
{
        const Track *k = tape_track(t);
        const Object *o = t->at + n < k->n_told ? &k->told[t->at + n] : NULL;

        if (n == n_blocks)
                return good;
        if (!o)
                return program_end_of_data(t, n_blocks - n);
        if (is_filemark(o))
                return at_filemark(n_blocks - n);
        return (Expect){.check = true, .ili = true, .residue_given = true, .residue = n_blocks - n};
}

bool tape_read_fixed(Tape *t, uint32_t n_blocks)
{
        World *w = &t->world;
        uint32_t n = count_blocks(t, n_blocks), size = t->block_size;
        Expect e = expect_several(t, n, n_blocks);

        if (!program_run(t, "READ of several blocks", scsi_cdb_read_6(w->cdb, true, false, n_blocks),
                         t->buffer, n_blocks * size, &e))
                return false;
        tape_proven(t);
        for (uint32_t i = 0; i < n; i++, t->at++)
                if (!check_block(t, object_here(t), t->buffer + (size_t) i * size, size))
                        return false;
        if (!e.check)
                anchor_here(t);
        t->at += e.filemark || e.ili;
        return true;
}

bool tape_read_all(Tape *t)
{
        for (size_t i = t->at; i <= tape_track(t)->n_told; i++)
                if (!tape_read(t))
                        return false;
        return true;
}

/* A READ of which nothing is sent. */
bool tape_verify(Tape *t, uint32_t n)
{
        World *w = &t->world;
        const Object *o = object_here(t);
        Expect e = expect_one(t, n, false);

        scsi_cdb_read_6(w->cdb, false, false, n);
        w->cdb[0] = OP_VERIFY_6;
        if (!program_run(t, "VERIFY", 6, NULL, 0, &e))
                return false;
        tape_proven(t);
        program_goes_to(t, t->at + (o != NULL), false, false);
        return true;
}

/* ---- going ---- */

static bool go(Tape *t, const char *what, size_t n_cdb, const Expect *e)
{
        if (!program_run(t, what, n_cdb, NULL, 0, e))
                return false;
        tape_proven(t);
        return true;
}

bool tape_rewind(Tape *t)
{
        if (!go(t, "REWIND", scsi_cdb_rewind(t->world.cdb, false), &good))
                return false;
        program_goes_to(t, 0, true, true);
        return true;
}

/* What a SPACE of n would do: where it ends, and how. */
static Expect plan_space(Tape *t, bool filemarks, int32_t n, size_t *ret_at)
{
        const Track *k = tape_track(t);
        uint32_t left = (uint32_t) (n < 0 ? -n : n);
        size_t at = t->at;

        for (*ret_at = at; left > 0; *ret_at = at) {
                bool mark;

                if (n < 0 ? at == 0 : at == k->n_told) {
                        if (n >= 0)
                                return program_end_of_data(t, left);
                        return (Expect){.check = true, .eom = true, .residue_given = true, .residue = left};
                }
                mark = k->told[n < 0 ? at - 1 : at].n_data == 0;
                at = n < 0 ? at - 1 : at + 1;
                if (mark && !filemarks) {
                        *ret_at = at;
                        return at_filemark(left);
                }
                left -= mark || !filemarks;
        }
        if (n > 0 && !filemarks && at == k->n_told && t->kind->vague_end_of_data)
                return program_end_of_data(t, 0);
        return good;
}

bool tape_space(Tape *t, bool filemarks, int32_t n)
{
        size_t at;
        Expect e = plan_space(t, filemarks, n, &at);
        bool at_start = e.check && e.eom;

        if (!go(t, filemarks ? "SPACE filemarks" : "SPACE blocks",
                scsi_cdb_space_6(t->world.cdb, filemarks ? SPACE_FILEMARKS : SPACE_BLOCKS, n), &e))
                return false;
        if (e.check)
                program_goes_to(t, at, at_start, at_start);
        else if (n != 0 && filemarks)
                program_goes_to(t, at, false, t->file_known && n > 0);
        else
                program_goes_to(t, at, t->object_known, t->file_known);
        return true;
}

bool tape_space_end(Tape *t)
{
        if (!go(t, "SPACE to end of data", scsi_cdb_space_6(t->world.cdb, SPACE_END_OF_DATA, 0), &good))
                return false;
        program_goes_to(t, tape_track(t)->n_told, false, false);
        return true;
}

/* What is written is proven in the partition that is left. */
static bool located(Tape *t, size_t n_cdb, size_t partition, size_t object)
{
        if (!go(t, "LOCATE", n_cdb, &good))
                return false;
        t->partition = partition;
        program_goes_to(t, object, true, object == 0);
        return true;
}

bool tape_locate(Tape *t, size_t partition, size_t object)
{
        bool change = partition != t->partition;

        return located(t, scsi_cdb_locate_10(t->world.cdb, change, (uint8_t) partition, (uint32_t) object),
                       partition, object);
}

bool tape_locate_16(Tape *t, size_t partition, size_t object)
{
        bool change = partition != t->partition;

        return located(t,
                       scsi_cdb_locate_16(t->world.cdb, change, (uint8_t) partition, LOCATE_OBJECT, object),
                       partition, object);
}

bool tape_locate_file(Tape *t, size_t file)
{
        const Track *k = tape_track(t);
        size_t at = 0;

        for (size_t n = 0; n < file && at < k->n_told; at++)
                n += k->told[at].n_data == 0;
        if (!go(t, "LOCATE file", scsi_cdb_locate_16(t->world.cdb, false, 0, LOCATE_FILE, file), &good))
                return false;
        program_goes_to(t, at, false, false);
        return true;
}

/* The drive's own word of it. */
bool tape_read_position(Tape *t)
{
        uint8_t data[READ_POSITION_LONG_LENGTH] = {};
        World *w = &t->world;
        TapePosition p;

        if (t->kind->no_read_position || t->kind->zero_position)
                return true;
        if (!program_run(t, "READ POSITION", scsi_cdb_read_position(w->cdb, READ_POSITION_LONG), data,
                         sizeof(data), &good))
                return false;
        if (ssc_parse_position(READ_POSITION_LONG, data, sizeof(data), &p) < 0 || !p.object_known ||
            p.object != t->at || p.partition != t->partition)
                world_fail(w, FAIL_MISPLACED, "the drive is not at object %zu of partition %zu", t->at,
                           t->partition);
        return !w->failed;
}
