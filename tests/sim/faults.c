/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of faults. A new one is a row; what a row does is in world.c and, for the device, in
 * tape-device.c and changer-sim.c. */

#include "sim/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const FaultRow fault_rows[_FAULT_MAX] = {
        [FAULT_NONE]                 = {"none",                 NEVER,  0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_LOST_BEFORE]          = {"lost-before",          NEVER,  0,      NOT_EXECUTED,     REPORT_LOST},
        [FAULT_LOST_AFTER]           = {"lost-after",           NEVER,  0,      EXECUTED,         REPORT_LOST},
        [FAULT_LOST_MIDDLE]          = {"lost-middle",          NEVER,  0,      EXECUTED_IN_PART, REPORT_LOST, .counted = true},
        [FAULT_FAILOVER_BEFORE]      = {"failover-before",      NEVER,  0,      NOT_EXECUTED,     REPORT_LOST, .back = RETURN_AT_ONCE},
        [FAULT_FAILOVER_AFTER]       = {"failover-after",       NEVER,  0,      EXECUTED,         REPORT_LOST, .back = RETURN_AT_ONCE},
        [FAULT_FAILOVER_FALSE_READY] = {"failover-false-ready", AFTER,  0,      EXECUTED,         REPORT_LOST, .back = RETURN_AT_ONCE},
        [FAULT_NEVER_SENT]           = {"never-sent",           NEVER,  0,      NOT_EXECUTED,     REPORT_NOT_SENT},
        [FAULT_NOT_SENT_NOW]         = {"not-sent-now",         NEVER,  0,      NOT_EXECUTED,     REPORT_NOT_SENT_NOW},
        [FAULT_IMPOSTOR]             = {"impostor",             NEVER,  0,      EXECUTED,         REPORT_LOST},
        [FAULT_LONG_OUTAGE]          = {"long-outage",          NEVER,  0,      EXECUTED,         REPORT_LOST, .back = RETURN_LATE},
        [FAULT_BUSY]                 = {"busy",                 NEVER,  0,      NOT_EXECUTED,     REPORT_BUSY},
        [FAULT_DOUBT_BEFORE]         = {"doubt-before",         NEVER,  0,      NOT_EXECUTED,     REPORT_DOUBT},
        [FAULT_DOUBT_AFTER]          = {"doubt-after",          NEVER,  0,      EXECUTED,         REPORT_DOUBT},
        [FAULT_DOUBT_MIDDLE]         = {"doubt-middle",         NEVER,  0,      EXECUTED_IN_PART, REPORT_DOUBT, .counted = true},
        [FAULT_HANG_BEFORE]          = {"hang-before",          AFTER,  0x2903, NOT_EXECUTED,     REPORT_HANG},
        [FAULT_HANG_AFTER]           = {"hang-after",           AFTER,  0x2903, EXECUTED,         REPORT_HANG},
        [FAULT_RESET_BEFORE]         = {"reset-before",         BEFORE, 0x2900, EXECUTED,         REPORT_ANSWER},
        [FAULT_RESET_AFTER]          = {"reset-after",          AFTER,  0x2903, EXECUTED,         REPORT_ANSWER},
        [FAULT_LOST_AND_RESET]       = {"lost-and-reset",       AFTER,  0x2902, EXECUTED,         REPORT_LOST},
        [FAULT_NEXUS_BEFORE]         = {"nexus-before",         BEFORE, 0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_NEXUS_AFTER]          = {"nexus-after",          AFTER,  0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_LOST_AND_NEXUS]       = {"lost-and-nexus",       AFTER,  0,      EXECUTED,         REPORT_LOST},
        [FAULT_POWER_BEFORE]         = {"power-before",         BEFORE, 0,      NOT_EXECUTED,     REPORT_LOST, .counted = true},
        [FAULT_POWER_AFTER]          = {"power-after",          AFTER,  0,      EXECUTED,         REPORT_LOST, .counted = true},
        [FAULT_POWER_MIDDLE]         = {"power-middle",         AFTER,  0,      EXECUTED_IN_PART, REPORT_LOST, .counted = true},
        [FAULT_DEFERRED]             = {"deferred",             BEFORE, 0,      EXECUTED,         REPORT_ANSWER, .counted = true},
        [FAULT_BECOMING_READY]       = {"becoming-ready",       BEFORE, 0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_SWAP]                 = {"swap",                 AFTER,  0,      NOT_EXECUTED,     REPORT_LOST},
        [FAULT_SWAP_AFTER]           = {"swap-after",           AFTER,  0,      EXECUTED,         REPORT_LOST},
        [FAULT_DROP]                 = {"drop",                 BEFORE, 0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_DROP_AND_LOST]        = {"drop-and-lost",        BEFORE, 0,      EXECUTED,         REPORT_LOST},
        [FAULT_KILL_BEFORE]          = {"kill-before",          NEVER,  0,      NOT_EXECUTED,     REPORT_DEATH},
        [FAULT_KILL_AFTER]           = {"kill-after",           NEVER,  0,      EXECUTED,         REPORT_DEATH},
        [FAULT_KILL_MIDDLE]          = {"kill-middle",          NEVER,  0,      EXECUTED_IN_PART, REPORT_DEATH, .counted = true},
        [FAULT_KILL_BEFORE_NOTE]     = {"kill-before-note",     NEVER,  0,      EXECUTED,         REPORT_ANSWER, AT_ANSWER},
        [FAULT_KILL_BEFORE_ANSWER]   = {"kill-before-answer",   NEVER,  0,      EXECUTED,         REPORT_ANSWER, AT_ANSWER},
        [FAULT_KILL_AFTER_ANSWER]    = {"kill-after-answer",    NEVER,  0,      EXECUTED,         REPORT_ANSWER, AT_ANSWER},
        [FAULT_KILL_BEFORE_STORE]    = {"kill-before-store",    NEVER,  0,      EXECUTED,         REPORT_DEATH, AT_STORE},
        [FAULT_KILL_IN_STORE]        = {"kill-in-store",        NEVER,  0,      EXECUTED,         REPORT_DEATH, AT_STORE},
        [FAULT_KILL_AFTER_STORE]     = {"kill-after-store",     NEVER,  0,      EXECUTED,         REPORT_DEATH, AT_STORE},
        [FAULT_STOP]                 = {"stop",                 NEVER,  0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_STOP_JOURNAL_LOST]    = {"stop-journal-lost",    NEVER,  0,      EXECUTED,         REPORT_ANSWER},
        [FAULT_STATE_LOST]           = {"state-lost",           NEVER,  0,      EXECUTED,         REPORT_DEATH},
};
/* clang-format on */

