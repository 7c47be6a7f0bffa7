/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logical block protection, SSC-5 4.2.9: a CRC-32C at the end of each block, in the transfer and in the block
 * length, and not on the medium. The model has a CRC of its own, bit by bit: it judges the one of util. */

#include "model/drive.h"

#include <string.h>

enum {
        METHOD_CRC32C = 2,
        LENGTH = 4,
        WRITES = 0x80,
        READS = 0x40,
};

uint32_t model_block_crc(const uint8_t *data, size_t n)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < n; i++) {
                crc ^= data[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        return ~crc;
}

bool drive_protection_select(DriveMode *mode, const uint8_t *p, size_t n)
{
        bool on = n >= 3 && p[0] != 0;

        if (n != DRIVE_PROTECTION_PAGE || (on && (p[0] != METHOD_CRC32C || p[1] != LENGTH)))
                return false;
        mode->protection_method = p[0];
        mode->protection_bits = on ? p[2] & 0xe0 : 0;
        return true;
}

void drive_protection_sense(const DriveMode *mode, uint8_t *p)
{
        p[0] = mode->protection_method;
        p[1] = mode->protection_method != 0 ? LENGTH : 0;
        p[2] = mode->protection_bits;
}

uint32_t drive_protection_written(const ModelDrive *d)
{
        return d->mode.protection_bits & WRITES ? LENGTH : 0;
}

uint32_t drive_protection_read(const ModelDrive *d)
{
        return d->mode.protection_bits & READS ? LENGTH : 0;
}

bool drive_protection_holds(const ModelDrive *d, const uint8_t *data, uint32_t n)
{
        return drive_protection_written(d) == 0 ||
               (n > LENGTH && model_block_crc(data, n - LENGTH) == get_be(data + n - LENGTH, LENGTH));
}

size_t drive_copy_block(const ModelDrive *d, const MediumObject *o, uint8_t *dst, size_t room)
{
        size_t n = o->n_data < room ? o->n_data : room, n_tail = drive_protection_read(d);
        uint8_t tail[LENGTH];

        if (n > 0 && !drive_tape(d)->no_data)
                memcpy(dst, o->data, n);
        if (n_tail == 0 || n == room)
                return n;
        put_be(tail, model_block_crc(o->data, o->n_data), LENGTH);
        if (n_tail > room - n)
                n_tail = room - n;
        memcpy(dst + n, tail, n_tail);
        return n + n_tail;
}
