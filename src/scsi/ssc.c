/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Positions, block limits and the CDBs that move the tape. The position is the heart of every resume,
 * therefore it is either complete and known or not there: a short reply is refused instead of read as zeros,
 * which would mean the beginning of tape. */

#include "scsi/ssc.h"

#include <errno.h>

#include "scsi/opcode.h"
#include "util/bytes.h"
#include "util/cleanup.h"

/* Byte 0 of all forms, SSC-4 tables 62, 63, 64. */
enum {
        POSITION_BOP = 0x80,
        POSITION_EOP = 0x40,
        POSITION_OBJECTS_UNKNOWN = 0x20, /* short and extended form: LOCU */
        POSITION_BYTES_UNKNOWN = 0x10,   /* short and extended form: BYCU */
        POSITION_FILE_UNKNOWN = 0x08,    /* long form: MPU */
        POSITION_OBJECT_UNKNOWN = 0x04,  /* LOLU; LONU in the long form */
        POSITION_PERR = 0x02,            /* short and extended form: some number here has overflowed */
        POSITION_BPEW = 0x01,
};

static void parse_short(ByteReader *r, TapePosition *p)
{
        p->partition = reader_u8(r);
        reader_skip(r, 2);
        p->object = reader_u32(r);
        p->last_object = reader_u32(r);
        reader_skip(r, 1);
        p->n_buffer_objects = reader_u24(r);
        p->n_buffer_bytes = reader_u32(r);
}

static void parse_long(ByteReader *r, TapePosition *p)
{
        reader_skip(r, 3);
        p->partition = reader_u32(r);
        p->object = reader_u64(r);
        p->file = reader_u64(r);
        reader_skip(r, 8);
}

static void parse_extended(ByteReader *r, TapePosition *p)
{
        p->partition = reader_u8(r);
        reader_skip(r, 3);
        p->n_buffer_objects = reader_u24(r);
        p->object = reader_u64(r);
        p->last_object = reader_u64(r);
        p->n_buffer_bytes = reader_u64(r);
}

int ssc_parse_position(ReadPositionForm form, const uint8_t *data, size_t n_data, TapePosition *ret)
{
        ByteReader r = byte_reader(data, n_data);
        uint8_t flags = reader_u8(&r);
        bool overflow = form != READ_POSITION_LONG && flags & POSITION_PERR;
        bool counters = form != READ_POSITION_LONG && !overflow;
        TapePosition p = {
                .bop = flags & POSITION_BOP,
                .eop = flags & POSITION_EOP,
                .bpew = flags & POSITION_BPEW,
                .object_known = !(flags & POSITION_OBJECT_UNKNOWN) && !overflow,
                .file_known = form == READ_POSITION_LONG && !(flags & POSITION_FILE_UNKNOWN),
                .buffer_objects_known = counters && !(flags & POSITION_OBJECTS_UNKNOWN),
                .buffer_bytes_known = counters && !(flags & POSITION_BYTES_UNKNOWN),
        };

        switch (form) {
        case READ_POSITION_SHORT:
                parse_short(&r, &p);
                break;
        case READ_POSITION_LONG:
                parse_long(&r, &p);
                break;
        case READ_POSITION_EXTENDED:
                parse_extended(&r, &p);
                break;
        default:
                return -EBADMSG;
        }
        if (r.failed)
                return -EBADMSG;
        *ret = p;
        return 0;
}

int ssc_parse_block_limits(const uint8_t *data, size_t n_data, BlockLimits *ret)
{
        ByteReader r = byte_reader(data, n_data);
        BlockLimits limits = {
                .granularity = reader_u8(&r) & 0x1f,
                .max = reader_u24(&r),
                .min = reader_u16(&r),
        };

        if (r.failed)
                return -EBADMSG;
        *ret = limits;
        return 0;
}

int ssc_clamp_block_limits(const uint8_t *cdb, size_t n_cdb, uint8_t *data, size_t n_data, uint32_t max)
{
        uint64_t real;

        if (n_cdb > 1 && cdb[1] & 0x01)
                return 0;
        if (n_data < 4)
                return -EBADMSG;
        real = get_be(data + 1, 3);
        if (real == 0 || real > max)
                put_be(data + 1, max, 3);
        return 0;
}

/* Where the fields of a CDB are; 0 where there is no such field. */
typedef struct TapeLayout {
        uint8_t opcode;
        uint8_t immed, fixed, sili, change_partition; /* masks in byte 1 */
        uint8_t code;                                 /* mask in byte 1, from bit 0 */
        uint8_t count_at, n_count;
        bool count_is_signed;
        uint8_t partition_at, object_at, n_object;
} TapeLayout;

