/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an entry of an INF file makes of a device: its profile, and facts that cannot be asked from it. */

#include "util/time.h"

typedef enum Profile {
        PROFILE_GENERIC, /* any tape drive by SSC, any changer by SMC */
        PROFILE_LTO,     /* an LTO drive */
        _PROFILE_MAX,
} Profile;

typedef struct ProfileFacts {
        Profile profile;
        usec_t timeout; /* how long a command may wait, instead of Timeout= in [Hold]; 0: as there */
} ProfileFacts;

const char *profile_name(Profile profile);

/* Of the driver that an INF file names (AddService), in any case; an unknown one, or "", is generic. */
Profile profile_from_service(const char *service);

/* One key of a section [INSTALL-SECTION.Evertape], in any case. NULL, or why it is ignored. */
const char *profile_set_fact(ProfileFacts *facts, const char *key, const char *value);
