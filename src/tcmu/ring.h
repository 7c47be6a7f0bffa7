/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A checked view of a TCMU command ring (include/uapi/linux/target_core_user.h, kernel.md section 1). Works on
 * any memory, so that tests and fuzzers can build rings of their own. Nothing that the ring says is trusted:
 * offsets and lengths are checked against the mapping before use, and an entry is copied out before it is
 * looked at, because the response overlays the request. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "scsi/command.h"

#define TCMU_RING_IOV_MAX  256 /* tcm_loop: sg_tablesize */
#define TCMU_RING_TMR_MAX  64
#define TCMU_TMR_ABORT     1
#define TCMU_TMR_LUN_RESET_ 5

typedef struct TcmuRing {
        uint8_t *map;
        size_t n_map;
        uint32_t cmdr_off, cmdr_size;
        uint32_t next; /* offset of the first entry not yet handed out by tcmu_ring_next */
} TcmuRing;

typedef enum TcmuRequestType {
        TCMU_REQUEST_COMMAND,
        TCMU_REQUEST_TMR, /* task management: complete what it lists, now */
} TcmuRequestType;

/* iov points into the mapping and stays valid until the command is completed. */
typedef struct TcmuRequest {
        TcmuRequestType type;
        uint16_t id;
        uint8_t n_cdb;
        uint8_t cdb[SCSI_CDB_MAX];
        uint32_t n_data; /* sum of the iov lengths: exactly the initiator's buffer */
        uint32_t n_iov;
        struct iovec iov[TCMU_RING_IOV_MAX];
        uint8_t tmr_type;
        uint32_t n_tmr_ids;
        uint16_t tmr_ids[TCMU_RING_TMR_MAX];
} TcmuRequest;

/* The mailbox at map: -EPROTO on a version or geometry that is not understood. Starts at cmd_tail, so that
 * entries left by a process that died are handed out again (unless the ring was reset before). */
int tcmu_ring_init(TcmuRing *ring, void *map, size_t n_map);

/* 1: *ret is the next request. 0: none. -EBADMSG: the ring's content is impossible; nothing was consumed.
 * PAD and unknown entries are dealt with inside. */
int tcmu_ring_next(TcmuRing *ring, TcmuRequest *ret);

/* Answers a command, in any order. n_read: bytes of data-in that are valid (0: none or not data-in), see
 * kernel.md 1.3: for a data-in command the caller must have zeroed a buffer that the device did not fill.
 * With CHECK CONDITION and no sense, sense is synthesised. The kernel sees it after tcmu_ring_kick. */
void tcmu_ring_complete(TcmuRing *ring, uint16_t id, uint8_t status, const uint8_t *sense, size_t n_sense,
                        uint32_t n_read);

/* cmd_tail now, and where it will be after the next tcmu_ring_complete: what a journal notes before answering,
 * so that a successor can tell whether the kernel got the answer. */
uint32_t tcmu_ring_tail(const TcmuRing *ring);
uint32_t tcmu_ring_tail_after_complete(const TcmuRing *ring);

/* Writes the event counter of the uio descriptor: the kernel takes the answers. */
int tcmu_ring_kick(int uio_fd);
