/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <scsi/sg.h>

#include "transport/transport.h"

/* A path through /dev/sgN by the asynchronous write/poll/read of the sg driver, never the SG_IO ioctl, which
 * a stopped and continued process executes twice (sg_ioctl in drivers/scsi/sg.c waits interruptibly and is
 * restarted). Opened O_EXCL, so that no one else can have the sg node open while we do (st, ch and bsg are
 * not kept out by it). -errno: -EBUSY when somebody has it open, for a moment also udev's scsi_id; -ENOTTY
 * when it is not an sg node; -ENOENT, -ENXIO, -ENODEV ... */
int transport_sg_new(const char *node, TransportDone done, void *userdata, Transport **ret);

/* The same on a descriptor that is already open, non-blocking; owned by the transport from then on. -ENOMEM.
 */
int transport_sg_new_fd(int fd, TransportDone done, void *userdata, Transport **ret);

/* Commands that are marked `direct` go without the driver's copy of their data: SG_FLAG_DIRECT_IO, which the
 * driver heeds if its parameter allow_dio is 1. One that the adapter cannot carry so (too many pieces) is
 * sent with the copy, and so are all as large from then on. */
void transport_sg_set_direct(Transport *t);

/* Decodes what the sg driver returned, in the order host status, status, sense. The header says how much data
 * was asked for (dxfer_len) and moved (resid). Pure. */
void transport_sg_decode(const struct sg_io_hdr *header, const uint8_t *sense, ScsiResult *ret);

/* The outcome of a submission that write(2) refused with errno error. Pure. */
void transport_sg_decode_errno(int error, ScsiResult *ret);

/* "DID_TRANSPORT_DISRUPTED" or so, as include/scsi/scsi_status.h spells it; "DID_?" for an unknown one. */
const char *transport_host_status_name(unsigned host_status);
