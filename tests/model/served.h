/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One model device behind a TCMU ring. */

#include <stddef.h>

#include "model/model.h"
#include "tcmu/ring.h"

typedef struct ServedDevice {
        char name[24]; /* "drive1", "changer" */
        char backstore[32];
        unsigned number;   /* of its fabric, no two the same */
        ModelDrive *drive; /* one of the two */
        ModelChanger *changer;
        int uio;
        void *map;
        size_t n_map;
        TcmuRing ring;
        bool held;     /* commands wait, from the first with held_from on */
        int held_from; /* an opcode, or -1: any */
        bool gone; /* commands get BUSY, which ends as "no connection" once the kernel removes the device */
        TcmuRequest *waiting;
        size_t n_waiting, n_allocated;
} ServedDevice;

/* Opens /dev/uioN. -errno. */
int served_open(ServedDevice *d, unsigned uio, size_t n_map);
void served_close(ServedDevice *d);
/* Takes all that is in the ring and answers it. -errno. */
int served_dispatch(ServedDevice *d);
/* from: the opcode that the first command to wait must have, or -1. */
int served_hold(ServedDevice *d, bool hold, int from);
/* As a cut cable: whatever waits is not answered with its result. carry_out: it was executed all the same. */
int served_cut(ServedDevice *d, bool carry_out);
