/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks an iSCSI target which logical units it has and who they are: one session, REPORT LUNS, and of each
 * INQUIRY and the pages that identify it. None of these moves a tape or waits for one. */

#include <systemd/sd-event.h>

#include "identity/identity.h"
#include "scsi/luns.h"
#include "transport/iscsi.h"

typedef struct LunFound {
        unsigned lun;
        bool usable;  /* a tape drive or a changer: identity counts */
        uint8_t type; /* peripheral device type */
        char vendor[9], product[17];
        Identity identity;
} LunFound;

/* 0 and what was found, valid during the call; or -errno and why: -EACCES, it does not let us in. Called
 * once, from the loop; the reader may be freed in it. */
typedef void (*LunReaderDone)(void *userdata, int error, const char *why, const LunFound *found, size_t n);

typedef struct LunReader LunReader;

/* login is lent for the call. lun: the only one to ask, or ISCSI_ALL_LUNS. */
int lun_reader_new(sd_event *event, const IscsiLogin *login, int lun, LunReaderDone done, void *userdata,
                   LunReader **ret);
/* Gives up; done is not called. */
LunReader *lun_reader_free(LunReader *reader);
DEFINE_CLEANUP(LunReader *, lun_reader_free)
