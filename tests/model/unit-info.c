/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a model says it is, and what it says it can do: INQUIRY and VPD pages, REPORT LUNS, REPORT SUPPORTED
 * OPERATION CODES (straight from the table that dispatches), and the frame around mode pages. SPC-4. */

#include <string.h>

#include "model/unit.h"

#define T10_NUMBER_MAX (8 + 16 + UNIT_TEXT_MAX)

static void write_text(ByteWriter *w, const char *text, size_t width)
{
        uint8_t *p = writer_space(w, width);
        size_t n = strlen(text);

        if (!p)
                return;
        memset(p, ' ', width);
        memcpy(p, text, n < width ? n : width);
}

static void standard_inquiry(const ModelUnit *u, ByteWriter *w)
{
        writer_be(w, u->type, 1);
        writer_be(w, 0x80, 1); /* removable */
        writer_be(w, 6, 1);    /* SPC-4 */
        writer_be(w, 2, 1);
        writer_be(w, 91, 1);
        writer_be(w, 0, 2);
        writer_be(w, 2, 1); /* command queuing */
        write_text(w, u->vendor, 8);
        write_text(w, u->product, 16);
        write_text(w, u->revision, 4);
        (void) writer_space(w, 60);
}

static void vpd_serial(const ModelUnit *u, ByteWriter *w)
{
        writer_bytes(w, u->serial, strlen(u->serial));
}

static void vpd_designators(const ModelUnit *u, ByteWriter *w)
{
        writer_be(w, 0x02010000 | (24 + strlen(u->serial)),
                  4); /* ASCII, logical unit, T10 vendor identification */
        write_text(w, u->vendor, 8);
        write_text(w, u->product, 16);
        writer_bytes(w, u->serial, strlen(u->serial));
        if (u->naa == 0)
                return;
        writer_be(w, 0x01030008, 4); /* binary, logical unit, NAA */
        writer_be(w, u->naa, 8);
        writer_be(w, 0x61930008, 4); /* SAS target port, NAA: one more than the unit's, to be told apart */
        writer_be(w, u->naa + 1, 8);
        writer_be(w, 0x61940004, 4); /* relative target port */
        writer_be(w, 1, 4);
}

/* SSC-4 8.5.2: neither WORM nor TSMC. */
static void vpd_sequential(const ModelUnit *u, ByteWriter *w)
{
        writer_be(w, 0, 2);
}

static void vpd_supported(const ModelUnit *u, ByteWriter *w);

static const struct {
        uint8_t page;
        uint16_t types; /* bit per device type */
        void (*write)(const ModelUnit *u, ByteWriter *w);
} vpd_table[] = {
        {0x00, 1 << DEVICE_TAPE | 1 << DEVICE_CHANGER, vpd_supported},
        {0x80, 1 << DEVICE_TAPE | 1 << DEVICE_CHANGER, vpd_serial},
        {0x83, 1 << DEVICE_TAPE | 1 << DEVICE_CHANGER, vpd_designators},
        {0xb0, 1 << DEVICE_TAPE, vpd_sequential},
};

#define N_VPD (sizeof(vpd_table) / sizeof(vpd_table[0]))

static void vpd_supported(const ModelUnit *u, ByteWriter *w)
{
        for (size_t i = 0; i < N_VPD; i++)
                if (vpd_table[i].types & 1 << u->type)
                        writer_be(w, vpd_table[i].page, 1);
}

static bool vpd_inquiry(const ModelUnit *u, uint8_t page, ByteWriter *w)
{
        for (size_t i = 0; i < N_VPD; i++) {
                if (vpd_table[i].page != page || !(vpd_table[i].types & 1 << u->type))
                        continue;
                writer_be(w, u->type, 1);
                writer_be(w, page, 1);
                writer_be(w, 0, 2);
                vpd_table[i].write(u, w);
                put_be(w->data + 2, w->offset - 4, 2);
                return true;
        }
        return false;
}

