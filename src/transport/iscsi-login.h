/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A target's answer while a session logs in, looked at before libiscsi sees it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISCSI_BHS        48   /* RFC 7143 11.2.1 */
#define ISCSI_LOGIN_MAX  8192 /* data of a login PDU: the default of MaxRecvDataSegmentLength, 13.12 */
#define ISCSI_LOGIN_SIZE (ISCSI_BHS + ISCSI_LOGIN_MAX)

typedef struct IscsiLoginReply {
        uint8_t status_class, status_detail; /* RFC 7143 11.13.5 */
        bool header_digest;                  /* its keys say that headers have digests from now on */
        char why[128];                       /* not empty: what the target refuses, or what is wrong */
} IscsiLoginReply;

/* data: what is there of the stream, from the beginning of a PDU on. 1: the PDU is whole and in order, or
 * refuses the login in order; 0: *ret_n bytes are needed to say more; -EBADMSG: it is no such answer, and
 * ret->why says how. */
int iscsi_login_check(const uint8_t *data, size_t n_data, size_t *ret_n, IscsiLoginReply *ret);