Fault fault_from_name(const char *name)
{
        for (unsigned i = 1; i < _FAULT_MAX; i++)
                if (strcmp(fault_rows[i].name, name) == 0)
                        return (Fault) i;
        return FAULT_NONE;
}

bool fault_is_for_drive(Fault fault)
{
        return fault != FAULT_NONE && fault != FAULT_DROP && fault != FAULT_DROP_AND_LOST;
}

bool fault_is_for_changer(Fault fault)
{
        static const bool not [_FAULT_MAX] = {
                [FAULT_NONE] = true,           [FAULT_LOST_MIDDLE] = true,
                [FAULT_DOUBT_MIDDLE] = true,   [FAULT_POWER_MIDDLE] = true,
                [FAULT_KILL_MIDDLE] = true,    [FAULT_FAILOVER_FALSE_READY] = true,
                [FAULT_IMPOSTOR] = true,       [FAULT_LONG_OUTAGE] = true,
                [FAULT_NEXUS_BEFORE] = true,   [FAULT_NEXUS_AFTER] = true,
                [FAULT_LOST_AND_NEXUS] = true, [FAULT_DEFERRED] = true,
                [FAULT_BECOMING_READY] = true, [FAULT_SWAP] = true,
                [FAULT_SWAP_AFTER] = true,     [FAULT_STATE_LOST] = true,
        };

        return !not [fault];
}

bool cut_parse(Cut *ret, const char *text)
{
        char name[40], *end;
        unsigned long at = strtoul(text, &end, 10);
        unsigned k = 0;
        int n = 0;

        if (*end != ':' || at == 0 || sscanf(end, ":%39[a-z-]%n:%u%n", name, &n, &k, &n) < 1 ||
            end[n] != '\0')
                return false;
        *ret = (Cut){.at = (unsigned) at, .fault = fault_from_name(name), .k = k};
        return ret->fault != FAULT_NONE;
}

char *cut_format(const Cut *cut, char *dst, size_t n_dst)
{
        const FaultRow *row = &fault_rows[cut->fault];

        if (row->counted)
                snprintf(dst, n_dst, "%u:%s:%u", cut->at, row->name, cut->k);
        else
                snprintf(dst, n_dst, "%u:%s", cut->at, row->name);
        return dst;
}
