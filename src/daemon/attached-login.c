/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The initiator's name is what a target knows us by: the one that is configured, else the one that this
 * machine has for the kernel's initiator, else one made from the machine's id. */

#include "daemon/attached-login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#define INITIATOR_FILE "/etc/iscsi/initiatorname.iscsi"
#define INITIATOR_KEY  "InitiatorName="

static const sd_id128_t application =
        SD_ID128_MAKE(1d, 7a, 50, 6c, 35, e0, 4f, 0d, 9b, 61, a8, 44, 0e, 8a, d3, 72);

static bool read_initiator(char *dst)
{
        _cleanup_fclose_ FILE *f = fopen(INITIATOR_FILE, "re");
        char line[512];

        while (f && fgets(line, sizeof(line), f)) {
                const char *name = line + strlen(INITIATOR_KEY);

                line[strcspn(line, " \t\r\n")] = '\0';
                if (strncmp(line, INITIATOR_KEY, strlen(INITIATOR_KEY)) != 0 || !iscsi_name_is_valid(name))
                        continue;
                memcpy(dst, name, strlen(name) + 1); /* valid: shorter than ISCSI_NAME_MAX */
                return true;
        }
        return false;
}

static int find_initiator(const Config *config, char *dst)
{
        sd_id128_t id;
        int r;

        if (config->initiator[0]) {
                memcpy(dst, config->initiator, ISCSI_NAME_MAX);
                return 0;
        }
        if (read_initiator(dst))
                return 0;
        r = sd_id128_get_machine_app_specific(application, &id);
        if (r >= 0)
                snprintf(dst, ISCSI_NAME_MAX, "iqn.2026-11.org.evertape:%016llx",
                         (unsigned long long) (id.qwords[0] ^ id.qwords[1]));
        return r;
}

static int find_secrets(AttachedLogin *l, const IscsiUrl *url, const char *target, char *why, size_t n_why)
{
        unsigned line;
        int r = iscsi_secrets_read(ISCSI_SECRETS_PATH, target, url->user, &l->secrets, &line);

        if (r == -EPERM)
                snprintf(why, n_why, "%s must be a file that root owns and nobody else can read: chmod 600",
                         ISCSI_SECRETS_PATH);
        else if (r == -EINVAL)
                snprintf(why, n_why, "%s:%u: not TARGET USER SECRET [TARGET-USER TARGET-SECRET]",
                         ISCSI_SECRETS_PATH, line);
        else if (r < 0)
                snprintf(why, n_why, "%s: %s", ISCSI_SECRETS_PATH, strerror(-r));
        else if (r == 0 && url->user[0])
                snprintf(why, n_why, "%s has no secret of user %s for %s", ISCSI_SECRETS_PATH, url->user,
                         target);
        return r == 0 && url->user[0] ? -ENOKEY : r;
}

int attached_login_init(AttachedLogin *l, const Config *config, const IscsiUrl *url, bool discovery,
                        uint16_t qualifier, char *why, size_t n_why)
{
        int r;

        *l = (AttachedLogin){};
        r = find_initiator(config, l->initiator);
        if (r < 0) {
                snprintf(why, n_why,
                         "this machine has no name as an initiator: set InitiatorName= in evertape.conf");
                return r;
        }
        r = find_secrets(l, url, discovery ? "*" : url->target, why, n_why);
        if (r < 0)
                return r;
        iscsi_portal_format(url->host, url->port, l->portal);
        snprintf(l->target, sizeof(l->target), "%s", url->target);
        l->login = (IscsiLogin){
                .initiator = l->initiator,
                .portal = l->portal,
                .target = discovery ? NULL : l->target,
                .user = r > 0 ? l->secrets.user : NULL,
                .secret = r > 0 ? l->secrets.secret : NULL,
                .target_user = r > 0 && l->secrets.target_user[0] ? l->secrets.target_user : NULL,
                .target_secret = r > 0 && l->secrets.target_user[0] ? l->secrets.target_secret : NULL,
                .qualifier = qualifier,
                .header_digest = config->header_digest,
        };
        return 0;
}

void attached_login_wipe(AttachedLogin *l)
{
        iscsi_secrets_wipe(&l->secrets);
}
