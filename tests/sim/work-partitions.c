/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two partitions, as LTFS has them: the index in one, the data in the other, both written in turn. A drive
 * that was reset is in partition 0. And ERASE, which takes away what a resume must not miss. */

#include "sim/tape.h"

/* The next piece of data behind the last one, and an index that replaces the one before. */
static bool write_round(Tape *t)
{
        size_t end = t->cartridges[t->loaded].tracks[1].n_told;

        return tape_locate(t, 1, end) && tape_write_objects(t, 3) && tape_write_filemarks(t, 1, false) &&
               tape_locate(t, 0, 1) && tape_write_objects(t, 2) && tape_read_position(t);
}

bool work_partitions(Tape *t)
{
        if (!tape_format(t, 2) || !tape_rewind(t) || !tape_write(t, 80))
                return false;
        for (size_t i = 0; i < t->n_objects / 8 + 1; i++)
                if (!write_round(t))
                        return false;
        tape_check(t, false);
        return tape_locate(t, 1, 0) && tape_read_all(t) && tape_locate_16(t, 0, 0) && tape_read_all(t) &&
               tape_locate(t, 1, 1) && tape_write(t, 70) && tape_locate(t, 0, 0) && tape_read(t);
}

bool work_erase(Tape *t)
{
        if (!tape_write_objects(t, t->n_objects / 2 + 1) || !tape_rewind(t) || !tape_read(t) ||
            !tape_erase(t))
                return false;
        if (!tape_rewind(t) || !tape_space_end(t) || !tape_write_objects(t, 3) || !tape_rewind(t) ||
            !tape_read_all(t))
                return false;
        tape_check(t, false);
        return tape_rewind(t) && tape_erase(t) && tape_rewind(t) &&
               tape_write_objects(t, t->n_objects / 4 + 1) && tape_rewind(t) && tape_read_all(t);
}
