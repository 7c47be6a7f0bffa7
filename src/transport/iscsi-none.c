/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A build without libiscsi. */

#include <errno.h>
#include <stddef.h>

#include "transport/iscsi.h"

bool transport_iscsi_is_built(void)
{
        return false;
}

int transport_iscsi_new(const IscsiLogin *login, unsigned lun, TransportDone done, void *userdata,
                        Transport **ret)
{
        return -EOPNOTSUPP;
}

bool transport_iscsi_is_refused(const Transport *t)
{
        return false;
}

void transport_iscsi_set_lun(Transport *t, unsigned lun)
{
}

int iscsi_discovery_new(const IscsiLogin *login, IscsiDiscoveryDone done, void *userdata,
                        IscsiDiscovery **ret)
{
        return -EOPNOTSUPP;
}

int iscsi_discovery_fd(const IscsiDiscovery *d)
{
        return -1;
}

uint32_t iscsi_discovery_events(const IscsiDiscovery *d)
{
        return 0;
}

usec_t iscsi_discovery_deadline(const IscsiDiscovery *d)
{
        return USEC_INFINITY;
}

void iscsi_discovery_dispatch(IscsiDiscovery *d, uint32_t revents, usec_t now)
{
}

IscsiDiscovery *iscsi_discovery_free(IscsiDiscovery *d)
{
        return NULL;
}
