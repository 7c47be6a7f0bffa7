/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <scsi/sg.h>

#include "transport/transport.h"

/* A path through /dev/sgN by the asynchronous write/poll/read of the sg driver, never the SG_IO ioctl, which a
 * stopped and continued process executes twice (kernel.md fact 1). Opened O_EXCL where nobody else has it
 * open, so that no one else can while we do. -errno: -EBUSY when somebody has it open, -ENXIO, -ENODEV ... */
int transport_sg_new(const char *node, TransportDone done, void *userdata, Transport **ret);

/* Decodes what the sg driver returned, in the order host status, status, sense (kernel.md 6.2, 6.3). Pure. */
void transport_sg_decode(const struct sg_io_hdr *header, const uint8_t *sense, ScsiResult *ret);

/* The outcome of a submission that write(2) refused with errno error. Pure. */
void transport_sg_decode_errno(int error, ScsiResult *ret);
