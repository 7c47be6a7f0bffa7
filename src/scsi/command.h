/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One SCSI command on its way to a device, and what came of it. Both are values: what a device says is data
 * and never an errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCSI_CDB_MAX   32 /* scmd->cmnd, include/scsi/scsi_cmnd.h */
#define SCSI_SENSE_MAX 96 /* SCSI_SENSE_BUFFERSIZE; TCMU_SENSE_BUFFERSIZE */

/* The largest transfer of one command through tcm_loop: 256 segments of a page (sg_tablesize,
 * drivers/target/loopback/tcm_loop.c). */
#define SCSI_TRANSFER_MAX (1024 * 1024)

/* Status codes, SAM-5 5.3.1. */
enum {
        SCSI_GOOD = 0x00,
        SCSI_CHECK_CONDITION = 0x02,
        SCSI_CONDITION_MET = 0x04,
        SCSI_BUSY = 0x08,
        SCSI_RESERVATION_CONFLICT = 0x18,
        SCSI_TASK_SET_FULL = 0x28,
        SCSI_ACA_ACTIVE = 0x30,
        SCSI_TASK_ABORTED = 0x40,
};

typedef enum ScsiDirection {
        SCSI_NO_DATA,
        SCSI_DATA_OUT, /* to the device */
        SCSI_DATA_IN,  /* from the device */
} ScsiDirection;

/* data is lent by the sender until the command has completed. */
typedef struct ScsiCommand {
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t n_cdb;
        ScsiDirection direction;
        void *data;
        uint32_t n_data;
        uint32_t
                timeout_ms; /* long: a timeout makes the kernel reset the drive (drivers/scsi/scsi_error.c) */
        bool direct; /* the device may take data-out from where they are: they stay as they are until it
                        has ended, also if this process dies before */
} ScsiCommand;

typedef enum ScsiDelivery {
        SCSI_ANSWERED, /* the device answered: status, sense and n_transferred are its words */
        SCSI_NOT_SENT, /* certainly not executed */
        SCSI_IN_DOUBT, /* lost on the way: executed or not, nobody knows */
        _SCSI_DELIVERY_MAX,
} ScsiDelivery;

typedef struct ScsiResult {
        ScsiDelivery delivery;
        bool path_gone;       /* this path will not come back: close it and look for the device elsewhere */
        bool path_suspect;    /* if there is another path, it is the better one */
        int error;            /* errno of the submission, or 0; for messages only */
        uint16_t host_status; /* DID_*, include/scsi/scsi_status.h; for messages only */
        uint8_t status;
        uint8_t n_sense;
        uint32_t n_transferred; /* bytes really moved; 0 unless answered */
        uint8_t sense[SCSI_SENSE_MAX];
} ScsiResult;
