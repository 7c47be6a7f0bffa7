/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing of objects: SSC-4 6.5 (READ), 6.9 (WRITE), 6.10 (WRITE FILEMARKS), 6.3 (ERASE), VERIFY,
 * FORMAT MEDIUM. The 16-byte forms carry the position; they go there first and then are the 6-byte ones. */

#include "model/drive.h"

#include <errno.h>
#include <string.h>

typedef struct Transfer {
        bool fixed, sili;
        uint32_t count;      /* blocks if fixed, else bytes */
        uint32_t block_size; /* if fixed */
} Transfer;

static bool long_form(const ModelCall *call)
{
        return call->cdb[0] >= 0x80;
}

/* False after ending the call. */
static bool go_where_cdb_says(ModelDrive *d, ModelCall *call)
{
        return !long_form(call) || drive_locate(d, call, call->cdb[3], get_be(call->cdb + 4, 8));
}

static bool transfer_parse(ModelDrive *d, ModelCall *call, bool write, Transfer *ret)
{
        ret->fixed = call->cdb[1] & 1;
        ret->sili = !write && call->cdb[1] & 2;
        ret->count = (uint32_t) get_be(call->cdb + (long_form(call) ? 12 : 2), 3);
        ret->block_size = d->mode.block_size;
        if ((ret->fixed && (ret->sili || ret->block_size == 0)) ||
            (!ret->fixed && ret->count > DRIVE_BLOCK_MAX)) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return false;
        }
        return go_where_cdb_says(d, call);
}

const MediumObject *drive_object(const ModelDrive *d)
{
        const MediumTape *t = drive_tape(d);

        return d->position < t->n_objects ? &t->objects[d->position] : NULL;
}

void drive_end_of_data(ModelDrive *d, ModelCall *call, int64_t residue)
{
        Sense sense = {.key = d->vague_end_of_data ? SENSE_NO_SENSE : SENSE_BLANK_CHECK,
                       .code = ASC_END_OF_DATA,
                       .eom = medium_in_early_warning(drive_tape(d), d->position),
                       .information_valid = residue >= 0,
                       .information = residue};

        call_sense(call, &sense);
}

static void read_stopped(ModelDrive *d, ModelCall *call, const MediumObject *o, uint32_t residue)
{
        Sense filemark = {.code = ASC_FILEMARK_DETECTED,
                          .filemark = true,
                          .information_valid = true,
                          .information = residue};

        if (!o) {
                drive_end_of_data(d, call, residue);
                return;
        }
        d->position++;
        call_sense(call, &filemark);
}

static void wrong_length(ModelCall *call, int64_t residue)
{
        Sense sense = {.ili = true, .information_valid = true, .information = residue};

        call_sense(call, &sense);
}

static void count_read(ModelDrive *d, uint32_t n)
{
        d->counts.bytes_read += n;
        d->medium->bytes_read += n;
}

static void read_variable(ModelDrive *d, ModelCall *call, const Transfer *t)
{
        const MediumObject *o = drive_object(d);
        uint32_t n;

        if (!o || !o->data) {
                read_stopped(d, call, o, t->count);
                return;
        }
        if (!drive_may_read(d, call, o))
                return;
        n = o->n_data + drive_protection_read(d);
        call->result->n_transferred = (uint32_t) drive_copy_block(
                d, o, call->data, t->count < call->n_data ? t->count : call->n_data);
        d->position++;
        count_read(d, o->n_data);
        if (n == t->count || (t->sili && (n < t->count || t->block_size == 0)))
                return;
        wrong_length(call, (int64_t) t->count - n);
}

static void read_fixed(ModelDrive *d, ModelCall *call, const Transfer *t)
{
        uint32_t room = call->n_data / t->block_size;

        for (uint32_t i = 0; i < t->count; i++) {
                const MediumObject *o = drive_object(d);

                if (!o || !o->data) {
                        read_stopped(d, call, o, t->count - i);
                        return;
                }
                if (!drive_may_read(d, call, o))
                        return;
                d->position++;
                if (o->n_data + drive_protection_read(d) != t->block_size) {
                        wrong_length(call, t->count - i);
                        return;
                }
                count_read(d, o->n_data);
                if (i >= room)
                        continue;
                call->result->n_transferred += (uint32_t) drive_copy_block(
                        d, o, call->data + (size_t) i * t->block_size, t->block_size);
        }
}

void drive_read(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        Transfer t;

        if (!transfer_parse(d, call, false, &t) || t.count == 0)
                return;
        drive_flush(d);
        if (t.fixed)
                read_fixed(d, call, &t);
        else
                read_variable(d, call, &t);
}

