/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A path over an iSCSI session of evertaped's own, by libiscsi, without the kernel's initiator:
 * docs/ISCSI.md. One session for each path. A second one of the same initiator, target and qualifier takes
 * the first one's place (session reinstatement, RFC 7143 6.3.5): the target ends what the first one had on
 * its way before it answers the new login, so no command of a lost session can come after what goes over the
 * next one. */

#include "transport/transport.h"
#include "util/iscsi-url.h"

typedef struct IscsiLogin {
        const char *initiator;                   /* iqn */
        const char *portal;                      /* "10.0.0.1:3260": an address */
        const char *target;                      /* NULL for discovery */
        const char *user, *secret;               /* NULL: no CHAP */
        const char *target_user, *target_secret; /* NULL: the target need not prove itself */
        uint16_t qualifier;                      /* of the ISID */
        bool header_digest;                      /* CRC32C wanted; else only if the target wants it */
} IscsiLogin;

/* False in a build without libiscsi: what follows gives -EOPNOTSUPP. */
bool transport_iscsi_is_built(void);

/* login is lent for the call. Returns before there is a session: commands wait for it, and are SCSI_NOT_SENT
 * when none comes. It is to be watched while idle, too (transport_is_watched_idle). -EINVAL: the portal is no
 * address; -ENOMEM. */
int transport_iscsi_new(const IscsiLogin *login, unsigned lun, TransportDone done, void *userdata,
                        Transport **ret);
/* There is no session because the target does not let us in, which time alone does not change. */
bool transport_iscsi_is_refused(const Transport *t);
/* Where the next command goes. */
void transport_iscsi_set_lun(Transport *t, unsigned lun);

/* ---- which targets there are ---- */

typedef struct IscsiFound {
        char target[ISCSI_NAME_MAX];
        char portal[ISCSI_PORTAL_MAX]; /* "10.0.0.1:3260", as the target says; may be a name */
} IscsiFound;

#define ISCSI_FOUND_MAX 1024

/* 0 and what was found, valid during the call; or -errno and why. Called once, from dispatch; the discovery
 * may be freed in it. */
typedef void (*IscsiDiscoveryDone)(void *userdata, int error, const char *why, const IscsiFound *found,
                                   size_t n_found);

typedef struct IscsiDiscovery IscsiDiscovery;

int iscsi_discovery_new(const IscsiLogin *login, IscsiDiscoveryDone done, void *userdata,
                        IscsiDiscovery **ret);
int iscsi_discovery_fd(const IscsiDiscovery *d);
uint32_t iscsi_discovery_events(const IscsiDiscovery *d);
usec_t iscsi_discovery_deadline(const IscsiDiscovery *d);
void iscsi_discovery_dispatch(IscsiDiscovery *d, uint32_t revents, usec_t now);
IscsiDiscovery *iscsi_discovery_free(IscsiDiscovery *d);
DEFINE_CLEANUP(IscsiDiscovery *, iscsi_discovery_free)
