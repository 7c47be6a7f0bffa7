/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known of the medium: that there is one, what of it is proven, and by which block it is known. */

#include "hold/unit-internal.h"
#include "util/crc32c.h"

/* ---- the medium ---- */

void unit_forget_medium(Unit *u, MediumPresence now_known)
{
        UnitRecord *r = &u->record;

        r->medium = (uint8_t) now_known;
        if (now_known == MEDIUM_ABSENT) {
                unit_key_demounted(u, true);
                unit_note_no_cartridge(u);
        }
        journal_commit(&u->journal);
        r->unjournalled = 0;
        position_set_unknown(&r->position);
        if (now_known == MEDIUM_PRESENT) /* a medium that was just loaded is at its beginning, SSC-4 4.2.5 */
                position_set_beginning(&r->position, 0);
        r->commit = r->position;
        r->anchor.valid = 0;
        r->n_medium_id = 0;
        r->position_used = r->position_lost = 0;
        unit_end_stream(u);
        unit_drop_ahead(u);
        u->want_medium = now_known == MEDIUM_PRESENT;
        u->want_position = false;
}

/* ---- commit points and anchors ---- */

void unit_remember_anchor(Unit *u, const Transfer *t, const void *data, uint32_t n_protection,
                          const MediumPlace *end)
{
        const uint8_t *last = data;
        UnitAnchor a = {.place = *end, .valid = 1, .fixed = t->fixed, .length = t->length - n_protection};

        if (t->length <= n_protection || t->n_objects == 0 || !position_back_block(&a.place))
                return;
        a.crc = crc32c(0, last + (size_t) (t->n_objects - 1) * t->length, a.length);
        u->record.anchor = a;
}

/* The last block in the journal, behind which there may be filemarks. */
void unit_anchor_from_journal(Unit *u, uint64_t until)
{
        MediumPlace end = {}, place = u->record.commit;
        const JournalRecord *last = NULL;

        for (uint64_t i = u->record.journal.first; i < until; i++) {
                const JournalRecord *r = journal_record(&u->journal, i);

                if (r->length > 0) {
                        position_pass_blocks(&place, r->n_objects);
                        last = r;
                        end = place;
                } else {
                        position_pass_filemarks(&place, r->n_objects);
                }
        }
        if (last) {
                Transfer t = {.n_objects = last->n_objects, .length = last->length, .fixed = last->fixed};

                unit_remember_anchor(u, &t, journal_data(&u->journal, last), u->record.n_protection_written,
                                     &end);
        }
}

void unit_commit(Unit *u)
{
        unit_anchor_from_journal(u, u->record.journal.end);
        journal_commit(&u->journal);
        u->record.unjournalled = 0;
        u->record.commit = u->record.position;
}

bool unit_anchor_is_before(const Unit *u)
{
        const MediumPlace *a = &u->record.anchor.place, *p = &u->record.position;

        if (!u->record.anchor.valid || a->partition != p->partition)
                return false;
        if (a->object_known && p->object_known)
                return a->object < p->object;
        return a->file_known && p->file_known &&
               (a->file < p->file || (a->file == p->file && a->block < p->block));
}

void unit_overwrite_anchor(Unit *u)
{
        u->record.anchor.valid = unit_anchor_is_before(u);
}