/* clang-format off */

/* SSC-4 clauses 5 (explicit address commands), 6 (implicit ones) and 7 (common ones). */
static const TapeLayout layouts[] = {
        /* opcode              immed fixed sili  cp    code  count      partition, object */
        {OP_REWIND,             0x01, 0,    0,    0,    0,     0, 0, false, 0, 0, 0},
        {OP_READ_6,             0,    0x01, 0x02, 0,    0,     2, 3, false, 0, 0, 0},
        {OP_WRITE_6,            0,    0x01, 0,    0,    0,     2, 3, false, 0, 0, 0},
        {OP_READ_REVERSE_6,     0,    0x01, 0x02, 0,    0,     2, 3, false, 0, 0, 0},
        {OP_WRITE_FILEMARKS_6,  0x01, 0,    0,    0,    0,     2, 3, false, 0, 0, 0},
        {OP_SPACE_6,            0,    0,    0,    0,    0x0f,  2, 3, true,  0, 0, 0},
        {OP_VERIFY_6,           0x04, 0x01, 0,    0,    0,     2, 3, false, 0, 0, 0},
        {OP_ERASE_6,            0x02, 0,    0,    0,    0,     0, 0, false, 0, 0, 0},
        {OP_LOAD_UNLOAD,        0x01, 0,    0,    0,    0,     0, 0, false, 0, 0, 0},
        {OP_LOCATE_10,          0x01, 0,    0,    0x02, 0,     0, 0, false, 8, 3, 4},
        {OP_WRITE_FILEMARKS_16, 0x01, 0,    0,    0,    0,    12, 3, false, 3, 4, 8},
        {OP_READ_REVERSE_16,    0,    0x01, 0x02, 0,    0,    12, 3, false, 3, 4, 8},
        {OP_READ_16,            0,    0x01, 0x02, 0,    0,    12, 3, false, 3, 4, 8},
        {OP_WRITE_16,           0,    0x01, 0,    0,    0,    12, 3, false, 3, 4, 8},
        {OP_VERIFY_16,          0x04, 0x01, 0,    0,    0,    12, 3, false, 3, 4, 8},
        {OP_SPACE_16,           0,    0,    0,    0,    0x0f,  4, 8, true,  0, 0, 0},
        {OP_LOCATE_16,          0x01, 0,    0,    0x02, 0,     0, 0, false, 3, 4, 8},
        {OP_ERASE_16,           0x02, 0,    0,    0,    0,     0, 0, false, 3, 4, 8},
};

/* clang-format on */

static const TapeLayout *find_layout(uint8_t opcode)
{
        for (size_t i = 0; i < ELEMENTSOF(layouts); i++)
                if (layouts[i].opcode == opcode)
                        return &layouts[i];
        return NULL;
}

/* What only one command has. */
static void take_special(const uint8_t *cdb, TapeCommand *c)
{
        switch (c->opcode) {
        case OP_LOAD_UNLOAD:
                c->load = cdb[4] & 0x01;
                c->eot = cdb[4] & 0x04;
                break;
        case OP_ERASE_6:
        case OP_ERASE_16:
                c->long_erase = cdb[1] & 0x01;
                break;
        case OP_LOCATE_16:
                c->destination = cdb[1] >> 3 & 0x03;
                break;
        default:
                break;
        }
}

int ssc_parse_command(const uint8_t *cdb, size_t n_cdb, TapeCommand *ret)
{
        const TapeLayout *layout;
        TapeCommand c = {};

        if (n_cdb == 0)
                return -EBADMSG;
        layout = find_layout(cdb[0]);
        if (!layout)
                return -EOPNOTSUPP;
        if (n_cdb < scsi_cdb_length(cdb, n_cdb))
                return -EBADMSG;
        c.opcode = cdb[0];
        c.immed = cdb[1] & layout->immed;
        c.fixed = cdb[1] & layout->fixed;
        c.sili = cdb[1] & layout->sili;
        c.code = cdb[1] & layout->code;
        c.change_partition = cdb[1] & layout->change_partition;
        if (layout->n_count > 0) {
                uint64_t count = get_be(cdb + layout->count_at, layout->n_count);

                c.count = layout->count_is_signed ? sign_extend(count, layout->n_count) : (int64_t) count;
        }
        if (layout->partition_at > 0)
                c.partition = cdb[layout->partition_at];
        if (layout->n_object > 0)
                c.object = get_be(cdb + layout->object_at, layout->n_object);
        take_special(cdb, &c);
        *ret = c;
        return 0;
}
