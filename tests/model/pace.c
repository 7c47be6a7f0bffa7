/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tape that moves at one speed. The clock of the buffer is free_at: each block moves it on by the time that
 * the tape takes for it, and it is never more than a full buffer behind now, as a buffer that is empty (or,
 * in reading, full) gains nothing by waiting. So who is late once catches up as long as the buffer lasts, and
 * who is slow for longer loses: with timers that are late by less than the buffer, the speed is exact. */

#include "model/pace.h"

#include "scsi/opcode.h"
#include "util/cleanup.h"

typedef enum Use {
        USE_NONE, /* waits for nothing */
        USE_WRITE,
        USE_READ,
        USE_END, /* waits until what was written is on the tape; what was read ahead is of no use after it */
} Use;

static Use use_of(uint8_t opcode)
{
        static const struct {
                uint8_t opcode, use;
        } uses[] = {
                {OP_WRITE_6, USE_WRITE},          {OP_WRITE_16, USE_WRITE}, {OP_READ_6, USE_READ},
                {OP_READ_16, USE_READ},           {OP_REWIND, USE_END},     {OP_WRITE_FILEMARKS_6, USE_END},
                {OP_WRITE_FILEMARKS_16, USE_END}, {OP_SPACE_6, USE_END},    {OP_SPACE_16, USE_END},
                {OP_LOCATE_10, USE_END},          {OP_LOCATE_16, USE_END},  {OP_LOAD_UNLOAD, USE_END},
        };

        for (size_t i = 0; i < ELEMENTSOF(uses); i++)
                if (uses[i].opcode == opcode)
                        return (Use) uses[i].use;
        return USE_NONE;
}

usec_t model_pace(ModelPace *p, const uint8_t *cdb, uint32_t n_data, usec_t now)
{
        uint64_t buffer = p->rate > 0 ? PACE_BUFFER * 1000 / p->rate : 0, t = now * 1000;
        Use use = use_of(cdb[0]);

        if (p->rate == 0 || use == USE_NONE)
                return now;
        if (use == USE_END) {
                t = p->writing && p->free_at + buffer > t ? p->free_at + buffer : t;
                *p = (ModelPace){.rate = p->rate, .free_at = t};
                return (t + 999) / 1000;
        }
        if (use == USE_WRITE && !p->writing) /* an empty buffer takes all that it can hold at once */
                p->free_at = t - buffer;
        p->writing = use == USE_WRITE;
        if (p->free_at + buffer < t)
                p->free_at = t - buffer;
        p->free_at += (uint64_t) n_data * 1000 / p->rate;
        return p->free_at > t ? (p->free_at + 999) / 1000 : now;
}
