/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program set and a reset of the drive undoes: mode parameters, PREVENT, RESERVE. Kept as it was sent,
 * one parameter list for each page, newest last, and sent again in that order. What cannot be kept is noted,
 * so that a resume after a reset is refused instead of going on with other settings. */

#include <string.h>

#include "hold/unit-internal.h"
#include "util/bytes.h"

/* Header and block descriptors before the first page: SPC-4 7.5.4. Block length of the first descriptor into
 * *ret_block_length, or -1. */
static size_t parse_header(bool is_10, const uint8_t *data, size_t n_data, int64_t *ret_block_length)
{
        ByteReader r = byte_reader(data, n_data);
        size_t n_descriptors;

        reader_skip(&r, is_10 ? 6 : 3);
        n_descriptors = reader_be(&r, is_10 ? 2 : 1);
        *ret_block_length = -1;
        if (n_descriptors >= 8) {
                reader_skip(&r, 5);
                *ret_block_length = reader_u24(&r);
                if (r.failed)
                        *ret_block_length = -1;
        }
        return (is_10 ? 8 : 4) + n_descriptors;
}

static void set_block_length(Unit *u, int64_t length)
{
        if (length < 0)
                return;
        u->record.block_length = (uint32_t) length;
        u->record.block_fixed = length > 0;
}

void unit_learn_block_length(Unit *u, const uint8_t *data, size_t n_data)
{
        int64_t length;

        parse_header(false, data, n_data, &length);
        set_block_length(u, length);
}

static void drop_mode(UnitRecord *r, size_t i)
{
        r->n_modes--;
        memmove(&r->modes[i], &r->modes[i + 1], (r->n_modes - i) * sizeof(r->modes[0]));
}

/* Several subpages share a page code: none is kept. */
static bool is_subpage(const uint8_t *data, size_t first_page, size_t n_data)
{
        return first_page < n_data && data[first_page] & 0x40;
}

/* Medium Partition page with POFM: it is FORMAT MEDIUM that partitions, by what this one said. Without it
 * MODE SELECT does so itself, and must not be sent again. SSC-4 8.5.4. */
static bool formats_later(const uint8_t *data, size_t first_page, size_t n_data)
{
        return first_page + 4 < n_data && data[first_page + 4] & 0x04;
}

/* What is written now must not be partitioned away by a drive that does not know POFM. */
void unit_forget_partitioning(Unit *u)
{
        for (size_t i = 0; i < u->record.n_modes; i++)
                if (u->record.modes[i].page == 0x11) {
                        drop_mode(&u->record, i);
                        return;
                }
}

static void remember_mode_select(Unit *u, const UnitCommand *c)
{
        UnitRecord *r = &u->record;
        bool is_10 = c->opcode->opcode == OP_MODE_SELECT_10;
        const uint8_t *data = c->data;
        int64_t block_length;
        size_t first_page;
        UnitMode mode = {.opcode = c->opcode->opcode, .cdb1 = c->cdb[1]};

        first_page = parse_header(is_10, data, c->n_data, &block_length);
        set_block_length(u, block_length);
        mode.page = first_page < c->n_data ? data[first_page] & 0x3f : 0;
        if (mode.page == 0x11 && !formats_later(data, first_page, c->n_data))
                return;
        for (size_t i = 0; i < r->n_modes; i++)
                if (r->modes[i].page == mode.page) {
                        drop_mode(r, i);
                        break;
                }
        if (c->n_data > UNIT_MODE_SIZE || r->n_modes >= UNIT_MODES_MAX ||
            is_subpage(data, first_page, c->n_data)) {
                r->unrestorable |= UNRESTORABLE_MODE;
                return;
        }
        mode.n_data = (uint8_t) c->n_data;
        if (c->n_data > 0)
                memcpy(mode.data, data, c->n_data);
        r->modes[r->n_modes++] = mode;
}

/* Set Data Encryption page of protocol 20h, SSC-4 8.5.3.2: encryption and decryption mode both off. */
static bool disables_encryption(const UnitCommand *c)
{
        const uint8_t *data = c->data;

        return c->cdb[1] == 0x20 && get_be(c->cdb + 2, 2) == 0x0010 && c->n_data >= 8 && data[6] == 0 &&
               data[7] == 0;
}

static void set_bit(uint8_t *bits, HoldUnrestorable bit, bool on)
{
        *bits = (uint8_t) (on ? *bits | bit : *bits & ~bit);
}

void unit_remember_setting(Unit *u, const UnitCommand *c)
{
        UnitRecord *r = &u->record;
        uint8_t action = c->cdb[1] & 0x1f;

        if (c->n_data > 0 && !c->data) { /* aborted */
                r->unrestorable |= c->opcode->opcode == OP_SECURITY_PROTOCOL_OUT ? UNRESTORABLE_ENCRYPTION
                                                                                 : UNRESTORABLE_MODE;
                return;
        }

        switch (c->opcode->opcode) {
        case OP_MODE_SELECT_6:
        case OP_MODE_SELECT_10:
                remember_mode_select(u, c);
                break;
        case OP_PREVENT_ALLOW:
                r->prevent = c->cdb[4] & 3;
                break;
        case OP_RESERVE_6:
        case OP_RESERVE_10:
                r->reserved = 1;
                break;
        case OP_RELEASE_6:
        case OP_RELEASE_10:
                r->reserved = 0;
                break;
        case OP_PERSISTENT_RESERVE_OUT:
                set_bit(&r->unrestorable, UNRESTORABLE_RESERVATION,
                        action != 2 && action != 3); /* RELEASE, CLEAR */
                break;
        case OP_SECURITY_PROTOCOL_OUT:
                if (u->config.type == DEVICE_TAPE)
                        set_bit(&r->unrestorable, UNRESTORABLE_ENCRYPTION, !disables_encryption(c));
                break;
        default:
                break;
        }
}
