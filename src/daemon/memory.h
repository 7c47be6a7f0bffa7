/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The memory of a unit that outlives the process: memfds kept by systemd (FileDescriptorStoreMax=), or files
 * below /run/evertape where there is no systemd. */

#include <stdint.h>

#include "daemon/secret-memory.h"
#include "hold/unit.h"

typedef struct Memory {
        UnitMemory unit; /* what unit_init wants */
        int state_fd, ring_fd;
        SecretMemory secret;
} Memory;

/* Takes the descriptors that systemd kept for us, once, at start. */
void memory_take_stored(void);

/* What a predecessor left for this unit, or new memory. n_ring is for new one; it becomes less when there is
 * not so much. */
int memory_open(uint32_t unit, uint64_t n_ring, Memory *ret);
/* Unmaps it; it stays for a successor, but for keys that could be kept nowhere. */
void memory_close(Memory *m);
/* Before the process ends for good: systemd's store goes with the service, so what the journal has from begin
 * to end (offsets as JournalIndex counts them) is written beside the state, for a memory_open(). Nothing is
 * done without a store: the journal is a file already. A warning is logged if there is no room. */
void memory_save(uint32_t unit, const Memory *m, uint64_t begin, uint64_t end);
/* Forgets it for good: the unit is released. */
void memory_discard(uint32_t unit, Memory *m);
