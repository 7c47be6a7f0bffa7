/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the program does to the medium and to the drive's settings. */

#include <string.h>

#include "scsi/cdb.h"
#include "sim/program-internal.h"
#include "util/bytes.h"

static const Expect good = {};

/* ---- blocks and filemarks ---- */

/* How many blocks of n bytes still fit. */
static uint32_t room_for(Tape *t, uint32_t n)
{
        uint64_t left = tape_capacity(t) - tape_bytes_before(t);

        return (uint32_t) (left / n < UINT32_MAX ? left / n : UINT32_MAX);
}

static Expect full(int64_t residue)
{
        return (Expect){.check = true,
                        .key = SENSE_VOLUME_OVERFLOW,
                        .eom = true,
                        .residue_given = true,
                        .residue = residue};
}

bool tape_is_early(Tape *t)
{
        return tape_bytes_before(t) + t->cartridges[t->loaded].early_warning >= tape_capacity(t);
}

bool tape_write(Tape *t, uint32_t n_data)
{
        World *w = &t->world;
        bool fits = room_for(t, n_data) > 0;
        Expect e = fits ? good : full(n_data);

        tape_attempt(t, n_data);
        object_fill(&t->attempt[0], t->buffer);
        if (!program_run_write(t, "WRITE", scsi_cdb_write_6(w->cdb, false, n_data), t->buffer, n_data, &e))
                return false;
        tape_told(t, fits);
        return true;
}

bool tape_write_some(Tape *t)
{
        if (world_below(&t->world, 10) == 0)
                return tape_write_filemarks(t, 1, false);
        return tape_write(t, 1 + world_below(&t->world, t->n_block_max));
}

bool tape_write_objects(Tape *t, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!tape_write_some(t))
                        return false;
        return true;
}

bool tape_write_fixed(Tape *t, uint32_t n_blocks)
{
        World *w = &t->world;
        uint32_t n = t->block_size, room = room_for(t, n);
        Expect e = room >= n_blocks ? good : full(n_blocks - room);

        for (uint32_t i = 0; i < n_blocks; i++) {
                tape_attempt(t, n);
                object_fill(&t->attempt[i], t->buffer + (size_t) i * n);
        }
        if (!program_run_write(t, "WRITE of several blocks", scsi_cdb_write_6(w->cdb, true, n_blocks),
                               t->buffer, n_blocks * n, &e))
                return false;
        tape_told(t, room < n_blocks ? room : n_blocks);
        return true;
}

bool tape_write_filemarks(Tape *t, uint32_t n, bool immed)
{
        World *w = &t->world;

        for (uint32_t i = 0; i < n; i++)
                tape_attempt(t, 0);
        if (!program_run_write(t, "WRITE FILEMARKS", scsi_cdb_write_filemarks_6(w->cdb, immed, n), NULL, 0,
                               &good))
                return false;
        tape_told(t, n);
        if (!immed)
                tape_proven(t);
        return true;
}

bool tape_erase(Tape *t)
{
        World *w = &t->world;

        memset(w->cdb, 0, sizeof(w->cdb));
        w->cdb[0] = OP_ERASE_6;
        w->cdb[1] = 1;
        t->erasing = true;
        if (!program_run(t, "ERASE", 6, NULL, 0, &good))
                return false;
        t->erasing = false;
        tape_erased(t);
        program_goes_to(t, t->at, false, false); /* the standard does not say where it ends */
        return true;
}

/* ---- settings ---- */

bool tape_set_block_size(Tape *t, uint32_t n)
{
        uint8_t list[12] = {0, 0, 0x10, 8}; /* buffered */
        World *w = &t->world;
        uint32_t before = t->block_size;

        put_be(list + 9, n, 3);
        t->block_size = n;
        if (program_run(t, "MODE SELECT", scsi_cdb_mode_select_6(w->cdb, sizeof(list)), list, sizeof(list),
                        &good))
                return true;
        t->block_size = t->over ? 0 : before;
        return false;
}

bool tape_sense_block_size(Tape *t)
{
        uint8_t data[12] = {};
        World *w = &t->world;

        if (!program_run(t, "MODE SENSE", scsi_cdb_mode_sense_6(w->cdb, false, 0, 0, 0, sizeof(data)), data,
                         sizeof(data), &good))
                return false;
        if (get_be(data + 9, 3) != t->block_size)
                world_fail(w, FAIL_OTHER, "the block length is %u, and the program has set %u",
                           (unsigned) get_be(data + 9, 3), t->block_size);
        return !w->failed;
}

bool tape_set_prevent(Tape *t, bool prevent)
{
        World *w = &t->world;

        if (!program_run(t, "PREVENT", scsi_cdb_prevent_allow(w->cdb, prevent), NULL, 0, &good))
                return false;
        t->prevent = prevent;
        return true;
}

/* By the medium partition page and FORMAT MEDIUM, as st does it. */
bool tape_format(Tape *t, size_t n_partitions)
{
        uint8_t list[12] = {0, 0, 0x10, 0, 0x11, 6, 1, (uint8_t) (n_partitions - 1), 0x24, 3}; /* IDP, POFM */
        World *w = &t->world;

        if (!program_run(t, "MODE SELECT", scsi_cdb_mode_select_6(w->cdb, 12), list, 12, &good))
                return false;
        memset(w->cdb, 0, sizeof(w->cdb));
        w->cdb[0] = OP_FORMAT_MEDIUM;
        w->cdb[2] = n_partitions > 1;
        t->formatting = true;
        if (!program_run(t, "FORMAT MEDIUM", 6, NULL, 0, &good))
                return false;
        t->formatting = false;
        tape_formatted(t, n_partitions);
        program_goes_to(t, 0, false, false);
        return true;
}

/* ---- cartridges ---- */

/* Whatever the program does with the cartridge next, it begins anew. */
static void is_at_load_point(Tape *t)
{
        t->partition = 0;
        t->anchored = t->serial_known = false;
        program_goes_to(t, 0, true, true);
}

bool tape_unload(Tape *t)
{
        World *w = &t->world;

        if (!program_run(t, "UNLOAD", program_cdb_load(w->cdb, false), NULL, 0, &good))
                return false;
        tape_proven(t);
        is_at_load_point(t);
        return true;
}

bool tape_load(Tape *t)
{
        World *w = &t->world;

        if (!program_run(t, "LOAD", program_cdb_load(w->cdb, true), NULL, 0, &good))
                return false;
        tape_proven(t);
        is_at_load_point(t);
        return true;
}

/* Somebody changes it, and the program asks until the drive is ready. 28/00 is what it expects now. */
bool tape_insert(Tape *t, size_t cartridge)
{
        World *w = &t->world;

        if (w->failed || t->swapped)
                return false;
        model_drive_load(t->drive, t->cartridges[cartridge].medium);
        t->loaded = cartridge;
        t->n_partitions = model_medium_partitions(t->cartridges[cartridge].medium);
        is_at_load_point(t);
        for (int i = 0; i < 100 && !w->failed; i++) {
                tape_late_facts(t);
                if (world_run(w, scsi_cdb_test_unit_ready(w->cdb), NULL, 0))
                        break;
                world_rest(w, USEC_PER_SEC);
        }
        t->over = t->swap_told = t->swapped; /* 28/00 is no surprise now: it has to look which one it is */
        return !w->failed && !t->over;
}
