/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading for its own sake: with buffers too small, too large and just right, with and without SILI, over
 * filemarks, beyond the end, and VERIFY. */

#include "sim/tape.h"

static bool write_tape(Tape *t)
{
        return tape_write_objects(t, t->n_objects / 2 + 2) && tape_write(t, 400) &&
               tape_write_filemarks(t, 2, false) && tape_write(t, 500) && tape_rewind(t);
}

/* The length that stands here, or one more or less. */
static uint32_t some_length(Tape *t)
{
        const Track *k = tape_track(t);
        uint32_t n = t->at < k->n_told && k->told[t->at].n_data > 0 ? k->told[t->at].n_data : 1000;

        switch (world_below(&t->world, 4)) {
        case 0:
                return n + 1 < TAPE_BLOCK_MAX ? n + 1 : n;
        case 1:
                return n > 1 ? n - 1 : n;
        default:
                return n;
        }
}

static bool read_through(Tape *t, bool verify)
{
        for (size_t i = t->at; i <= tape_track(t)->n_told; i++)
                if (verify && world_below(&t->world, 2)
                            ? !tape_verify(t, some_length(t))
                            : !tape_read_as(t, some_length(t), world_below(&t->world, 2)))
                        return false;
        return true;
}

bool work_verify(Tape *t)
{
        if (!write_tape(t) || !read_through(t, false) || !tape_rewind(t) || !read_through(t, true) ||
            !tape_rewind(t))
                return false;
        tape_check(t, false);
        return tape_read(t) && tape_read_position(t) && tape_write(t, 77) && tape_rewind(t) &&
               tape_read_all(t);
}
