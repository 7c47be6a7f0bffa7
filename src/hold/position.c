/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Arithmetic on positions. What cannot be followed becomes unknown and never a guess. */

#include "hold/position.h"

bool position_at_beginning(const MediumPlace *p)
{
        return (p->object_known && p->object == 0) || (p->file_known && p->file == 0 && p->block == 0);
}

void position_set_unknown(MediumPlace *p)
{
        *p = (MediumPlace){.partition = p->partition};
}

void position_set_beginning(MediumPlace *p, uint8_t partition)
{
        *p = (MediumPlace){.partition = partition, .object_known = 1, .file_known = 1};
}

void position_set_object(MediumPlace *p, uint8_t partition, uint64_t object)
{
        if (object == 0) {
                position_set_beginning(p, partition);
                return;
        }
        *p = (MediumPlace){.partition = partition, .object = object, .object_known = 1};
}

void position_pass_blocks(MediumPlace *p, uint64_t n)
{
        if (p->object_known)
                p->object += n;
        if (p->file_known)
                p->block += n;
}

void position_pass_filemarks(MediumPlace *p, uint64_t n)
{
        if (n == 0)
                return;
        if (p->object_known)
                p->object += n;
        if (p->file_known) {
                p->file += n;
                p->block = 0;
        }
}

bool position_back_block(MediumPlace *p)
{
        if ((p->object_known && p->object == 0) || (p->file_known && p->block == 0))
                return false;
        if (p->object_known)
                p->object--;
        if (p->file_known)
                p->block--;
        return position_known(p);
}
