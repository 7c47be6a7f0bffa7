/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two copies, written in turn: a process killed in the middle of a store leaves the other copy whole. Memory
 * order needs no more than the compiler's: the successor reads after the death of the writer. */

#include "hold/state.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "util/crc32c.h"

void unit_state_init(UnitState *s)
{
        memset(s, 0, offsetof(UnitState, records));
        s->magic = UNIT_STATE_MAGIC;
        s->version = UNIT_STATE_VERSION;
        s->n_size = sizeof(*s);
        unit_state_seal_pages(s);
}

static uint32_t record_crc(const UnitRecord *r)
{
        return crc32c(0, r, offsetof(UnitRecord, crc));
}

static uint32_t pages_crc(const UnitState *s)
{
        return crc32c(0, &s->n_pages, offsetof(UnitState, pages_crc) - offsetof(UnitState, n_pages));
}

static bool record_is_sane(const UnitRecord *r)
{
        const JournalIndex *j = &r->journal;

        return r->crc == record_crc(r) && r->n_medium_id <= UNIT_MEDIUM_ID_MAX &&
               r->in_flight.n_cdb <= SCSI_CDB_MAX && r->in_flight.n_sense <= SCSI_SENSE_MAX &&
               j->first <= j->sent && j->sent <= j->end && j->end - j->first <= UNIT_JOURNAL_RECORDS &&
               j->data_begin <= j->data_end;
}

int unit_state_load(const UnitState *s, size_t n_state, UnitRecord *ret)
{
        const UnitRecord *best = NULL;

        if (n_state < sizeof(*s) || s->magic != UNIT_STATE_MAGIC || s->version != UNIT_STATE_VERSION ||
            s->n_size != sizeof(*s))
                return -ENODATA;
        for (size_t i = 0; i < 2; i++)
                if (record_is_sane(&s->copies[i]) && (!best || s->copies[i].sequence > best->sequence))
                        best = &s->copies[i];
        if (!best)
                return -EBADMSG;
        *ret = *best;
        return 0;
}

bool unit_state_check_pages(UnitState *s)
{
        if (s->n_pages <= UNIT_PAGES_MAX && s->pages_crc == pages_crc(s))
                return true;
        s->n_pages = 0;
        unit_state_seal_pages(s);
        return false;
}

void unit_state_store(UnitState *s, UnitRecord *r)
{
        UnitRecord *copy;

        r->sequence++;
        r->crc = record_crc(r);
        copy = &s->copies[r->sequence % 2];
        atomic_signal_fence(memory_order_seq_cst);
        memcpy(copy, r, sizeof(*r));
        atomic_signal_fence(memory_order_seq_cst);
}

static uint32_t modes_crc(const UnitModes *m)
{
        return crc32c(0, m, offsetof(UnitModes, crc));
}

const UnitModes *unit_state_modes(const UnitState *s, const UnitRecord *r)
{
        const UnitModes *m = &s->modes[r->modes % 2];

        return r->modes != 0 && m->number == r->modes && m->n <= UNIT_MODES_MAX && m->crc == modes_crc(m)
                       ? m
                       : NULL;
}

void unit_state_put_modes(UnitState *s, UnitRecord *r, UnitModes *m)
{
        uint32_t number = r->modes + 1 != 0 ? r->modes + 1 : 2;

        m->number = number;
        m->crc = modes_crc(m);
        s->modes[number % 2] = *m;
        r->modes = number;
}

void unit_state_seal_pages(UnitState *s)
{
        s->pages_crc = pages_crc(s);
}

const UnitPage *unit_state_page(const UnitState *s, int page)
{
        for (uint32_t i = 0; i < s->n_pages; i++)
                if (s->pages[i].page == page)
                        return &s->pages[i];
        return NULL;
}

int unit_state_set_page(UnitState *s, int page, const uint8_t *data, size_t n_data)
{
        UnitPage *p = (UnitPage *) unit_state_page(s, page);

        if (n_data > UNIT_PAGE_SIZE)
                return -E2BIG;
        if (p && p->n_data == n_data && memcmp(p->data, data, n_data) == 0)
                return 0; /* no moment at which a successor would find it half written */
        if (!p) {
                if (s->n_pages >= UNIT_PAGES_MAX)
                        return -ENOSPC;
                p = &s->pages[s->n_pages++];
        }
        *p = (UnitPage){.page = (int16_t) page, .n_data = (uint16_t) n_data};
        memcpy(p->data, data, n_data);
        unit_state_seal_pages(s);
        return 0;
}
