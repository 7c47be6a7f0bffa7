/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A backup from the beginning to the end, as tar and the large backup programs make one: blocks, now and then
 * a filemark, and then all of it is read. And the same with more behind it. */

#include "sim/tape.h"

static bool read_back(Tape *t)
{
        if (!tape_rewind(t))
                return false;
        tape_check(t, false);
        return tape_read_all(t);
}

bool work_backup(Tape *t)
{
        return tape_write_objects(t, t->n_objects) && read_back(t) && tape_read_position(t);
}

/* The end is found by reading, by SPACE, and by counting filemarks. */
bool work_append(Tape *t)
{
        size_t n = t->n_objects / 4 + 1;

        if (!tape_write_objects(t, n) || !tape_write_filemarks(t, 1, false) || !read_back(t))
                return false;
        if (!tape_write_objects(t, n) || !tape_write_filemarks(t, 1, world_below(&t->world, 2)) ||
            !tape_rewind(t) || !tape_space_end(t))
                return false;
        if (!tape_write_objects(t, n) || !tape_write_filemarks(t, 2, false) || !tape_rewind(t))
                return false;
        if (!tape_space(t, true, 1) || !tape_space_end(t) || !tape_space(t, true, -1))
                return false;
        return tape_write_objects(t, n) && read_back(t);
}