/* VERIFY(6), SSC-4 6.13, without BYTCMP: a READ of which no data are sent. */
void drive_verify(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        Transfer t;

        if (call->cdb[1] & 2) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        if (!transfer_parse(d, call, true, &t) || t.count == 0)
                return;
        drive_flush(d);
        call->n_data = 0;
        if (t.fixed)
                read_fixed(d, call, &t);
        else
                read_variable(d, call, &t);
}

/* One object at the position. -ENOSPC: end of medium; -EBADMSG: its protection is wrong; -ENOMEM. */
static int write_object(ModelDrive *d, const uint8_t *data, uint32_t n)
{
        MediumTape *m = drive_tape(d);
        bool keep_old = d->old_data_visible && d->n_buffer > 0 && d->mode.buffered;
        int r;

        if (data && !drive_protection_holds(d, data, n))
                return -EBADMSG;
        n -= data ? drive_protection_written(d) : 0;
        if (data && medium_bytes_before(m, d->position) + n > m->capacity)
                return -ENOSPC;
        r = medium_write(m, d->position, data, n, data ? drive_key_to_write(d) : 0, keep_old);
        if (r < 0)
                return r;
        d->position++;
        d->counts.bytes_written += n;
        d->medium->bytes_written += n;
        if (d->n_unflushed < d->n_buffer)
                d->n_unflushed++;
        return 0;
}

static void write_failed(ModelCall *call, int error, uint32_t residue)
{
        bool corrupt = error == -EBADMSG;
        Sense sense = {.key = error == -ENOSPC ? SENSE_VOLUME_OVERFLOW
                              : corrupt        ? SENSE_ABORTED_COMMAND
                                               : SENSE_HARDWARE_ERROR,
                       .code = error == -ENOSPC ? ASC_EARLY_WARNING
                               : corrupt        ? ASC_BLOCK_GUARD_CHECK_FAILED
                                                : ASC_INTERNAL_TARGET_FAILURE,
                       .eom = error == -ENOSPC,
                       .information_valid = true,
                       .information = residue};

        call_sense(call, &sense);
}

/* After everything was written: EOM beyond early warning, SSC-4 4.2.5. */
static void warn_early(ModelDrive *d, ModelCall *call)
{
        Sense sense = {.code = ASC_EARLY_WARNING, .eom = true, .information_valid = true};

        if (medium_in_early_warning(drive_tape(d), d->position))
                call_sense(call, &sense);
}

void drive_write(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        uint32_t n_blocks, n_block;
        const uint8_t *data;
        Transfer t;

        if (!transfer_parse(d, call, true, &t) || t.count == 0)
                return;
        n_blocks = t.fixed ? t.count : 1;
        n_block = t.fixed ? t.block_size : t.count;
        data = call_data_out(call, (size_t) n_blocks * n_block);
        for (uint32_t i = 0; data && i < n_blocks; i++) {
                int r = write_object(d, data + (size_t) i * n_block, n_block);

                if (r < 0) {
                        call->result->n_transferred = i * n_block;
                        write_failed(call, r, t.count - (t.fixed ? i : 0));
                        return;
                }
        }
        if (!d->mode.buffered)
                drive_flush(d);
        if (data)
                warn_early(d, call);
}

void drive_write_filemarks(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        bool immediate = call->cdb[1] & 1, setmarks = call->cdb[1] & 2;
        uint32_t count = (uint32_t) get_be(call->cdb + (long_form(call) ? 12 : 2), 3);

        if (setmarks && !long_form(call)) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        if (!go_where_cdb_says(d, call))
                return;
        for (uint32_t i = 0; i < count; i++) {
                int r = write_object(d, NULL, 0);

                if (r < 0) {
                        write_failed(call, r, count - i);
                        return;
                }
        }
        if (!immediate || !d->mode.buffered)
                drive_flush(d);
        if (count > 0)
                warn_early(d, call);
}

/* Short and long are the same to LTO: end of data is here. The position stays. */
void drive_erase(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);

        if (!go_where_cdb_says(d, call))
                return;
        drive_flush(d);
        medium_truncate(drive_tape(d), d->position, false);
}

/* Format 1: as the medium partition page says. */
void drive_format_medium(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        uint8_t format = call->cdb[2] & 0xf;

        if (d->position != 0 || d->partition != 0) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_POSITION_PAST_BEGINNING);
                return;
        }
        if (format > 1) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        drive_flush(d);
        medium_format(d->medium, format == 1 ? 1u + d->mode.n_extra_partitions : 1);
}
