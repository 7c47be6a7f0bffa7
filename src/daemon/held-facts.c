/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Times of the engine are of a clock that starts with the machine; they are told as dates. */

#include "daemon/held-facts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/text.h"

/* What moves a cartridge or a tape, or may otherwise keep a program waiting. */
static const struct {
        DeviceType type;
        uint8_t opcode;
        char name[16];
} motions[] = {
        {DEVICE_TAPE, OP_REWIND, "rewind"},
        {DEVICE_TAPE, OP_LOCATE_10, "locate"},
        {DEVICE_TAPE, OP_LOCATE_16, "locate"},
        {DEVICE_TAPE, OP_SPACE_6, "space"},
        {DEVICE_TAPE, OP_SPACE_16, "space"},
        {DEVICE_TAPE, OP_ERASE_6, "erase"},
        {DEVICE_TAPE, OP_ERASE_16, "erase"},
        {DEVICE_TAPE, OP_FORMAT_MEDIUM, "format"},
        {DEVICE_TAPE, OP_VERIFY_6, "verify"},
        {DEVICE_TAPE, OP_VERIFY_16, "verify"},
        {DEVICE_TAPE, OP_WRITE_FILEMARKS_6, "filemark"},
        {DEVICE_TAPE, OP_WRITE_FILEMARKS_16, "filemark"},
        {DEVICE_CHANGER, OP_MOVE_MEDIUM, "move"},
        {DEVICE_CHANGER, OP_EXCHANGE_MEDIUM, "exchange"},
        {DEVICE_CHANGER, OP_INITIALIZE_ELEMENT_STATUS, "inventory"},
        {DEVICE_CHANGER, OP_INITIALIZE_ELEMENT_STATUS_WITH_RANGE, "inventory"},
        {DEVICE_CHANGER, OP_LOCATE_10, "position"}, /* POSITION TO ELEMENT */
};

static uint64_t date_of(usec_t at, usec_t now)
{
        return usec_now(CLOCK_REALTIME) - (now > at ? now - at : 0);
}

static void fill_counts(const Unit *u, HeldFacts *f)
{
        f->n_commands = u->record.n_commands;
        f->n_bytes_written = u->record.n_bytes_written;
        f->n_bytes_read = u->record.n_bytes_read;
        f->n_outages = u->record.n_outages;
        f->n_replayed = u->record.n_replayed;
        f->n_settled = u->record.n_settled;
        f->n_resets = u->tally.n_resets;
        f->n_failures = u->tally.n_failures;
        f->n_cartridges = u->tally.n_cartridges;
        f->n_compared = u->tally.n_compared;
        f->outages = u->tally.outages;
        f->last_outage = u->last_outage;
}

static void fill_outage(const Unit *u, usec_t now, HeldFacts *f)
{
        f->out = u->in_trouble && u->record.introduced;
        if (f->out)
                f->outage_began = date_of(u->trouble_since, now);
        else if (u->tally.last_began != 0)
                f->outage_began = date_of(u->tally.last_began, now);
        memcpy(f->outage_cause, f->out ? u->trouble : u->tally.last_cause, sizeof(f->outage_cause));
}

static const char *name_motion(const UnitCommand *c, DeviceType type)
{
        if (type == DEVICE_TAPE && c->opcode->opcode == OP_LOAD_UNLOAD)
                return c->cdb[4] & 1 ? "load" : "unload";
        for (size_t i = 0; i < ELEMENTSOF(motions); i++)
                if (motions[i].type == type && motions[i].opcode == c->opcode->opcode)
                        return motions[i].name;
        return NULL;
}

static void fill_resume(const Held *h, usec_t now, HeldFacts *f)
{
        const Unit *u = h->unit;
        const char *step = unit_step(u);
        uint64_t done, total;

        snprintf(f->motion, sizeof(f->motion), "resume");
        snprintf(f->motion_detail, sizeof(f->motion_detail), "%s", step ? step : "");
        f->motion_since = date_of(h->clock.running ? h->clock.back_at : now, now);
        if (unit_resume_progress(u, &done, &total) && total > 0)
                f->progress = (int) (done * 100 / total);
}

static void fill_motion(const Held *h, usec_t now, HeldFacts *f)
{
        const UnitCommand *c = unit_at_device(h->unit);
        const char *name = c ? name_motion(c, h->unit->config.type) : NULL;

        f->progress = h->unit->progress > 0 ? (int) ((h->unit->progress - 1) * 100 / 65536) : -1;
        if (h->unit->phase == UNIT_RESUMING) {
                fill_resume(h, now, f);
        } else if (name) {
                snprintf(f->motion, sizeof(f->motion), "%s", name);
                f->motion_since = date_of(c->since, now);
        }
}

void held_facts(const Held *h, usec_t now, HeldFacts *ret)
{
        const Unit *u = h->unit;

        *ret = (HeldFacts){
                .journal_fill = journal_bytes(&u->journal),
                .journal_size = u->journal.n_ring,
                .rate = rate_read(&h->rate, now),
                .n_waiting = (unsigned) u->n_queue,
                .unproven = unit_is_unproven(u),
                .failed_unproven = u->failed_unproven,
        };
        fill_counts(u, ret);
        fill_outage(u, now, ret);
        fill_motion(h, now, ret);
        unit_format_position(u, ret->position, sizeof(ret->position));
        if (u->record.medium == MEDIUM_ABSENT)
                return;
        memcpy(ret->barcode, u->barcode, sizeof(ret->barcode));
        unit_format_medium(u, ret->medium_serial, sizeof(ret->medium_serial));
        snprintf(ret->cartridge, sizeof(ret->cartridge), "%s",
                 ret->barcode[0] ? ret->barcode : ret->medium_serial);
}
