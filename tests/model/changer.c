/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A media changer: its elements, its table of commands, and cartridges that an operator puts in and takes
 * out. */

#include "model/changer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define ANY   SERVICE_ACTION_ANY
#define QUIET COMMAND_QUIET
#define READY COMMAND_NEEDS_READY

/* clang-format off */
static const ModelCommand changer_commands[] = {
        { OP_TEST_UNIT_READY,                      ANY,  6, READY, 60,   unit_nothing,            "TEST UNIT READY" },
        { OP_REQUEST_SENSE,                        ANY,  6, QUIET, 60,   unit_request_sense,      "REQUEST SENSE" },
        { OP_INITIALIZE_ELEMENT_STATUS,            ANY,  6, READY, 3600, unit_nothing,            "INITIALIZE ELEMENT STATUS" },
        { OP_INQUIRY,                              ANY,  6, QUIET, 60,   unit_inquiry,            "INQUIRY" },
        { OP_RESERVE_6,                            ANY,  6, 0,     60,   unit_reserve,            "RESERVE(6)" },
        { OP_RELEASE_6,                            ANY,  6, 0,     60,   unit_release,            "RELEASE(6)" },
        { OP_MODE_SENSE_6,                         ANY,  6, 0,     60,   changer_mode_sense,      "MODE SENSE(6)" },
        { OP_SEND_DIAGNOSTIC,                      ANY,  6, 0,     600,  unit_nothing,            "SEND DIAGNOSTIC" },
        { OP_PREVENT_ALLOW,                        ANY,  6, 0,     60,   unit_prevent_allow,      "PREVENT ALLOW MEDIUM REMOVAL" },
        { OP_LOCATE_10,                            ANY, 10, READY, 600,  changer_position,        "POSITION TO ELEMENT" },
        { OP_INITIALIZE_ELEMENT_STATUS_WITH_RANGE, ANY, 10, READY, 3600, unit_nothing,            "INITIALIZE ELEMENT STATUS WITH RANGE" },
        { OP_LOG_SENSE,                            ANY, 10, 0,     60,   changer_log_sense,       "LOG SENSE" },
        { OP_MODE_SENSE_10,                        ANY, 10, 0,     60,   changer_mode_sense,      "MODE SENSE(10)" },
        { OP_PERSISTENT_RESERVE_IN,                ANY, 10, 0,     60,   unit_reserve_in,         "PERSISTENT RESERVE IN" },
        { OP_PERSISTENT_RESERVE_OUT,               ANY, 10, 0,     60,   unit_reserve_out,        "PERSISTENT RESERVE OUT" },
        { OP_REPORT_LUNS,                          ANY, 12, QUIET, 60,   unit_report_luns,        "REPORT LUNS" },
        { OP_MAINTENANCE_IN,                       0xc, 12, 0,     60,   unit_report_opcodes,     "REPORT SUPPORTED OPERATION CODES" },
        { OP_MOVE_MEDIUM,                          ANY, 12, READY, 1200, changer_move_medium,     "MOVE MEDIUM" },
        { OP_EXCHANGE_MEDIUM,                      ANY, 12, READY, 1200, changer_exchange_medium, "EXCHANGE MEDIUM" },
        { OP_READ_ELEMENT_STATUS,                  ANY, 12, 0,     600,  changer_element_status,  "READ ELEMENT STATUS" },
};
/* clang-format on */

static bool changer_check_ready(ModelUnit *u, ModelCall *call)
{
        return true;
}

static void add_elements(ModelChanger *c, ElementType type, uint16_t first, size_t n, ModelDrive **drives)
{
        for (size_t i = 0; i < n; i++)
                c->elements[c->n_elements++] = (Element){
                        .type = type, .address = (uint16_t) (first + i), .drive = drives ? drives[i] : NULL};
}

