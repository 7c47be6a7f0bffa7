/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the sg driver says, as an outcome. The one question that matters is whether the device may have
 * executed the command, and the answer leans to "may have" wherever the kernel does not say: a command
 * wrongly believed lost is written to tape twice.
 *
 * Host status comes before SCSI status, which is 0 = GOOD when the host adapter failed. A status byte is the
 * device's own word and stays one, BUSY and RESERVATION CONFLICT too: that those were certainly not executed
 * is for the engine to know. */

#include "transport/sg.h"

#include <errno.h>
#include <string.h>

#define DRIVER_CODE_MASK 0x0f /* the upper half was a suggestion, until Linux 5.13 */
#define DRIVER_SENSE     0x08 /* include/scsi/sg.h */

typedef enum PathVerdict {
        PATH_WELL,    /* the device's doing, or another host's */
        PATH_SUSPECT, /* what is on this path gets lost; it may be the only one, and work again */
        PATH_GONE,
} PathVerdict;

typedef struct HostStatusRow {
        ScsiDelivery delivery;
        PathVerdict path;
        const char *name;
} HostStatusRow;

/* clang-format off */

/* include/scsi/scsi_status.h, and include/scsi/scsi.h before Linux 5.14. IMM_RETRY and REQUEUE promise "not
 * executed" but are used up by the midlayer; whoever sees one sees something unexpected. 10h to 13h are the
 * midlayer's notes on a status that the device did send (scsi_decide_disposition in drivers/scsi/scsi_error.c). */
static const HostStatusRow host_status_table[] = {
        [0x00] = {SCSI_ANSWERED, PATH_WELL,    "DID_OK"},
        [0x01] = {SCSI_IN_DOUBT, PATH_GONE,    "DID_NO_CONNECT"},
        [0x02] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_BUS_BUSY"},
        [0x03] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_TIME_OUT"},
        [0x04] = {SCSI_IN_DOUBT, PATH_GONE,    "DID_BAD_TARGET"},
        [0x05] = {SCSI_IN_DOUBT, PATH_WELL,    "DID_ABORT"},
        [0x06] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_PARITY"},
        [0x07] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_ERROR"},
        [0x08] = {SCSI_IN_DOUBT, PATH_WELL,    "DID_RESET"},
        [0x09] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_BAD_INTR"},
        [0x0a] = {SCSI_IN_DOUBT, PATH_WELL,    "DID_PASSTHROUGH"},
        [0x0b] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_SOFT_ERROR"},
        [0x0c] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_IMM_RETRY"},
        [0x0d] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_REQUEUE"},
        [0x0e] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_TRANSPORT_DISRUPTED"},
        [0x0f] = {SCSI_IN_DOUBT, PATH_GONE,    "DID_TRANSPORT_FAILFAST"},
        [0x10] = {SCSI_ANSWERED, PATH_WELL,    "DID_TARGET_FAILURE"},
        [0x11] = {SCSI_ANSWERED, PATH_WELL,    "DID_NEXUS_FAILURE"},
        [0x12] = {SCSI_ANSWERED, PATH_WELL,    "DID_ALLOC_FAILURE"},
        [0x13] = {SCSI_ANSWERED, PATH_WELL,    "DID_MEDIUM_ERROR"},
        [0x14] = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_TRANSPORT_MARGINAL"},
};

static const HostStatusRow host_status_unknown = {SCSI_IN_DOUBT, PATH_SUSPECT, "DID_?"};

/* A write(2) that the driver refused has sent nothing (sg_new_write returns an error only before
 * blk_execute_rq_nowait). These say that the device behind the descriptor is no more. */
static const int errno_path_gone[] = {ENODEV, ENXIO};

/* clang-format on */

static const HostStatusRow *host_status_find(unsigned host_status)
{
        return host_status < ELEMENTSOF(host_status_table) ? &host_status_table[host_status]
                                                           : &host_status_unknown;
}

const char *transport_host_status_name(unsigned host_status)
{
        return host_status_find(host_status)->name;
}

static bool device_answered(const struct sg_io_hdr *h)
{
        unsigned driver = h->driver_status & DRIVER_CODE_MASK;

        if (host_status_find(h->host_status)->delivery != SCSI_ANSWERED)
                return false;
        if (h->status != SCSI_GOOD)
                return true;
        return h->host_status == 0 && (driver == 0 || driver == DRIVER_SENSE);
}

static uint32_t bytes_transferred(const struct sg_io_hdr *h)
{
        int64_t moved = (int64_t) h->dxfer_len - h->resid;

        if (moved < 0)
                return 0;
        return moved > h->dxfer_len ? h->dxfer_len : (uint32_t) moved;
}

/* The driver copies at least 8 bytes whenever the status is CHECK CONDITION, zeros if there was no sense
 * data. */
static uint8_t sense_received(const struct sg_io_hdr *h, const uint8_t *sense)
{
        if (h->sb_len_wr == 0 || sense[0] == 0)
                return 0;
        return h->sb_len_wr < SCSI_SENSE_MAX ? h->sb_len_wr : SCSI_SENSE_MAX;
}

void transport_sg_decode(const struct sg_io_hdr *header, const uint8_t *sense, ScsiResult *ret)
{
        *ret = (ScsiResult){
                .delivery = SCSI_IN_DOUBT,
                .path_gone = host_status_find(header->host_status)->path == PATH_GONE,
                .path_suspect = host_status_find(header->host_status)->path != PATH_WELL,
                .host_status = header->host_status,
        };
        if (!device_answered(header))
                return;
        ret->delivery = SCSI_ANSWERED;
        ret->status = header->status;
        ret->n_transferred = bytes_transferred(header);
        ret->n_sense = sense_received(header, sense);
        memcpy(ret->sense, sense, ret->n_sense);
}

void transport_sg_decode_errno(int error, ScsiResult *ret)
{
        *ret = (ScsiResult){.delivery = SCSI_NOT_SENT, .error = error};
        for (size_t i = 0; i < ELEMENTSOF(errno_path_gone); i++)
                if (errno_path_gone[i] == error)
                        ret->path_gone = true;
}
