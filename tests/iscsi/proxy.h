/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between an initiator and a target, in a process of its own: forwards, knows where PDUs begin, and cuts the
 * connection at the place that was asked for. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum CutClass {
        CUT_NONE,
        CUT_AFTER_BYTES,   /* after n more bytes, of both directions together */
        CUT_IN_COMMAND,    /* in the header of a SCSI Command */
        CUT_IN_DATA,       /* in the data of a SCSI Command or of Data-Out */
        CUT_AFTER_DATA,    /* after the last byte of a command with data: the target has all of it */
        CUT_BEFORE_STATUS, /* the target has sent the status, none of it is delivered */
        CUT_IN_STATUS,     /* some of it is */
        CUT_IN_LOGIN,      /* in a Login Request */
        CUT_IN_LOGIN_REPLY,
        _CUT_CLASS_MAX,
} CutClass;

const char *cut_class_name(CutClass class);

typedef enum ProxyMode {
        PROXY_FORWARD,
        PROXY_FREEZE, /* nothing goes through, nothing is closed */
        PROXY_REFUSE, /* connections are closed at once */
        PROXY_GARBLE, /* bytes from the target are changed, some in n */
        PROXY_INVENT, /* PDUs from the target are replaced by others, made up, one in n */
        PROXY_BABBLE, /* no target: what is accepted gets garbage */
        PROXY_SIFT,   /* of connections that begin now each PDU from the target is looked at: ProxySift */
} ProxyMode;

#define MANAGEMENT_AS_IT_IS (-1)
#define MANAGEMENT_DROPPED  (-2)

/* What is done with PDUs from the target, by their opcode. */
typedef struct ProxySift {
        uint64_t kept;     /* a bit for each: kept back */
        uint64_t dropped;  /* thrown away */
        int management[2]; /* the first and the second response that task management gets, or a MANAGEMENT_ */
        int login;         /* class and detail of a login's status in place of the target's; -1: as it is */
        bool release;      /* what was kept goes through now, and before anything else */
        bool swap;         /* the newest of it first */
        uint64_t n_seen[64];
        uint8_t requests[8]; /* which task management the initiator has asked for, in order */
        uint16_t request_lun;
        unsigned n_requests;
} ProxySift;

/* Shared with the process. */
typedef struct ProxyShared {
        ProxyMode mode;
        CutClass cut; /* one-shot: CUT_NONE again when it is done */
        uint64_t n;   /* for CUT_AFTER_BYTES, GARBLE, INVENT; else which byte, modulo */
        bool kick;    /* what is connected now is cut off first */
        bool reset;   /* RST and not FIN */
        uint64_t n_cuts, n_connections, n_bytes, n_garbled;
        uint64_t n_asked; /* of n_bytes those from initiators */
        size_t n_open;    /* connections; what the others forwarded is counted */
        ProxySift sift;
} ProxyShared;

typedef struct Proxy {
        pid_t pid;
        unsigned port;
        ProxyShared *shared;
} Proxy;

void proxy_start(Proxy *p, unsigned target_port, uint64_t seed);
void proxy_stop(Proxy *p);
/* Asks for a cut; n: see above. */
void proxy_cut(Proxy *p, CutClass class, uint64_t n, bool reset);
bool proxy_has_cut(const Proxy *p);
