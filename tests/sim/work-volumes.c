/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One backup over several cartridges. The first one is written until early warning, as careful programs do,
 * the others until the drive takes no more; then filemarks, which still fit, UNLOAD, the next one. */

#include "sim/tape.h"

#define N_VOLUMES 3

static bool is_full(Tape *t, uint32_t n_data)
{
        return tape_bytes_before(t) + n_data > tape_capacity(t);
}

static bool fill_volume(Tape *t, bool to_the_end)
{
        uint32_t n_max = (uint32_t) (tape_capacity(t) / (t->n_objects / 2 + 2));

        for (;;) {
                uint32_t n = 1 + n_max / 2 + world_below(&t->world, n_max / 2);
                bool full = is_full(t, n);

                if (!to_the_end && tape_is_early(t))
                        break;
                if (!tape_write(t, n))
                        return false;
                if (full)
                        break;
        }
        return tape_write_filemarks(t, 1, false) && tape_write_filemarks(t, 1, false);
}

static bool change_volume(Tape *t, size_t next)
{
        if (!tape_set_prevent(t, false) || !tape_unload(t) || !tape_insert(t, next) ||
            !tape_set_prevent(t, true))
                return false;
        tape_check(t, false);
        return tape_rewind(t);
}

bool work_volumes(Tape *t)
{
        for (size_t i = 0; i < N_VOLUMES; i++)
                if ((i > 0 && !change_volume(t, i)) || !fill_volume(t, i > 0))
                        return false;
        return change_volume(t, 0) && tape_read_all(t);
}
