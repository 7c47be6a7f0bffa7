/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one question is whether the device may have executed the command, and the answer leans to "may have":
 * a command that is wrongly believed lost is written to tape twice. Certainly not executed is only what never
 * reached a socket, and what the target says it has not begun. What was given to the socket, if only in part,
 * is in doubt: how much of it the target has is not known, and it may have begun with what it has. */

#include "transport/iscsi-outcome.h"

#include <string.h>

#include "util/bytes.h"
#include "util/cleanup.h"

typedef struct OutcomeRow {
        ScsiDelivery delivery;
        bool path_gone, path_suspect;
        const char *text;
} OutcomeRow;

/* clang-format off */
static const OutcomeRow outcomes[_ISCSI_OUTCOME_MAX] = {
        [ISCSI_STATUS]         = {SCSI_ANSWERED, false, false, ""},
        [ISCSI_NO_SESSION]     = {SCSI_NOT_SENT, true,  false, "no session"},
        [ISCSI_NOT_TAKEN]      = {SCSI_NOT_SENT, true,  false, "libiscsi does not take it"},
        [ISCSI_LOST_UNSENT]    = {SCSI_NOT_SENT, true,  false, "the session ended before it was sent"},
        [ISCSI_LOST_SENT]      = {SCSI_IN_DOUBT, true,  false, "the session was lost"},
        /* after a Reject that is not understood the two ends may not mean the same any more */
        [ISCSI_REJECTED]       = {SCSI_IN_DOUBT, true,  false, "the target rejects it"},
        [ISCSI_REJECTED_UNRUN] = {SCSI_NOT_SENT, true,  false, "the target rejects it unread"},
        [ISCSI_ABORTED]        = {SCSI_IN_DOUBT, false, true,  "it took too long and was aborted"},
        [ISCSI_MALFORMED]      = {SCSI_IN_DOUBT, true,  false, "the target's answer is malformed"},
};

/* Reasons that a target gives before it looks at the command at all. "Task in progress" is none of them, nor
 * "data digest error": such a command may have been begun with the data that came before. */
static const struct {
        uint8_t reason;
        IscsiOutcome outcome;
        const char *text;
} rejects[] = {
        {0x02, ISCSI_REJECTED,       "data digest error"},
        {0x03, ISCSI_REJECTED,       "SNACK refused"},
        {0x04, ISCSI_REJECTED,       "protocol error"},
        {0x05, ISCSI_REJECTED_UNRUN, "command not supported"},
        {0x06, ISCSI_REJECTED_UNRUN, "too many immediate commands"},
        {0x07, ISCSI_REJECTED,       "task in progress"},
        {0x08, ISCSI_REJECTED,       "invalid data acknowledgement"},
        {0x09, ISCSI_REJECTED_UNRUN, "invalid field in the PDU"},
        {0x0a, ISCSI_REJECTED,       "out of resources"},
        {0x0b, ISCSI_REJECTED,       "negotiation reset"},
        {0x0c, ISCSI_REJECTED_UNRUN, "waiting for logout"},
};
/* clang-format on */

void iscsi_outcome_result(IscsiOutcome outcome, ScsiResult *ret)
{
        const OutcomeRow *row = &outcomes[outcome];

        *ret = (ScsiResult){
                .delivery = row->delivery,
                .path_gone = row->path_gone,
                .path_suspect = row->path_suspect,
        };
}

const char *iscsi_outcome_text(IscsiOutcome outcome)
{
        return outcomes[outcome].text;
}

IscsiOutcome iscsi_outcome_of_reject(unsigned reason)
{
        for (size_t i = 0; i < ELEMENTSOF(rejects); i++)
                if (rejects[i].reason == reason)
                        return rejects[i].outcome;
        return ISCSI_REJECTED;
}

const char *iscsi_reject_text(unsigned reason)
{
        for (size_t i = 0; i < ELEMENTSOF(rejects); i++)
                if (rejects[i].reason == reason)
                        return rejects[i].text;
        return "reason not known";
}

void iscsi_take_sense(const uint8_t *data, size_t n, ScsiResult *ret)
{
        ByteReader r = byte_reader(data, n);
        size_t n_sense = reader_u16(&r);
        ByteReader sense = reader_sub(&r, n_sense);
        size_t left = reader_left(&sense);

        ret->n_sense = (uint8_t) (left < sizeof(ret->sense) ? left : sizeof(ret->sense));
        if (ret->n_sense > 0)
                memcpy(ret->sense, sense.data, ret->n_sense);
}
