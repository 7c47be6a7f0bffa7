/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which cartridge is in the drive, for people: an event for each that comes and goes. Nothing is decided by
 * it; what proves a cartridge is in restore.c and compare.c. The barcode is one that the library has told the
 * drive, or that a program has written into the memory of the cartridge (SPC-4 7.4), and may be wrong.
 */

#include <stdio.h>
#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/mam.h"
#include "util/text.h"

static void learn_barcode(Unit *u, const StepResult *r)
{
        MamAttribute a;

        u->barcode[0] = '\0';
        if (r && r->good && mam_find(u->scratch, r->result->n_transferred, MAM_BARCODE, &a) > 0)
                text_from_field(u->barcode, sizeof(u->barcode), a.bytes, a.n_bytes);
}

static void describe(const Unit *u, const uint8_t *id, size_t n_id, char *dst, size_t n_dst)
{
        char serial[UNIT_MEDIUM_ID_MAX + 1] = "";

        if (n_id > 0)
                text_from_field(serial, sizeof(serial), id, n_id);
        if (u->barcode[0] && serial[0])
                snprintf(dst, n_dst, "cartridge %s, serial number %s,", u->barcode, serial);
        else if (u->barcode[0] || serial[0])
                snprintf(dst, n_dst, "cartridge %s%s", serial[0] ? "with serial number " : "",
                         serial[0] ? serial : u->barcode);
        else
                snprintf(dst, n_dst, "a cartridge that the drive does not name");
}

void unit_note_cartridge(Unit *u, const StepResult *r, size_t n_id, const uint8_t *id, bool known)
{
        char text[sizeof(u->cartridge)];

        learn_barcode(u, r);
        describe(u, id, n_id, text, sizeof(text));
        if (text_equal(text, u->cartridge))
                return;
        memcpy(u->cartridge, text, sizeof(text));
        if (known)
                return; /* to a predecessor, which has said so */
        u->tally.n_cartridges++;
        unit_push_event(u, "medium-changed", "%s is in the drive", text);
}

void unit_note_no_cartridge(Unit *u)
{
        if (u->cartridge[0])
                unit_push_event(u, "medium-removed", "%s was taken out", u->cartridge);
        u->cartridge[0] = u->barcode[0] = '\0';
}
