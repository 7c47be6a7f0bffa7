/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mode parameters that a program has set, kept as they were sent and sent again in that order. A list
 * counts for as long as it has something (a page, a subpage, the block descriptor) that no later one has.
 * What cannot be kept is noted, so that a resume after a reset is refused instead of going on with other
 * settings. */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/mode.h"
#include "util/bytes.h"

/* ---- block length and protection ---- */

static void learn_header(Unit *u, const ModeHeader *h)
{
        u->record.buffered = h->buffered != 0;
        if (!h->has_descriptor)
                return;
        u->record.block_length = h->block_length;
        u->record.block_fixed = h->block_length > 0;
}

void unit_learn_header(Unit *u, const uint8_t *data, size_t n_data)
{
        ByteReader pages;
        ModeHeader h;

        if (mode_parse(MODE_FORM_SENSE_6, data, n_data, &h, &pages) >= 0)
                learn_header(u, &h);
}

static void learn_protection(Unit *u, ByteReader pages)
{
        ModeProtection protection;
        ModePage p;

        while (mode_next_page(&pages, &p) > 0)
                if (mode_parse_protection(&p, &protection)) {
                        u->record.n_protection_written = protection.n_written;
                        u->record.n_protection_read = protection.n_read;
                }
}

void unit_learn_protection(Unit *u, const uint8_t *data, size_t n_data)
{
        ByteReader pages;
        ModeHeader h;

        if (mode_parse(MODE_FORM_SENSE_10, data, n_data, &h, &pages) >= 0)
                learn_protection(u, pages);
}

/* ---- the lists ---- */

/* One parameter list, kept or just sent. */
typedef struct List {
        ModeForm form;
        const uint8_t *data;
        size_t n;
} List;

static List list_of(const UnitMode *m)
{
        return (List){m->opcode == OP_MODE_SELECT_10 ? MODE_FORM_SELECT_10 : MODE_FORM_SELECT_6, m->data,
                      m->n_data};
}

static bool has_descriptor(List l)
{
        ByteReader pages;
        ModeHeader h;

        return mode_parse(l.form, l.data, l.n, &h, &pages) >= 0 && h.has_descriptor;
}

static bool has_page(List l, const ModePage *wanted)
{
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        return mode_parse(l.form, l.data, l.n, &h, &pages) >= 0 &&
               mode_find_page(pages, wanted->page, wanted->subpage, &p) > 0;
}

/* A list behind number i, or the newest one, has it: a page, or (NULL) the block descriptor. */
static bool is_set_later(const UnitModes *all, uint32_t i, List newest, const ModePage *page)
{
        bool found = page ? has_page(newest, page) : has_descriptor(newest);

        for (uint32_t j = i + 1; !found && j < all->n; j++)
                found = page ? has_page(list_of(&all->mode[j]), page)
                             : has_descriptor(list_of(&all->mode[j]));
        return found;
}

static bool is_overtaken(const UnitModes *all, uint32_t i, List newest)
{
        List l = list_of(&all->mode[i]);
        ByteReader pages;
        ModeHeader h;
        ModePage p;

        if (mode_parse(l.form, l.data, l.n, &h, &pages) < 0 ||
            (h.has_descriptor && !is_set_later(all, i, newest, NULL)))
                return false;
        while (mode_next_page(&pages, &p) > 0)
                if (!is_set_later(all, i, newest, &p))
                        return false;
        return true;
}

static void drop_overtaken(UnitModes *all, List newest)
{
        for (uint32_t i = 0; i < all->n;) {
                if (!is_overtaken(all, i, newest)) {
                        i++;
                        continue;
                }
                all->n--;
                memmove(&all->mode[i], &all->mode[i + 1], (all->n - i) * sizeof(all->mode[0]));
        }
}

/* The Medium Partition page without POFM partitions the cartridge itself; with it FORMAT MEDIUM does so, by
 * what this page said. SSC-4 8.3.4. */
static bool partitions_now(const ModePage *p)
{
        return p->page == MODE_PAGE_MEDIUM_PARTITION && !(p->n_bytes > 2 && p->bytes[2] & 0x04);
}

static bool partitions(const ModePage *p)
{
        return p->page == MODE_PAGE_MEDIUM_PARTITION;
}

/* A copy without what must not be sent again. 1, 0 when nothing is left, or -1 when it is too long or makes
 * no sense. */
static int copy_list(List l, ByteReader pages, bool (*drops)(const ModePage *), UnitMode *ret)
{
        ByteWriter w = byte_writer(ret->data, sizeof(ret->data));
        bool dropped = false, kept = has_descriptor(l);
        size_t begin = pages.offset;
        ModePage p;
        int k;

        writer_bytes(&w, l.data, begin);
        while ((k = mode_next_page(&pages, &p)) > 0) {
                if (drops(&p)) {
                        dropped = true;
                } else {
                        writer_bytes(&w, pages.data + begin, pages.offset - begin);
                        kept = true;
                }
                begin = pages.offset;
        }
        if (k < 0 || w.failed)
                return -1;
        ret->n_data = (uint16_t) w.offset;
        return kept || !dropped;
}

/* What cannot be kept overtakes others all the same. */
static void keep_list(Unit *u, const UnitCommand *c, List l, ByteReader pages)
{
        const UnitModes *before = unit_state_modes(u->state, &u->record);
        UnitMode mode = {.opcode = c->opcode->opcode, .cdb1 = c->cdb[1]};
        UnitModes all = {};
        int k = copy_list(l, pages, partitions_now, &mode);

        if (k == 0)
                return;
        if (before)
                all = *before;
        drop_overtaken(&all, l);
        if (k > 0 && all.n < UNIT_MODES_MAX)
                all.mode[all.n++] = mode;
        else
                u->record.unrestorable |= UNRESTORABLE_MODE;
        for (ModePage p; k > 0 && mode_next_page(&pages, &p) > 0;)
                u->record.partitioning |= partitions(&p);
        unit_state_put_modes(u->state, &u->record, &all);
}

/* Apart: its room on the stack is not cleared for every WRITE. */
static void forget_partitioning(Unit *u)
{
        const UnitModes *before = unit_state_modes(u->state, &u->record);
        UnitModes all = {};

        for (uint32_t i = 0; before && i < before->n; i++) {
                List l = list_of(&before->mode[i]);
                UnitMode *kept = &all.mode[all.n];
                ByteReader pages;
                ModeHeader h;

                *kept = before->mode[i];
                if (mode_parse(l.form, l.data, l.n, &h, &pages) < 0 ||
                    copy_list(l, pages, partitions, kept) > 0)
                        all.n++;
        }
        u->record.partitioning = 0;
        unit_state_put_modes(u->state, &u->record, &all);
}

/* What is written now must not be partitioned away by a drive that does not know POFM. */
void unit_forget_partitioning(Unit *u)
{
        if (u->record.partitioning)
                forget_partitioning(u);
}

void unit_remember_mode(Unit *u, const UnitCommand *c)
{
        bool ten = c->opcode->opcode == OP_MODE_SELECT_10;
        List l = {ten ? MODE_FORM_SELECT_10 : MODE_FORM_SELECT_6, c->data, c->n_data};
        ByteReader pages;
        ModeHeader h;

        if (l.n == 0)
                return;
        if (mode_parse(l.form, l.data, l.n, &h, &pages) < 0) {
                u->record.unrestorable |= UNRESTORABLE_MODE;
                return;
        }
        learn_header(u, &h);
        if (h.has_descriptor)
                unit_note_own_length(u, h.block_length);
        learn_protection(u, pages);
        keep_list(u, c, l, pages);
}
