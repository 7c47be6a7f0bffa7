/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Carries one command at a time to one device over one path. Owns no loop: the caller watches the descriptor
 * and calls dispatch. Every successful submit is followed by exactly one call of the completion callback,
 * from dispatch, also when the device vanishes; never from inside submit. The callback may submit the next
 * command or free the transport; the result it is given lives as long as the call. */

#include "scsi/command.h"
#include "util/cleanup.h"
#include "util/time.h"

typedef struct Transport Transport;
typedef void (*TransportDone)(void *userdata, const ScsiResult *result);

typedef struct TransportClass {
        const char *name;
        bool watched_idle; /* events, deadline and dispatch count while no command is in flight, too */
        int (*submit)(Transport *t, const ScsiCommand *command, usec_t now);
        int (*fd)(const Transport *t);
        uint32_t (*events)(const Transport *t);
        usec_t (*deadline)(const Transport *t);
        void (*dispatch)(Transport *t, uint32_t revents, usec_t now);
        bool (*lost)(const Transport *t);          /* may be NULL: it cannot tell */
        const char *(*reason)(const Transport *t); /* may be NULL */
        Transport *(*free)(Transport *t);
} TransportClass;

/* Embedded first in every implementation. */
struct Transport {
        const TransportClass *class;
        TransportDone done;
        void *userdata;
        bool busy; /* a command is in flight */
};

/* 0: done() will be called. A refusal by the kernel (ENODEV, ENOMEM ...) is an outcome and comes through
 * done() with SCSI_NOT_SENT; -EBUSY: one is in flight already; -EINVAL: the command itself is malformed
 * (shorter than 6 bytes, data without a direction or the reverse, no timeout). */
int transport_submit(Transport *t, const ScsiCommand *command, usec_t now);

/* Descriptor to watch and EPOLL* events to watch for; 0 events: watch nothing now, call dispatch at the
 * deadline. May change after every call. With EPOLLET (a detached sg descriptor reports POLLHUP for ever) set
 * them only when they change: setting them again makes the same edge anew. */
int transport_fd(const Transport *t);
uint32_t transport_events(const Transport *t);
usec_t transport_deadline(const Transport *t);
void transport_dispatch(Transport *t, uint32_t revents, usec_t now);

/* It looks after itself between commands: to be watched and dispatched also while it is not busy. */
static inline bool transport_is_watched_idle(const Transport *t)
{
        return t->class->watched_idle;
}

/* This path is known to be gone, also while it is idle. */
bool transport_is_lost(const Transport *t);
/* Why, or what became of the last command, for a person; "" if there is nothing to say. */
const char *transport_reason(const Transport *t);

/* Closes the path. A command still in flight is not completed any more: the caller must not reuse its data
 * before, and asks transport_busy() first. Takes NULL, returns NULL. */
Transport *transport_free(Transport *t);
DEFINE_CLEANUP(Transport *, transport_free)

static inline bool transport_busy(const Transport *t)
{
        return t->busy;
}

/* For implementations: hands the result to the owner. The last thing a dispatch does: t may be freed after.
 */
void transport_complete(Transport *t, const ScsiResult *result);
