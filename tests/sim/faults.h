/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What may happen around one command, as a table: what it does to the device, how much of the command was
 * executed, and what of that anybody hears. docs/TESTING.md has it in words. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUTS_MAX 2

typedef enum Fault {
        FAULT_NONE,
        /* the path */
        FAULT_LOST_BEFORE,
        FAULT_LOST_AFTER,
        FAULT_LOST_MIDDLE,
        FAULT_FAILOVER_BEFORE,
        FAULT_FAILOVER_AFTER,
        FAULT_FAILOVER_FALSE_READY,
        FAULT_NEVER_SENT,
        FAULT_NOT_SENT_NOW,
        FAULT_IMPOSTOR,
        FAULT_LONG_OUTAGE,
        /* the command */
        FAULT_BUSY,
        FAULT_DOUBT_BEFORE,
        FAULT_DOUBT_AFTER,
        FAULT_DOUBT_MIDDLE,
        FAULT_HANG_BEFORE,
        FAULT_HANG_AFTER,
        /* the device */
        FAULT_RESET_BEFORE,
        FAULT_RESET_AFTER,
        FAULT_LOST_AND_RESET,
        FAULT_NEXUS_BEFORE,
        FAULT_NEXUS_AFTER,
        FAULT_LOST_AND_NEXUS,
        FAULT_POWER_BEFORE,
        FAULT_POWER_AFTER,
        FAULT_POWER_MIDDLE,
        FAULT_DEFERRED,
        FAULT_BECOMING_READY,
        FAULT_SWAP,
        FAULT_SWAP_AFTER,
        FAULT_DROP,
        FAULT_DROP_AND_LOST,
        /* evertaped */
        FAULT_KILL_BEFORE,
        FAULT_KILL_AFTER,
        FAULT_KILL_MIDDLE,
        FAULT_KILL_BEFORE_NOTE,
        FAULT_KILL_BEFORE_ANSWER,
        FAULT_KILL_AFTER_ANSWER,
        FAULT_KILL_BEFORE_STORE,
        FAULT_KILL_IN_STORE,
        FAULT_KILL_AFTER_STORE,
        FAULT_STOP,
        FAULT_STOP_JOURNAL_LOST,
        FAULT_STATE_LOST,
        _FAULT_MAX,
} Fault;

typedef enum When {
        NEVER,
        BEFORE,
        AFTER,
} When;

typedef enum Executed {
        NOT_EXECUTED,
        EXECUTED,
        EXECUTED_IN_PART, /* the first objects of several; else this is no fault */
} Executed;

typedef enum Report {
        REPORT_ANSWER, /* what the device said */
        REPORT_LOST,
        REPORT_NOT_SENT,
        REPORT_NOT_SENT_NOW,
        REPORT_DOUBT,
        REPORT_HANG,
        REPORT_BUSY,
        REPORT_DEATH, /* the daemon is dead */
} Report;

typedef enum Boundary {
        AT_COMMAND, /* of the device */
        AT_ANSWER,  /* the next one to the program */
        AT_STORE,   /* the engine writes its state */
} Boundary;

/* When the path is back. */
typedef enum Return {
        RETURN_SOON,
        RETURN_AT_ONCE,
        RETURN_LATE, /* after Timeout= */
} Return;

typedef struct FaultRow {
        const char *name;
        When suffers;   /* the device, relative to the execution */
        uint16_t reset; /* by a reset with this unit attention; 0: in a way of its own */
        Executed executed;
        Report report;
        Boundary boundary;
        Return back;
        bool counted; /* takes a number: objects that were lost, or done */
} FaultRow;

/* The number of a counted fault that is to be drawn. */
#define FAULT_ANY UINT32_MAX

/* A fault at the n-th command to the device or the n-th store, counted from 1; 0: none. */
typedef struct Cut {
        unsigned at;
        Fault fault;
        uint32_t k;
} Cut;

extern const FaultRow fault_rows[_FAULT_MAX];

/* FAULT_NONE: there is none of this name. */
Fault fault_from_name(const char *name);
/* Changers drop cartridges and drives do not, and so on. */
bool fault_is_for_drive(Fault fault);
bool fault_is_for_changer(Fault fault);
/* "12:power-before:3". False if it is none. */
bool cut_parse(Cut *ret, const char *text);
/* Returns dst. */
char *cut_format(const Cut *cut, char *dst, size_t n_dst);
