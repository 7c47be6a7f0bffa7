/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Going about on a tape that is written, by SPACE and by LOCATE, in all directions and beyond both ends. At
 * each place the drive is asked where it is, and what stands there is read. */

#include "sim/tape.h"

static bool write_tape(Tape *t)
{
        for (size_t i = 0; i < t->n_objects / 2 + 3; i++)
                if (i % 4 == 3 ? !tape_write_filemarks(t, 1, false)
                               : !tape_write(t, 1 + world_below(&t->world, 900)))
                        return false;
        return tape_write(t, 99) && tape_write_filemarks(t, 1, false) && tape_rewind(t);
}

static bool look(Tape *t)
{
        return tape_read_position(t) && tape_read(t) && tape_read_position(t);
}

static bool space_somewhere(Tape *t)
{
        int32_t n = (int32_t) world_below(&t->world, 9) - 4;

        switch (world_below(&t->world, 6)) {
        case 0:
                return tape_space_end(t);
        case 1:
                return tape_rewind(t);
        case 2:
        case 3:
                return tape_space(t, true, n);
        default:
                return tape_space(t, false, n);
        }
}

bool work_space(Tape *t)
{
        if (!write_tape(t) || !tape_space(t, false, 2) || !look(t) || !tape_space(t, true, 1) || !look(t))
                return false;
        for (size_t i = 0; i < t->n_objects / 2 + 2; i++)
                if (!space_somewhere(t) || !look(t))
                        return false;
        return tape_rewind(t) && tape_space(t, true, 1) && tape_write(t, 555) &&
               tape_write_filemarks(t, 1, false) && tape_rewind(t) && tape_read_all(t);
}

static bool locate_somewhere(Tape *t)
{
        size_t object = world_below(&t->world, (uint32_t) tape_track(t)->n_told + 1);

        switch (world_below(&t->world, 4)) {
        case 0:
                return tape_locate_file(t, world_below(&t->world, 2));
        case 1:
                return tape_locate_16(t, 0, object);
        default:
                return tape_locate(t, 0, object);
        }
}

bool work_locate(Tape *t)
{
        if (!write_tape(t) || !tape_locate(t, 0, 2) || !look(t) ||
            !tape_locate_16(t, 0, tape_track(t)->n_told) || !look(t))
                return false;
        for (size_t i = 0; i < t->n_objects / 2 + 2; i++)
                if (!locate_somewhere(t) || !look(t))
                        return false;
        return tape_locate(t, 0, 3) && tape_write(t, 444) && tape_write(t, 333) &&
               tape_write_filemarks(t, 1, false) && tape_rewind(t) && tape_read_all(t);
}
