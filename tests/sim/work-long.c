/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many blocks and nothing that writes the drive's buffer to the medium, twice in the same place: the journal
 * is full before the program has asked for a proof. */

#include "sim/tape.h"

/* Filemarks with IMMED are objects in the journal, and no proof. */
static bool write_long(Tape *t)
{
        return tape_write_objects(t, 2 * t->n_objects) && tape_write_filemarks(t, 2, true) &&
               tape_write_objects(t, t->n_objects);
}

bool work_long(Tape *t)
{
        if (!write_long(t) || !tape_rewind(t) || !write_long(t) || !tape_write_filemarks(t, 1, false))
                return false;
        tape_check(t, false);
        return tape_rewind(t) && tape_read_all(t);
}
