/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A transport around another one that fails by a script, for tests: the losses that a real path shows once in
 * a year, on demand and repeatable. */

#include "transport/transport.h"

typedef enum FaultAction {
        FAULT_DROP,        /* refused by the path: SCSI_NOT_SENT */
        FAULT_LOSE_BEFORE, /* lost on the way there: SCSI_IN_DOUBT, not executed */
        FAULT_LOSE_AFTER,  /* lost on the way back: SCSI_IN_DOUBT, executed */
        FAULT_DELAY,       /* executed, the answer comes `delay` later */
        FAULT_ANSWER,      /* not executed, answered with `answer` */
        _FAULT_ACTION_MAX,
} FaultAction;

#define FAULT_ANY_OPCODE (-1)

typedef struct FaultRule {
        int opcode;   /* CDB byte 0, or FAULT_ANY_OPCODE */
        unsigned nth; /* strikes at the nth such command, counted from 1; 0: at each of them */
        FaultAction action;
        bool path_gone; /* FAULT_DROP, FAULT_LOSE_*: from then on every command is refused */
        usec_t delay;
        ScsiResult answer;
} FaultRule;

/* Puts itself between inner and its owner: takes inner over (on success) and calls back whom inner would have
 * called. The rules are borrowed for the transport's life; the first that strikes is applied. -ENOMEM. */
int transport_fault_new(Transport *inner, const FaultRule *rules, size_t n_rules, Transport **ret);
