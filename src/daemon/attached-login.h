/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* With which name and which secret evertaped logs in. */

#include "daemon/config.h"
#include "transport/iscsi-secrets.h"
#include "transport/iscsi.h"

#define ISCSI_SECRETS_PATH EVERTAPE_SYSCONFDIR "/iscsi.secrets"

typedef struct AttachedLogin {
        IscsiLogin login; /* points into the rest */
        char initiator[ISCSI_NAME_MAX], portal[ISCSI_PORTAL_MAX], target[ISCSI_NAME_MAX];
        IscsiSecrets secrets;
} AttachedLogin;

/* discovery: the target of url does not count. -errno, and why says why. Wipe it after use. */
int attached_login_init(AttachedLogin *l, const Config *config, const IscsiUrl *url, bool discovery,
                        uint16_t qualifier, char *why, size_t n_why);
void attached_login_wipe(AttachedLogin *l);
