/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One session of libiscsi with one connection, from connect to its end; it never comes back: who wants
 * another one opens another one. Owns no loop. Between transport/iscsi.c and iscsi-discovery.c. */

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include "transport/iscsi-guard.h"
#include "transport/iscsi-login.h"
#include "transport/iscsi.h"

typedef enum IscsiStage {
        ISCSI_CONNECTING,
        ISCSI_LOGGING_IN,
        ISCSI_READY,
        ISCSI_DEAD, /* why says why */
} IscsiStage;

typedef struct IscsiSession {
        struct iscsi_context *context;
        IscsiStage stage;
        bool connected, logged_in, refused; /* what callbacks of libiscsi have said */
        bool closing;                       /* what they say now is of no interest */
        usec_t until;                       /* of connecting and logging in */
        usec_t heard_at, asked_at;          /* READY: of the target; asked_at: ping sent, or 0 */
        int lowat;                          /* LOGGING_IN: so many bytes were waited for */
        bool header_digest;
        IscsiExpected expected; /* READY: of the command, for the guard */
        bool boundary;          /* libiscsi has read all of what it has begun */
        uint64_t next_header;   /* place in the stream of the first header that was not looked at */
        IscsiLoginReply reply;
        bool denied; /* DEAD: the target does not let us in, and says so, or cannot prove who it is */
        char why[160];
} IscsiSession;

/* The address in login->portal must be no name: libiscsi would look it up and block. -EINVAL if it is one;
 * -ENOMEM. Anything else that goes wrong is ISCSI_DEAD. */
int iscsi_session_open(const IscsiLogin *login, usec_t now, IscsiSession **ret);
/* abortive: what has not reached the target yet is thrown away, also out of the kernel's buffers. */
IscsiSession *iscsi_session_close(IscsiSession *s, bool abortive);

int iscsi_session_fd(const IscsiSession *s);
uint32_t iscsi_session_events(const IscsiSession *s);
usec_t iscsi_session_deadline(const IscsiSession *s);
/* Callbacks of commands are called from here. */
void iscsi_session_service(IscsiSession *s, uint32_t revents, usec_t now);
/* Gives what is queued to the socket, as far as it takes it. */
void iscsi_session_flush(IscsiSession *s, usec_t now);
_printf_(2, 3) void iscsi_session_end(IscsiSession *s, const char *format, ...);
