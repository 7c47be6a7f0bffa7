/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One model device behind a TCMU ring. */

#include <stddef.h>

#include "model/model.h"
#include "model/pace.h"
#include "tcmu/ring.h"
#include "util/time.h"

#define SERVED_LATENCY_MAX (10 * USEC_PER_SEC)

/* A command that was taken from the ring and not executed. */
typedef struct ServedWaiting {
        usec_t due; /* by CLOCK_MONOTONIC */
        TcmuRequest request;
} ServedWaiting;

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
        usec_t latency; /* of the link: each command is executed and answered so long after it came */
        ModelPace pace; /* of the tape */
        int timer;      /* runs out when the first that waits is due */
        bool held;      /* commands wait, from the first with held_from on */
        int held_from;  /* an opcode, or -1: any */
        bool gone; /* commands get BUSY, which ends as "no connection" once the kernel removes the device */
        ServedWaiting *waiting; /* in the order they came, which is the order of what is due */
        size_t n_waiting, n_allocated;
} ServedDevice;

/* Opens /dev/uioN. -errno. */
int served_open(ServedDevice *d, unsigned uio, size_t n_map);
void served_close(ServedDevice *d);
/* Takes all that is in the ring and answers it. -errno. */
int served_dispatch(ServedDevice *d);
/* The timer has run out: executes and answers what is due. -errno. */
int served_timer(ServedDevice *d);
/* What waits already keeps its time; nothing overtakes it. */
void served_set_latency(ServedDevice *d, usec_t latency);
/* MB/s, at most PACE_RATE_MAX; 0: as fast as it can. */
void served_set_rate(ServedDevice *d, uint64_t rate);
/* from: the opcode that the first command to wait must have, or -1. */
int served_hold(ServedDevice *d, bool hold, int from);
/* As a cut cable: whatever waits is not answered with its result. carry_out: it was executed all the same. */
int served_cut(ServedDevice *d, bool carry_out);
