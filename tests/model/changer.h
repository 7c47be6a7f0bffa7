/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of a changer, for its own files. */

#include "model/drive.h"

#define FIRST_TRANSPORT     1
#define FIRST_DRIVE         256
#define FIRST_IMPORT_EXPORT 768
#define FIRST_STORAGE       1024

typedef enum ElementType {
        ELEMENT_TRANSPORT = 1,
        ELEMENT_STORAGE = 2,
        ELEMENT_IMPORT_EXPORT = 3,
        ELEMENT_DRIVE = 4,
        _ELEMENT_TYPE_MAX,
} ElementType;

typedef struct Element {
        ElementType type;
        uint16_t address;
        ModelMedium *medium; /* in a drive: the drive knows */
        ModelDrive *drive;
        uint16_t source; /* storage element that the cartridge came from, 0: none */
        bool by_operator;
} Element;

struct ModelChanger {
        ModelUnit unit;    /* first: handlers get it and cast */
        Element *elements; /* by ascending address */
        size_t n_elements, n_slots;
        ModelMedium **owned;
        size_t n_owned;
        unsigned stop_before; /* step of the next move, 0: none */
};

static inline ModelChanger *changer_of(ModelUnit *u)
{
        return (ModelChanger *) u;
}

Element *changer_element(ModelChanger *c, uint64_t address);
size_t changer_count(const ModelChanger *c, ElementType type);
ModelMedium *element_medium(const Element *e);

void changer_move_medium(ModelUnit *u, ModelCall *call);
void changer_exchange_medium(ModelUnit *u, ModelCall *call);
void changer_position(ModelUnit *u, ModelCall *call);
void changer_element_status(ModelUnit *u, ModelCall *call);
void changer_mode_sense(ModelUnit *u, ModelCall *call);
void changer_log_sense(ModelUnit *u, ModelCall *call);