void unit_inquiry(ModelUnit *u, ModelCall *call)
{
        uint8_t data[256];
        ByteWriter w = byte_writer(data, sizeof(data));
        bool evpd = call->cdb[1] & 1, ok = true;

        if (evpd)
                ok = vpd_inquiry(u, call->cdb[2], &w);
        else if (call->cdb[2] != 0)
                ok = false;
        else
                standard_inquiry(u, &w);
        if (!ok || call->cdb[1] & 0xfe)
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        else
                call_data_in(call, data, w.offset, get_be(call->cdb + 3, 2));
}

void unit_report_luns(ModelUnit *u, ModelCall *call)
{
        static const uint8_t only_lun_0[16] = {0, 0, 0, 8};

        call_data_in(call, only_lun_0, sizeof(only_lun_0), get_be(call->cdb + 6, 4));
}

static void write_timeout(ByteWriter *w, const ModelCommand *row)
{
        writer_be(w, 0x000a, 2);
        writer_be(w, 0, 2);
        writer_be(w, 0, 4);
        writer_be(w, row->timeout_s, 4);
}

static void report_all(ModelUnit *u, ModelCall *call, bool timeouts)
{
        uint8_t data[2048];
        ByteWriter w = byte_writer(data, sizeof(data));

        writer_be(&w, 0, 4);
        for (size_t i = 0; i < u->n_commands; i++) {
                const ModelCommand *row = &u->commands[i];
                bool has_action = row->service_action != SERVICE_ACTION_ANY;

                if (unit_command_disabled(u, row->opcode))
                        continue;
                writer_be(&w, row->opcode, 1);
                writer_be(&w, 0, 1);
                writer_be(&w, has_action ? row->service_action : 0, 2);
                writer_be(&w, 0, 1);
                writer_be(&w, (timeouts ? 2 : 0) | (has_action ? 1 : 0), 1);
                writer_be(&w, row->n_cdb, 2);
                if (timeouts)
                        write_timeout(&w, row);
        }
        put_be(data, w.offset - 4, 4);
        call_data_in(call, data, w.offset, get_be(call->cdb + 6, 4));
}

static void report_one(ModelUnit *u, ModelCall *call, bool timeouts)
{
        const uint8_t wanted[2] = {call->cdb[3], call->cdb[5] & 0x1f};
        const ModelCommand *row = unit_find_command(u, wanted);
        uint8_t data[64];
        ByteWriter w = byte_writer(data, sizeof(data));

        writer_be(&w, 0, 1);
        writer_be(&w, row ? 3 | (timeouts ? 0x80 : 0) : 1, 1);
        writer_be(&w, row ? row->n_cdb : 0, 2);
        if (row) {
                uint8_t *map = writer_space(&w, row->n_cdb);

                memset(map, 0xff, row->n_cdb);
                map[0] = row->opcode;
                if (timeouts)
                        write_timeout(&w, row);
        }
        call_data_in(call, data, w.offset, get_be(call->cdb + 6, 4));
}

void unit_report_opcodes(ModelUnit *u, ModelCall *call)
{
        uint8_t options = call->cdb[2] & 7;
        bool timeouts = call->cdb[2] & 0x80;

        if (options == 0)
                report_all(u, call, timeouts);
        else if (options <= 3)
                report_one(u, call, timeouts);
        else
                call_check(call, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

void call_mode_sense(ModelCall *call, uint8_t medium_type, uint8_t specific, const uint8_t *descriptor,
                     const void *pages, size_t n_pages)
{
        bool ten = call->cdb[0] == OP_MODE_SENSE_10;
        uint8_t data[256];
        ByteWriter w = byte_writer(data, sizeof(data));
        size_t allocation = ten ? get_be(call->cdb + 7, 2) : call->cdb[4];

        writer_be(&w, 0, ten ? 2 : 1);
        writer_be(&w, medium_type, 1);
        writer_be(&w, specific, 1);
        writer_be(&w, 0, ten ? 2 : 0);
        writer_be(&w, descriptor ? 8 : 0, ten ? 2 : 1);
        if (descriptor)
                writer_bytes(&w, descriptor, 8);
        writer_bytes(&w, pages, n_pages);
        put_be(data, w.offset - (ten ? 2 : 1), ten ? 2 : 1);
        call_data_in(call, data, w.offset, allocation);
}