ModelChanger *model_changer_new(const ModelChangerConfig *config)
{
        size_t n_transports = config->n_transports > 0 ? config->n_transports : 1;
        size_t n = n_transports + config->n_drives + config->n_import_export + config->n_slots;
        ModelChanger *c = calloc(1, sizeof(*c));
        ModelUnit *u;

        if (!c || !(c->elements = calloc(n, sizeof(*c->elements))))
                return model_changer_free(c);
        u = &c->unit;
        u->type = DEVICE_CHANGER;
        snprintf(u->vendor, sizeof(u->vendor), "%s", config->vendor);
        snprintf(u->product, sizeof(u->product), "%s", config->product);
        snprintf(u->revision, sizeof(u->revision), "%s", config->revision);
        snprintf(u->serial, sizeof(u->serial), "%s", config->serial);
        u->naa = config->naa;
        u->commands = changer_commands;
        u->n_commands = ELEMENTSOF(changer_commands);
        u->check_ready = changer_check_ready;
        c->n_slots = config->n_slots;
        add_elements(c, ELEMENT_TRANSPORT, FIRST_TRANSPORT, n_transports, NULL);
        add_elements(c, ELEMENT_DRIVE, FIRST_DRIVE, config->n_drives, config->drives);
        add_elements(c, ELEMENT_IMPORT_EXPORT, FIRST_IMPORT_EXPORT, config->n_import_export, NULL);
        add_elements(c, ELEMENT_STORAGE, FIRST_STORAGE, config->n_slots, NULL);
        unit_attention(u, ASC_POWER_ON_RESET);
        return c;
}

ModelChanger *model_changer_free(ModelChanger *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_owned; i++)
                model_medium_free(c->owned[i]);
        free(c->owned);
        free(c->elements);
        free(c);
        return NULL;
}

void model_changer_execute(ModelChanger *c, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                           ScsiResult *ret)
{
        unit_execute(&c->unit, cdb, n_cdb, data, n_data, ret);
}

Element *changer_element(ModelChanger *c, uint64_t address)
{
        for (size_t i = 0; i < c->n_elements; i++)
                if (c->elements[i].address == address)
                        return &c->elements[i];
        return NULL;
}

size_t changer_count(const ModelChanger *c, ElementType type)
{
        size_t n = 0;

        for (size_t i = 0; i < c->n_elements; i++)
                n += c->elements[i].type == type;
        return n;
}

ModelMedium *element_medium(const Element *e)
{
        return e->drive ? model_drive_medium(e->drive) : e->medium;
}

static Element *slot_element(ModelChanger *c, size_t slot)
{
        return changer_element(c, slot < c->n_slots ? FIRST_STORAGE + slot
                                                    : FIRST_IMPORT_EXPORT + slot - c->n_slots);
}

/* What the operator did, told once, and not before the power-on that is still to be told. */
static void tell_access(ModelChanger *c, const Element *e)
{
        if (c->unit.n_attentions == 0)
                unit_attention(&c->unit, e->type == ELEMENT_IMPORT_EXPORT ? ASC_IMPORT_EXPORT_ACCESSED
                                                                          : ASC_MEDIUM_MAY_HAVE_CHANGED);
}

int model_changer_insert(ModelChanger *c, size_t slot, ModelMedium *m)
{
        Element *e = slot_element(c, slot);
        ModelMedium **owned;

        if (!e)
                return -ENOENT;
        if (e->medium)
                return -EBUSY;
        owned = realloc(c->owned, (c->n_owned + 1) * sizeof(*owned));
        if (!owned)
                return -ENOMEM;
        c->owned = owned;
        c->owned[c->n_owned++] = m;
        *e = (Element){.type = e->type, .address = e->address, .medium = m, .by_operator = true};
        tell_access(c, e);
        return 0;
}

ModelMedium *model_changer_remove(ModelChanger *c, size_t slot)
{
        Element *e = slot_element(c, slot);
        ModelMedium *m = e ? e->medium : NULL;

        if (!m)
                return NULL;
        for (size_t i = 0; i < c->n_owned; i++)
                if (c->owned[i] == m)
                        c->owned[i--] = c->owned[--c->n_owned];
        e->medium = NULL;
        tell_access(c, e);
        return m;
}

void model_changer_reset(ModelChanger *c, uint16_t code)
{
        unit_reset(&c->unit, code);
}

void model_changer_drop_in_picker(ModelChanger *c, unsigned step)
{
        c->stop_before = step;
}

void model_changer_inject(ModelChanger *c, uint8_t opcode, uint8_t key, uint16_t code)
{
        unit_inject(&c->unit, opcode, key, code);
}
