/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Debian's tgtd with one target in a folder of its own: a tape drive that is a file, in a process that can be
 * killed. A poor judge of tapes (no LOCATE, no true READ POSITION), and a real iSCSI target. */

#include <stdbool.h>
#include <sys/types.h>

#include "util/cleanup.h"

#define TARGET_NAME   "iqn.2026-11.test:t1"
#define TARGET_SERIAL "DRV0001"

typedef struct Target {
        char folder[64], tape[96];
        pid_t pid;
        unsigned port;
        unsigned lun;           /* of the drive; a second one, serial number OTHER01, is at the next */
        const char *portals[2]; /* addresses; by default 127.0.0.1 and 127.0.0.2 */
        int netns;              /* where it runs, or -1: here */
        bool header_digest;     /* wanted of every initiator; else tgtd has none */
        const char *user, *secret, *target_user, *target_secret; /* CHAP, or NULL */
} Target;

/* False when there is no tgtd on this machine. */
bool target_is_installed(void);
/* A port of 127.0.0.1 at which nobody listens, and which nobody else is given until the process ends: this is
 * still bound to it, and leaves a target listen. */
unsigned target_free_port(void);
void target_init(Target *t, unsigned megabytes);
/* ip(8) in its network namespace; what it prints goes to the target's log. */
_printf_(2, 3) bool target_ip(const Target *t, const char *format, ...);
void target_start(Target *t);
/* n other targets that have no units. */
void target_add_others(const Target *t, unsigned n);
void target_kill(Target *t);
/* Kills, and removes all files. */
void target_deinit(Target *t);
