/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* UNLOAD with something still in the drive's buffer, LOAD, the same cartridge again and another one. */

#include "sim/tape.h"

bool work_reload(Tape *t)
{
        if (!tape_write_objects(t, t->n_objects / 4 + 1) || !tape_set_prevent(t, false) ||
            !tape_write_filemarks(t, 1, false) || !tape_unload(t))
                return false;
        if (!tape_load(t) || !tape_read_all(t) || !tape_write_objects(t, 3) || !tape_load(t) || !tape_read(t))
                return false;
        if (!tape_unload(t) || !tape_insert(t, 1) || !tape_write_objects(t, t->n_objects / 4 + 1) ||
            !tape_write_filemarks(t, 1, false) || !tape_unload(t))
                return false;
        tape_check(t, false);
        return tape_insert(t, 0) && tape_read_all(t);
}
