/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks of one length, as most programs write them: run after run, with a filemark, a last block that is
 * shorter and a look at the settings between them; then all of it is read, and some of it, with new ones
 * behind. */

#include "sim/tape.h"

static bool write_run(Tape *t, uint32_t n_data)
{
        uint32_t n = 3 + world_below(&t->world, 6);

        for (uint32_t i = 0; i < n; i++)
                if (!tape_write(t, n_data))
                        return false;
        return true;
}

/* What comes between two runs. */
static bool pause_between(Tape *t, uint32_t n_data)
{
        switch (world_below(&t->world, 6)) {
        case 0:
                return tape_write(t, 1 + world_below(&t->world, n_data));
        case 1:
                return tape_sense_block_size(t);
        case 2:
                return tape_read_position(t);
        case 3:
                return true;
        default:
                return tape_write_filemarks(t, 1 + world_below(&t->world, 2), false);
        }
}

/* All of it, as a program that knows how long its blocks are. */
static bool read_run(Tape *t, uint32_t n_data)
{
        while (t->at < tape_track(t)->n_told)
                if (!tape_read_as(t, n_data, false))
                        return false;
        return tape_read_as(t, n_data, false);
}

/* Some of it, and then something else. */
static bool read_some(Tape *t, uint32_t n_data)
{
        uint32_t n = world_below(&t->world, (uint32_t) tape_track(t)->n_told + 1);

        for (uint32_t i = 0; i < n; i++)
                if (!tape_read_as(t, n_data, false))
                        return false;
        return world_below(&t->world, 2) ? tape_sense_block_size(t) : tape_read_position(t);
}

bool work_stream(Tape *t)
{
        uint32_t n_data = 100 + world_below(&t->world, 500);
        size_t n = t->n_objects / 6 + 1;

        for (size_t i = 0; i < n; i++)
                if (!write_run(t, n_data) || !pause_between(t, n_data))
                        return false;
        if (!write_run(t, n_data) || !tape_sense_block_size(t) || !tape_rewind(t))
                return false;
        tape_check(t, false);
        if (!read_run(t, n_data) || !tape_rewind(t) || !read_some(t, n_data))
                return false;
        /* over the old ones, of which some may show again */
        return write_run(t, n_data) && tape_rewind(t) && read_run(t, n_data) && tape_sense_block_size(t);
}
