/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What every transport has in common: a malformed command is refused here, before it can reach a device, and
 * the one place that ends a command clears `busy` before the owner hears of it, so that the owner may go on
 * at once. */

#include "transport/transport.h"

#define CDB_MIN 6

static bool command_is_valid(const ScsiCommand *c)
{
        if (c->n_cdb < CDB_MIN || c->n_cdb > SCSI_CDB_MAX || c->timeout_ms == 0)
                return false;
        switch (c->direction) {
        case SCSI_NO_DATA:
                return c->n_data == 0;
        case SCSI_DATA_OUT:
        case SCSI_DATA_IN:
                return c->data || c->n_data == 0;
        }
        return false;
}

int transport_submit(Transport *t, const ScsiCommand *command, usec_t now)
{
        int r;

        if (t->busy)
                return -EBUSY;
        if (!command_is_valid(command))
                return -EINVAL;
        r = t->class->submit(t, command, now);
        if (r < 0)
                return r;
        t->busy = true;
        return 0;
}

int transport_fd(const Transport *t)
{
        return t->class->fd(t);
}

uint32_t transport_events(const Transport *t)
{
        return t->busy || t->class->watched_idle ? t->class->events(t) : 0;
}

usec_t transport_deadline(const Transport *t)
{
        return t->busy || t->class->watched_idle ? t->class->deadline(t) : USEC_INFINITY;
}

void transport_dispatch(Transport *t, uint32_t revents, usec_t now)
{
        if (t->busy || t->class->watched_idle)
                t->class->dispatch(t, revents, now);
}

void transport_complete(Transport *t, const ScsiResult *result)
{
        t->busy = false;
        t->done(t->userdata, result);
}

bool transport_is_lost(const Transport *t)
{
        return t->class->lost && t->class->lost(t);
}

const char *transport_reason(const Transport *t)
{
        return t->class->reason ? t->class->reason(t) : "";
}

Transport *transport_free(Transport *t)
{
        return t ? t->class->free(t) : NULL;
}
