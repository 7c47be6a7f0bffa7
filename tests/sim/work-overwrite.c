/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New data in the middle of old ones: what was there is gone with the first new block, and behind what a
 * power cycle loses some drives show it again. */

#include "sim/tape.h"

static bool read_objects(Tape *t, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!tape_read(t))
                        return false;
        return true;
}

/* From the middle on, reached by reading. */
static bool overwrite_after_reading(Tape *t)
{
        return tape_rewind(t) && read_objects(t, tape_track(t)->n_told / 2) &&
               tape_write_objects(t, t->n_objects / 4 + 1) && tape_write_filemarks(t, 1, false);
}

/* One that does not prove itself: the next command has to. */
static bool overwrite_after_spacing(Tape *t)
{
        return tape_rewind(t) && tape_space(t, true, 1) && tape_write_objects(t, 3) && tape_write(t, 300) &&
               tape_rewind(t);
}

bool work_overwrite(Tape *t)
{
        if (!tape_write_objects(t, t->n_objects / 2 + 1) || !tape_write_filemarks(t, 1, false) ||
            !tape_write_objects(t, t->n_objects / 4 + 1))
                return false;
        if (!overwrite_after_reading(t) || !overwrite_after_spacing(t))
                return false;
        tape_check(t, false);
        return tape_write_objects(t, 2) && tape_rewind(t) && tape_read_all(t);
}
