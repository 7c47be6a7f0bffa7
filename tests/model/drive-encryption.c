/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tape data encryption, SSC-4 8.5, as an LTO drive has it: one algorithm, AES-256-GCM, and one key, which a
 * reset or a loss of power takes away. The data themselves stay as they are: a block has the name of the key
 * it was written with, so that an oracle can see it. */

#include "model/drive.h"

#include <string.h>

#include "util/cleanup.h"

enum {
        PAGE_IN_SUPPORT = 0x0000,
        PAGE_OUT_SUPPORT = 0x0001,
        PAGE_CAPABILITIES = 0x0010,
        PAGE_SET = 0x0010,
        PAGE_STATUS = 0x0020,
        PROTOCOL_LIST = 0x00,
        PROTOCOL_ENCRYPTION = 0x20,
        ALGORITHM = 1,
        KEY_LENGTH = 32,
        CLEAR_ON_DEMOUNT = 0x04,
        SCOPE_LOCAL = 1,
};

/* FNV-1a: another name for another key; never 0. */
uint64_t model_key_name(const uint8_t *key, size_t n)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < n; i++)
                h = (h ^ key[i]) * UINT64_C(0x100000001b3);
        return h != 0 ? h : 1;
}

void drive_clear_key(ModelDrive *d)
{
        d->encryption = (DriveEncryption){.instance = d->encryption.instance + 1};
}

void drive_key_demounted(ModelDrive *d)
{
        if (d->encryption.bits & CLEAR_ON_DEMOUNT)
                drive_clear_key(d);
}

void drive_key_nexus_lost(ModelDrive *d)
{
        if (d->encryption.scope == SCOPE_LOCAL)
                drive_clear_key(d);
}

uint64_t drive_key_to_write(const ModelDrive *d)
{
        return d->encryption.encryption == 2 ? d->encryption.key : 0;
}

bool drive_may_read(ModelDrive *d, ModelCall *call, const MediumObject *o)
{
        const DriveEncryption *e = &d->encryption;
        uint16_t code = 0;

        if (o->key != 0 && e->decryption < 2)
                code = ASC_UNABLE_TO_DECRYPT;
        else if (o->key != 0 && o->key != e->key)
                code = ASC_INCORRECT_KEY;
        else if (o->key == 0 && e->decryption == 2)
                code = ASC_UNENCRYPTED_DATA;
        if (code != 0)
                call_check(call, SENSE_DATA_PROTECT, code);
        return code == 0;
}

/* ---- SECURITY PROTOCOL IN ---- */

static void begin_page(ByteWriter *w, uint16_t code, uint16_t length)
{
        writer_be(w, code, 2);
        writer_be(w, length, 2);
}

static void page_in_support(const ModelDrive *d, ByteWriter *w)
{
        begin_page(w, PAGE_IN_SUPPORT, 8);
        writer_be(w, PAGE_IN_SUPPORT, 2);
        writer_be(w, PAGE_OUT_SUPPORT, 2);
        writer_be(w, PAGE_CAPABILITIES, 2);
        writer_be(w, PAGE_STATUS, 2);
}

static void page_out_support(const ModelDrive *d, ByteWriter *w)
{
        begin_page(w, PAGE_OUT_SUPPORT, 2);
        writer_be(w, PAGE_SET, 2);
}

static void page_capabilities(const ModelDrive *d, ByteWriter *w)
{
        uint8_t *p;

        begin_page(w, PAGE_CAPABILITIES, 16 + 24);
        p = writer_space(w, 16);
        p[0] = 0x01; /* CFG_P: set by the host */
        p = writer_space(w, 24);
        p[0] = ALGORITHM;
        put_be(p + 2, 20, 2);
        p[4] = 0xba; /* AVFMV, MAC_C, DELB_C, DECRYPT_C and ENCRYPT_C: by the drive */
        put_be(p + 6, 32, 2);
        put_be(p + 8, 12, 2);
        put_be(p + 10, KEY_LENGTH, 2);
        put_be(p + 20, 0x00010014, 4); /* AES-256-GCM-128 */
}

static void page_status(const ModelDrive *d, ByteWriter *w)
{
        const DriveEncryption *e = &d->encryption;
        uint8_t *p;

        begin_page(w, PAGE_STATUS, 20);
        p = writer_space(w, 20);
        p[0] = (uint8_t) (e->scope << 5 | e->scope);
        p[1] = e->encryption;
        p[2] = e->decryption;
        p[3] = e->algorithm;
        put_be(p + 4, e->instance, 4);
}

static const struct {
        uint16_t page;
        void (*fill)(const ModelDrive *d, ByteWriter *w);
} page_table[] = {
        {PAGE_IN_SUPPORT, page_in_support},
        {PAGE_OUT_SUPPORT, page_out_support},
        {PAGE_CAPABILITIES, page_capabilities},
        {PAGE_STATUS, page_status},
};

void drive_security_in(ModelUnit *u, ModelCall *call)
{
        static const uint8_t protocols[] = {0, 0, 0, 0, 0, 0, 0, 2, PROTOCOL_LIST, PROTOCOL_ENCRYPTION};
        uint16_t page = (uint16_t) get_be(call->cdb + 2, 2);
        size_t allocation = get_be(call->cdb + 6, 4);
        uint8_t data[64];
        ByteWriter w = byte_writer(data, sizeof(data));

        if (call->cdb[1] == PROTOCOL_LIST && page == 0) {
                call_data_in(call, protocols, sizeof(protocols), allocation);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(page_table); i++)
                if (call->cdb[1] == PROTOCOL_ENCRYPTION && page_table[i].page == page) {
                        page_table[i].fill(drive_of(u), &w);
                        call_data_in(call, data, w.offset, allocation);
                        return;
                }
        call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

/* ---- SECURITY PROTOCOL OUT ---- */

/* False: a field of the parameter list is not as it must be. */
static bool parse_set(const uint8_t *p, size_t n, DriveEncryption *ret)
{
        ByteReader r = byte_reader(p, n);
        uint16_t code = reader_u16(&r), length = reader_u16(&r), n_key;
        uint8_t scope = reader_u8(&r), format;
        const uint8_t *key;

        ret->scope = scope >> 5;
        ret->bits = reader_u8(&r);
        ret->encryption = reader_u8(&r);
        ret->decryption = reader_u8(&r);
        ret->algorithm = reader_u8(&r);
        format = reader_u8(&r);
        reader_skip(&r, 8);
        n_key = reader_u16(&r);
        key = reader_bytes(&r, n_key);
        if (r.failed || code != PAGE_SET || length != n - 4 || ret->scope > 2 || ret->encryption > 2 ||
            ret->encryption == 1 || ret->decryption > 3 || ret->decryption == 1 || format != 0)
                return false;
        if (ret->encryption == 0 && ret->decryption == 0)
                return true;
        ret->key = model_key_name(key, n_key);
        return ret->algorithm == ALGORITHM && n_key == KEY_LENGTH;
}

void drive_security_out(ModelUnit *u, ModelCall *call)
{
        ModelDrive *d = drive_of(u);
        DriveEncryption e = {.instance = d->encryption.instance + 1};
        size_t n = get_be(call->cdb + 6, 4);
        const uint8_t *p;

        if (call->cdb[1] != PROTOCOL_ENCRYPTION || get_be(call->cdb + 2, 2) != PAGE_SET ||
            call->cdb[4] & 0x80) {
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
                return;
        }
        p = call_data_out(call, n);
        if (!p)
                return;
        if (parse_set(p, n, &e))
                d->encryption = e;
        else
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_PARAMETERS);
}
