/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fixed blocks: the block size by MODE SELECT, several blocks a WRITE, and reads that ask for more than
 * stands together, so that they end within a command. A reset forgets the block size. */

#include "sim/tape.h"

static bool write_several(Tape *t, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!tape_write_fixed(t, 1 + world_below(&t->world, 6)) ||
                    (world_below(&t->world, 4) == 0 &&
                     !tape_write_filemarks(t, 1 + world_below(&t->world, 3), false)))
                        return false;
        return true;
}

static bool read_several(Tape *t)
{
        while (t->at < tape_track(t)->n_told)
                if (!tape_read_fixed(t, 1 + world_below(&t->world, 8)))
                        return false;
        return tape_read_fixed(t, 3);
}

/* A block of another size among them. */
static bool write_odd_one(Tape *t)
{
        return tape_write(t, t->block_size / 2) && tape_write_fixed(t, 2);
}

bool work_fixed(Tape *t)
{
        size_t n = t->n_objects / 4 + 1;

        if (!tape_set_block_size(t, 256) || !write_several(t, n) || !write_odd_one(t) || !write_several(t, n))
                return false;
        if (!tape_rewind(t) || !read_several(t) || !tape_rewind(t))
                return false;
        tape_check(t, false);
        /* over old ones of the same size, of which some may show again */
        if (!tape_write_fixed(t, 3) || !tape_write_fixed(t, 2) || !tape_rewind(t) || !read_several(t) ||
            !tape_rewind(t))
                return false;
        /* the other size counts from now on */
        return tape_set_block_size(t, 512) && tape_read_fixed(t, 4) && tape_write_fixed(t, 3) &&
               tape_rewind(t) && tape_set_block_size(t, 0) && tape_read_all(t);
}
