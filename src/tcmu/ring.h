/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A checked view of a TCMU command ring (include/uapi/linux/target_core_user.h,
 * drivers/target/target_core_user.c). Works on any memory, so that tests and fuzzers can build rings of their
 * own. Nothing that the ring says is trusted: offsets and lengths are checked against the mapping before use,
 * and an entry is copied out before it is looked at, because the response overlays the request. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "scsi/command.h"

#define TCMU_RING_IOV_MAX   256 /* tcm_loop: sg_tablesize */
#define TCMU_RING_TMR_MAX   64
#define TCMU_TMR_ABORT      1
#define TCMU_TMR_LUN_RESET_ 5

typedef struct TcmuRing {
        uint8_t *map;
        size_t n_map;
        uint32_t cmdr_off, cmdr_size;
        uint32_t next; /* offset of the first entry not yet handed out by tcmu_ring_next */
        uint32_t tail; /* cmd_tail: the slot of the oldest command not answered, or next when there is none */
        uint32_t n_tmr_given; /* ids of the TMR at next that were handed out already */
        bool broken;          /* an entry changed after it was handed out: only tcmu_ring_init helps */
} TcmuRing;

typedef enum TcmuRequestType {
        TCMU_REQUEST_COMMAND,
        TCMU_REQUEST_TMR, /* task management: complete what it lists, now */
} TcmuRequestType;

/* iov points into the mapping and stays valid until the command is completed. Only what belongs to type is
 * set. A CDB longer than SCSI_CDB_MAX (variable length, 7Fh) is cut. */
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

/* The mailbox at map, which is at least 8 byte aligned: -EPROTO on a version or geometry that is not
 * understood, or when the kernel cannot take answers out of order or with a read length (before 5.1). Starts
 * at cmd_tail, so that entries left by a process that died are handed out again. If that process answered out
 * of order, the slots no longer hold what was asked: reset the ring first (lun_reset_ring), and init again
 * after every reset. */
int tcmu_ring_init(TcmuRing *ring, void *map, size_t n_map);

/* 1: *ret is the next request. 0: none. -EBADMSG: the ring's content is impossible; the entry was not
 * consumed. *ret is undefined unless 1. PAD and unknown entries are dealt with inside. A TMR needs no answer
 * of its own, but tcmu_ring_kick, which gives the kernel its space back; one with more than TCMU_RING_TMR_MAX
 * ids comes as several requests. */
int tcmu_ring_next(TcmuRing *ring, TcmuRequest *ret);
/* Whether the kernel has put in something that tcmu_ring_next() has not given yet. */
bool tcmu_ring_has_next(const TcmuRing *ring);

/* Answers a command, in any order; id is of a request handed out and not yet answered. n_read: bytes of
 * data-in that are valid (0: none or not data-in). The kernel takes a read length of 0 for "not set" and,
 * unless the status is CHECK CONDITION, hands the whole buffer to the program (tcmu_handle_completion): for a
 * data-in command the caller must have zeroed a buffer that the device did not fill. sense: used with CHECK
 * CONDITION only. Without any, or with what is no sense data, ABORTED COMMAND 44/00 (INTERNAL TARGET FAILURE)
 * is put in: empty sense would wake the error handler of the kernel. Does nothing when no command is
 * outstanding. The kernel sees it after tcmu_ring_kick. */
void tcmu_ring_complete(TcmuRing *ring, uint16_t id, uint8_t status, const uint8_t *sense, size_t n_sense,
                        uint32_t n_read);

/* cmd_tail now, and where the next tcmu_ring_complete will put it: what a journal notes before answering, so
 * that a successor can tell whether the kernel got the answer. As long as a command is outstanding nothing
 * but an answer moves cmd_tail, so the same tail means "not answered"; once it was moved, tcmu_ring_next may
 * move it further, over PAD and TMR entries. */
uint32_t tcmu_ring_tail(const TcmuRing *ring);
uint32_t tcmu_ring_tail_after_complete(const TcmuRing *ring);

/* Writes the event counter of the uio descriptor: the kernel takes the answers, and copies the data read,
 * before this returns. 0, or -errno of the write. */
int tcmu_ring_kick(int uio_fd);
