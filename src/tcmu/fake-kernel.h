/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's side of a ring, for tests: a producer that appends, pads, wraps and runs full as
 * queue_cmd_ring() and queue_tmr_ring() do and takes answers as tcmu_handle_completions() does, on memory
 * from malloc, so that the sanitizers see every byte too far. Include cmocka.h first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define iovec uapi_iovec
#include <linux/target_core_user.h>
#undef iovec

#include "scsi/command.h"
#include "util/cleanup.h"

#define CMDR_OFF 128
#define N_DATA   16384
#define N_IDS    512

typedef struct Answer {
        bool outstanding, answered;
        uint8_t status, uflags;
        uint32_t read_len;
        uint8_t sense[SCSI_SENSE_MAX];
} Answer;

typedef struct Kernel {
        uint8_t *map;
        size_t n_map;
        uint32_t cmdr_size, cleaned, n_pads, n_small_pads;
        uint16_t last_id;
        Answer answers[N_IDS];
} Kernel;

/* cmdr_size: a multiple of 8. Never NULL. */
Kernel *kernel_new(uint32_t cmdr_size);
Kernel *kernel_free(Kernel *k);
DEFINE_CLEANUP(Kernel *, kernel_free)

static inline struct tcmu_mailbox *mailbox(Kernel *k)
{
        return (struct tcmu_mailbox *) (void *) k->map;
}

/* The bytes of the entry at an offset of the command ring. */
static inline uint8_t *entry_of(Kernel *k, uint32_t offset)
{
        return k->map + CMDR_OFF + offset;
}

/* A command whose data is n_iov pieces of 16 bytes, the first at the data area's start, each 32 further.
 * Returns its id, or 0 if the ring is full. kernel_simple: some command of 6 bytes. */
uint16_t kernel_command(Kernel *k, const uint8_t *cdb, uint32_t n_cdb, uint32_t n_iov);
uint16_t kernel_simple(Kernel *k, uint32_t n_iov);

/* False if the ring is full. */
bool kernel_tmr(Kernel *k, uint8_t type, const uint16_t *ids, uint32_t n_ids);

/* What write(2) to the uio descriptor sets off: takes the answers up to cmd_tail into k->answers. Fails the
 * test on an id that is not outstanding. */
void kernel_clean(Kernel *k);
