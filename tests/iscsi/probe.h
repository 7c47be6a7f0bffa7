/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One command over one session, without the engine; and what is counted as passed and failed. */

#include <sys/types.h>

#include "transport/iscsi.h"

bool check(bool good, const char *what, const char *detail);
/* Prints the counts; the exit status. */
int check_end(void);
/* A test program against tgtd: its cases at once, each in a process of its own, since most of them wait for
 * what takes time. The checks of a case are one here. With a name as argument only that case. The exit
 * status; 77 without tgtd. */
int check_main(int argc, char **argv, size_t n_cases, const char *(*name)(size_t i), void (*run)(size_t i));

/* The same, where a case is a function. */
typedef struct CheckCase {
        const char *name;
        void (*run)(void);
} CheckCase;
int check_cases(int argc, char **argv, const CheckCase *cases, size_t n_cases);

typedef struct Probe {
        Transport *transport;
        bool done;
        unsigned n_done; /* completions, of all its commands */
        ScsiResult result;
        bool refused; /* there was no session since the target does not let us in */
        char why[200];
} Probe;

/* A TransportDone; userdata is the Probe. */
void probe_result(void *userdata, const ScsiResult *result);
/* Turns until the command has ended, or the time is over. */
void probe_pump(Probe *p, usec_t span);
/* INQUIRY over a session that is made for it. */
Probe probe_ask(const IscsiLogin *login, unsigned lun, uint8_t *data, uint32_t n_data);
/* "127.0.0.1:PORT"; returns dst[ISCSI_PORTAL_MAX]. */
char *probe_portal(char *dst, unsigned port);
