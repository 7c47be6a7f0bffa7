/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What may become of a command on an iSCSI session, and what that means for the device. Pure. */

#include "scsi/command.h"

typedef enum IscsiOutcome {
        ISCSI_STATUS,         /* a SCSI Response, or Data-In with a status */
        ISCSI_NO_SESSION,     /* lost, or refused, before there was a session */
        ISCSI_NOT_TAKEN,      /* libiscsi would not queue it */
        ISCSI_LOST_UNSENT,    /* the session ended before a byte of it was given to the socket */
        ISCSI_LOST_SENT,      /* the session ended after that */
        ISCSI_REJECTED,       /* a Reject PDU, reason not known */
        ISCSI_REJECTED_UNRUN, /* a Reject PDU whose reason says that it was not begun */
        ISCSI_ABORTED,        /* took too long; ABORT TASK or LOGICAL UNIT RESET was answered */
        ISCSI_MALFORMED,      /* an answer that is none */
        _ISCSI_OUTCOME_MAX,
} IscsiOutcome;

/* Status, sense and n_transferred of ISCSI_STATUS are the caller's to fill in. */
void iscsi_outcome_result(IscsiOutcome outcome, ScsiResult *ret);
const char *iscsi_outcome_text(IscsiOutcome outcome);

/* By the reason of a Reject PDU, RFC 7143 11.17.1. */
IscsiOutcome iscsi_outcome_of_reject(unsigned reason);
const char *iscsi_reject_text(unsigned reason);

/* The sense data of a SCSI Response: a length of two bytes and the sense (RFC 7143 11.4.7), of the n bytes
 * received. Into ret->sense; a length that claims more than there is is cut. */
void iscsi_take_sense(const uint8_t *data, size_t n, ScsiResult *ret);
