/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A portal's answer to SendTargets (RFC 7143 appendix C). Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/iscsi.h"

typedef enum IscsiTextKind {
        ISCSI_TEXT_CUT,   /* more bytes are needed to say more */
        ISCSI_TEXT_REPLY, /* a Text Response */
        ISCSI_TEXT_OTHER, /* something that needs no answer now */
} IscsiTextKind;

typedef struct IscsiTextReply {
        size_t n_text; /* behind the header */
        bool final;    /* else it goes on when it is asked to, by iscsi_text_go_on() */
} IscsiTextReply;

/* data: what is there of the stream, from the beginning of a PDU on. An IscsiTextKind, and in *ret_n how many
 * bytes the PDU has, or are needed; -EBADMSG, and *ret_why says why, if it is the end of the question. */
int iscsi_text_check(const uint8_t *data, size_t n_data, size_t *ret_n, IscsiTextReply *ret,
                     const char **ret_why);
/* The request that asks the target to go on after a reply that is whole. */
void iscsi_text_go_on(const uint8_t *reply, uint8_t *ret_request);

/* text: the data of all replies together. portal: where those targets are that have no address. free() *ret.
 * -EBADMSG: these are no pairs of key and value; -ENOMEM. What is more than ISCSI_FOUND_MAX, or has a name or
 * an address that is none, is left out. */
int iscsi_targets_parse(const uint8_t *text, size_t n_text, const char *portal, IscsiFound **ret,
                        size_t *ret_n);
