/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving without data: REWIND, SPACE (SSC-4 6.8), LOCATE (6.4, 7.3), READ POSITION (6.6, 7.7). Whatever moves
 * writes the buffer out first, also with IMMED. */

#include <string.h>

#include "model/drive.h"

void drive_rewind(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);

        drive_flush(d);
        d->position = 0;
}

static void beginning_of_partition(ModelCall *call, uint64_t residue)
{
        Sense sense = {.code = ASC_BEGINNING_OF_PARTITION,
                       .eom = true,
                       .information_valid = true,
                       .information = (int64_t) residue};

        call_sense(call, &sense);
}

static void filemark_passed(ModelCall *call, uint64_t residue)
{
        Sense sense = {.code = ASC_FILEMARK_DETECTED,
                       .filemark = true,
                       .information_valid = true,
                       .information = (int64_t) residue};

        call_sense(call, &sense);
}

/* A filemark ends a space over blocks on its far side. */
static void space_blocks(ModelDrive *d, ModelCall *call, uint64_t count, bool back)
{
        bool forward = count > 0 && !back;

        for (; count > 0; count--) {
                const MediumObject *o;

                if (back && d->position == 0) {
                        beginning_of_partition(call, count);
                        return;
                }
                if (back)
                        d->position--;
                o = drive_object(d);
                if (!o) {
                        drive_end_of_data(d, call, (int64_t) count);
                        return;
                }
                if (!back)
                        d->position++;
                if (!o->data) {
                        filemark_passed(call, count);
                        return;
                }
        }
        if (forward && d->vague_end_of_data && !drive_object(d))
                drive_end_of_data(d, call, 0);
}

static void space_filemarks(ModelDrive *d, ModelCall *call, uint64_t count, bool back)
{
        while (count > 0) {
                const MediumObject *o;

                if (back && d->position == 0) {
                        beginning_of_partition(call, count);
                        return;
                }
                if (back)
                        d->position--;
                o = drive_object(d);
                if (!o) {
                        drive_end_of_data(d, call, (int64_t) count);
                        return;
                }
                if (!back)
                        d->position++;
                if (!o->data)
                        count--;
        }
}

void drive_space(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        bool sixteen = call->cdb[0] == OP_SPACE_16;
        int64_t count =
                sixteen ? sign_extend(get_be(call->cdb + 4, 8), 8) : sign_extend(get_be(call->cdb + 2, 3), 3);
        uint64_t magnitude = count < 0 ? -(uint64_t) count : (uint64_t) count;
        uint8_t code = call->cdb[1] & 0xf;

        if (code > 3 || code == 2) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        drive_flush(d);
        if (code == 3)
                d->position = drive_tape(d)->n_objects;
        else if (code == 0)
                space_blocks(d, call, magnitude, count < 0);
        else
                space_filemarks(d, call, magnitude, count < 0);
}

bool drive_locate(ModelDrive *d, ModelCall *call, uint64_t partition, uint64_t object)
{
        if (partition >= d->medium->n_partitions) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return false;
        }
        if (object == d->position && partition == d->partition)
                return true;
        drive_flush(d);
        d->partition = partition;
        if (object > drive_tape(d)->n_objects) {
                d->position = drive_tape(d)->n_objects;
                drive_end_of_data(d, call, -1);
                return false;
        }
        d->position = (size_t) object;
        return true;
}

void drive_locate_10(ModelUnit *u, ModelCall *call)
{
        bool change_partition = call->cdb[1] & 2;

        drive_flush(drive_of(u));
        (void) drive_locate(drive_of(u), call, change_partition ? call->cdb[8] : drive_of(u)->partition,
                            get_be(call->cdb + 3, 4));
}

/* File n begins after the n-th filemark. */
static void locate_file(ModelDrive *d, ModelCall *call, uint64_t file)
{
        const MediumTape *m = drive_tape(d);
        size_t low = 0, high = m->n_objects;

        if (file > medium_filemarks_before(m, m->n_objects)) {
                d->position = m->n_objects;
                drive_end_of_data(d, call, -1);
                return;
        }
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (medium_filemarks_before(m, middle) >= file)
                        high = middle;
                else
                        low = middle + 1;
        }
        d->position = low;
}

void drive_locate_16(ModelUnit *u, ModelCall *call)
{
        enum {
                OBJECT,
                FILE_IDENTIFIER,
                SET_IDENTIFIER,
                END_OF_DATA
        };
        ModelDrive *d = drive_of(u);
        uint8_t destination = call->cdb[1] >> 3 & 7;
        uint64_t partition = call->cdb[1] & 2 ? call->cdb[3] : d->partition,
                 target = get_be(call->cdb + 4, 8);
        bool explicit_mode = call->cdb[2] & 1;

        if (explicit_mode || partition >= d->medium->n_partitions || destination == SET_IDENTIFIER ||
            destination > END_OF_DATA) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        drive_flush(d);
        if (destination != OBJECT)
                d->partition = partition;
        if (destination == OBJECT)
                (void) drive_locate(d, call, partition, target);
        else if (destination == FILE_IDENTIFIER)
                locate_file(d, call, target);
        else
                d->position = drive_tape(d)->n_objects;
}

static uint8_t position_flags(const ModelDrive *d)
{
        return (uint8_t) ((d->position == 0 ? 0x80 : 0) |
                          (medium_in_early_warning(drive_tape(d), d->position) ? 0x40 : 0));
}

static uint32_t reported_buffer(const ModelDrive *d)
{
        return d->no_buffer_report ? 0 : d->optimistic_report ? (d->n_unflushed + 1) / 2 : d->n_unflushed;
}

static uint64_t reported_bytes(const ModelDrive *d)
{
        uint64_t bytes = 0;

        for (uint32_t i = 0; i < reported_buffer(d); i++)
                bytes += drive_tape(d)->objects[d->position - 1 - i].n_data;
        return bytes;
}

static size_t position_short(const ModelDrive *d, uint8_t *p)
{
        uint64_t first = d->position, last = first - reported_buffer(d);

        p[0] = position_flags(d);
        p[1] = (uint8_t) d->partition;
        if (first > UINT32_MAX) {
                p[0] |= 0x02; /* PERR */
                return 20;
        }
        put_be(p + 4, first, 4);
        put_be(p + 8, last, 4);
        put_be(p + 13, reported_buffer(d), 3);
        put_be(p + 16, reported_bytes(d), 4);
        return 20;
}

static size_t position_long(const ModelDrive *d, uint8_t *p)
{
        p[0] = position_flags(d);
        put_be(p + 4, d->partition, 4);
        put_be(p + 8, d->position, 8);
        put_be(p + 16, medium_filemarks_before(drive_tape(d), d->position), 8);
        return 32;
}

static size_t position_extended(const ModelDrive *d, uint8_t *p)
{
        p[0] = position_flags(d);
        p[1] = (uint8_t) d->partition;
        put_be(p + 2, 0x1c, 2);
        put_be(p + 5, reported_buffer(d), 3);
        put_be(p + 8, d->position, 8);
        put_be(p + 16, d->position - reported_buffer(d), 8);
        put_be(p + 24, reported_bytes(d), 8);
        return 32;
}

void drive_read_position(ModelUnit *u, ModelCall *call)
{
        const ModelDrive *d = drive_of(u);
        uint8_t data[32] = {0};
        uint64_t allocation = get_be(call->cdb + 7, 2);
        uint8_t form = call->cdb[1] & 0x1f;

        if (d->zero_position && (form <= 1 || form == 6))
                call_data_in(call, data, sizeof(data), form <= 1 ? 20 : 32);
        else if (form <= 1 && allocation == 0) /* 01h, the vendor-specific form: st asks for it */
                call_data_in(call, data, position_short(d, data), 20);
        else if (form == 6 && allocation == 0)
                call_data_in(call, data, position_long(d, data), 32);
        else if (form == 8)
                call_data_in(call, data, position_extended(d, data), allocation);
        else
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}
